// Between one chassis and the northbound: what it is told, and what it asks for (watches, numbers, addresses, claims, statuses).
// Whatever fails is asked again; a chassis never waits for NATS.
import type { Logger } from 'pino';
import type { Kind } from '../model/kinds.js';
import type { Ref } from '../model/ids.js';
import { objectName } from '../model/parse.js';
import type { Settings } from '../model/world.js';
import type { NorthboundSink } from '../sync/sink.js';
import type { Chassis } from './chassis.js';
import type { ChassisEdges } from './chassis-edges.js';
import { failureLine, hasCode } from './failure.js';
import type { NorthboundMember, NorthboundService } from './northbound-service.js';
import type { Found } from './plugs.js';
import type { Status } from './reporter.js';

/** How long to wait before something that failed is asked again. */
const againMs = 2000;

/** The northbound's side of one chassis. */
export class NorthboundEdge {
  readonly #service: NorthboundService;
  readonly #member: NorthboundMember;
  readonly #log: Logger;
  readonly #watched = new Set<string>();
  readonly #finds = new Map<string, { found: Found; readonly end: () => void }>();
  #chassis: Chassis | undefined;
  #sink: NorthboundSink | undefined;
  #problems: readonly string[] = [];
  #closed = false;

  constructor(service: NorthboundService, settings: Settings, log: Logger) {
    this.#service = service;
    this.#member = service.member(settings.chassis);
    this.#log = log;
  }

  /** What the chassis acts through. */
  readonly edges: Omit<ChassisEdges, 'tunnels' | 'installed'> = {
    watch: (tenants) => {
      this.#watch(tenants);
    },
    allocate: (space, ref) => {
      this.#try(`allocate a number for ${space} ${ref}`, () => this.#service.allocate(space, ref));
    },
    address: (ref, needed) => {
      this.#try(`allocate addresses for lport ${ref}`, async () => {
        const now = needed();
        if (now !== undefined) await this.#service.allocateAddresses(ref, now.lswitch, now.candidates);
      });
    },
    claim: (ref, isOurs) => {
      this.#member.claim(ref, isOurs);
    },
    release: (ref) => {
      this.#member.release(ref);
    },
    status: (kind, ref, status) => {
      this.#say(kind, ref, status);
      this.#member.status(kind, ref, status);
    },
    acknowledged: (tenant, revision, report) => {
      if (this.#watched.has(tenant)) this.#member.acknowledged(tenant, revision, report);
    },
    whole: () => {
      this.#member.whole();
    },
  };

  /** Begins to tell the chassis what the northbound says. */
  connect(chassis: Chassis): void {
    this.#chassis = chassis;
    this.#sink = sinkOf(chassis, this.#log);
  }

  /** The lport of an iface-id whose tenant is not named; `changed` is called when the answer changes. */
  find(ifaceId: string, changed: () => void): Found {
    const known = this.#finds.get(ifaceId);
    if (known !== undefined) return known.found;
    const entry: { found: Found; end: () => void } = { found: undefined, end: () => undefined };
    this.#finds.set(ifaceId, entry);
    entry.end = this.#service.find(ifaceId, (found) => {
      entry.found = found;
      changed();
    });
    return entry.found;
  }

  /** Ends the searches for all other iface-ids: no interface has them any more, or it names their tenant. */
  searchOnlyFor(ifaceIds: ReadonlySet<string>): void {
    for (const [ifaceId, { end }] of this.#finds) {
      if (ifaceIds.has(ifaceId)) continue;
      end();
      this.#finds.delete(ifaceId);
    }
  }

  /** What is wrong with the bridge and its interfaces, as last found; each is said once. */
  problems(problems: readonly string[]): void {
    const known = new Set(this.#problems);
    for (const problem of problems) if (!known.has(problem)) this.#log.warn(problem);
    this.#problems = problems;
  }

  /** What is wrong with the bridge and its interfaces. */
  currentProblems(): readonly string[] {
    return this.#problems;
  }

  /** Since when an object's state is what was said last, in ISO 8601; undefined until that is written. */
  since(kind: Kind, ref: Ref): string | undefined {
    return this.#member.since(kind, ref);
  }

  /** Ends all watches; claims and statuses stay, as the flows do. */
  close(): void {
    this.#closed = true;
    for (const { end } of this.#finds.values()) end();
    if (this.#sink !== undefined) for (const tenant of this.#watched) this.#service.unwatch(tenant, this.#sink);
  }

  #watch(tenants: readonly string[]): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    for (const tenant of tenants) {
      if (this.#watched.has(tenant)) continue;
      this.#watched.add(tenant);
      this.#service.watch(tenant, sink);
    }
    for (const tenant of this.#watched) {
      if (tenants.includes(tenant)) continue;
      this.#watched.delete(tenant);
      this.#service.unwatch(tenant, sink);
      this.#chassis?.forget(tenant);
      this.#member.forget(tenant);
    }
  }

  /** Each change of state is one line of the log. */
  #say(kind: Kind, ref: Ref, status: Status | undefined): void {
    if (status === undefined) return;
    const line = `${objectName(kind, ref)} ${status.state}${status.reason === undefined ? '' : `: ${status.reason}`}`;
    const { revision } = status;
    if (status.state === 'ERROR' || status.state === 'DEGRADED') this.#log.warn({ revision }, line);
    else this.#log.info({ revision }, line);
  }

  #try(what: string, work: () => Promise<unknown>, isFirst = true): void {
    void work().catch((error: unknown) => {
      if (this.#closed) return;
      if (isFirst && hasCode(error, 'NATS_NUMBER_TAKEN')) this.#log.warn(`${failureLine(error)}; trying again`);
      else this.#log.debug({ err: error }, `could not ${what}; trying again`);
      setTimeout(() => {
        if (!this.#closed) this.#try(what, work, false);
      }, againMs).unref();
    });
  }
}

function sinkOf(chassis: Chassis, log: Logger): NorthboundSink {
  return {
    object: (object) => {
      chassis.object(object);
    },
    gone: (kind, ref, revision) => {
      chassis.gone(kind, ref, revision);
    },
    refused: (kind, ref, revision, error) => {
      log.warn({ revision }, error.message);
      chassis.refused(kind, ref, revision, error);
    },
    stray: (tenant, key, reason) => {
      if (reason !== undefined) log.debug({ tenant, key }, reason);
    },
    allocated: (space, ref, number) => {
      chassis.allocated(space, ref, number);
    },
    addressed: (port, ips, lswitch) => {
      chassis.addressed(port, ips.length === 0 ? undefined : { lswitch, ips });
    },
    claimed: (port, holder) => {
      chassis.claimed(port, holder);
    },
    settled: (tenant, revision) => {
      chassis.settled(tenant, revision);
    },
    withheld: (tenant, revision) => {
      chassis.withheld(tenant, revision);
    },
    held: (tenant, reason, what) => {
      log.error({ tenant, ...what }, `${reason}; flows stay as they are (damselfly nb accept ${tenant}, or nb import)`);
      chassis.held(tenant, `${reason} (${what.gone} objects would go, ${what.changed} would change)`);
    },
    released: (tenant) => {
      log.info({ tenant }, 'the northbound is in order again');
      chassis.held(tenant, undefined);
    },
    unreadable: (tenant, reason) => {
      if (reason !== undefined) log.warn({ tenant }, reason);
      chassis.unreadable(tenant, reason);
    },
  };
}
