// A chassis' heartbeat: its own status, written again and again.
import { setInterval, clearInterval } from 'node:timers';
import { operator, refOf } from '../model/ids.js';
import type { Store } from './buckets.js';
import { SyncError } from './errors.js';
import { statusKey } from './keys.js';
import { defaultLeaseMs } from './liveness.js';

/** The key of a chassis' own status, which is its heartbeat. */
export const heartbeatKey = (chassis: string): string => statusKey('chassis', refOf(operator, chassis), chassis);

/** How a heartbeat is written. */
export interface HeartbeatOptions {
  readonly chassis: string;
  /** Silence after which others may take over our claims, in milliseconds (60 s); a beat comes three times as often. */
  readonly leaseMs?: number;
  /** The rest of the chassis' status: state, bridges, sweep, drift. */
  readonly status: () => object;
  /** A beat could not be written; told once per outage. */
  readonly failed?: (error: SyncError) => void;
}

/** The heartbeat of one chassis, from now until it is closed. */
export class Heartbeat {
  readonly #store: Store;
  readonly #options: HeartbeatOptions & { leaseMs: number };
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;
  #hasFailed = false;

  constructor(store: Store, options: HeartbeatOptions) {
    this.#store = store;
    this.#options = { leaseMs: defaultLeaseMs, ...options };
    const beat = () => void this.beat();
    this.#timer = setInterval(beat, this.#options.leaseMs / 3);
    this.#unlisten = store.nats.onReconnect(beat);
    beat();
  }

  /** Writes one now: also when the chassis' status has changed. */
  async beat(): Promise<void> {
    const { chassis, leaseMs, status, failed } = this.#options;
    if (!this.#store.nats.isUp()) return;
    try {
      await this.#store.status.put(heartbeatKey(chassis), { ...status(), chassis, leaseMs });
      this.#hasFailed = false;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (!this.#hasFailed) failed?.(error);
      this.#hasFailed = true;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unlisten();
  }
}
