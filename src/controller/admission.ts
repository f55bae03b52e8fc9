// Which bridges are served: those of our database that are fail_mode=secure, or are made so; without a database, all. Why one is not
// is said once.
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Bridge } from '../ovsdb/rows.js';
import type { Vswitch } from '../ovsdb/vswitch.js';
import type { Session } from '../switch/session.js';
import { bridgeOf, type Datapath, datapathText, secureCommand } from './bridges.js';
import { Repeats } from './repeats.js';

/** How long a bridge that the database does not have may be one whose row is still on its way, in milliseconds. */
const rowMs = 3000;
/** How often its row is looked for meanwhile, in milliseconds. */
const lookMs = 100;

/** A bridge that may be served; `bridge` is its row, if it is one of our database's. */
export interface Admitted {
  readonly bridge: Bridge | undefined;
}

/** What is said beside a complaint. */
interface Complaint {
  readonly command: string;
  readonly [key: string]: unknown;
}

const notOurs =
  'not served: no bridge of the database of Open vSwitch has this name and datapath id (if it is a bridge of another machine: ' +
  '--ovsdb tcp:HOST:PORT for its database, or --ovsdb none to serve whatever connects)';

/** The door of one controller. */
export class Admission {
  readonly #vswitch: Vswitch | undefined;
  readonly #log: Logger;
  readonly #meeting = new Set<Session>();
  /** Bridges that are not served, with what was said of them. */
  readonly #complaints = new Map<bigint, { readonly text: string; readonly details: Complaint }>();
  readonly #strangers = new Repeats();

  constructor(vswitch: Vswitch | undefined, log: Logger) {
    this.#vswitch = vswitch;
    this.#log = log;
  }

  /** Whether the bridge behind a session may be served; if not, ask again when the database has changed. */
  async admit(session: Session): Promise<Admitted | undefined> {
    if (this.#meeting.has(session)) return undefined; // whoever asked first gets the answer
    this.#meeting.add(session);
    try {
      const bridge = await this.#rowOf(session);
      const mayServe = this.#vswitch?.isReady !== false && (await this.#isSecure(bridge, session));
      return mayServe && session.ended === undefined ? { bridge } : undefined;
    } finally {
      this.#meeting.delete(session);
    }
  }

  /** Says why a bridge is not served, once until that changes. */
  complain(datapathId: bigint, text: string, details: Complaint): void {
    if (isDeepStrictEqual(this.#complaints.get(datapathId), { text, details })) return;
    this.#complaints.set(datapathId, { text, details });
    this.#log.error(details, text);
  }

  /** Why a bridge that is connected is not served, with the command that helps where there is one. */
  reasonOf(datapath: Datapath): string {
    const complaint = this.#complaints.get(datapath.datapathId);
    if (complaint !== undefined) return `${complaint.text}: ${complaint.details.command}`;
    const isKnown = this.#vswitch === undefined || bridgeOf(this.#vswitch.view, datapath) !== undefined;
    return isKnown ? 'not served yet' : notOurs;
  }

  /** The bridge is served: should it not be one day, that is news. */
  served(datapathId: bigint): void {
    this.#complaints.delete(datapathId);
  }

  /** A bridge that has just been made may be here before its row says which datapath it is. */
  async #rowOf(session: Session): Promise<Bridge | undefined> {
    const vswitch = this.#vswitch;
    if (vswitch === undefined) return undefined;
    const untilMs = performance.now() + rowMs;
    for (;;) {
      const bridge = bridgeOf(vswitch.view, session);
      const isOver = performance.now() >= untilMs || session.ended !== undefined;
      if (bridge !== undefined || !vswitch.isReady || isOver) return bridge;
      await delay(lookMs, undefined, { ref: false });
    }
  }

  /** Whoever reaches our port may say that it is a bridge, and chooses its datapath id: that a host is told of once has to be enough. */
  #sayStranger(session: Session): void {
    const repeated = this.#strangers.say(session.peer.replace(/[:#]\d+$/, ''), performance.now());
    if (repeated === undefined) return;
    const more = repeated === 0 ? {} : { repeated };
    this.#log.error(
      { datapath: datapathText(session.datapathId), bridge: session.bridge, peer: session.peer, ...more },
      notOurs,
    );
  }

  /** Without a controller a bridge must keep its flows and forward nothing by itself. */
  async #isSecure(bridge: Bridge | undefined, session: Session): Promise<boolean> {
    if (this.#vswitch === undefined) {
      this.#log.warn(
        { datapath: datapathText(session.datapathId), command: secureCommand('BRIDGE') },
        'cannot see whether the bridge is fail_mode=secure; make sure of it on its machine',
      );
      return true;
    }
    if (bridge === undefined) {
      this.#sayStranger(session);
      return false;
    }
    const { name } = bridge;
    if (bridge.failMode === 'secure') return true;
    try {
      await this.#vswitch.setFailModeSecure(name);
      this.#log.warn(
        { bridge: name },
        'set fail_mode=secure: the bridge would have forwarded as a learning switch without us',
      );
      return true;
    } catch (error) {
      this.complain(session.datapathId, 'not served: the bridge is not fail_mode=secure and cannot be made so', {
        bridge: name,
        reason: error instanceof Error ? error.message : String(error),
        command: secureCommand(name),
      });
      return false;
    }
  }
}
