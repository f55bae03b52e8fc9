// One process: its database of Open vSwitch, its northbound, its listeners; and one chassis for each bridge that connects.
import { isName, nameRule } from '../model/ids.js';
import type { Session } from '../switch/session.js';
import { formatAddress } from '../switch/address.js';
import { Switches } from '../switch/switches.js';
import type { Bridge } from '../ovsdb/rows.js';
import { Admission } from './admission.js';
import { bridgeOf, chassisIdOf, type Datapath, datapathText } from './bridges.js';
import { failure } from './failure.js';
import { Masters, type Signature } from './masters.js';
import { Repeats } from './repeats.js';
import { type Parts, serve, type Served } from './served.js';
import { thisProcess } from './this-process.js';
import { VlanLimit } from './vlan-limit.js';

/** A bridge that is connected and not served. */
export interface Unserved {
  readonly datapath: string;
  readonly peer: string;
  /** Why, with the command that helps where there is one. */
  readonly reason: string;
  /** The controller that speaks for it, behind which we stand by. */
  readonly master?: string;
}

/** The controller of one process. */
export class Controller {
  readonly switches = new Switches();
  readonly #served = new Map<bigint, Served>();
  readonly #parts: Parts;
  #closed = false;
  readonly #admission: Admission;
  readonly #masters: Masters;
  readonly #vlanLimit: VlanLimit | undefined;
  readonly #refusals = new Repeats();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.vswitch, parts.log);
    this.#masters = new Masters(thisProcess(), parts.log);
    this.#vlanLimit = parts.vswitch && new VlanLimit(parts.vswitch, parts.config.set_vlan_limit, parts.log);
    this.switches.on('connected', (session) => {
      void this.#connected(session);
    });
    this.switches.on('disconnected', (datapathId, reason) => {
      if (this.#closed) return;
      const served = this.#served.get(datapathId);
      if (served === undefined && this.#refusals.say('not served', performance.now()) === undefined) return;
      parts.log.warn(
        { chassis: served?.chassis.id, datapath: datapathText(datapathId), reason: reason.message },
        'switch disconnected; its flows stay as they are',
      );
      if (served?.chassis.session !== undefined) served.chassis.detach(served.chassis.session);
    });
    this.switches.on('refused', (peer, reason) => {
      // A bridge that is refused comes again every few seconds, each time from another port.
      const repeated = this.#refusals.say(`${peer.replace(/[:#]\d+$/, '')} ${reason.code}`, performance.now());
      if (repeated === undefined) return;
      const more = repeated === 0 ? {} : { repeated };
      parts.log.warn({ peer, code: reason.code, reason: reason.message, ...more }, 'connection refused');
    });
    this.switches.on('standby', (session, active) => {
      parts.log.info(
        { datapath: datapathText(session.datapathId), peer: session.peer, active: active.peer },
        'the same bridge, connected twice: the second connection stands by',
      );
    });
    this.switches.on('unreachable', (address, reason) => {
      parts.log.warn({ address: formatAddress(address), ...failure(reason) }, 'no switch answers');
    });
    this.switches.on('broken', (address, reason) => {
      parts.log.error({ address: formatAddress(address), ...failure(reason) }, 'listener failed');
    });
  }

  /** The bridges that are or were served, by datapath id. */
  get served(): ReadonlyMap<bigint, Served> {
    return this.#served;
  }

  /** The bridges that are connected and not served, and why. */
  unserved(): Unserved[] {
    return [...this.switches.sessions.values()]
      .filter(({ datapathId }) => !this.#served.has(datapathId))
      .map((session) => {
        const { datapathId, peer } = session;
        const master = this.#masters.otherOf(datapathId);
        const datapath = datapathText(datapathId);
        if (master === undefined) return { datapath, peer, reason: this.#admission.reasonOf(session) };
        return { datapath, peer, reason: `stands by: ${master} speaks for it`, master };
      });
  }

  /** The database of Open vSwitch has changed. */
  databaseChanged(): void {
    this.#vlanLimit?.look();
    for (const served of this.#served.values()) served.looks.ask();
    for (const session of this.switches.sessions.values())
      if (!this.#served.has(session.datapathId)) void this.#connected(session);
  }

  /** The database does not answer (or does again): a mute switch is then stalled, not dead. */
  databaseAway(away: boolean): void {
    for (const session of this.switches.sessions.values()) session.stalled(away);
  }

  /** Ends every connection; flows stay. */
  close(): void {
    this.#closed = true;
    for (const served of this.#served.values()) this.#end(served);
    this.switches.close();
  }

  async #connected(session: Session): Promise<void> {
    const { datapathId } = session;
    const admitted = await this.#admission.admit(session);
    if (admitted === undefined || this.#closed || this.#served.get(datapathId)?.chassis.session === session) return;
    this.#succeed(datapathId, admitted.bridge);
    if (this.#idFor(session, admitted.bridge) === undefined || !(await this.#lead(session)) || this.#isOver()) return;
    const served = this.#served.get(datapathId) ?? this.#serve(session, this.#rowOf(session));
    if (served === undefined || served.chassis.session === session) return;
    this.#parts.log.info(
      {
        chassis: served.chassis.id,
        datapath: datapathText(session.datapathId),
        bridge: served.bridge,
        peer: session.peer,
        switch: session.description.software,
      },
      'switch connected',
    );
    session.onPorts(() => {
      served.looks.ask();
    });
    served.looks.ask();
    served.chassis.attach(session);
  }

  /** Whether the bridge's master are we, now that nobody else is; a connection that could not find out comes again. */
  async #lead(session: Session): Promise<boolean> {
    const { datapathId } = session;
    try {
      return await this.#masters.lead(session, () => {
        this.#resign(datapathId);
      });
    } catch (error) {
      this.#parts.log.error(
        { datapath: datapathText(datapathId), ...failure(error) },
        'not served: the bridge does not let us be its master',
      );
      return false;
    }
  }

  /** Another controller speaks for the bridge: ends all that we did for it, and changes nothing more. */
  #resign(datapathId: bigint): void {
    const served = this.#served.get(datapathId);
    if (served === undefined) return;
    this.#end(served);
    this.#parts.northbound.member(served.chassis.id).resign();
  }

  /** A heartbeat of a bridge's chassis was written, perhaps by another controller: one that we cannot hear of through the bridge. */
  #signed(datapathId: bigint, signature: Signature, isNews: boolean): void {
    const served = this.#served.get(datapathId);
    const session = served?.chassis.session;
    if (isNews && served !== undefined)
      this.#masters.sayTwin({ datapathId, chassis: served.chassis.id, bridge: served.bridge }, signature);
    if (!this.#masters.isLost(datapathId, signature, session !== undefined, isNews)) return;
    this.#masters.lostTo(datapathId, signature.controller);
    this.#resign(datapathId);
    session?.close('demoted', `${signature.controller} has become the master of this bridge`);
  }

  /** Whether we stop; a call, because waiting may have changed it. */
  #isOver(): boolean {
    return this.#closed;
  }

  /** The row of a bridge as it is now. */
  #rowOf(datapath: Datapath): Bridge | undefined {
    const { vswitch } = this.#parts;
    return vswitch && bridgeOf(vswitch.view, datapath);
  }

  /** A bridge of another name has the datapath id of one that was served: what acted for that one ends. */
  #succeed(datapathId: bigint, bridge: Bridge | undefined): void {
    const known = this.#served.get(datapathId);
    if (known !== undefined && known.bridge !== bridge?.name) this.#end(known);
  }

  /** The chassis that a bridge is; undefined, with the reason in the log, if it cannot be one. */
  #idFor(datapath: Datapath, bridge: Bridge | undefined): string | undefined {
    const { config, vswitch } = this.#parts;
    const { datapathId } = datapath;
    const known = this.#served.get(datapathId);
    if (known !== undefined) return known.chassis.id;
    const id =
      vswitch === undefined
        ? chassisIdOf({ bridges: [] }, datapath, config.chassis)
        : chassisIdOf(vswitch.view, datapath, config.chassis);
    const command = `ovs-vsctl br-set-external-id ${bridge?.name ?? 'BRIDGE'} damselfly-chassis ID`;
    if (!isName(id)) {
      const details = { chassis: id, bridge: bridge?.name, command };
      this.#admission.complain(datapathId, `not served: the id of a chassis is ${nameRule}`, details);
      return undefined;
    }
    const twin = [...this.#served.values()].find((served) => served.chassis.id === id);
    if (twin !== undefined && this.#isGone(twin)) {
      this.#end(twin);
    } else if (twin !== undefined) {
      this.#admission.complain(datapathId, 'not served: two bridges would be one chassis; name one of them', {
        chassis: id,
        bridge: bridge?.name,
        other: twin.bridge,
        command,
      });
      return undefined;
    }
    return id;
  }

  #serve(datapath: Datapath, bridge: Bridge | undefined): Served | undefined {
    const { datapathId } = datapath;
    const id = this.#idFor(datapath, bridge);
    if (id === undefined) return undefined;
    this.#admission.served(datapathId);
    const signature = (): Signature => this.#masters.signature(datapathId);
    const served = serve(this.#parts, { datapathId, bridge, id, signature }, (signed, isNews) => {
      this.#signed(datapathId, signed, isNews);
    });
    this.#served.set(datapathId, served);
    return served;
  }

  /** Whether a bridge was made away with; a new one may take its place as a chassis. */
  #isGone(served: Served): boolean {
    const isAway = served.chassis.session === undefined;
    return isAway && this.#parts.vswitch !== undefined && this.#rowOf(served) === undefined;
  }

  /** Ends all that acts for a bridge; it is not served any more. */
  #end({ datapathId, chassis, edge, tunnels, marks, looks }: Served): void {
    this.#served.delete(datapathId);
    looks.close();
    chassis.close();
    edge.close();
    tunnels?.close();
    marks?.close();
  }
}
