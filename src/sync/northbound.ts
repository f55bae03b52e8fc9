// The northbound as the chassis of this process see it: each tenant is watched once, however many of them want it, and
// whoever comes later is told the present state first.
import { setTimeout, clearTimeout } from 'node:timers';
import type { Subscription } from '@nats-io/transport-node';
import type { Store } from './buckets.js';
import { decodeToken, encodeToken } from './keys.js';
import type { HeldBack, NorthboundSink } from './sink.js';
import { TenantFeed } from './tenant-feed.js';

/** How long things are waited for; all in milliseconds. */
export interface NorthboundTimes {
  /** How long a tenant that nobody wants any more is still watched. */
  readonly lingerMs: number;
  /** How long a doubtful snapshot may become right by itself before anybody is told. */
  readonly graceMs: number;
}

interface Watched {
  readonly feed: TenantFeed;
  readonly sinks: Set<NorthboundSink>;
  linger: ReturnType<typeof setTimeout> | undefined;
}

const acceptPrefix = (prefix: string): string => `${prefix}.accept.`;

/** The subject on which an operator accepts a northbound that went back. */
export const acceptSubject = (prefix: string, tenant: string): string =>
  `${acceptPrefix(prefix)}${encodeToken(tenant)}`;

/** All watches of one process. */
export class Northbound {
  readonly #store: Store;
  readonly #times: NorthboundTimes;
  readonly #watched = new Map<string, Watched>();
  readonly #accepts: Subscription;

  constructor(store: Store, times: Partial<NorthboundTimes> = {}) {
    this.#store = store;
    this.#times = { lingerMs: 60_000, graceMs: 1000, ...times };
    this.#accepts = store.nats.connection.subscribe(`${acceptPrefix(store.prefix)}*`, {
      callback: (error, message) => {
        // Credentials that may not listen there leave this process without `nb accept`; the connection reports it.
        if (error) return;
        // A consumer can be told to deliver here; what it delivers keeps the subject of the key that it comes from.
        if (!message.subject.startsWith(acceptPrefix(store.prefix))) return;
        const tenant = decodeToken(message.subject.slice(acceptPrefix(store.prefix).length));
        const accepted = tenant === undefined ? undefined : this.accept(tenant);
        if (accepted !== undefined) message.respond(JSON.stringify(accepted));
      },
    });
  }

  /** The tenants that are watched, with those that linger. */
  get tenants(): readonly string[] {
    return [...this.#watched.keys()];
  }

  /** Tells `sink` everything about a tenant, first what is known already; watching twice is watching once. */
  watch(tenant: string, sink: NorthboundSink): void {
    const watched = this.#watched.get(tenant) ?? this.#begin(tenant);
    if (watched.sinks.has(sink)) return;
    clearTimeout(watched.linger);
    watched.linger = undefined;
    watched.feed.replay(sink);
    watched.sinks.add(sink);
  }

  /** Tells `sink` no more about a tenant, from now on; the watch itself lingers for whoever wants it next. */
  unwatch(tenant: string, sink: NorthboundSink): void {
    const watched = this.#watched.get(tenant);
    if (watched?.sinks.delete(sink) !== true || watched.sinks.size > 0) return;
    watched.linger = setTimeout(() => {
      watched.feed.close();
      this.#watched.delete(tenant);
    }, this.#times.lingerMs);
  }

  /** Obeys what a tenant's northbound says now although it went back; undefined if nothing was held. */
  accept(tenant: string): (HeldBack & { tenant: string }) | undefined {
    const what = this.#watched.get(tenant)?.feed.accept();
    return what && { tenant, ...what };
  }

  /** The highest revision of a tenant's northbound that was seen; 0 where it is not watched. */
  revision(tenant: string): number {
    return this.#watched.get(tenant)?.feed.revision ?? 0;
  }

  /** Ends all watches. */
  close(): void {
    this.#accepts.unsubscribe();
    for (const { feed, linger } of this.#watched.values()) {
      clearTimeout(linger);
      feed.close();
    }
    this.#watched.clear();
  }

  #begin(tenant: string): Watched {
    const sinks = new Set<NorthboundSink>();
    const feed = new TenantFeed(this.#store, tenant, this.#times.graceMs, (tell) => {
      for (const sink of [...sinks]) tell(sink);
    });
    const watched: Watched = { feed, sinks, linger: undefined };
    this.#watched.set(tenant, watched);
    return watched;
  }
}
