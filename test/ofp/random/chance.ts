// Random choices that a seed determines, so that every run can be had again.

/** A source of choices. */
export interface Chance {
  /** A number from 0 to `count - 1`. */
  readonly below: (count: number) => number;
  /** True once in `count`. */
  readonly oneIn: (count: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** So many random bits, often few of them set. */
  readonly bits: (count: number) => bigint;
  /** A list of `least` to `most` of what `make` makes. */
  readonly some: <T>(least: number, most: number, make: () => T) => T[];
  readonly bytes: (length: number) => Uint8Array;
}

// xorshift32 (Marsaglia 2003).
function stream(seed: number): () => number {
  let state = Math.imul(seed, 2654435761) || 88172645;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function randomBits(next: () => number, count: number): bigint {
  const all = (1n << BigInt(count)) - 1n;
  const kind = next() % 8;
  if (kind === 0) return 0n;
  if (kind === 1) return all;
  if (kind === 2) return BigInt(next() % 16) & all;
  let bits = 0n;
  for (let have = 0; have < count; have += 32) bits = (bits << 32n) | BigInt(next());
  return bits & all;
}

/** The choices of one seed. */
export function chanceOf(seed: number): Chance {
  const next = stream(seed);
  const below = (count: number) => next() % count;
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  return {
    below,
    oneIn: (count) => below(count) === 0,
    pick,
    bits: (count) => randomBits(next, count),
    some: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
