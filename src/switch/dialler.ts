// Keeps one connection to an address: dials, waits until the connection is over, waits a while, dials again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from './address.js';
import { nextDelayMs, tcpBackoff, unixBackoff } from './backoff.js';
import type { Channel } from './channel.js';
import { SessionError } from './errors.js';
import { dial } from './sockets.js';

/** How a connection went: how long it was a session (ms), or that it never became one, or that one side does not want it. */
export type Meeting = { readonly kind: 'held'; readonly ms: number } | { readonly kind: 'failed' | 'refused' };

/** Something that dials until it is closed. */
export interface Dialler {
  readonly address: Address;
  /** Stops dialling; a connection that exists goes on. */
  close(): void;
}

/**
 * Dials for ever. `meet` takes over each connection and resolves when it is over; `unreachable` is told each new reason why there
 * is none, not every attempt.
 */
export function keepDialling(
  address: Address,
  meet: (channel: Channel) => Promise<Meeting>,
  unreachable: (error: SessionError) => void,
): Dialler {
  const stop = new AbortController();
  void dialLoop(address, meet, unreachable, stop.signal);
  return {
    address,
    close: () => {
      stop.abort();
    },
  };
}

async function dialLoop(
  address: Address,
  meet: (channel: Channel) => Promise<Meeting>,
  unreachable: (error: SessionError) => void,
  stop: AbortSignal,
): Promise<void> {
  let delayMs = 0;
  let said: string | undefined;
  while (!stop.aborted) {
    const outcome = await once(address, meet);
    if (outcome instanceof SessionError && outcome.reason !== said) unreachable(outcome);
    said = outcome instanceof SessionError ? outcome.reason : undefined;
    // Who answers and does not want us, or whom we do not want, is not asked as eagerly as a socket that is about to appear.
    const refused = !(outcome instanceof SessionError) && outcome.kind === 'refused';
    const rule = address.kind === 'unix' && !refused ? unixBackoff : tcpBackoff;
    const readyForMs = !(outcome instanceof SessionError) && outcome.kind === 'held' ? outcome.ms : undefined;
    delayMs = nextDelayMs(rule, delayMs, readyForMs);
    await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined); // rejects only when stopped
  }
}

async function once(address: Address, meet: (channel: Channel) => Promise<Meeting>): Promise<Meeting | SessionError> {
  let channel: Channel;
  try {
    channel = await dial(address);
  } catch (error) {
    if (error instanceof SessionError) return error;
    throw error;
  }
  return meet(channel);
}
