// The northbound of this process over NATS: the connection (or a server of our own), the buckets, and what all chassis share.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isName, type Ref } from '../model/ids.js';
import { Allocator } from '../sync/allocate.js';
import { allocateAddresses } from '../sync/addresses.js';
import { type Opened, openStore, type Store } from '../sync/buckets.js';
import { connectNats, type Nats, reconnectPauseMs } from '../sync/connect.js';
import { joinEmbeddedNats } from '../sync/embedded-nats.js';
import { SyncError } from '../sync/errors.js';
import { IfaceSearch } from '../sync/iface.js';
import { Liveness } from '../sync/liveness.js';
import { Northbound } from '../sync/northbound.js';
import type { NorthboundSink } from '../sync/sink.js';
import type { Config } from './config.js';
import { natsAddress } from './nats-address.js';
import { NatsMember } from './nats-member.js';
import type { NorthboundService } from './northbound-service.js';
import type { Found } from './plugs.js';

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
  const members = new Map<string, NatsMember>();
  const member = (chassis: string): NatsMember => {
    let one = members.get(chassis);
    if (one === undefined) {
      const resigned = (): void => {
        members.delete(chassis);
      };
      members.set(chassis, (one = new NatsMember(store, liveness, chassis, log, resigned)));
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
