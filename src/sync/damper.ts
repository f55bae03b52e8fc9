// Keys that change without pause are passed on now and then, newest wins, so that a storm of writes to one object costs little
// work; what any other key says is passed on at once. (The route flap damping of BGP, RFC 2439, is of this kind.)
import { setTimeout, clearTimeout } from 'node:timers';

/** How long changes are counted, and the longest that one waits, in milliseconds. */
export const windowMs = 500;
/**
 * So many changes of one key in a window are passed on at once: one that changes less than 100 times a second never waits, nor one
 * that changed ten times a second while we stood still, for as long as a watch lasts that hears nothing.
 */
export const calmLength = 50;

/** What waits for the end of the window. */
interface Withheld {
  /** The first revision that was not passed on; this is that one, or one that came in its place. */
  readonly since: number;
  readonly pass: () => void;
}

/** Does something after a while; returns what calls it off. */
type After = (delayMs: number, work: () => void) => () => void;

const afterReal: After = (delayMs, work) => {
  const timer = setTimeout(work, delayMs);
  return () => {
    clearTimeout(timer);
  };
};

/** The keys of one watch. A key is remembered until the end of the window in which it last changed. */
export class Damper {
  readonly #told: (revision: number | undefined) => void;
  readonly #after: After;
  /** How often each key has changed in this window. */
  #lengths = new Map<string, number>();
  #withheld = new Map<string, Withheld>();
  /** The first revision that was not passed on, whatever its key. */
  #since = Infinity;
  #stop: (() => void) | undefined;

  /** `told` hears which is the first revision that waits, or (undefined) that none does any more, whenever that changes. */
  constructor(told: (revision: number | undefined) => void, after = afterReal) {
    this.#told = told;
    this.#after = after;
  }

  /** The first revision that waits; undefined if none does. */
  get since(): number | undefined {
    return this.#since === Infinity ? undefined : this.#since;
  }

  /** A key has changed: `pass` is called at once or at the end of the window, if there is no newer change by then. */
  change(key: string, revision: number, pass: () => void): void {
    const length = (this.#lengths.get(key) ?? 0) + 1;
    this.#lengths.set(key, length);
    this.#stop ??= this.#after(windowMs, this.#end);
    if (length <= calmLength) {
      pass();
      return;
    }
    const since = this.#withheld.get(key)?.since ?? revision;
    this.#withheld.set(key, { since, pass });
    if (since >= this.#since) return;
    this.#since = since;
    this.#told(since);
  }

  /** Ends it; what waits is dropped. */
  close(): void {
    this.#stop?.();
  }

  /** A window ends. Who had to wait has to wait again if it changes in the next one. */
  readonly #end = (): void => {
    const due = this.#withheld;
    this.#withheld = new Map();
    this.#lengths = new Map([...due.keys()].map((key) => [key, calmLength]));
    this.#since = Infinity;
    this.#stop = due.size > 0 ? this.#after(windowMs, this.#end) : undefined;
    for (const { pass } of due.values()) pass();
    if (due.size > 0) this.#told(undefined);
  };
}
