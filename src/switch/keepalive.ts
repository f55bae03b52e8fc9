// When to probe a silent switch and when to give it up. A pure machine: time is an argument (ms, monotonic), the
// verdict is returned, nothing is sent from here.
//
//     heard ──5 s of silence──> probe (ECHO_REQUEST) ──15 s of silence──> dead
//       ^────────── any byte ─────────┘
//
// A *stalled* switch (its ovsdb-server is away, so ovs-vswitchd serves no OpenFlow) is probed but never dead: it comes
// back with everything it was told.

/** The times of the machine, in ms. */
export interface KeepaliveRule {
  /** Silence after which an ECHO_REQUEST goes out. */
  readonly probeAfterMs: number;
  /** Silence after which the peer counts as dead. */
  readonly deadAfterMs: number;
  /** A gap between two ticks longer than this was our own pause, and is not held against the switch. */
  readonly pauseMs: number;
}

/** Open vSwitch itself gives up after 10 s; we wait a little longer so that it is the one to reconnect. */
export const defaultKeepalive: KeepaliveRule = { probeAfterMs: 5000, deadAfterMs: 15_000, pauseMs: 2000 };

/** What the machine remembers. */
export interface Keepalive {
  readonly heardMs: number;
  readonly probedMs: number | undefined;
  readonly tickedMs: number;
  readonly stalled: boolean;
}

/** What a tick asks for. */
export type KeepaliveVerdict = 'wait' | 'probe' | 'dead';

/** A connection that has just been made. */
export function keepaliveStart(nowMs: number): Keepalive {
  return { heardMs: nowMs, probedMs: undefined, tickedMs: nowMs, stalled: false };
}

/** Bytes came. */
export function keepaliveHeard(keepalive: Keepalive, nowMs: number): Keepalive {
  return { ...keepalive, heardMs: nowMs, probedMs: undefined };
}

/** The switch is known to be mute for a reason that is not its death, or no longer; either way the silence is counted from now. */
export function keepaliveStalled(keepalive: Keepalive, stalled: boolean, nowMs: number): Keepalive {
  return keepalive.stalled === stalled ? keepalive : { ...keepalive, stalled, heardMs: nowMs, probedMs: undefined };
}

/** Time passed. */
export function keepaliveTick(
  keepalive: Keepalive,
  nowMs: number,
  rule: KeepaliveRule,
): { keepalive: Keepalive; verdict: KeepaliveVerdict } {
  const ourPauseMs = nowMs - keepalive.tickedMs > rule.pauseMs ? nowMs - keepalive.tickedMs : 0;
  const heardMs = keepalive.heardMs + ourPauseMs;
  const silentMs = nowMs - heardMs;
  const next = { ...keepalive, heardMs, tickedMs: nowMs };
  if (keepalive.probedMs === undefined) {
    return silentMs < rule.probeAfterMs
      ? { keepalive: next, verdict: 'wait' }
      : { keepalive: { ...next, probedMs: nowMs }, verdict: 'probe' };
  }
  const dead = silentMs >= rule.deadAfterMs && !keepalive.stalled;
  return { keepalive: next, verdict: dead ? 'dead' : 'wait' };
}
