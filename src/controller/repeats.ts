// Things that happen again and again are said once, and then once a minute with how often they have happened since.

/** How long the same is not said again, in milliseconds. */
const restMs = 60_000;
/** How many different things are remembered; peers choose them, so there has to be an end. */
const rememberedLength = 1000;

/** What has been said lately. Time is given by the caller. */
export class Repeats {
  readonly #said = new Map<string, { atMs: number; unsaid: number }>();

  /** Whether something is to be said now: undefined if not, else how often it has happened unsaid since the last time. */
  say(what: string, nowMs: number): number | undefined {
    const last = this.#said.get(what);
    if (last !== undefined && nowMs - last.atMs < restMs) {
      last.unsaid += 1;
      return undefined;
    }
    this.#said.delete(what);
    const [oldest] = this.#said.keys();
    if (oldest !== undefined && this.#said.size >= rememberedLength) this.#said.delete(oldest);
    this.#said.set(what, { atMs: nowMs, unsaid: 0 });
    return last?.unsaid ?? 0;
  }

  /** It is over: if it happens again, that is news. */
  over(what: string): void {
    this.#said.delete(what);
  }
}
