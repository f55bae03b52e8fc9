// Nicira actions that name fields: load, move, push, pop, output to a register, masked set_field, hashes over the packet.
import type { Action, BundleAction, Multipath, Subfield } from './action-types.js';
import { field, type AnyFieldValue, type FieldRow } from './fields.js';
import { allOnes, fieldNumber } from './match-codec.js';
import { begin, finish, nicira, niciraHeaderSize, port16, port32, writeHead } from './nicira-header.js';
import { readOxm, writeOxm } from './oxm.js';
import type { Reader } from './reader.js';
import {
  isExperimenterField,
  packOffsetBits,
  readFieldHeader,
  shortFieldHeader,
  unpackOffsetBits,
  writeFieldHeader,
  writeShortFieldHeader,
  subfieldOf,
  writableSubfield,
} from './subfield.js';
import type { Writer } from './writer.js';

type ActionOf<Type extends Action['type']> = Extract<Action, { type: Type }>;

// reg_load2 carries a whole OXM field, the only way to name a field of an experimenter; without a mask of all the value's bytes.
function writeRegLoad2(w: Writer, row: FieldRow, value: AnyFieldValue, mask: AnyFieldValue): void {
  const start = begin(w, nicira.reg_load2);
  const isWhole = !(mask instanceof Uint8Array) && BigInt(mask) === allOnes(row);
  writeOxm(w, row, value, isWhole ? undefined : mask);
  finish(w, start);
}

/** Writes a load of up to 64 bits. */
export function writeRegLoad(w: Writer, action: ActionOf<'reg_load'>): void {
  const row = field(action.field);
  if (row.nxmExperimenter) {
    const mask = ((1n << BigInt(action.bits)) - 1n) << BigInt(action.start);
    writeRegLoad2(w, row, BigInt(action.value) << BigInt(action.start), mask);
    return;
  }
  writeHead(w, nicira.reg_load, 24, packOffsetBits(action));
  w.u32(shortFieldHeader(row, action.size));
  w.u64(action.value);
}

const maxLoadBits = 64n;

// Bits that the mask leaves out are zero.
const maskedValue = (value: AnyFieldValue, mask: AnyFieldValue | undefined) =>
  value instanceof Uint8Array || mask instanceof Uint8Array || mask === undefined
    ? value
    : BigInt(value) & BigInt(mask);

/** Writes a masked set_field as Open vSwitch does: one load for each run of ones in the mask. */
export function writeMaskedSetField(w: Writer, action: ActionOf<'set_field'>): void {
  const row = field(action.field);
  const { value, mask } = action;
  if (row.nxmExperimenter || mask === undefined || value instanceof Uint8Array || mask instanceof Uint8Array) {
    writeRegLoad2(w, row, maskedValue(value, mask), mask ?? allOnes(row));
    return;
  }
  const ones = BigInt(mask);
  const end = BigInt(row.bits);
  for (let at = 0n; at < end;) {
    let bits = 0n;
    while (bits < maxLoadBits && at + bits < end && (ones >> (at + bits)) & 1n) bits++;
    if (bits > 0n) {
      const part = (BigInt(value) >> at) & ((1n << bits) - 1n);
      writeRegLoad(w, { type: 'reg_load', field: action.field, start: Number(at), bits: Number(bits), value: part });
    }
    at += bits || 1n;
  }
}

/** Writes a copy of bits from field to field. */
export function writeRegMove(w: Writer, { src, dst }: ActionOf<'reg_move'>): void {
  const start = begin(w, nicira.reg_move);
  w.u16(src.bits);
  w.u16(src.start);
  w.u16(dst.start);
  writeFieldHeader(w, src);
  writeFieldHeader(w, dst);
  finish(w, start);
}

/** Writes a push to or pop from the stack. */
export function writeStack(w: Writer, subtype: number, subfield: Subfield): void {
  const start = begin(w, subtype);
  w.u16(subfield.start);
  writeFieldHeader(w, subfield);
  w.u16(subfield.bits);
  finish(w, start);
}

/** Writes an output to the port whose number a field holds. */
export function writeOutputReg(w: Writer, { source, maxLen = 0xffff }: ActionOf<'output_reg'>): void {
  const wide = isExperimenterField(source);
  const start = begin(w, wide ? nicira.output_reg2 : nicira.output_reg);
  w.u16(packOffsetBits(source));
  if (wide) w.u16(maxLen);
  writeFieldHeader(w, source);
  if (!wide) {
    w.u16(maxLen);
    w.zeros(6);
  }
  finish(w, start);
}

/** Writes a choice among ports. */
export function writeBundle(w: Writer, action: BundleAction): void {
  const start = begin(w, action.load ? nicira.bundle_load : nicira.bundle);
  w.u16(action.algorithm);
  w.u16(action.fields);
  w.u16(action.basis);
  w.u32(field('nxm_in_port').header);
  w.u16(action.members.length);
  w.u16(action.load ? packOffsetBits(action.load) : 0);
  if (action.load) writeShortFieldHeader(w, action.load);
  else w.u32(0);
  w.zeros(4);
  for (const member of action.members) w.u16(port16(member));
  finish(w, start);
}

/** Writes a choice of a number. */
export function writeMultipath(w: Writer, action: Multipath): void {
  const start = begin(w, nicira.multipath);
  w.u16(action.fields);
  w.u16(action.basis);
  w.zeros(2);
  w.u16(action.algorithm);
  w.u16(action.maxLink);
  w.u32(action.arg);
  w.zeros(2);
  w.u16(packOffsetBits(action.target));
  writeShortFieldHeader(w, action.target);
  w.patchSize(start);
}

/** Writes "is the packet larger?" into one bit. */
export function writeCheckPktLarger(w: Writer, { length, target }: ActionOf<'check_pkt_larger'>): void {
  const start = begin(w, nicira.check_pkt_larger);
  w.u16(length);
  w.u16(target.start);
  writeFieldHeader(w, target);
  finish(w, start);
}

/** Writes the removal of a tun_metadata field. */
export function writeDeleteField(w: Writer, action: ActionOf<'delete_field'>): void {
  const start = begin(w, nicira.delete_field);
  writeFieldHeader(w, action);
  w.zeros(6);
  finish(w, start);
}

function readRegLoad(r: Reader): Action | undefined {
  const at = unpackOffsetBits(r.u16());
  const target = writableSubfield(readFieldHeader(r), at);
  return target && { type: 'reg_load', ...target, value: r.wide() };
}

function readRegLoad2(r: Reader): Action | undefined {
  const oxm = readOxm(r);
  if (!oxm.row || oxm.row.access === 'ro') return undefined;
  const { row, value, mask } = oxm;
  const everyBit = value instanceof Uint8Array ? value.map(() => 0xff) : fieldNumber(row, allOnes(row));
  // readOxm returns the value type of the row's field, and the row is writable.
  return { type: 'set_field', field: row.name, value, mask: mask ?? everyBit } as Action;
}

function readRegMove(r: Reader): Action | undefined {
  const bits = r.u16();
  const srcStart = r.u16();
  const dstStart = r.u16();
  const src = subfieldOf(readFieldHeader(r), { start: srcStart, bits });
  const dst = src && writableSubfield(readFieldHeader(r), { start: dstStart, bits });
  return src && dst && { type: 'reg_move', src, dst };
}

function readStack(r: Reader, type: 'stack_push' | 'stack_pop'): Action | undefined {
  const start = r.u16();
  const named = readFieldHeader(r);
  const at = { start, bits: r.u16() };
  if (type === 'stack_push') {
    const source = subfieldOf(named, at);
    return source && { type, source };
  }
  const target = writableSubfield(named, at);
  return target && { type, target };
}

function readOutputReg(r: Reader, wide: boolean): Action | undefined {
  const at = unpackOffsetBits(r.u16());
  const early = wide ? r.u16() : 0;
  const source = subfieldOf(readFieldHeader(r), at);
  const maxLen = wide ? early : r.u16();
  return source && { type: 'output_reg', source, maxLen };
}

function readBundle(r: Reader, loads: boolean): Action | undefined {
  const [algorithm, fields, basis] = [r.u16(), r.u16(), r.u16()];
  const memberType = r.u32();
  const count = r.u16();
  const at = unpackOffsetBits(r.u16());
  const load = loads ? subfieldOf(readFieldHeader(r), at) : undefined;
  if (!loads) r.skip(4);
  r.skip(4);
  if (memberType !== field('nxm_in_port').header || (loads && !load) || count * 2 > r.remaining) return undefined;
  const members = Array.from({ length: count }, () => port32(r.u16()));
  return { type: 'bundle', algorithm, fields, basis, members, ...(load && { load }) };
}

function readMultipath(r: Reader): Action | undefined {
  const [fields, basis] = [r.u16(), r.u16()];
  r.skip(2);
  const [algorithm, maxLink, arg] = [r.u16(), r.u16(), r.u32()];
  r.skip(2);
  const at = unpackOffsetBits(r.u16());
  const target = subfieldOf(readFieldHeader(r), at);
  return target && { type: 'multipath', fields, basis, algorithm, maxLink, arg, target };
}

function readCheckPktLarger(r: Reader): Action | undefined {
  const length = r.u16();
  const start = r.u16();
  const target = writableSubfield(readFieldHeader(r), { start, bits: 1 });
  return target && { type: 'check_pkt_larger', length, target };
}

/** Reads an action that names fields; undefined for a subtype that is none, or a field unknown here. */
export function readFieldAction(r: Reader, subtype: number): Action | undefined {
  switch (subtype) {
    case nicira.reg_load:
      return r.remaining === 24 - niciraHeaderSize ? readRegLoad(r) : undefined;
    case nicira.reg_load2:
      return readRegLoad2(r);
    case nicira.reg_move:
      return readRegMove(r);
    case nicira.stack_push:
      return readStack(r, 'stack_push');
    case nicira.stack_pop:
      return readStack(r, 'stack_pop');
    case nicira.output_reg:
    case nicira.output_reg2:
      return readOutputReg(r, subtype === nicira.output_reg2);
    case nicira.bundle:
    case nicira.bundle_load:
      return readBundle(r, subtype === nicira.bundle_load);
    case nicira.multipath:
      return readMultipath(r);
    case nicira.check_pkt_larger:
      return readCheckPktLarger(r);
    case nicira.delete_field: {
      const named = writableSubfield(readFieldHeader(r), { start: 0, bits: 0 });
      return (
        named && { type: 'delete_field', field: named.field, ...(named.size !== undefined && { size: named.size }) }
      );
    }
    default:
      return undefined;
  }
}
