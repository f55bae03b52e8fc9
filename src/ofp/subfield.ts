// Fields and parts of fields as Nicira actions name them: an NXM header, an offset, a number of bits.
import {
  experimenterClass,
  field,
  fieldOfHeader,
  type FieldName,
  type FieldRow,
  type WritableField,
} from './fields.js';
import type { Subfield } from './action-types.js';
import type { Reader } from './reader.js';
import { EncodeError, type Writer } from './writer.js';

const maxOptionSize = 124;
const lengthBits = 0xff;

/** Writes the header of a field where there is room for four bytes: for none of an experimenter's. Throws EncodeError. */
export function writeShortFieldHeader(w: Writer, named: { readonly field: FieldName; readonly size?: number }): void {
  if (field(named.field).nxmExperimenter) throw new EncodeError(`${named.field} cannot be named here`);
  writeFieldHeader(w, named);
}

/** The four bytes by which actions name a field, or begin to. */
export const shortFieldHeader = (row: FieldRow, size = maxOptionSize) =>
  row.size === 0 ? row.nxmHeader + size : row.nxmHeader;

/** Writes the header by which actions name a field; eight bytes for an experimenter's. */
export function writeFieldHeader(
  w: Writer,
  { field: name, size }: { readonly field: FieldName; readonly size?: number },
): void {
  const row = field(name);
  w.u32(shortFieldHeader(row, size));
  if (row.nxmExperimenter) w.u32(row.nxmExperimenter);
}

/** A field that an action names, and its size if it is a tun_metadata whose size is known. */
export interface NamedField {
  readonly row: FieldRow;
  readonly size?: number;
}

/** Reads a field header; undefined if it names no field that this codec knows. */
export function readFieldHeader(r: Reader): NamedField | undefined {
  const header = r.u32();
  const row = fieldOfHeader(header, header >>> 16 === experimenterClass ? r.u32() : 0);
  const size = header & lengthBits;
  return row && (row.size === 0 && size !== maxOptionSize ? { row, size } : { row });
}

/** The part of a field that an action names; undefined if the field is unknown. */
export function subfieldOf(named: NamedField | undefined, at: { start: number; bits: number }): Subfield | undefined {
  return named && { field: named.row.name, ...at, ...(named.size !== undefined && { size: named.size }) };
}

/** The part of a field that an action names and writes; undefined if the field is unknown or read-only. */
export function writableSubfield(
  named: NamedField | undefined,
  at: { start: number; bits: number },
): Subfield<WritableField> | undefined {
  // Writable is what the registry says of the row.
  return named?.row.access === 'rw' ? (subfieldOf(named, at) as Subfield<WritableField>) : undefined;
}

/** Offset and length in the sixteen bits that reg_load and its kin use. */
export const packOffsetBits = ({ start, bits }: { start: number; bits: number }) => (start << 6) | (bits - 1);

/** The inverse of packOffsetBits. */
export const unpackOffsetBits = (packed: number) => ({ start: packed >>> 6, bits: (packed & 0x3f) + 1 });

/** Whether an action must name the field with eight bytes. */
export const isExperimenterField = (subfield: Subfield) => field(subfield.field).nxmExperimenter !== 0;
