// Two failures at once: a pair of kinds that have nothing in common.
import type { Chance } from '../ofp/random/chance.js';
import type { Fault, Loss } from './faults.js';

/** What all pairs are counted as. */
export const pairName = 'two at once';

/** A pair that a seed draws. */
export function pairOf(chance: Chance, kinds: readonly Fault[]): Fault {
  for (;;) {
    const [one, other] = [chance.pick(kinds), chance.pick(kinds)];
    if (canMeet(one, other)) return together(one, other);
  }
}

const canMeet = (one: Fault, other: Fault): boolean =>
  !one.parts.some((part) => other.parts.includes(part)) &&
  (one.churn === other.churn || one.churn === undefined || other.churn === undefined);

function together(one: Fault, other: Fault): Fault {
  const churn = one.churn ?? other.churn;
  const loses = lossOf(one.loses, other.loses);
  const changesFlows = one.changesFlows ?? other.changesFlows;
  const isSlow = one.isSlow ?? other.isSlow;
  return {
    name: `${pairName}: ${one.name}, ${other.name}`,
    parts: [...one.parts, ...other.parts],
    ...(churn === undefined ? {} : { churn }),
    ...(loses === undefined ? {} : { loses }),
    ...(changesFlows === undefined ? {} : { changesFlows }),
    ...(isSlow === undefined ? {} : { isSlow }),
    inject: async (faults, chance) => {
      await Promise.all([one.inject(faults, chance), other.inject(faults, chance)]);
      faults.lifted();
    },
  };
}

function lossOf(one: Loss | undefined, other: Loss | undefined): Loss | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const because = `${one.because}; ${other.because}`;
  if (one.ways === undefined || other.ways === undefined) return { because };
  return { because, ways: [...one.ways, ...other.ways] };
}
