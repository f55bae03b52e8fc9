// The northbound of this process over NATS: the connection (or a server of our own), the buckets, and what all chassis share.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isName, operator, type Ref, refOf } from '../model/ids.js';
import type { Kind, TunnelType } from '../model/kinds.js';
import { Allocator } from '../sync/allocate.js';
import { allocateAddresses } from '../sync/addresses.js';
import { type Opened, openStore, type Store } from '../sync/buckets.js';
import { Claims } from '../sync/claims.js';
import { connectNats, type Nats, reconnectPauseMs } from '../sync/connect.js';
import { joinEmbeddedNats } from '../sync/embedded-nats.js';
import { SyncError } from '../sync/errors.js';
import { Heartbeat } from '../sync/heartbeat.js';
import { IfaceSearch } from '../sync/iface.js';
import { Liveness } from '../sync/liveness.js';
import { Northbound } from '../sync/northbound.js';
import { Registration } from '../sync/registration.js';
import { StatusWriter } from '../sync/status.js';
import type { NorthboundSink } from '../sync/sink.js';
import type { Config } from './config.js';
import type { CommitReport } from './installer.js';
import { natsAddress } from './nats-address.js';
import type { NorthboundMember, NorthboundService } from './northbound-service.js';
import type { Found } from './plugs.js';
import type { Status } from './reporter.js';

/** How many commits of a tenant are remembered for those who wait for one. */
const recentLength = 32;
/** How long acknowledgements of the operator's tenant are gathered into one heartbeat, in milliseconds. */
const beatMs = 50;

/**
 * Connects to the configured NATS, or to one of our own on loopback, and opens the buckets; `ending` gives up a NATS that is away.
 * Throws one line with what to change.
 */
export async function openNorthbound(
  config: Config,
  version: string,
  log: Logger,
  ending: AbortSignal,
): Promise<NorthboundService> {
  const embedded = config.nats === '' ? await joinEmbeddedNats({ dataDir: config.data_dir }) : undefined;
  if (embedded !== undefined)
    log.warn(
      { url: embedded.url, dataDir: config.data_dir, started: embedded.started },
      `no NATS is configured: the northbound is a server of our own at ${embedded.url}, on this machine only (--nats URL for yours)`,
    );
  const address = natsAddress(config, embedded?.url ?? config.nats);
  let away = false;
  const nats = await connectNats(address, {
    name: `damselfly ${version}`,
    signal: ending,
    down: (reason) => {
      if (!away) log.warn({ reason }, 'the northbound is away; the data plane stays as it is');
      away = true;
      void embedded?.revive().catch((error: unknown) => {
        log.error({ err: error }, 'our own nats-server cannot be started again');
      });
    },
    up: (server) => {
      log.info({ server }, away ? 'the northbound is back' : 'connected to the northbound');
      away = false;
    },
    refused: (reason) => {
      log.warn({ reason }, 'NATS refused something');
    },
  }).catch(async (error: unknown) => {
    await embedded?.leave();
    throw error;
  });
  const end = async (): Promise<void> => {
    await nats.close();
    await embedded?.leave();
  };
  const { store, created, notes } = await opened(nats, config, log, ending).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  if (created.length > 0) log.info({ buckets: created }, 'created the buckets of the northbound');
  for (const note of notes) log.warn(note);
  return service(store, config, log, end);
}

/** Opens the buckets. A JetStream that is silent is waited for: a cluster that starts, or has lost two of three servers, has no leader. */
async function opened(nats: Nats, config: Config, log: Logger, ending: AbortSignal): Promise<Opened> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await openStore(nats, { prefix: config.prefix });
    } catch (error) {
      if (!(error instanceof SyncError && error.code === 'NATS_DEADLINE')) throw error;
      if (attempt === 0)
        log.warn({ reason: error.message }, 'the northbound has no JetStream at present; waiting for it');
      await delay(reconnectPauseMs(attempt, Math.random()), undefined, { signal: ending });
    }
  }
}

function service(store: Store, config: Config, log: Logger, end: () => Promise<void>): NorthboundService {
  const northbound = new Northbound(store, { lingerMs: config.linger * 1000 });
  const allocator = new Allocator(store);
  const liveness = new Liveness(store);
  const members = new Map<string, Member>();
  const member = (chassis: string): Member => {
    let one = members.get(chassis);
    if (one === undefined) {
      const resigned = (): void => {
        members.delete(chassis);
      };
      members.set(chassis, (one = new Member(store, liveness, chassis, log, resigned)));
    }
    return one;
  };
  const observed = new Map<NorthboundSink, NorthboundSink>();
  return {
    watch: (tenant, sink) => {
      // Claims want to know who holds what, whichever chassis asked for the tenant.
      const own = observed.get(sink) ?? {
        ...sink,
        claimed: (port: Ref, holder: string | undefined) => {
          for (const { claims } of members.values()) claims.observe(port, holder);
          sink.claimed(port, holder);
        },
      };
      observed.set(sink, own);
      northbound.watch(tenant, own);
    },
    unwatch: (tenant, sink) => {
      const own = observed.get(sink);
      if (own !== undefined) northbound.unwatch(tenant, own);
    },
    allocate: (space, ref) => allocator.allocate(space, space, ref),
    allocateAddresses: (port, lswitch, candidates) => allocateAddresses(store, port, lswitch, candidates),
    find: (ifaceId, found) => findIface(store, allocator, config.require_tenant, ifaceId, found),
    member,
    close: async () => {
      northbound.close();
      liveness.close();
      await Promise.all([...members.values()].map((one) => one.close()));
      await end();
    },
  };
}

function findIface(
  store: Store,
  allocator: Allocator,
  requireTenant: boolean,
  ifaceId: string,
  found: (found: Found) => void,
): () => void {
  if (requireTenant) {
    found({
      problem: `iface-id ${ifaceId} names no tenant, which --require-tenant asks for: set external_ids:damselfly-tenant`,
    });
    return () => undefined;
  }
  if (!isName(ifaceId)) {
    found({ problem: `iface-id ${JSON.stringify(ifaceId)} cannot be the id of an lport` });
    return () => undefined;
  }
  const search = new IfaceSearch(store, allocator, ifaceId, {
    resolved: (ref) => {
      found({ ref });
    },
    unresolved: (problem) => {
      found({ problem });
    },
  });
  return () => {
    search.close();
  };
}

/** What one chassis says in the northbound: claims, statuses, that it lives and where its tunnels end. */
class Member implements NorthboundMember {
  readonly claims: Claims;
  readonly #store: Store;
  readonly #chassis: string;
  readonly #log: Logger;
  readonly #resigned: () => void;
  readonly #status: StatusWriter;
  readonly #recent = new Map<
    string,
    { readonly revision: number; readonly added: number; readonly removed: number; readonly tookMs: number }[]
  >();
  #heartbeat: Heartbeat | undefined;
  #registration: Registration | undefined;
  /** What the switch has of the operator's own tenant. */
  #ofOperator: { readonly revision: number; readonly recent: readonly unknown[] } | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;

  #beaten: ((text: string, isNews: boolean) => void) | undefined;

  constructor(store: Store, liveness: Liveness, chassis: string, log: Logger, resigned: () => void) {
    this.#store = store;
    this.#chassis = chassis;
    this.#resigned = resigned;
    this.#log = log.child({ chassis });
    const unwritten = (error: Error): void => {
      this.#log.warn({ reason: error.message }, 'statuses cannot be written at present');
    };
    const beaten = (text: string, isNews: boolean): void => {
      this.#beaten?.(text, isNews);
    };
    this.#status = new StatusWriter(store, { chassis, failed: unwritten, beaten });
    this.claims = new Claims(
      store,
      liveness,
      { chassis },
      {
        won: (port) => {
          this.#log.info(`claimed lport ${port}`);
        },
        lost: (port, holder) => {
          this.#log.warn(
            { holder },
            `lport ${port} is on chassis ${holder} already; it is not served here while that lasts`,
          );
        },
        failed: (port, error) => {
          this.#log.warn({ reason: error.message }, `lport ${port} cannot be claimed at present`);
        },
      },
    );
  }

  claim(port: Ref, isOurs: boolean): void {
    this.claims.want(port, isOurs);
  }

  release(port: Ref): void {
    this.claims.unwant(port);
  }

  status(kind: Kind, ref: Ref, status: Status | undefined): void {
    if (status === undefined) this.#status.clear(kind, ref);
    else this.#status.set(kind, ref, status);
  }

  since(kind: Kind, ref: Ref): string | undefined {
    return this.#status.since(kind, ref);
  }

  acknowledged(tenant: string, revision: number, { added, changed, removed, tookMs }: CommitReport): void {
    const commit = { revision, added: added + changed, removed, tookMs: Math.round(tookMs * 100) / 100 };
    const recent = [...(this.#recent.get(tenant) ?? []), commit].slice(-recentLength);
    this.#recent.set(tenant, recent);
    const summary: Status & { readonly recent: readonly unknown[] } = { state: 'ACTIVE', revision, recent };
    // Of the operator's own tenant the chassis speaks in its heartbeat, which has that key.
    if (tenant === operator) {
      this.#ofOperator = { revision, recent };
      this.#beat ??= setTimeout(() => {
        this.#beat = undefined;
        void this.#heartbeat?.beat();
      }, beatMs);
    } else this.#status.set('chassis', refOf(tenant, this.#chassis), summary);
  }

  forget(tenant: string): void {
    this.#recent.delete(tenant);
    this.#status.clear('chassis', refOf(tenant, this.#chassis));
  }

  whole(): void {
    this.#status.sweep();
  }

  register(
    value: { readonly ips: readonly string[]; readonly tunnel_types: readonly TunnelType[]; readonly version: string },
    status: () => object,
    beaten: (text: string, isNews: boolean) => void,
  ): void {
    this.#beaten = beaten;
    this.#heartbeat?.close();
    this.#heartbeat = new Heartbeat(this.#store, {
      chassis: this.#chassis,
      status: () => ({ ...status(), ...this.#ofOperator }),
    });
    this.#registration?.close();
    const { ips, tunnel_types, version } = value;
    const own = { ips: [...ips], tunnel_types: [...tunnel_types], version };
    this.#registration = new Registration(this.#store, this.#chassis, own, (error) => {
      this.#log.warn({ err: error }, 'this chassis cannot be registered at present; trying again');
    });
  }

  resign(): void {
    this.#end();
    this.#status.close();
    this.#resigned();
  }

  async close(): Promise<void> {
    this.#end();
    await this.#status.flush();
    this.#status.close();
  }

  #end(): void {
    this.#beaten = undefined;
    this.claims.close();
    clearTimeout(this.#beat);
    this.#heartbeat?.close();
    this.#registration?.close();
  }
}
