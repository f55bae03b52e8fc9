// When to connect, to probe and to give up a connection, as Open vSwitch's own clients do it: a state machine without I/O,
// with the time in milliseconds as an argument. Any clock will do that only goes forward.
//
//   backoff ──connect──> connecting ──connected──> active <──activity── idle
//      ^                     │                        └──silence, probe──^ │
//      └──── disconnected, or no success, or no answer to a probe ─────────┘

/** The numbers of a reconnecting client, in milliseconds. */
export interface ReconnectConfig {
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Silence after which a probe is sent, and again until the peer is given up; 0 = never. */
  readonly probeIntervalMs: number;
  /** Attempts made without backing off, one for each remote that is to be tried. */
  readonly freeTries: number;
}

/** 1, 2, 4, 8, 8, … seconds between attempts, and a probe after 5 s of silence. */
export const defaultReconnect: ReconnectConfig = {
  minBackoffMs: 1000,
  maxBackoffMs: 8000,
  probeIntervalMs: 5000,
  freeTries: 0,
};

/**
 * `backoff` waits before the next attempt; `connecting` waits for its outcome; `active` has heard from the peer lately;
 * `idle` has sent a probe and waits.
 */
export type ReconnectPhase = 'backoff' | 'connecting' | 'active' | 'idle';

/** The whole state of the machine. */
export interface Reconnect {
  readonly config: ReconnectConfig;
  readonly phase: ReconnectPhase;
  readonly enteredMs: number;
  readonly backoffMs: number;
  readonly freeTries: number;
  readonly lastActivityMs: number;
  readonly lastConnectedMs: number;
}

/** What the caller tells the machine. */
export type ReconnectEvent = 'connecting' | 'connected' | 'disconnected' | 'activity';

/** What the machine asks of the caller. */
export type ReconnectAction = 'connect' | 'disconnect' | 'probe';

/** A machine that asks for its first connection at once. */
export function reconnecting(config: ReconnectConfig, nowMs: number): Reconnect {
  const { freeTries } = config;
  return {
    config,
    phase: 'backoff',
    enteredMs: nowMs,
    backoffMs: 0,
    freeTries,
    lastActivityMs: nowMs,
    lastConnectedMs: nowMs,
  };
}

/** The machine after an event. */
export function reconnectAfter(machine: Reconnect, event: ReconnectEvent, nowMs: number): Reconnect {
  switch (event) {
    case 'connecting':
      return machine.phase === 'connecting' ? machine : enter(machine, 'connecting', nowMs);
    case 'connected':
      return isOpen(machine) ? machine : { ...enter(machine, 'active', nowMs), lastConnectedMs: nowMs };
    case 'disconnected':
      return machine.phase === 'backoff' ? machine : backOff(machine, nowMs);
    case 'activity':
      return { ...(machine.phase === 'active' ? machine : enter(machine, 'active', nowMs)), lastActivityMs: nowMs };
  }
}

/** When the machine next wants to act; undefined = only after an event. */
export function reconnectDueMs(machine: Reconnect): number | undefined {
  const { config, phase, enteredMs } = machine;
  switch (phase) {
    case 'backoff':
      return enteredMs + machine.backoffMs;
    case 'connecting':
      return enteredMs + Math.max(1000, machine.backoffMs);
    case 'active':
      return config.probeIntervalMs === 0
        ? undefined
        : Math.max(machine.lastActivityMs, enteredMs) + config.probeIntervalMs;
    case 'idle':
      return config.probeIntervalMs === 0 ? undefined : enteredMs + config.probeIntervalMs;
  }
}

/** What to do now, if anything. After `connect` tell it `connecting`, after `disconnect` tell it `disconnected`. */
export function reconnectRun(machine: Reconnect, nowMs: number): { machine: Reconnect; action?: ReconnectAction } {
  const dueMs = reconnectDueMs(machine);
  if (dueMs === undefined || nowMs < dueMs) return { machine };
  switch (machine.phase) {
    case 'backoff':
      return { machine, action: 'connect' };
    case 'active':
      return { machine: enter(machine, 'idle', nowMs), action: 'probe' };
    case 'connecting':
    case 'idle':
      return { machine, action: 'disconnect' };
  }
}

const isOpen = (machine: Reconnect): boolean => machine.phase === 'active' || machine.phase === 'idle';

const enter = (machine: Reconnect, phase: ReconnectPhase, nowMs: number): Reconnect => ({
  ...machine,
  phase,
  enteredMs: nowMs,
});

// A connection that lived shorter than the last wait counts as a failed attempt, so that a server that accepts and hangs
// up is not hammered.
function backOff(machine: Reconnect, nowMs: number): Reconnect {
  const { config, backoffMs } = machine;
  const waiting = enter(machine, 'backoff', nowMs);
  if (machine.freeTries > 1) return { ...waiting, freeTries: machine.freeTries - 1, backoffMs: 0 };
  const livedLong = isOpen(machine) && machine.lastActivityMs - machine.lastConnectedMs >= backoffMs;
  if (livedLong || backoffMs < config.minBackoffMs) return { ...waiting, backoffMs: config.minBackoffMs };
  const doubled = backoffMs < config.maxBackoffMs / 2 ? backoffMs * 2 : config.maxBackoffMs;
  return { ...waiting, backoffMs: doubled };
}
