// Which controller each connected bridge has for its master: this one, or another, behind which this one stands by.
import type { Logger } from 'pino';
import { isNewer, isSameHolder } from '../switch/generation.js';
import { becomeMaster, type Candidate } from '../switch/mastership.js';
import type { Session } from '../switch/session.js';
import { datapathText } from './bridges.js';
import { Repeats } from './repeats.js';

/** What the heartbeat of a chassis says of the controller that wrote it. */
export interface Signature {
  readonly controller: string;
  readonly datapath: string;
  /** The generation with which it became master, in hexadecimal. */
  readonly generation: string;
}

/** A bridge that we serve as a chassis which another bridge may be, too. */
interface Twin {
  readonly datapathId: bigint;
  readonly chassis: string;
  readonly bridge: string | undefined;
}

/** A master that has not answered us yet. */
const unnamed = 'another controller';

/** The masters of the bridges of one process. */
export class Masters {
  readonly #self: Candidate;
  readonly #log: Logger;
  readonly #met = new WeakMap<Session, 'candidate' | 'master'>();
  /** By datapath id, the generation with which we became master. */
  readonly #generations = new Map<bigint, bigint>();
  /** By datapath id, who else was heard to be master last. */
  readonly #others = new Map<bigint, string>();
  readonly #twins = new Repeats();

  constructor(self: Candidate, log: Logger) {
    this.#self = self;
    this.#log = log;
  }

  /** Resolves to true when we are the master; to false if the connection ended before, or somebody waits for that already. */
  async lead(session: Session, lost: () => void): Promise<boolean> {
    const before = this.#met.get(session);
    if (before !== undefined) return before === 'master';
    this.#met.set(session, 'candidate');
    const { datapathId } = session;
    const generation = await becomeMaster(session, this.#self, this.#others.has(datapathId), {
      standsBy: (name) => {
        this.#heard(session, name);
      },
      lost: () => {
        this.#met.delete(session);
        this.lostTo(datapathId, undefined);
        lost();
      },
    });
    if (generation === undefined) return false;
    this.#met.set(session, 'master');
    this.#generations.set(datapathId, generation);
    if (this.#others.delete(datapathId))
      this.#log.warn({ datapath: datapathText(datapathId) }, 'the other controller is gone: taking over');
    return true;
  }

  /** Another controller speaks for a bridge now that was ours; its name, if the northbound told us. */
  lostTo(datapathId: bigint, name: string | undefined): void {
    this.#others.set(datapathId, unnamed);
    const master = name === undefined ? {} : { master: name };
    this.#log.warn({ datapath: datapathText(datapathId), ...master }, 'another controller has taken over the bridge');
  }

  /** What we say in the heartbeat of a bridge's chassis. */
  signature(datapathId: bigint): Signature {
    const generation = (this.#generations.get(datapathId) ?? 0n).toString(16);
    return { controller: this.#self.name, datapath: datapathText(datapathId), generation };
  }

  /**
   * Whether a heartbeat with this signature shows that another has the bridge: it became master after us, or it says so now (`isNews`)
   * while we are not connected. Then we have to be silent, whether the switch can tell us so or not.
   */
  isLost(datapathId: bigint, { datapath, generation }: Signature, isConnected: boolean, isNews: boolean): boolean {
    const [theirs, ours] = [BigInt(`0x${generation}`), this.#generations.get(datapathId) ?? 0n];
    if (datapath !== datapathText(datapathId) || isSameHolder(theirs, ours)) return false;
    return isNewer(theirs, ours) || (isNews && !isConnected);
  }

  /** Says so if a heartbeat of a bridge's chassis is of another controller, for another bridge: neither can tell which is meant. */
  sayTwin({ datapathId, chassis, bridge = 'BRIDGE' }: Twin, { controller, datapath, generation }: Signature): void {
    const ours = this.#generations.get(datapathId) ?? 0n;
    if (datapath === datapathText(datapathId) || isSameHolder(BigInt(`0x${generation}`), ours)) return;
    if (this.#twins.say(`${datapathText(datapathId)} ${datapath}`, performance.now()) === undefined) return;
    const command = `ovs-vsctl br-set-external-id ${bridge} damselfly-chassis ID`;
    this.#log.error(
      { chassis, datapath: datapathText(datapathId), controller, other: datapath, command },
      'another controller serves another bridge as this chassis; name one of them',
    );
  }

  /** Who else speaks for a bridge, by the name that it has given; undefined if we do, or nobody. */
  otherOf(datapathId: bigint): string | undefined {
    return this.#others.get(datapathId);
  }

  #heard(session: Session, name: string): void {
    const { datapathId, peer } = session;
    if (this.#others.get(datapathId) === name) return;
    this.#others.set(datapathId, name);
    this.#log.info(
      { datapath: datapathText(datapathId), peer, master: name },
      'another controller speaks for this bridge; standing by',
    );
  }
}
