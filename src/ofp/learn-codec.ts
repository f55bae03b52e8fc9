// The learn action on the wire (ovs-actions(7): learn): a flow to add, whose match and actions come from the packet.
import type { Action, Learn, LearnSource, LearnSpec, Subfield } from './action-types.js';
import { begin, finish, nicira } from './nicira-header.js';
import type { Reader } from './reader.js';
import { readFieldHeader, subfieldOf, writeShortFieldHeader } from './subfield.js';
import type { Writer } from './writer.js';

/** Bits of a learn's flags. */
export const learnFlag = { sendFlowRem: 1, deleteLearned: 2, writeResult: 4 } as const;

const kinds = ['match', 'load', 'output'] as const;
const immediate = 1 << 13;
const bitsOfSpec = 0x7ff;

const immediateSize = (bits: number) => 2 * Math.ceil(bits / 16);

function writePlace(w: Writer, place: Subfield): void {
  writeShortFieldHeader(w, place);
  w.u16(place.start);
}

function writeImmediate(w: Writer, bits: number, value: number | bigint): void {
  const all = BigInt(value);
  for (let shift = 8 * immediateSize(bits) - 16; shift >= 0; shift -= 16)
    w.u16(Number((all >> BigInt(shift)) & 0xffffn));
}

function writeSpec(w: Writer, spec: LearnSpec): void {
  const isImmediate = 'value' in spec.source;
  w.u16((isImmediate ? immediate : 0) | (kinds.indexOf(spec.kind) << 11) | spec.bits);
  if ('value' in spec.source) writeImmediate(w, spec.bits, spec.source.value);
  else writePlace(w, spec.source.subfield);
  if (spec.kind !== 'output') writePlace(w, spec.target);
}

// The place of the result is there if and only if its flag is.
const flagsOf = ({ flags, resultBit }: Learn) =>
  resultBit ? flags | learnFlag.writeResult : flags & ~learnFlag.writeResult;

/** Writes a learn. */
export function writeLearn(w: Writer, action: Learn): void {
  const extended = action.limit !== undefined || action.resultBit !== undefined;
  const start = begin(w, extended ? nicira.learn2 : nicira.learn);
  for (const value of [action.idleTimeout, action.hardTimeout, action.priority]) w.u16(value);
  w.u64(action.cookie);
  w.u16(extended ? flagsOf(action) : action.flags);
  w.u8(action.table);
  w.u8(0);
  w.u16(action.finIdleTimeout);
  w.u16(action.finHardTimeout);
  if (extended) {
    w.u32(action.limit ?? 0);
    w.u16(action.resultBit?.start ?? 0);
    w.zeros(2);
    if (action.resultBit) writeShortFieldHeader(w, action.resultBit);
  }
  for (const spec of action.specs) writeSpec(w, spec);
  finish(w, start);
}

function readPlace(r: Reader, bits: number): Subfield | undefined {
  const named = readFieldHeader(r);
  return subfieldOf(named, { start: r.u16(), bits });
}

function readImmediate(r: Reader, bits: number): LearnSource {
  let value = 0n;
  for (let left = immediateSize(bits); left > 0; left -= 2) value = (value << 16n) | BigInt(r.u16());
  return { value: value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value };
}

function readSource(r: Reader, isImmediate: boolean, bits: number): LearnSource | undefined {
  if (isImmediate) return readImmediate(r, bits);
  const subfield = readPlace(r, bits);
  return subfield && { subfield };
}

function readSpec(r: Reader, header: number): LearnSpec | undefined {
  const bits = header & bitsOfSpec;
  const kind = kinds[(header >> 11) & 3];
  const source = readSource(r, (header & immediate) !== 0, bits);
  if (!source || !kind || header >> 14) return undefined;
  if (kind === 'output') return { kind, bits, source };
  const target = readPlace(r, bits);
  return target && { kind, bits, source, target };
}

function readSpecs(r: Reader): LearnSpec[] | undefined {
  const specs: LearnSpec[] = [];
  while (r.remaining >= 2) {
    const header = r.u16();
    if (header === 0) break;
    const spec = readSpec(r, header);
    if (!spec) return undefined;
    specs.push(spec);
  }
  return specs;
}

function readExtension(r: Reader, flags: number): { limit: number; resultBit?: Subfield } | undefined {
  const limit = r.u32();
  const start = r.u16();
  r.skip(2);
  if (!(flags & learnFlag.writeResult)) return { limit };
  const resultBit = subfieldOf(readFieldHeader(r), { start, bits: 1 });
  return resultBit && { limit, resultBit };
}

/** Reads a learn or learn2; undefined if it names a field unknown here. */
export function readLearn(r: Reader, extended: boolean): Action | undefined {
  const [idleTimeout, hardTimeout, priority, cookie, flags, table] = [
    r.u16(),
    r.u16(),
    r.u16(),
    r.u64(),
    r.u16(),
    r.u8(),
  ];
  r.skip(1);
  const [finIdleTimeout, finHardTimeout] = [r.u16(), r.u16()];
  const extension = extended ? readExtension(r, flags) : {};
  const specs = extension && readSpecs(r);
  if (!specs) return undefined;
  const timeouts = { idleTimeout, hardTimeout, finIdleTimeout, finHardTimeout };
  return { type: 'learn', ...timeouts, priority, cookie, flags, table, ...extension, specs };
}
