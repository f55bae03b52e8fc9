// Moments that a seed decides.
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../ofp/random/chance.js';

/** A moment of up to so many milliseconds. */
export const moment = (chance: Chance, mostMs: number): Promise<void> => delay(chance.below(mostMs + 1));
