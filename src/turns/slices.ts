// Long work in pieces that are short enough for everything else to go on: echoes, small changes, other bridges. A turn of the
// event loop has one piece, whoever works: otherwise pieces that are ready together would be one long one.

/** How long a piece of work may take, in milliseconds: a switch that takes what is made of it waits for so long after each answer. */
const sliceMs = 2;

const clock = (): number => performance.now();

/** Begins a piece of work: the function tells whether it has taken long enough by the clock. */
export const slice = (nowMs = clock): (() => boolean) => sliceOf(sliceMs, nowMs);

/** Begins a piece of work that is longer or shorter than others. */
export function sliceOf(longestMs: number, nowMs = clock): () => boolean {
  const endMs = nowMs() + longestMs;
  return () => nowMs() >= endMs;
}

/** Of small items so many are one step of work that yields: to stop and to ask for the time costs as much as an item. */
const stepLength = 16;

/** Counts small items: tells at the first of each step that it is one. */
export function steps(): () => boolean {
  let counted = 0;
  return () => counted++ % stepLength === 0;
}

const waiting: (() => void)[] = [];

/** Does a piece of work in a later turn of the event loop, which is its own; first come, first served. */
export function soon(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(next);
}

function next(): void {
  if (waiting.length > 1) setImmediate(next); // first, for the work may throw
  const work = waiting.shift();
  work?.();
}

/** Lets everything else have its turn. */
export const pause = (): Promise<void> => new Promise(soon);

/** Runs work that yields after each small step without any pause. */
export function atOnce<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Runs work that yields after each small step, with a pause after each piece. */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  let isEnough = slice();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (!isEnough()) continue;
    await pause();
    isEnough = slice();
  }
}
