// The chassis' own object, the one thing that a chassis writes into the northbound: where its tunnels end. It is looked at again
// and again, so that it is there also after somebody deleted it, or when the northbound itself comes back without it.
import { setInterval, clearInterval } from 'node:timers';
import { isDeepStrictEqual } from 'node:util';
import { operator, refOf } from '../model/ids.js';
import type { Value } from '../model/kinds.js';
import { schemaVersion } from '../model/parse.js';
import type { Store } from './buckets.js';
import { SyncError } from './errors.js';
import { nbKey } from './keys.js';
import { parseJson } from './records.js';

/** How often it is looked at. A read, not a watch: nobody follows a key of the operator's tenant twice. */
const intervalMs = 10_000;

/** The registration of one chassis, from now until it is closed; the object stays. */
export class Registration {
  readonly #store: Store;
  readonly #key: string;
  readonly #wanted: unknown;
  readonly #failed: (error: SyncError) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;
  #hasFailed = false;

  /** `failed` is told, once per outage, that it cannot be written at present; it goes on trying. */
  constructor(store: Store, chassis: string, value: Value<'chassis'>, failed: (error: SyncError) => void) {
    this.#store = store;
    this.#key = nbKey('chassis', refOf(operator, chassis));
    this.#wanted = JSON.parse(JSON.stringify({ schema: schemaVersion, ...value }));
    this.#failed = failed;
    const review = () => void this.#review();
    this.#timer = setInterval(review, intervalMs);
    this.#unlisten = store.nats.onReconnect(review);
    review();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unlisten();
  }

  async #review(): Promise<void> {
    if (!this.#store.nats.isUp()) return;
    try {
      const found = await this.#store.nb.read(this.#key);
      const isRight = found?.text !== undefined && isDeepStrictEqual(parseJson(found.text), this.#wanted);
      if (!isRight) await this.#store.nb.put(this.#key, this.#wanted);
      this.#hasFailed = false;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (!this.#hasFailed) this.#failed(error);
      this.#hasFailed = true;
    }
  }
}
