// The chassis' own object, the one thing that a chassis writes into the northbound: where its tunnels end. It is watched, so that
// it is there again when somebody deletes it, or when the northbound itself comes back without it.
import { setTimeout, clearTimeout } from 'node:timers';
import { isDeepStrictEqual } from 'node:util';
import { operator, refOf } from '../model/ids.js';
import type { Value } from '../model/kinds.js';
import { schemaVersion } from '../model/parse.js';
import type { Store } from './buckets.js';
import { SyncError } from './errors.js';
import { nbKey } from './keys.js';
import { parseJson } from './records.js';
import { Watch } from './watch.js';

/** How long to wait between two writes: two controllers that both take themselves for this chassis overwrite each other. */
const pauseMs = 5000;

/** The registration of one chassis, from now until it is closed; the object stays. */
export class Registration {
  readonly #store: Store;
  readonly #key: string;
  readonly #wanted: unknown;
  readonly #failed: (error: SyncError) => void;
  readonly #watch: Watch;
  #isKnown = false;
  #isRight = false;
  #writtenMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `failed` is told when it cannot be written at present; it goes on trying. */
  constructor(store: Store, chassis: string, value: Value<'chassis'>, failed: (error: SyncError) => void) {
    this.#store = store;
    this.#key = nbKey('chassis', refOf(operator, chassis));
    this.#wanted = JSON.parse(JSON.stringify({ schema: schemaVersion, ...value }));
    this.#failed = failed;
    this.#watch = new Watch(store.nb, this.#key, {
      started: () => {
        this.#isKnown = false;
        this.#isRight = false;
      },
      entry: ({ text }) => {
        this.#isRight = text !== undefined && isDeepStrictEqual(parseJson(text), this.#wanted);
        this.#review();
      },
      settled: () => {
        this.#isKnown = true;
        this.#review();
      },
      failed: () => {
        // Where it cannot be read there is nothing to be right; the watch goes on trying.
        this.#isKnown = false;
      },
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watch.close();
  }

  #review(): void {
    if (!this.#isKnown || this.#isRight || this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#writtenMs + pauseMs - performance.now());
    this.#timer = setTimeout(() => void this.#write(), waitMs);
  }

  async #write(): Promise<void> {
    this.#writtenMs = performance.now();
    try {
      if (this.#isKnown && !this.#isRight) await this.#store.nb.put(this.#key, this.#wanted);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.#failed(error);
    }
    this.#timer = undefined;
    this.#review(); // what was written comes back by the watch; until then it waits
  }
}
