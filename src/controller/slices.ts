// Long work in pieces that are short enough for everything else to go on: echoes, small changes, other bridges.

/** How long a piece of work may take, in milliseconds. */
const sliceMs = 8;

/** Begins a piece of work: the function tells whether it has taken long enough. */
export function slice(): () => boolean {
  const endMs = performance.now() + sliceMs;
  return () => performance.now() >= endMs;
}

/** Lets everything else have its turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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
