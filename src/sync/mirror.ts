// What one watch has told, kept so that a new snapshot can be compared with it. A snapshot that lacks objects without a
// tombstone, or that is older than what was seen, is not obeyed: it is held back until it is right again or accepted.
//
//   first ──settled──> live ──started──> staged ──settled, plausible──> live
//                                          │                             ↑
//                                          └──settled, doubtful──> doubtful ──plausible again, or accepted
import type { Entry } from './bucket.js';

/** What is wrong with a snapshot. */
export interface Loss {
  readonly reason: string;
  /** How many objects would go. */
  readonly gone: number;
  /** How many would change or come back. */
  readonly changed: number;
}

/** What a mirror tells. */
export interface MirrorEvents<V> {
  readonly set: (key: string, value: V, revision: number) => void;
  readonly unset: (key: string, value: V, revision: number) => void;
  /** After the first snapshot: what has this revision was deleted before it was ever told. */
  readonly passed?: (revision: number) => void;
  /** The first snapshot is complete. */
  readonly settled: () => void;
  /** The northbound went back; nothing is told of it until `trusted`. Told again when the figures change. */
  readonly doubted: (loss: Loss) => void;
  readonly trusted: () => void;
}

interface Held<V> {
  readonly value: V | undefined;
  readonly revision: number;
}

type Phase = 'first' | 'live' | 'staged' | 'doubtful';

const highest = (entries: ReadonlyMap<string, Held<unknown>>): number => {
  let revision = 0;
  for (const entry of entries.values()) revision = Math.max(revision, entry.revision);
  return revision;
};

/**
 * Why a snapshot may not be what the tenants want: undefined if it may. `seen` is the highest revision that was ever seen.
 * A store that was restored has small revisions again and the same values: that is no loss.
 */
export function lossOf<V>(
  held: ReadonlyMap<string, Held<V>>,
  fresh: ReadonlyMap<string, Held<V>>,
  seen: number,
  same: (a: V, b: V) => boolean,
): Loss | undefined {
  let gone = 0;
  let changed = 0;
  for (const [key, { value }] of held) {
    if (value === undefined) continue;
    const now = fresh.get(key);
    if (now === undefined) gone += 1;
    else if (now.value !== value && (now.value === undefined || !same(now.value, value))) changed += 1;
  }
  for (const [key, { value }] of fresh) if (value !== undefined && held.get(key)?.value === undefined) changed += 1;
  const now = highest(fresh);
  if (now < seen && gone + changed > 0) return { reason: `revision ${now} after ${seen} was seen`, gone, changed };
  return gone > 0 ? { reason: `${gone} objects are gone and nobody deleted them`, gone, changed } : undefined;
}

/** What is stored, as values: `read` never throws, `same` compares without regard to revisions. */
export interface Reader<V> {
  readonly read: (entry: Entry, text: string) => V;
  readonly same: (a: V, b: V) => boolean;
}

/** The state of one watch. */
export class Mirror<V> {
  readonly #reader: Reader<V>;
  readonly #events: MirrorEvents<V>;
  #held = new Map<string, Held<V>>();
  /** What a snapshot has said, where it takes the place of another. */
  #fresh = new Map<string, Held<V>>();
  #phase: Phase = 'first';
  /** Whether the first snapshot has begun again: then part of it was told already. */
  #isAgain = false;
  #isDoubted = false;
  #seen = 0;

  constructor(reader: Reader<V>, events: MirrorEvents<V>) {
    this.#reader = reader;
    this.#events = events;
  }

  get isSettled(): boolean {
    return this.#phase !== 'first';
  }

  get isDoubtful(): boolean {
    return this.#phase === 'doubtful';
  }

  /** The highest revision that was seen. */
  get revision(): number {
    return this.#seen;
  }

  /** Everything that is believed at present. */
  *values(): IterableIterator<{ readonly key: string; readonly value: V; readonly revision: number }> {
    for (const [key, { value, revision }] of this.#held) if (value !== undefined) yield { key, value, revision };
  }

  /** What one key holds, as it is believed at present. */
  value(key: string): V | undefined {
    return this.#held.get(key)?.value;
  }

  /** A snapshot begins. */
  started(): void {
    this.#fresh = new Map();
    if (this.#phase === 'first') this.#isAgain = this.#held.size > 0;
    else this.#phase = 'staged';
  }

  entry(entry: Entry): void {
    const value = entry.text === undefined ? undefined : this.#reader.read(entry, entry.text);
    const next = { value, revision: entry.revision };
    const held = this.#held.get(entry.key);
    if (this.#phase === 'staged' || this.#phase === 'doubtful') {
      // Compared as it comes in, what is known already need not be compared when all of it is there.
      this.#fresh.set(entry.key, held !== undefined && !this.#differs(held, next) ? held : next);
      return;
    }
    // A first snapshot that begins again replaces what came of it so far: nothing was complete, so nothing can be lost.
    if (this.#isAgain) this.#fresh.set(entry.key, next);
    else if ((held?.revision ?? 0) >= entry.revision) return;
    if (this.#differs(held, next)) this.#apply(entry.key, held, next);
  }

  /** The snapshot is complete. */
  settled(): void {
    if (this.#phase === 'first') {
      if (this.#isAgain)
        for (const [key, held] of this.#held)
          if (!this.#fresh.has(key)) this.#apply(key, held, { value: undefined, revision: this.#seen });
      this.#fresh = new Map();
      this.#isAgain = false;
      this.#phase = 'live';
      this.#events.settled();
    } else if (this.#phase === 'staged') {
      this.#phase = 'doubtful';
      this.review();
    }
  }

  /** Compares again, after further entries came to a doubtful snapshot. */
  review(): void {
    if (this.#phase !== 'doubtful') return;
    const loss = lossOf(this.#held, this.#fresh, this.#seen, this.#reader.same);
    if (loss === undefined) {
      this.accept();
      return;
    }
    this.#isDoubted = true;
    this.#events.doubted(loss);
  }

  /** Believes a doubtful snapshot, deletions included. */
  accept(): void {
    if (this.#phase !== 'doubtful') return;
    const fresh = this.#fresh;
    this.#fresh = new Map();
    this.#phase = 'live';
    for (const [key, held] of this.#held)
      if (held.value !== undefined && !fresh.has(key))
        this.#apply(key, held, { value: undefined, revision: this.#seen });
    for (const [key, next] of fresh) {
      const held = this.#held.get(key);
      if (this.#differs(held, next)) this.#apply(key, held, next);
    }
    this.#held = fresh;
    this.#seen = highest(fresh);
    if (this.#isDoubted) this.#events.trusted();
    this.#isDoubted = false;
  }

  /** Whether the two are not the same: a store made anew counts from 1 again, so equal revisions prove nothing. */
  #differs(before: Held<V> | undefined, next: Held<V>): boolean {
    if (before?.revision !== next.revision) return true;
    if (before.value === next.value) return false;
    if (before.value === undefined || next.value === undefined) return true;
    return !this.#reader.same(before.value, next.value);
  }

  #apply(key: string, before: Held<V> | undefined, next: Held<V>): void {
    this.#held.set(key, next);
    this.#seen = Math.max(this.#seen, next.revision);
    if (next.value !== undefined) this.#events.set(key, next.value, next.revision);
    else if (before?.value !== undefined) this.#events.unset(key, before.value, next.revision);
    else if (this.#phase !== 'first') this.#events.passed?.(next.revision);
  }
}
