// One bridge as a chassis: what it has been told (world), what that means (engine), what its switch should hold (table). Nothing here
// waits; every input schedules a turn, and long turns are taken in slices.
import type { Logger } from 'pino';
import type { App } from '../apps/app.js';
import { Engine } from '../apps/engine.js';
import { segmentationTypes } from '../apps/segmentation-types.js';
import { FlowTable } from '../flow/table.js';
import type { NbError } from '../model/errors.js';
import { faultText } from '../model/errors.js';
import { type Ref, tenantOf } from '../model/ids.js';
import { Interest } from '../model/interest.js';
import { type Kind, kinds } from '../model/kinds.js';
import type { AnyObject } from '../model/parse.js';
import { View } from '../model/view.js';
import { type Allotted, numberName, type Settings, World } from '../model/world.js';
import type { Session } from '../switch/session.js';
import { slice, soon } from '../turns/slices.js';
import { Asks } from './asks.js';
import { BridgePorts, type Plug } from './bridge-ports.js';
import type { ChassisEdges } from './chassis-edges.js';
import { type CommitReport, Installer } from './installer.js';
import { Reporter } from './reporter.js';
import type { TunnelNames } from './tunnel-keeper.js';
import { TunnelTurnover } from './tunnel-turnover.js';

/** While a tenant's first snapshot comes in, turns are at least so far apart, in milliseconds: half of it means little. */
const fillingPauseMs = 1000;

/** A bridge, its tenants' networks, and what they mean here. */
export class Chassis {
  readonly id: string;
  readonly world = new World();
  readonly view = new View(this.world, segmentationTypes);
  readonly interest = new Interest(this.view);
  readonly table = new FlowTable();
  readonly ports = new BridgePorts(this.world);
  readonly engine: Engine;
  readonly installer: Installer;
  readonly reporter: Reporter;
  readonly #asks: Asks;
  readonly #tunnels: TunnelTurnover;
  readonly #edges: ChassisEdges;
  readonly #log: Logger;
  /** Tenants whose northbound is not obeyed, or cannot be read, with the reason. */
  readonly #held = new Map<string, string>();
  readonly #unreadable = new Map<string, string>();
  #session: Session | undefined;
  #isScheduled = false;
  /** Whether something of a tenant that is completely known waits for a turn. */
  #isUrgent = false;
  #turnedMs = -Infinity;
  #filling: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(settings: Settings, apps: readonly App[], repair: boolean, edges: ChassisEdges, log: Logger) {
    this.id = settings.chassis;
    this.#edges = edges;
    this.#log = log;
    this.engine = new Engine(this.view, this.table, apps);
    const progressed = (report: CommitReport): void => {
      this.#progressed(report);
    };
    this.installer = new Installer(this.table, repair, { progressed }, log);
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
    this.#asks = new Asks(this.world, this.interest, edges);
    this.#tunnels = new TunnelTurnover(this.world, this.table, this.ports, edges.tunnels);
    this.configure(settings);
  }

  // ---- inputs from the northbound

  /** An object is as given. */
  object(object: AnyObject): void {
    this.world.put(object);
    this.reporter.refused(object.kind, object.ref, undefined);
    this.reporter.seen(object.kind, object.ref, object.revision);
    this.#changed(object.ref);
  }

  /** An object is not, or no longer. */
  gone(kind: Kind, ref: Ref, revision: number): void {
    this.world.remove(kind, ref);
    this.reporter.refused(kind, ref, undefined);
    this.reporter.seen(kind, ref, revision);
    this.#changed(ref);
  }

  /** An object could not be read; it counts as absent. */
  refused(kind: Kind, ref: Ref, revision: number, error: NbError): void {
    this.world.refuse(kind, ref, revision);
    this.reporter.refused(kind, ref, error.faults.map(faultText).join('; '));
    this.reporter.seen(kind, ref, revision);
    this.#changed(ref);
  }

  /** A number is allocated to an object, or taken back. */
  allocated(space: string, ref: Ref, number: number | undefined): void {
    this.world.numbers.set(numberName(space, ref), number);
    this.#changed(ref);
  }

  /** Addresses of a network are allocated to a port that asked for `auto`, or taken back. */
  addressed(ref: Ref, allotted: Allotted | undefined): void {
    this.world.addresses.set(ref, allotted);
    this.#asks.addressed(ref);
    this.#changed(ref);
  }

  /** A chassis has claimed an lport, or nobody has. */
  claimed(ref: Ref, chassis: string | undefined): void {
    this.world.claims.set(ref, chassis);
    this.#changed(ref);
  }

  /** Everything that the northbound holds of a tenant, at a revision, has been told. */
  settled(tenant: string, revision: number): void {
    this.world.settled.set(tenant, true);
    this.reporter.settled(tenant);
    if (revision > 0) this.reporter.reached(tenant, revision); // what was deleted before we came has no object
    this.#isUrgent = true;
    this.schedule();
  }

  /** Of a tenant nothing from this revision on is complete, or (undefined) all that was seen is. */
  withheld(tenant: string, revision: number | undefined): void {
    this.reporter.withhold(tenant, revision);
    this.schedule();
  }

  /** The northbound of a tenant went back in time (a reason), or is in order again. */
  held(tenant: string, reason: string | undefined): void {
    note(this.#held, tenant, reason);
    this.reporter.hold(tenant, reason);
    this.schedule();
  }

  /** A tenant cannot be read at present (a reason), or can be again; what is known stays, and nothing is removed meanwhile. */
  unreadable(tenant: string, reason: string | undefined): void {
    note(this.#unreadable, tenant, reason);
    this.schedule();
  }

  /** A tenant is watched no more: nothing of it is needed here. */
  forget(tenant: string): void {
    const { world } = this;
    for (const kind of kinds)
      for (const ref of world.refs(kind)) {
        if (tenantOf(ref) !== tenant) continue;
        world.remove(kind, ref);
        this.reporter.forgotten(kind, ref);
      }
    for (const name of [...world.numbers.members()])
      if (name.split(' ')[1]?.startsWith(`${tenant}/`) === true) world.numbers.set(name, undefined);
    for (const input of [world.claims, world.addresses])
      for (const ref of [...input.members()]) if (tenantOf(ref) === tenant) input.set(ref, undefined);
    this.#held.delete(tenant);
    this.reporter.hold(tenant, undefined);
    this.reporter.withhold(tenant, undefined);
    this.#unreadable.delete(tenant);
    world.settled.set(tenant, undefined);
    this.schedule();
  }

  // ---- inputs from the switch and its database

  /** The bridge's switch is connected. */
  attach(session: Session): void {
    this.#session = session;
    this.ports.numberedBy(session);
    session.onPorts(() => {
      this.ports.renumbered();
      this.schedule();
    });
    this.installer.attach(session);
    this.schedule();
  }

  /** The connection to the switch has ended; everything stays as it is. */
  detach(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.ports.numberedBy(undefined);
    this.installer.detach(session);
  }

  /** The interfaces that carry lports, all of them; `asking` are all that say so, known or not. */
  plugged(plugs: readonly Plug[], asking: readonly Pick<Plug, 'interface'>[]): void {
    this.ports.plugged(plugs, asking);
    this.schedule();
  }

  /** Our tunnel ports by interface name, all of them, with what the database says against each. */
  tunnelPorts(names: TunnelNames): void {
    this.ports.tunnelPorts(names);
    this.schedule();
  }

  /** What the chassis is has changed. */
  configure(settings: Settings): void {
    this.world.settings.set('self', settings);
    this.schedule();
  }

  /** Ends all work; flows stay. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#filling);
    if (this.#session !== undefined) this.detach(this.#session);
  }

  // ---- what it is asked

  /** What must be known before anything may be removed, and is not yet; empty: the view is whole. */
  waitsFor(): string[] {
    const waits = this.interest
      .tenants()
      .filter((tenant) => !this.world.settled.present(tenant))
      .map((tenant) => `the northbound of tenant ${tenant}`);
    if (this.#session === undefined) waits.push('the switch');
    if (!this.ports.isKnown) waits.push('the interfaces of the bridge');
    for (const [tenant, reason] of [...this.#held, ...this.#unreadable])
      waits.push(`the northbound of tenant ${tenant}: ${reason}`);
    return waits;
  }

  /** Whether a switch is connected. */
  get session(): Session | undefined {
    return this.#session;
  }

  // ---- turns

  /** Asks for a turn; several inputs of one event share it. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    soon(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      if (this.#isEarly()) this.#report(slice());
      else this.#turn();
    });
  }

  /** Something of an object has changed: who is completely known does not wait for those who are just coming in. */
  #changed(ref: Ref): void {
    if (this.world.settled.present(tenantOf(ref))) this.#isUrgent = true;
    this.schedule();
  }

  /** From inputs to wishes: ports, flows, watches, claims, numbers, tunnels, statuses. */
  #turn(): void {
    const isEnough = slice();
    const isJoined = this.ports.join((ref) => {
      this.reporter.moved(ref);
    }, isEnough);
    const round = isJoined ? this.engine.flush(isEnough) : undefined;
    if (round === undefined) this.schedule();
    else this.#conclude(round, isEnough);
    this.installer.kick();
  }

  /** What follows once a round is complete. */
  #conclude(round: number, isEnough: () => boolean): void {
    this.#turnedMs = performance.now();
    this.#isUrgent = false;
    this.#asks.follow();
    const whole = this.waitsFor().length === 0;
    const isNew = whole && !this.table.whole;
    this.table.whole = whole;
    if (isNew) this.#edges.whole();
    this.#tunnels.turn(this.engine.tunnels(), round, whole);
    this.reporter.round(round, (tenant) => this.interest.unanswered.present(tenant));
    this.#report(isEnough);
  }

  #report(isEnough: () => boolean): void {
    if (!this.reporter.report(this.table.acknowledged(), isEnough)) this.schedule();
  }

  /** Whether it is better to wait for more of a snapshot that is just coming in; then a turn comes later by itself. */
  #isEarly(): boolean {
    if (this.#isUrgent) return false;
    const isFilling = this.#asks.watched.some(
      (tenant) => !this.world.settled.present(tenant) && !this.#unreadable.has(tenant),
    );
    const waitMs = this.#turnedMs + fillingPauseMs - performance.now();
    if (!isFilling || waitMs <= 0) return false;
    this.#filling ??= setTimeout(() => {
      this.#filling = undefined;
      this.schedule();
    }, waitMs).unref();
    return true;
  }

  #progressed(report: CommitReport): void {
    this.reporter.committed(report);
    if (report.refused > 0)
      for (const { owner, reason } of this.table.refusals()) this.#log.debug({ owner, reason }, 'flow refused');
    this.schedule();
  }
}

function note(reasons: Map<string, string>, tenant: string, reason: string | undefined): void {
  if (reason === undefined) reasons.delete(tenant);
  else reasons.set(tenant, reason);
}
