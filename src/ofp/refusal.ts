// Why a switch would refuse a message, in the name that the switch itself would give.
import type { ErrorName } from './error-table.js';

/** The first thing in a message that Open vSwitch would refuse. */
export interface Refusal {
  readonly error: ErrorName;
  /** What is wrong, with the names and values at fault. */
  readonly why: string;
}

/** A refusal. */
export const refuse = (error: ErrorName, why: string): Refusal => ({ error, why });

/** The first refusal among some, in order. */
export function firstOf<T>(items: Iterable<T>, check: (item: T) => Refusal | undefined): Refusal | undefined {
  for (const item of items) {
    const refusal = check(item);
    if (refusal) return refusal;
  }
  return undefined;
}
