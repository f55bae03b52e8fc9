// What a benchmark measures: samples, taken in rounds, of several peers that do the same work; and their statistics.
import { loadavg } from 'node:os';

/** One measured value. `n` is the size of what was done: messages, ports. */
export interface Sample {
  readonly bench: string;
  readonly metric: string;
  readonly peer: string;
  readonly n: number;
  readonly round: number;
  readonly value: number;
  readonly unit: string;
  /** The machine's load average over one minute, when the sample was taken. */
  readonly load: number;
}

/** Takes samples and hands each on as it comes; the load is noted with it. */
export class Samples {
  readonly #all: Sample[] = [];
  readonly #tell: (sample: Sample) => void;

  constructor(tell: (sample: Sample) => void = () => undefined) {
    this.#tell = tell;
  }

  /** Notes a value. */
  add(sample: Omit<Sample, 'load'>): void {
    const noted = { ...sample, load: loadavg()[0] ?? 0 };
    this.#all.push(noted);
    this.#tell(noted);
  }

  /** The values of one peer, in the order of their rounds. */
  values(bench: string, metric: string, peer: string, n?: number): number[] {
    return this.#all
      .filter((s) => s.bench === bench && s.metric === metric && s.peer === peer && (n === undefined || s.n === n))
      .map(({ value }) => value);
  }
}

/** The value below which a share `p` of the values lies. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? NaN) + upper) / 2;
}

/** Middle, smallest and largest of some values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of some values. */
export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** The spread of `a[i] / b[i]`: values of one round are compared with each other, so that a busy moment touches both. */
export const ratios = (a: readonly number[], b: readonly number[]): Spread =>
  spread(a.slice(0, b.length).map((value, i) => value / (b[i] ?? NaN)));

/** The medians of parts of a run, in the order of time. */
export function partMedians(values: readonly number[], parts = 5): number[] {
  const size = Math.ceil(values.length / parts);
  const length = Math.min(parts, Math.ceil(values.length / size));
  return Array.from({ length }, (_, i) => median(values.slice(i * size, (i + 1) * size)));
}

/** How far two runs of the same peer are apart: the largest claim that chance could make, as a share. */
export const difference = (a: readonly number[], again: readonly number[]): number =>
  Math.abs(median(a) / median(again) - 1);
