// What Open vSwitch asks of actions that set a field to a constant.
import type { Action, SetField, Subfield } from './action-types.js';
import { field, type AnyFieldValue } from './fields.js';
import { allOnes } from './match-codec.js';
import type { PacketFacts } from './packet-facts.js';
import { refuse, type Refusal } from './refusal.js';
import { isInRange } from './validate-match.js';
import { checkTarget, fitsPart } from './validate-subfield.js';

const presentBit = 0x1000;
const maxLoadBits = 64;

/** Whether an action is a set_field of no bits, which is never sent. */
export function isNothing(action: Action): boolean {
  if (action.type !== 'set_field' || action.mask === undefined || action.mask instanceof Uint8Array) return false;
  const row = field(action.field);
  return row.nxmExperimenter === 0 && BigInt.asUintN(row.bits, BigInt(action.mask)) === 0n;
}

/** A set_field by itself: not of a read-only field, in range, a VID with the bit that says that there is one. */
export function checkSetField({ field: name, value, mask }: SetField): Refusal | undefined {
  const row = field(name);
  // A program can get here past the compiler.
  if ((row.access as string) === 'ro') return refuse('OFPBAC_BAD_SET_ARGUMENT', `${name} is read-only`);
  if (mask !== undefined && !(mask instanceof Uint8Array) && BigInt(mask) !== allOnes(row)) return undefined;
  if (name === 'in_port') return refuse('OFPBAC_BAD_SET_ARGUMENT', 'in_port is set by load only');
  const isTagless = name === 'vlan_vid' && !(value & presentBit);
  return isInRange(row, value) && !isTagless
    ? undefined
    : refuse('OFPBAC_BAD_SET_ARGUMENT', `${name} cannot be set to ${String(value)}`);
}

/** A load by itself: into bits that the field has and that may be written, of a value that they hold. */
export function checkLoad(action: Extract<Action, { type: 'reg_load' }>): Refusal | undefined {
  const { field: name, start, bits, value } = action;
  const row = field(name);
  const doesFit = bits >= maxLoadBits || BigInt(value) >> BigInt(bits) === 0n;
  // A field of an experimenter is loaded with a mask over all its bytes.
  if (row.nxmExperimenter)
    return doesFit
      ? checkTarget({ field: name, start: 0, bits: row.bits })
      : refuse('OFPBMC_BAD_WILDCARDS', `${bits} bits of ${name} cannot hold ${value}`);
  const refusal = checkTarget({ field: name, start, bits });
  return (
    refusal ?? (doesFit ? undefined : refuse('OFPBAC_BAD_ARGUMENT', `${bits} bits of ${name} cannot hold ${value}`))
  );
}

/** Whether packets of which so much is known have the field; a VID needs a tag. */
export function fitsSetField(
  { field: name }: { readonly field: Subfield['field'] },
  facts: PacketFacts,
): Refusal | undefined {
  if (name === 'vlan_vid' && facts.vlanTags === 0)
    return refuse('OFPBAC_MATCH_INCONSISTENT', 'vlan_vid is set without a VLAN tag');
  return fitsPart({ field: name }, facts);
}

/** The bits of a mask's highest run of ones: what the last of the loads writes that a masked set_field becomes. */
function highestRun(mask: number): number {
  let bit = 2 ** Math.floor(Math.log2(mask || 1));
  let run = 0;
  for (; bit >= 1 && mask & bit; bit /= 2) run |= bit;
  return run;
}

/** What is known after a field was set: the tag control word last written, whole or in part, says whether there is a tag. */
export function afterSetField(
  action: {
    readonly field: Subfield['field'];
    readonly value: AnyFieldValue;
    readonly start?: number;
    readonly mask?: AnyFieldValue;
  },
  facts: PacketFacts,
): PacketFacts {
  if (action.field !== 'vlan_tci') return facts;
  const written = Number(action.value) << (action.start ?? 0);
  const counts = action.mask === undefined ? presentBit : highestRun(Number(action.mask));
  return { ...facts, vlanTags: written & counts & presentBit ? Math.max(1, facts.vlanTags) : 0 };
}
