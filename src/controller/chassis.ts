// One bridge as a chassis: what it has been told (world), what that means (engine), what its switch should hold (table), and the
// edges by which it acts: claims, allocations, tunnel ports, statuses. Nothing here waits; every input schedules one turn.
import type { Logger } from 'pino';
import type { App } from '../apps/app.js';
import { Engine } from '../apps/engine.js';
import { segmentationTypes } from '../apps/segmentation-types.js';
import { FlowTable } from '../flow/table.js';
import type { TunnelPort } from '../flow/wanted.js';
import type { NbError } from '../model/errors.js';
import { faultText } from '../model/errors.js';
import { byteOrder, ofPort, type Ref, tenantOf } from '../model/ids.js';
import { Interest } from '../model/interest.js';
import { type Kind, kinds } from '../model/kinds.js';
import { addressCandidates } from '../model/numbering.js';
import { type AnyObject, objectName } from '../model/parse.js';
import { View } from '../model/view.js';
import { type LocalBinding, numberName, type Settings, type TunnelState, World } from '../model/world.js';
import type { Session } from '../switch/session.js';
import { type CommitReport, Installer } from './installer.js';
import { Reporter, type Status } from './reporter.js';

/** How a chassis acts on the world outside; results come back as inputs. */
export interface ChassisEdges {
  /** Watch exactly these tenants. */
  readonly watch: (tenants: readonly string[]) => void;
  /** A number is needed for an object (`lport red/vm1`). */
  readonly allocate: (space: 'lport' | 'lswitch', ref: Ref) => void;
  /** A port that asked for `auto` needs an address of each of these sequences of candidates. */
  readonly address: (ref: Ref, lswitch: Ref, candidates: readonly Iterable<string>[]) => void;
  /** The interface of an lport is on our bridge, or no longer. */
  readonly claim: (ref: Ref) => void;
  readonly release: (ref: Ref) => void;
  /** Tunnel ports that should exist; `surplus` may go, no flow uses them any more. */
  readonly tunnels: (wanted: readonly TunnelPort[], surplus: readonly string[]) => void;
  /** The status of an object on this chassis, or that it has none any more. */
  readonly status: (kind: Kind, ref: Ref, status: Status | undefined) => void;
  /** Every northbound revision of a tenant up to this one is on the switch; `report` says what that took. */
  readonly acknowledged: (tenant: string, revision: number, report: CommitReport) => void;
  /** Everything that must be known is known. */
  readonly whole: () => void;
  /** An lport's flows are on the switch as of a revision, or (undefined) no longer. */
  readonly installed: (iface: string, revision: number | undefined) => void;
}

/** What an interface on the bridge says of itself. */
export interface Plug {
  readonly ref: Ref;
  readonly interface: string;
  readonly error: string | undefined;
}

/** A bridge, its tenants' networks, and what they mean here. */
export class Chassis {
  readonly id: string;
  readonly world = new World();
  readonly view: View;
  readonly table = new FlowTable();
  readonly engine: Engine;
  readonly interest: Interest;
  readonly installer: Installer;
  readonly reporter: Reporter;
  readonly #edges: ChassisEdges;
  readonly #log: Logger;
  readonly #held = new Map<string, string>();
  readonly #unreadable = new Map<string, string>();
  #session: Session | undefined;
  #plugs: readonly Plug[] = [];
  #asking: ReadonlySet<string> = new Set();
  #plugsKnown = false;
  #tunnelNames: ReadonlyMap<string, { readonly key: string; readonly error: string | undefined }> = new Map();
  #watched: readonly string[] = [];
  /** Ports whose addresses have been asked for. */
  readonly #addressing = new Set<Ref>();
  /** Tunnel ports that nothing wants any more, with the round after which no flow names them. */
  readonly #surplus = new Map<string, number>();
  /** Tunnel ports that are wanted, with the round since which they are. */
  readonly #wantedSince = new Map<string, number>();
  /** The ports of the connection, the plugs or the tunnel ports have changed since they were joined. */
  #portsChanged = false;
  /** The last round in which a wanted tunnel port was neither there nor refused. */
  #incompleteRound = 0;
  #scheduled = false;
  #closed = false;

  constructor(settings: Settings, apps: readonly App[], repair: boolean, edges: ChassisEdges, log: Logger) {
    this.id = settings.chassis;
    this.#edges = edges;
    this.#log = log;
    this.view = new View(this.world, segmentationTypes);
    this.interest = new Interest(this.view);
    this.engine = new Engine(this.view, this.table, apps);
    this.installer = new Installer(
      this.table,
      repair,
      {
        progressed: (report) => {
          this.#progressed(report);
        },
      },
      log,
    );
    this.reporter = new Reporter(
      this.view,
      this.table,
      (kind, ref, status) => {
        edges.status(kind, ref, status);
        const iface = kind === 'lport' ? this.world.bindings.peek(ref)?.interface : undefined;
        if (iface !== undefined) edges.installed(iface, status?.state === 'ACTIVE' ? status.revision : undefined);
      },
      () => performance.now(),
      edges.acknowledged,
    );
    this.world.graph.failed = (what, error) => {
      log.error({ err: error }, `a mistake of ours in ${what}; everything else goes on`);
    };
    this.#ask();
    this.world.settings.set('self', settings);
    this.schedule();
  }

  // ---- inputs from the northbound

  /** An object is as given. */
  object(object: AnyObject): void {
    this.world.put(object);
    this.reporter.refused(object.kind, object.ref, undefined);
    this.reporter.seen(object.kind, object.ref, object.revision);
    this.schedule();
  }

  /** An object is not, or no longer. */
  gone(kind: Kind, ref: Ref, revision: number): void {
    this.world.remove(kind, ref);
    this.reporter.refused(kind, ref, undefined);
    this.reporter.seen(kind, ref, revision);
    this.schedule();
  }

  /** An object could not be read; it counts as absent. */
  refused(kind: Kind, ref: Ref, revision: number, error: NbError): void {
    this.world.remove(kind, ref);
    this.world.revisions.set(objectName(kind, ref), revision);
    this.reporter.refused(kind, ref, error.faults.map(faultText).join('; '));
    this.reporter.seen(kind, ref, revision);
    this.schedule();
  }

  /** A number is allocated to an object, or taken back. */
  allocated(space: string, ref: Ref, number: number | undefined): void {
    this.world.numbers.set(numberName(space, ref), number);
    this.schedule();
  }

  /** Addresses are allocated to a port that asked for `auto`. */
  addressed(ref: Ref, addresses: readonly string[] | undefined): void {
    this.world.addresses.set(ref, addresses);
    this.#addressing.delete(ref);
    this.schedule();
  }

  /** A chassis has claimed an lport, or nobody has. */
  claimed(ref: Ref, chassis: string | undefined): void {
    this.world.claims.set(ref, chassis);
    this.schedule();
  }

  /** Everything that the northbound holds of a tenant has been told. */
  settled(tenant: string): void {
    this.world.settled.set(tenant, true);
    this.schedule();
  }

  /** The northbound of a tenant went back in time (a reason), or is in order again. */
  held(tenant: string, reason: string | undefined): void {
    if (reason === undefined) this.#held.delete(tenant);
    else this.#held.set(tenant, reason);
    this.reporter.hold(tenant, reason);
    this.schedule();
  }

  /** A tenant cannot be read at present (a reason), or can be again; what is known stays, and nothing is removed meanwhile. */
  unreadable(tenant: string, reason: string | undefined): void {
    if (reason === undefined) this.#unreadable.delete(tenant);
    else this.#unreadable.set(tenant, reason);
    this.schedule();
  }

  /** A tenant is watched no more: nothing of it is needed here. */
  forget(tenant: string): void {
    for (const kind of kinds)
      for (const ref of this.world.refs(kind)) {
        if (tenantOf(ref) !== tenant) continue;
        this.world.remove(kind, ref);
        this.reporter.forgotten(kind, ref);
      }
    for (const name of [...this.world.numbers.members()])
      if (name.split(' ')[1]?.startsWith(`${tenant}/`) === true) this.world.numbers.set(name, undefined);
    for (const ref of [...this.world.claims.members()])
      if (tenantOf(ref) === tenant) this.world.claims.set(ref, undefined);
    for (const ref of [...this.world.addresses.members()])
      if (tenantOf(ref) === tenant) this.world.addresses.set(ref, undefined);
    this.#held.delete(tenant);
    this.reporter.hold(tenant, undefined);
    this.#unreadable.delete(tenant);
    this.world.settled.set(tenant, undefined);
    this.schedule();
  }

  // ---- inputs from the switch and its database

  /** The bridge's switch is connected. */
  attach(session: Session): void {
    this.#session = session;
    this.#portsChanged = true;
    session.onPorts(() => {
      this.#portsChanged = true;
      this.schedule();
    });
    this.installer.attach(session);
    this.schedule();
  }

  /** The connection to the switch has ended; everything stays as it is. */
  detach(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.installer.detach(session);
  }

  /** The interfaces that carry lports, all of them; `asking` are all that say so, known or not. */
  plugged(plugs: readonly Plug[], asking: ReadonlySet<string>): void {
    this.#plugs = plugs;
    this.#asking = asking;
    this.#plugsKnown = true;
    this.#portsChanged = true;
    this.schedule();
  }

  /** Our tunnel ports by interface name, all of them, with what the database says against each. */
  tunnelPorts(names: ReadonlyMap<string, { readonly key: string; readonly error: string | undefined }>): void {
    this.#tunnelNames = names;
    this.#portsChanged = true;
    this.schedule();
  }

  /** What the chassis is has changed. */
  configure(settings: Settings): void {
    this.world.settings.set('self', settings);
    this.schedule();
  }

  /** Ends all work; flows stay. */
  close(): void {
    this.#closed = true;
    if (this.#session !== undefined) this.detach(this.#session);
  }

  /** What must be known before anything may be removed, and is not yet; empty: the view is whole. */
  waitsFor(): string[] {
    const waits = this.interest
      .tenants()
      .filter((tenant) => !this.world.settled.present(tenant))
      .map((tenant) => `the northbound of tenant ${tenant}`);
    if (this.#session === undefined) waits.push('the switch');
    if (!this.#plugsKnown) waits.push('the interfaces of the bridge');
    for (const [tenant, reason] of [...this.#held, ...this.#unreadable])
      waits.push(`the northbound of tenant ${tenant}: ${reason}`);
    return waits;
  }

  /** Interfaces that carry an iface-id whose lport is not in the northbound. */
  waitingPlugs(): Plug[] {
    return this.#plugs.filter(({ ref }) => !this.world.lports.present(ref));
  }

  /** Interfaces whose lport is in the northbound. */
  carriers(): ReadonlySet<string> {
    return new Set(this.#plugs.filter(({ ref }) => this.world.lports.present(ref)).map(({ interface: name }) => name));
  }

  /** Interfaces of the bridge that say nothing of an lport and are no tunnels of ours. */
  bareInterfaces(): string[] {
    const known = new Set([...this.#asking, ...this.#tunnelNames.keys()]);
    const names = [...(this.#session?.ports.values() ?? [])]
      .filter(({ portNo }) => portNo <= 0xfeff)
      .map((port) => port.name);
    return names.filter((name) => !known.has(name)).sort();
  }

  /** Whether a switch is connected. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Asks for a turn; several inputs of one event share it. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#turn();
    });
  }

  /** From inputs to wishes: ports, flows, watches, claims, numbers, tunnels, statuses. */
  #turn(): void {
    this.#numberPorts();
    const round = this.engine.flush() ?? 0;
    this.#follow();
    const whole = this.waitsFor().length === 0;
    const isNew = whole && !this.table.whole;
    this.table.whole = whole;
    if (isNew) this.#edges.whole();
    this.#tunnels(round);
    this.reporter.round(round, (tenant) => this.interest.unanswered.present(tenant));
    this.installer.kick();
    this.reporter.report(this.table.acknowledged());
  }

  /** Joins interfaces with the ofports of the live connection. */
  #numberPorts(): void {
    if (!this.#portsChanged) return;
    const byName = new Map([...(this.#session?.ports.values() ?? [])].map((port) => [port.name, port.portNo]));
    if (this.#session === undefined && byName.size === 0) return; // what we knew stays
    this.#portsChanged = false;
    const bindings = new Map<Ref, LocalBinding>();
    for (const { ref, interface: name, error } of [...this.#plugs].sort((a, b) =>
      byteOrder(a.interface, b.interface),
    )) {
      const number = byName.get(name);
      if (bindings.get(ref)?.ofport !== undefined) continue; // the first of two interfaces with one lport
      bindings.set(ref, {
        interface: name,
        ofport: number === undefined ? undefined : ofPort(number),
        ...(error === undefined ? {} : { error }),
      });
    }
    for (const ref of [...this.world.bindings.members()])
      if (!bindings.has(ref)) this.world.bindings.set(ref, undefined);
    for (const [ref, binding] of bindings) {
      const before = this.world.bindings.peek(ref)?.interface;
      this.world.bindings.set(ref, binding);
      if (before !== undefined && before !== binding.interface) this.reporter.moved(ref);
    }
    const tunnels = new Map<string, TunnelState>();
    for (const [name, { key, error }] of this.#tunnelNames) {
      const number = byName.get(name);
      tunnels.set(key, {
        ofport: number === undefined ? undefined : ofPort(number),
        ...(error === undefined ? {} : { error }),
      });
    }
    for (const key of [...this.world.tunnels.members()]) if (!tunnels.has(key)) this.world.tunnels.set(key, undefined);
    for (const [key, state] of tunnels) this.world.tunnels.set(key, state);
  }

  /** Watches and addresses that the present world asks for. */
  #follow(): void {
    const tenants = this.interest.tenants();
    if (tenants.join() !== this.#watched.join()) {
      this.#watched = tenants;
      this.#edges.watch(tenants);
    }
    for (const ref of this.interest.unaddressed.members()) this.#address(ref);
  }

  /** What the present world asks of the northbound: claims, numbers, addresses; each asked once, when it comes to be needed. */
  #ask(): void {
    const { graph, bindings, lports } = this.world;
    const fail = (what: unknown, error: unknown): void => {
      graph.failed(`what ${String(what)} needs`, error);
    };
    graph.each(
      bindings,
      (ref) => lports.get(ref) !== undefined,
      (ref, now, before) => {
        if (now === true) this.#edges.claim(ref);
        else if (before === true) this.#edges.release(ref);
      },
      fail,
    );
    graph.each(
      this.interest.unnumbered,
      () => true,
      (name, now) => {
        const [space = '', ref = ''] = name.split(' ');
        if (now === true) this.#edges.allocate(space === 'lport' ? 'lport' : 'lswitch', ref as Ref); // numberName put a Ref there
      },
      fail,
    );
  }

  #address(ref: Ref): void {
    const network = this.world.lports.peek(ref)?.lswitch;
    if (network === undefined || this.#addressing.has(ref)) return;
    const subnets = this.world.refs('subnet').flatMap((subnet) => {
      const value = this.world.subnets.peek(subnet);
      return value?.lswitch === network ? [value] : [];
    });
    if (subnets.length === 0) return;
    // What others wrote down by hand is not in the allocations.
    const written = new Set(
      this.world.refs('lport').flatMap((other) => {
        const value = this.world.lports.peek(other);
        return value?.lswitch !== network || value.ips === 'auto' ? [] : value.ips;
      }),
    );
    this.#addressing.add(ref);
    this.#edges.address(ref, network, addressCandidates(subnets, written));
  }

  #tunnels(round: number): void {
    const wanted = this.engine.tunnels();
    for (const key of wanted.keys()) if (!this.#wantedSince.has(key)) this.#wantedSince.set(key, round);
    for (const key of this.#wantedSince.keys()) if (!wanted.has(key)) this.#wantedSince.delete(key);
    for (const { key } of this.#tunnelNames.values())
      if (!wanted.has(key) && !this.#surplus.has(key)) this.#surplus.set(key, round);
    for (const key of this.#surplus.keys()) if (wanted.has(key)) this.#surplus.delete(key);
    // What takes the place of an old tunnel comes first: its port, then its flows.
    if ([...wanted.keys()].some((key) => !this.#isSettled(key))) this.#incompleteRound = round;
    const acknowledged = this.table.acknowledged();
    const mayGo =
      this.waitsFor().length === 0
        ? [...this.#surplus]
            .filter(([, since]) => acknowledged >= since && acknowledged > this.#incompleteRound)
            .map(([key]) => key)
        : [];
    // The flows that hear a sender at its port come before the port, which takes over what it sends.
    const mayCome = [...wanted.values()].filter(({ key }) => acknowledged >= (this.#wantedSince.get(key) ?? 0));
    this.#edges.tunnels(mayCome, mayGo);
    const present = new Set([...this.#tunnelNames.values()].map(({ key }) => key));
    for (const key of this.#surplus.keys()) if (!present.has(key)) this.#surplus.delete(key);
  }

  /** Whether Open vSwitch has numbered a tunnel port, or said why it does not. */
  #isSettled(key: string): boolean {
    const state = this.world.tunnels.peek(key);
    return state?.ofport !== undefined || state?.error !== undefined;
  }

  #progressed(report: CommitReport): void {
    this.reporter.committed(report);
    for (const refusal of this.table.refusals())
      this.#log.debug({ owner: refusal.owner, reason: refusal.reason }, 'flow refused');
    this.schedule();
  }
}
