// Where ports are: a chassis claims a port that is plugged there by compare-and-set, and gives back only what is its own.
// Whoever is second is told who holds it, once, and gets it when the holder lets go or is gone.
import { setTimeout, clearTimeout } from 'node:timers';
import type { Ref } from '../model/ids.js';
import type { Store } from './buckets.js';
import { take } from './create.js';
import { ConflictError, SyncError } from './errors.js';
import { claimKey } from './keys.js';
import type { Liveness } from './liveness.js';
import { readClaim } from './records.js';

/** What came of a claim; each is told once until it changes. */
export interface ClaimEvents {
  readonly won: (port: Ref) => void;
  readonly lost: (port: Ref, holder: string) => void;
  /** It cannot be written at present; it goes on trying. */
  readonly failed: (port: Ref, error: SyncError) => void;
}

/** How claims are made. */
export interface ClaimOptions {
  readonly chassis: string;
  /** How often a port that another chassis holds is asked for again, in milliseconds (5 s). */
  readonly retryMs?: number;
  /** The wall clock, for people who read the claim. */
  readonly nowMs?: () => number;
}

interface Wish {
  isWanted: boolean;
  isBusy: boolean;
  /** Something changed while it was busy. */
  isDirty: boolean;
  /** What was told last. */
  told: string;
  retry: ReturnType<typeof setTimeout> | undefined;
}

/** The claims of one chassis. */
export class Claims {
  readonly #store: Store;
  readonly #liveness: Pick<Liveness, 'isGone'>;
  readonly #options: Required<ClaimOptions>;
  readonly #events: ClaimEvents;
  readonly #wishes = new Map<Ref, Wish>();
  #isClosed = false;

  constructor(store: Store, liveness: Pick<Liveness, 'isGone'>, options: ClaimOptions, events: ClaimEvents) {
    this.#store = store;
    this.#liveness = liveness;
    this.#options = { retryMs: 5000, nowMs: Date.now, ...options };
    this.#events = events;
  }

  /** Claims a port that is plugged here, until `unwant`; `isOurs`: the northbound says that we hold it, so nothing need be written. */
  want(port: Ref, isOurs = false): void {
    const wish = this.#wishes.get(port) ?? {
      isWanted: true,
      isBusy: false,
      isDirty: false,
      told: '',
      retry: undefined,
    };
    this.#wishes.set(port, wish);
    wish.isWanted = true;
    if (!isOurs || wish.isBusy || wish.retry !== undefined) this.#pursue(port, wish);
  }

  /** Gives a port back if it is ours. */
  unwant(port: Ref): void {
    const wish = this.#wishes.get(port);
    if (wish === undefined) return;
    wish.isWanted = false;
    this.#pursue(port, wish);
  }

  /** What the northbound says of a claim: call it for every `claimed` that the sink is told. */
  observe(port: Ref, chassis: string | undefined): void {
    const wish = this.#wishes.get(port);
    if (wish?.isWanted === true && chassis !== this.#options.chassis) this.#pursue(port, wish);
  }

  /** Ends it without giving anything back: the flows stay, so the claims do. */
  close(): void {
    this.#isClosed = true;
    for (const { retry } of this.#wishes.values()) clearTimeout(retry);
    this.#wishes.clear();
  }

  #pursue(port: Ref, wish: Wish): void {
    clearTimeout(wish.retry);
    wish.retry = undefined;
    wish.isDirty = true;
    if (wish.isBusy) return;
    wish.isBusy = true;
    void this.#run(port, wish);
  }

  async #run(port: Ref, wish: Wish): Promise<void> {
    while (wish.isDirty && !this.#isClosed) {
      wish.isDirty = false;
      try {
        if (wish.isWanted) await this.#claim(port, wish);
        else await this.#release(port);
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        this.#tell(wish, error.code, () => {
          this.#events.failed(port, error);
        });
        this.#later(port, wish);
        break;
      }
    }
    wish.isBusy = false;
    if (!wish.isWanted && !wish.isDirty && wish.retry === undefined) this.#wishes.delete(port);
  }

  async #claim(port: Ref, wish: Wish): Promise<void> {
    const { chassis, nowMs } = this.#options;
    const other = await take(
      this.#store.alloc,
      claimKey(port),
      { chassis, since: new Date(nowMs()).toISOString() },
      ({ text }) => {
        const holder = text === undefined ? undefined : readClaim(text)?.chassis;
        // A value that is no claim holds nothing.
        return holder === undefined || (holder !== chassis && this.#liveness.isGone(holder));
      },
    );
    const holder = other?.text === undefined ? chassis : (readClaim(other.text)?.chassis ?? chassis);
    if (this.#isClosed) return;
    if (holder === chassis) {
      this.#tell(wish, '', () => {
        this.#events.won(port);
      });
      return;
    }
    this.#tell(wish, `held by ${holder}`, () => {
      this.#events.lost(port, holder);
    });
    this.#later(port, wish);
  }

  async #release(port: Ref): Promise<void> {
    const key = claimKey(port);
    const entry = await this.#store.alloc.read(key);
    if (entry?.text === undefined || readClaim(entry.text)?.chassis !== this.#options.chassis) return;
    try {
      await this.#store.alloc.remove(key, entry.revision);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // Another chassis took it over in between.
    }
  }

  #later(port: Ref, wish: Wish): void {
    if (this.#isClosed) return;
    wish.retry = setTimeout(() => {
      wish.retry = undefined;
      this.#pursue(port, wish);
    }, this.#options.retryMs);
  }

  #tell(wish: Wish, what: string, tell: () => void): void {
    if (wish.told === `:${what}`) return;
    wish.told = `:${what}`;
    if (!this.#isClosed) tell();
  }
}
