// Fields and parts of fields as actions name them in text.
import type { Subfield } from './action-types.js';
import { field, type WritableField } from './fields.js';
import { SyntaxProblem } from './parse-error.js';
import { fieldByName } from './parse-match.js';
import { parseNumber } from './parse-values.js';

/** NAME, NAME[], NAME[3] or NAME[0..15]. Throws SyntaxProblem. */
export function parseSubfield(text: string): Subfield {
  const [, name = '', , first, , last] = /^([\w]+)(\[\]|\[(\d+)(\.\.(\d+))?\])?$/.exec(text) ?? [];
  // Actions say in_port for OpenFlow 1.0's field.
  const row = fieldByName(name === 'in_port' ? 'nxm_in_port' : name);
  if (!row) throw new SyntaxProblem(text, 'is no field');
  if (first === undefined) return { field: row.name, start: 0, bits: row.bits };
  const start = parseNumber(first);
  const bits = (last === undefined ? start : parseNumber(last)) - start + 1;
  if (bits < 1 || start + bits > row.bits) throw new SyntaxProblem(text, `${row.text} has ${row.bits} bits`);
  return { field: row.name, start, bits };
}

/** The same part, of a field that actions may write. Throws SyntaxProblem on one that is read-only. */
export function writablePart(part: Subfield): Subfield<WritableField> {
  if (field(part.field).access === 'ro') throw new SyntaxProblem(part.field, 'is read-only');
  // Writable is what the registry says of it.
  return part as Subfield<WritableField>;
}
