// The one place of this room where time comes from.

/** A monotonic clock with timers; tests move one by hand. */
export interface Clock {
  readonly nowMs: () => number;
  /** Runs once after the delay; the function returned takes it back. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/**
 * The process's monotonic clock. A timer that was late because the process stood still runs only after the sockets were
 * read once more: otherwise a peer whose answer already lies in the buffer would be called silent.
 */
export const processClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, run) => {
    let immediate: NodeJS.Immediate | undefined;
    const timeout = setTimeout(() => (immediate = setImmediate(run)), Math.max(0, delayMs));
    return () => {
      clearTimeout(timeout);
      clearImmediate(immediate);
    };
  },
};
