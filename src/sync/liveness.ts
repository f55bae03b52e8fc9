// Which chassis are there: each writes a heartbeat, and one that was silent for its lease is gone. Silence counts only while
// we could have heard something, so neither an outage of NATS nor a pause of our own makes anybody look gone.
import { setInterval, clearInterval } from 'node:timers';
import { operator, refOf } from '../model/ids.js';
import type { Entry } from './bucket.js';
import type { Store } from './buckets.js';
import { parseStatusKey } from './keys.js';
import { readLeaseMs } from './records.js';
import { Watch } from './watch.js';

/** How long a silent chassis keeps its claims unless it says otherwise, in milliseconds. */
export const defaultLeaseMs = 60_000;

/** What is known of one chassis; all in milliseconds, `heardMs` by our clock, `storedMs` by the server's. */
export interface Beat {
  readonly storedMs: number;
  /** When we heard it as news; undefined for one that was there when we came. */
  readonly heardMs: number | undefined;
  readonly leaseMs: number;
}

/** What `isGone` judges by; the clock is ours, and only goes forward. */
export interface Listening {
  readonly nowMs: number;
  /** Since when we would have heard everything. */
  readonly sinceMs: number;
  /** The newest time by the server's clock that we know. */
  readonly newestStoredMs: number;
}

/** Whether a chassis with this last beat (undefined: never heard of) is gone. */
export function isGone(beat: Beat | undefined, { nowMs, sinceMs, newestStoredMs }: Listening): boolean {
  const leaseMs = beat?.leaseMs ?? defaultLeaseMs;
  const silentMs = nowMs - Math.max(sinceMs, beat?.heardMs ?? sinceMs);
  if (silentMs > leaseMs) return true;
  // It was long silent before we came: half a lease of our own silence excludes that the server's clock was set.
  const isOld = beat?.heardMs === undefined && newestStoredMs - (beat?.storedMs ?? newestStoredMs) > leaseMs;
  return isOld && silentMs > leaseMs / 2;
}

/** The heartbeats of all chassis. */
export class Liveness {
  readonly #beats = new Map<string, Beat>();
  readonly #watch: Watch;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;
  #sinceMs = performance.now();
  #tickMs = performance.now();
  #newestStoredMs = 0;
  #isSnapshot = true;
  #isDeaf = true;

  constructor(store: Store) {
    this.#watch = new Watch(store.status, `${operator}.chassis.*.*`, {
      started: () => {
        this.#isSnapshot = true;
        this.#isDeaf = false;
        this.#sinceMs = performance.now();
      },
      entry: (entry) => {
        this.#hear(entry);
      },
      settled: () => {
        this.#isSnapshot = false;
      },
      failed: () => {
        // Nothing can be heard: nobody is gone until it can be again.
        this.#isDeaf = true;
      },
    });
    this.#unlisten = store.nats.onReconnect(() => {
      this.#sinceMs = performance.now();
    });
    this.#timer = setInterval(() => {
      const now = performance.now();
      // A pause of ours: what was sent meanwhile is still on its way.
      if (now - this.#tickMs > 5000 || !store.nats.isUp()) this.#sinceMs = now;
      this.#tickMs = now;
    }, 1000);
  }

  /** Whether a chassis is gone, so that its claims may be taken over. */
  isGone(chassis: string): boolean {
    const listening = { nowMs: performance.now(), sinceMs: this.#sinceMs, newestStoredMs: this.#newestStoredMs };
    return !this.#isDeaf && isGone(this.#beats.get(chassis), listening);
  }

  close(): void {
    this.#watch.close();
    this.#unlisten();
    clearInterval(this.#timer);
  }

  #hear({ key, text, storedMs }: Entry): void {
    this.#newestStoredMs = Math.max(this.#newestStoredMs, storedMs);
    const name = parseStatusKey(key);
    if (name?.ref !== refOf(operator, name?.chassis ?? '')) return;
    if (text === undefined) this.#beats.delete(name.chassis);
    else {
      const leaseMs = readLeaseMs(text) ?? defaultLeaseMs;
      this.#beats.set(name.chassis, { storedMs, leaseMs, heardMs: this.#isSnapshot ? undefined : performance.now() });
    }
  }
}
