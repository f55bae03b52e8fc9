// Fields and parts of fields as Nicira actions name them: an NXM header, an offset, a number of bits.
import { experimenterClass, fieldOfHeader, type FieldRow } from './fields.js';
import { field } from './fields.js';
import type { Subfield } from './action-types.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Writes the header by which actions name a field; eight bytes for an experimenter's. */
export function writeFieldHeader(w: Writer, row: FieldRow): void {
  w.u32(row.size === 0 ? row.nxmHeader | 124 : row.nxmHeader);
  if (row.nxmExperimenter) w.u32(row.nxmExperimenter);
}

/** Reads a field header; undefined if it names no field that this codec knows. */
export function readFieldHeader(r: Reader): FieldRow | undefined {
  const header = r.u32();
  return fieldOfHeader(header, header >>> 16 === experimenterClass ? r.u32() : 0);
}

/** Offset and length in the sixteen bits that reg_load and its kin use. */
export const packOffsetBits = ({ start, bits }: { start: number; bits: number }) => (start << 6) | (bits - 1);

/** The inverse of packOffsetBits. */
export const unpackOffsetBits = (packed: number) => ({ start: packed >>> 6, bits: (packed & 0x3f) + 1 });

/** Whether an action must name the field with eight bytes. */
export const isExperimenterField = (subfield: Subfield) => field(subfield.field).nxmExperimenter !== 0;
