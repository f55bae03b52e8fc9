// One process: its database of Open vSwitch, its northbound, its listeners; and one chassis for each bridge that connects.
import type { Logger } from 'pino';
import type { App } from '../apps/app.js';
import { allApps } from '../apps/apps.js';
import { isName, nameRule } from '../model/ids.js';
import { tunnelTypes } from '../model/kinds.js';
import type { Settings } from '../model/world.js';
import type { Session } from '../switch/session.js';
import { formatAddress } from '../switch/address.js';
import { Switches } from '../switch/switches.js';
import type { Bridge } from '../ovsdb/rows.js';
import type { Vswitch } from '../ovsdb/vswitch.js';
import { soon } from '../turns/slices.js';
import { Admission } from './admission.js';
import { bridgeOf, chassisIdOf, datapathText, renaming } from './bridges.js';
import { Chassis } from './chassis.js';
import { failure } from './failure.js';
import { idlePorts } from './idle-ports.js';
import type { Config } from './config.js';
import { Marks, strayMarks } from './marks.js';
import { NorthboundEdge } from './northbound-edge.js';
import type { NorthboundService } from './northbound-service.js';
import { plugsOf, requestsByName, requestsOf } from './plugs.js';
import { Repeats } from './repeats.js';
import { expectedNames, TunnelKeeper } from './tunnel-keeper.js';
import { VlanLimit } from './vlan-limit.js';

/** How long things must be unchanged before we speak of interfaces that wait, in milliseconds. */
const restMs = 2000;

/** What a controller is made of. */
export interface Parts {
  readonly config: Config;
  readonly northbound: NorthboundService;
  /** Absent where no database is configured. */
  readonly vswitch: Vswitch | undefined;
  /** The release that this is, for the chassis' own object. */
  readonly version: string;
  readonly log: Logger;
}

/** A bridge that is served. */
export interface Served {
  readonly datapathId: bigint;
  readonly bridge: string | undefined;
  readonly chassis: Chassis;
  readonly edge: NorthboundEdge;
  readonly tunnels: TunnelKeeper | undefined;
  readonly marks: Marks | undefined;
}

/** A bridge that is connected and not served. */
export interface Unserved {
  readonly datapath: string;
  readonly peer: string;
  /** Why, with the command that helps where there is one. */
  readonly reason: string;
}

/** The controller of one process. */
export class Controller {
  readonly switches = new Switches();
  readonly #served = new Map<bigint, Served>();
  readonly #parts: Parts;
  readonly #apps: readonly App[];
  #closed = false;
  /** Bridges whose ports have changed and will be looked at. */
  readonly #looking = new Set<Served>();
  readonly #admission: Admission;
  readonly #vlanLimit: VlanLimit | undefined;
  readonly #refusals = new Repeats();
  readonly #idleTimers = new Map<bigint, NodeJS.Timeout>();
  readonly #idleSaid = new Map<bigint, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.vswitch, parts.log);
    this.#vlanLimit = parts.vswitch && new VlanLimit(parts.vswitch, parts.config.set_vlan_limit, parts.log);
    this.#apps = allApps.filter((app) => parts.config.apps.includes(app.name));
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
      .map(({ datapathId, peer }) => ({
        datapath: datapathText(datapathId),
        peer,
        reason: this.#admission.reasonOf(datapathId),
      }));
  }

  /** The database of Open vSwitch has changed. */
  databaseChanged(): void {
    this.#vlanLimit?.look();
    for (const served of this.#served.values()) this.#lookSoon(served);
    for (const session of this.switches.sessions.values())
      if (!this.#served.has(session.datapathId)) void this.#connected(session);
  }

  /** The database does not answer (or does again): a mute switch is then stalled, not dead. */
  databaseAway(away: boolean): void {
    for (const session of this.switches.sessions.values()) session.stalled(away);
  }

  /** Says which interfaces wait for something, once things have come to rest. */
  #sayIdle(served: Served): void {
    clearTimeout(this.#idleTimers.get(served.datapathId));
    const timer = setTimeout(() => {
      const idle = idlePorts(served.chassis);
      const text = idle.join('; ');
      if (text === this.#idleSaid.get(served.datapathId)) return;
      this.#idleSaid.set(served.datapathId, text);
      for (const line of idle) this.#parts.log.info({ chassis: served.chassis.id }, line);
    }, restMs);
    this.#idleTimers.set(served.datapathId, timer.unref());
  }

  /** Ends every connection; flows stay. */
  close(): void {
    this.#closed = true;
    for (const served of this.#served.values()) this.#end(served);
    this.switches.close();
  }

  async #connected(session: Session): Promise<void> {
    const admitted = await this.#admission.admit(session);
    if (admitted === undefined || this.#closed) return;
    const { bridge } = admitted;
    const served = this.#served.get(session.datapathId) ?? this.#serve(session.datapathId, bridge);
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
      this.#lookSoon(served);
    });
    served.chassis.attach(session);
    this.#lookAt(served);
  }

  #serve(datapathId: bigint, bridge: Bridge | undefined): Served | undefined {
    const { config, log, northbound, vswitch } = this.#parts;
    const id =
      vswitch === undefined
        ? chassisIdOf({ bridges: [] }, datapathId, config.chassis)
        : chassisIdOf(vswitch.view, datapathId, config.chassis);
    const command = `ovs-vsctl br-set-external-id ${bridge?.name ?? 'BRIDGE'} damselfly-chassis ID`;
    if (!isName(id)) {
      const details = { chassis: id, bridge: bridge?.name, command };
      this.#admission.complain(datapathId, `not served: the id of a chassis is ${nameRule}`, details);
      return undefined;
    }
    const twin = [...this.#served.values()].find((served) => served.chassis.id === id);
    if (twin !== undefined && this.#isGone(twin)) {
      this.#end(twin);
      this.#served.delete(twin.datapathId);
    } else if (twin !== undefined) {
      this.#admission.complain(datapathId, 'not served: two bridges would be one chassis; name one of them', {
        chassis: id,
        bridge: bridge?.name,
        other: twin.bridge,
        command,
      });
      return undefined;
    }
    this.#admission.served(datapathId);
    const settings: Settings = {
      chassis: id,
      encapIps: config.encap_ip,
      encapTypes: tunnelTypes.filter((type) => config.encap_types.includes(type)),
      tunnelMode: config.tunnel_mode,
      underlayMtu: config.underlay_mtu,
    };
    const own = log.child({ chassis: id });
    const edge = new NorthboundEdge(northbound, settings, own);
    const tunnels =
      vswitch === undefined || bridge === undefined
        ? undefined
        : new TunnelKeeper(
            vswitch,
            { bridge: bridge.name, owner: id },
            () => settings.encapIps,
            () => {
              const served = this.#served.get(datapathId);
              if (served !== undefined) this.#lookAt(served);
            },
            own,
          );
    const marks = vswitch === undefined || bridge === undefined ? undefined : new Marks(vswitch, own);
    const chassis: Chassis = new Chassis(
      settings,
      this.#apps,
      config.repair,
      {
        ...edge.edges,
        tunnels: (wanted, surplus) => {
          if (tunnels === undefined) chassis.tunnelPorts(expectedNames(wanted));
          else tunnels.keep(wanted, surplus);
        },
        whole: () => {
          edge.edges.whole();
          const served = this.#served.get(datapathId);
          if (served !== undefined) this.#lookAt(served);
        },
        installed: (iface, revision) => marks?.set(iface, revision),
      },
      own,
    );
    edge.connect(chassis);
    const identity = { ips: settings.encapIps, tunnel_types: settings.encapTypes, version: this.#parts.version };
    northbound.member(id).register(identity, () => ({
      state: chassis.session === undefined ? 'DOWN' : chassis.waitsFor().length > 0 ? 'DEGRADED' : 'ACTIVE',
      revision: 0,
      bridge: bridge?.name,
      waits_for: chassis.waitsFor(),
      flows: { ...chassis.table.counts(), repaired: chassis.installer.drift.count },
    }));
    const served = { datapathId, bridge: bridge?.name, chassis, edge, tunnels, marks };
    this.#served.set(datapathId, served);
    return served;
  }

  /** Whether a bridge was made away with; a new one may take its place as a chassis. */
  #isGone({ datapathId, chassis }: Served): boolean {
    const { vswitch } = this.#parts;
    return chassis.session === undefined && vswitch !== undefined && bridgeOf(vswitch.view, datapathId) === undefined;
  }

  #end({ datapathId, chassis, edge, tunnels, marks }: Served): void {
    clearTimeout(this.#idleTimers.get(datapathId));
    chassis.close();
    edge.close();
    tunnels?.close();
    marks?.close();
  }

  /** Looks once for many ports that come together, in a turn of its own. */
  #lookSoon(served: Served): void {
    if (this.#looking.has(served)) return;
    this.#looking.add(served);
    soon(() => {
      this.#looking.delete(served);
      if (!this.#closed) this.#lookAt(served);
    });
  }

  /** Tells a chassis which interfaces carry lports, and how its tunnel ports are. */
  #lookAt(served: Served): void {
    const { bridge: name, chassis, edge, tunnels, marks } = served;
    const view = this.#parts.vswitch?.view;
    const bridge = name === undefined ? undefined : view?.bridges.find((candidate) => candidate.name === name);
    const requests = bridge === undefined ? requestsByName(chassis.ports.names()) : requestsOf(bridge);
    const again = (): void => {
      this.#lookAt(served);
    };
    const searched = new Set<string>();
    const { plugs, problems } = plugsOf(requests, (ifaceId) => {
      searched.add(ifaceId);
      return edge.find(ifaceId, again);
    });
    edge.searchOnlyFor(searched);
    const renamed = view && renaming(view, served.datapathId, this.#parts.config.chassis, chassis.id);
    edge.problems([...(renamed === undefined ? [] : [renamed]), ...problems]);
    chassis.plugged(plugs, new Set(bridge === undefined ? [] : requests.map((request) => request.interface)));
    this.#sayIdle(served);
    if (bridge !== undefined && chassis.table.whole)
      for (const iface of strayMarks(bridge, chassis.ports.carriers())) marks?.set(iface, undefined);
    if (tunnels === undefined || view === undefined) return;
    chassis.tunnelPorts(tunnels.names(view));
    tunnels.look();
  }
}
