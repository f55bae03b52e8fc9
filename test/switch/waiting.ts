// Waiting for what connections do, with deadlines.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/switch/session.js';
import type { Switches, SwitchesEvents } from '../../src/switch/switches.js';

/** The arguments of the next event of this name; rejects after `ms`. */
export async function next<Name extends keyof SwitchesEvents>(
  switches: Switches,
  name: Name,
  ms = 8000,
): Promise<SwitchesEvents[Name]> {
  const args: unknown = await once(switches, name, { signal: AbortSignal.timeout(ms) });
  return args as SwitchesEvents[Name]; // `once` does not know the emitter's types
}

/** The next session that serves. */
export async function nextSession(switches: Switches, ms = 8000): Promise<Session> {
  const [session] = await next(switches, 'connected', ms);
  return session;
}

/** Waits until something holds; rejects after `ms`. */
export async function until(holds: () => boolean, what: string, ms = 8000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(10);
  }
}
