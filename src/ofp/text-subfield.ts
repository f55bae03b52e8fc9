// Fields and parts of fields as ovs-ofctl prints them in actions.
import type { Subfield } from './action-types.js';
import { field } from './fields.js';

/** NAME[] for a whole field, NAME[3] for a bit, NAME[0..15] for a range. */
export function formatSubfield({ field: name, start, bits }: Subfield): string {
  const row = field(name);
  if (start === 0 && bits === row.bits) return `${row.nxm}[]`;
  return bits === 1 ? `${row.nxm}[${start}]` : `${row.nxm}[${start}..${start + bits - 1}]`;
}
