// Lports that are written and deleted all the time.
import { setTimeout as delay } from 'node:timers/promises';
import { SyncError } from '../../src/sync/errors.js';
import { chanceOf } from '../ofp/random/chance.js';
import type { FaultSite, NbObject } from './site.js';

/** Which ports, and the longest pause between two writes, in milliseconds. */
export interface ChurnOptions {
  readonly ports: readonly NbObject[];
  readonly pauseMs: number;
}

/** Writes and deletes until `work` is done; the choices of its seed are its own, so that those of the failures stay the same. */
export async function churnDuring<Result>(
  site: FaultSite,
  { ports, pauseMs }: ChurnOptions,
  seed: number,
  work: Promise<Result>,
): Promise<Result> {
  const chance = chanceOf(seed);
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  const write = async (): Promise<void> => {
    while (!isOver) {
      await site.toggle(chance.pick(ports)).catch(ifLate);
      await delay(chance.below(pauseMs + 1));
    }
  };
  const [result] = await Promise.all([work.finally(end), write()]);
  return result;
}

/** A write that NATS did not acknowledge in time may have been made, or be made later: what counts is what is there. */
function ifLate(error: unknown): void {
  if (!(error instanceof SyncError && error.code === 'NATS_DEADLINE')) throw error;
}
