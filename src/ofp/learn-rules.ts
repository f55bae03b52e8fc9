// What Open vSwitch asks of a learn action.
import type { Learn, LearnSpec, Subfield } from './action-types.js';
import { learnFlag } from './learn-codec.js';
import { field, type FieldName } from './fields.js';
import type { MatchEntry } from './match-codec.js';
import { factsOf, type PacketFacts } from './packet-facts.js';
import { firstOf, refuse, type Refusal } from './refusal.js';
import { checkShort, checkSource, checkTarget, fitsPart } from './validate-subfield.js';

const noCookie = 0xffff_ffff_ffff_ffffn;
const allFlags = learnFlag.sendFlowRem | learnFlag.deleteLearned;

/** A learn by itself; what it names is looked at together with the packets. */
export function checkLearn({ cookie, flags, table, resultBit }: Learn): Refusal | undefined {
  const known = allFlags | (resultBit ? learnFlag.writeResult : 0);
  if (flags & ~known) return refuse('OFPBAC_BAD_ARGUMENT', `learn with flags ${flags}`);
  if (table === 0xff) return refuse('OFPBAC_BAD_ARGUMENT', 'learn into every table');
  // Open vSwitch 3.1 takes it, and ends when the first packet is to be learned from.
  if (cookie === noCookie) return refuse('OFPBAC_BAD_ARGUMENT', 'learn with a cookie of all ones');
  return resultBit && (checkShort(resultBit) ?? checkTarget(resultBit));
}

// The match of the flow to be learned, as far as constants say it.
function learned(specs: readonly LearnSpec[]): MatchEntry[] {
  const values = new Map<FieldName, bigint>();
  for (const { kind, source, ...spec } of specs)
    if (kind === 'match' && 'value' in source && 'target' in spec) {
      const { field: name, start } = spec.target;
      values.set(name, (values.get(name) ?? 0n) | (BigInt(source.value) << BigInt(start)));
    }
  return [...values].map(([name, value]) => ({ row: field(name), value }));
}

const fitsSource = (part: Subfield, facts: PacketFacts) =>
  checkShort(part) ?? checkSource(part) ?? fitsPart(part, facts);

/** Whether packets of which so much is known have the fields that it takes, and the flow to be learned those that it names. */
export function fitsLearn({ specs }: Learn, facts: PacketFacts): Refusal | undefined {
  return firstOf(specs.entries(), ([i, spec]) => {
    const from = 'subfield' in spec.source ? fitsSource(spec.source.subfield, facts) : undefined;
    if (from || spec.kind === 'output') return from;
    const refusal = fitsSource(spec.target, factsOf(learned(specs.slice(0, i))));
    return refusal ?? (spec.kind === 'load' ? checkTarget(spec.target) : undefined);
  });
}
