// How long to wait before the next dial: doubling after failures, short again after a connection that held. Pure.

/** The shortest and the longest wait. */
export interface BackoffRule {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A local socket costs nothing to try, and a restarted ovs-vswitchd should be found at once. */
export const unixBackoff: BackoffRule = { firstMs: 50, maxMs: 400 };

/** Across a network, the waits that Open vSwitch itself keeps. */
export const tcpBackoff: BackoffRule = { firstMs: 1000, maxMs: 8000 };

/**
 * The wait (ms) before the next dial, given the wait before the last one (0: there was none) and how long the connection it made was ready (undefined: never).
 * A connection that held no longer than the wait before it counts as a failure, so that a peer which accepts and drops is not hammered.
 */
export function nextDelayMs(rule: BackoffRule, lastDelayMs: number, readyForMs: number | undefined): number {
  const held = readyForMs !== undefined && readyForMs > Math.max(lastDelayMs, rule.firstMs);
  if (held || lastDelayMs === 0) return rule.firstMs;
  return Math.min(lastDelayMs * 2, rule.maxMs);
}
