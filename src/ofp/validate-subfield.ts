// What Open vSwitch would refuse in a part of a field that an action reads or writes.
import type { Subfield } from './action-types.js';
import { field } from './fields.js';
import { meets, type PacketFacts } from './packet-facts.js';
import { refuse, type Refusal } from './refusal.js';

/** A part that is read: inside its field. */
export function checkSource({ field: name, start, bits }: Subfield): Refusal | undefined {
  const row = field(name);
  if (bits === 0) return refuse('OFPBAC_BAD_SET_LEN', `no bits of ${name}`);
  if (start + bits > row.bits) return refuse('OFPBAC_BAD_SET_LEN', `${name} has no bit ${start + bits - 1}`);
  return undefined;
}

/** A part of a field that has a header of four bytes: an experimenter's has not. */
export const checkShort = ({ field: name }: Subfield): Refusal | undefined =>
  field(name).nxmExperimenter === 0 ? undefined : refuse('OFPBAC_BAD_SET_TYPE', `${name} cannot be named here`);

/** A part that is written: inside its field, and the field is not read-only. */
export function checkTarget(part: Subfield): Refusal | undefined {
  const refusal = checkSource(part);
  if (refusal) return refusal;
  return field(part.field).access === 'ro'
    ? refuse('OFPBAC_BAD_SET_ARGUMENT', `${part.field} is read-only`)
    : undefined;
}

/** Whether packets of which so much is known have the field. */
export function fitsPart(
  { field: name }: { readonly field: Subfield['field'] },
  facts: PacketFacts,
): Refusal | undefined {
  const { prerequisite } = field(name);
  return meets[prerequisite](facts)
    ? undefined
    : refuse('OFPBAC_MATCH_INCONSISTENT', `${name} needs ${prerequisite}, which the flow does not match`);
}
