// One match field on the wire: header, experimenter id, value, mask (OpenFlow 1.3.5, 7.2.3.2).
import { experimenterClass, fieldOfHeader, type AnyFieldValue, type FieldRow } from './fields.js';
import type { RawOxm } from './match.js';
import type { Reader } from './reader.js';
import { EncodeError, type Writer } from './writer.js';

const maskBit = 0x100;
const lengthBits = 0xff;

/** What a header names: a field with its value, or something unknown. */
export type Oxm =
  | { readonly row: FieldRow; readonly value: AnyFieldValue; readonly mask: AnyFieldValue | undefined }
  | { readonly row: undefined; readonly raw: RawOxm };

// The header of a field with or without mask, with its length.
function oxmHeader(row: FieldRow, size: number, masked: boolean): number {
  const base = row.header - (row.header & lengthBits) + (row.experimenter ? 4 : 0);
  return masked ? base + maskBit + 2 * size : base + size;
}

function mustFit(row: FieldRow, fits: boolean, value: AnyFieldValue): void {
  if (!fits) throw new EncodeError(`${row.name} has ${row.bits} bits and cannot hold ${String(value)}`);
}

function writeNumber(w: Writer, row: FieldRow, value: number): void {
  mustFit(row, value >= 0 && Number.isSafeInteger(value) && value < row.limit, value);
  if (row.size === 4) w.u32(value);
  else if (row.size === 2) w.u16(value);
  else if (row.size === 1) w.u8(value);
  else if (row.size === 6) w.u48(value);
  else if (row.size === 8) w.u64(value);
  else w.u128(BigInt(value));
}

/** Writes a value of a field in its size. */
export function writeValue(w: Writer, row: FieldRow, value: AnyFieldValue): void {
  if (typeof value === 'number') writeNumber(w, row, value);
  else if (typeof value === 'bigint') {
    mustFit(row, value >= 0n && value >> BigInt(8 * row.size) === 0n, value);
    if (row.size === 16) w.u128(value);
    else if (row.size === 8) w.u64(value);
    else writeNumber(w, row, Number(value));
  } else w.bytes(value);
}

// An option's bytes, and as many of its mask.
function optionSize(row: FieldRow, value: Uint8Array, mask: AnyFieldValue | undefined): number {
  mustFit(row, 8 * value.length <= row.bits, value);
  if (mask instanceof Uint8Array && mask.length !== value.length)
    throw new EncodeError(`${row.name} has ${value.length} bytes and a mask of ${mask.length}`);
  return value.length;
}

/** Writes one field as it stands; choosing a canonical form is the match's business. */
export function writeOxm(w: Writer, row: FieldRow, value: AnyFieldValue, mask?: AnyFieldValue): void {
  if (mask === undefined && typeof value === 'number' && row.experimenter === 0) {
    // Most fields that are matched: the header is the registry's, and four bytes of value go with it.
    if (row.size === 4 && value >>> 0 === value) w.u32Pair(row.header, value);
    else {
      w.u32(row.header);
      writeNumber(w, row, value);
    }
    return;
  }
  const size = value instanceof Uint8Array ? optionSize(row, value, mask) : row.size;
  w.u32(oxmHeader(row, size, mask !== undefined));
  if (row.experimenter) w.u32(row.experimenter);
  writeValue(w, row, value);
  if (mask !== undefined) writeValue(w, row, mask);
}

/** Reads a value of a field. */
export function readValue(r: Reader, row: FieldRow, size: number): AnyFieldValue {
  if (row.size === 0) return r.bytes(size);
  if (row.size === 4) return r.u32();
  if (row.size === 2) return r.u16();
  if (row.size === 1) return r.u8();
  if (row.size === 6) return r.u48();
  return row.size === 8 ? r.wide() : r.u128();
}

/** Reads one field; a header that is unknown, or whose length is not its field's, comes back raw. */
export function readOxm(r: Reader): Oxm {
  const header = r.u32();
  const length = header & lengthBits;
  const isMasked = (header & maskBit) !== 0;
  const idSize = header >>> 16 === experimenterClass ? 4 : 0;
  const row = length < idSize ? undefined : fieldOfHeader(header, idSize ? r.peek32() : 0);
  const size = (length - idSize) / (isMasked ? 2 : 1);
  if (!row || !Number.isInteger(size) || (row.size !== 0 && row.size !== size))
    return { row: undefined, raw: { header, body: r.bytes(length) } };
  r.skip(idSize);
  const value = readValue(r, row, size);
  return { row, value, mask: isMasked ? readValue(r, row, size) : undefined };
}

/** Writes back what was not understood. */
export function writeRawOxm(w: Writer, raw: RawOxm): void {
  w.u32(raw.header);
  w.bytes(raw.body);
}
