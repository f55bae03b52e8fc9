// ofp_match on the wire, in the one form in which Open vSwitch writes it: equal matches are equal bytes.
import { field, fieldNamed, fields, isFieldName, type AnyFieldValue, type FieldName, type FieldRow } from './fields.js';
import type { Masked, Match, RawOxm } from './match.js';
import { port32 } from './nicira-header.js';
import { readOxm, writeOxm, writeRawOxm } from './oxm.js';
import type { Reader } from './reader.js';
import { type Writer, written } from './writer.js';

const oxmMatchType = 1;
const matchHeaderSize = 4;
/** A field of a match with its mask; absent where every bit counts. */
export interface MatchEntry {
  readonly row: FieldRow;
  readonly value: AnyFieldValue;
  readonly mask?: AnyFieldValue;
}

const byRank = (a: MatchEntry, b: MatchEntry) => a.row.rank - b.row.rank;

type GivenValue = AnyFieldValue | Masked<AnyFieldValue>;

function isMasked(given: GivenValue): given is Masked<AnyFieldValue> {
  return typeof given === 'object' && 'mask' in given;
}

/** The fields of a match in canonical order, each as the program gave it. */
export function givenEntries(match: Match): MatchEntry[] {
  const entries: MatchEntry[] = [];
  for (const name in match) {
    if (!isFieldName(name)) continue;
    const given: GivenValue | undefined = match[name];
    if (given === undefined) continue;
    const row = field(name);
    entries.push(isMasked(given) ? { row, value: given.value, mask: given.mask } : { row, value: given });
  }
  return entries.length > 1 ? entries.sort(byRank) : entries;
}

/** All bits of a field's value on the wire. */
export const allOnes = (row: FieldRow): bigint => (1n << BigInt(8 * row.size)) - 1n;

// A value of all these bits is exact for Open vSwitch, although the wire has room for more.
const exactMask: ReadonlyMap<string, bigint> = new Map([
  ['vlan_vid', 0x1fffn],
  ['ip_frag', 0x3n],
]);

const asBigint = (value: number | bigint) => (typeof value === 'bigint' ? value : BigInt(value));

/** Bits as a value of a field has them: a number where the field's type is one. */
export function fieldNumber(row: FieldRow, bits: bigint): number | bigint {
  return row.size === 16 || bits > BigInt(Number.MAX_SAFE_INTEGER) ? bits : Number(bits);
}

// Open vSwitch keeps only the flags it knows, so even an exact match on them has a mask; and it takes the value of these
// tunnel fields for its mask.
const flagMasks: ReadonlyMap<string, number> = new Map([
  ['tun_flags', 0x1],
  ['ct_state', 0xff],
]);
const valueIsMask = new Set([
  'tun_erspan_ver',
  'tun_erspan_dir',
  'tun_erspan_hwid',
  'tun_gtpu_flags',
  'tun_gtpu_msgtype',
]);

function canonicalExact(entry: MatchEntry): MatchEntry {
  const { row, value } = entry;
  const flags = flagMasks.get(row.name);
  return flags === undefined ? entry : { row, value: Number(value) & flags, mask: flags };
}

function maskedByValue(row: FieldRow, value: number | bigint, mask: number | bigint): MatchEntry | undefined {
  const bits = Number(value) & Number(mask);
  if (bits === 0) return undefined;
  return BigInt(bits) === allOnes(row) ? { row, value: bits } : { row, value: bits, mask: bits };
}

function canonicalMasked(row: FieldRow, value: number | bigint, mask: number | bigint): MatchEntry | undefined {
  const known = flagMasks.get(row.name);
  const maskBits = known === undefined ? asBigint(mask) : asBigint(mask) & BigInt(known);
  if (maskBits === 0n) return undefined;
  const kept = fieldNumber(row, asBigint(value) & maskBits);
  if (maskBits === exactMask.get(row.name)) return { row, value: kept };
  if (maskBits === allOnes(row)) return canonicalExact({ row, value: kept });
  return { row, value: kept, mask: fieldNumber(row, maskBits) };
}

function canonical(entry: MatchEntry): MatchEntry | undefined {
  const { row, value, mask } = entry;
  if (value instanceof Uint8Array || mask instanceof Uint8Array) return entry;
  if (valueIsMask.has(row.name)) return maskedByValue(row, value, mask ?? value);
  if (mask === undefined) return canonicalExact(entry);
  return canonicalMasked(row, value, mask);
}

const vlanVidBits = 0x1fff;

// NXM's vlan_tci is vlan_vid and vlan_pcp in one; over OpenFlow 1.3 the switch writes those.
function splitVlanTci({ value, mask = 0xffff }: MatchEntry): MatchEntry[] {
  const tci = Number(value);
  const tciMask = Number(mask);
  const entries: MatchEntry[] = [];
  const vid = tci & vlanVidBits;
  const vidMask = tciMask & vlanVidBits;
  if (vidMask) entries.push({ row: field('vlan_vid'), value: vid & vidMask, mask: vidMask });
  if (vid & vidMask && tciMask >>> 13) entries.push({ row: field('vlan_pcp'), value: tci >>> 13 });
  return entries;
}

// Extended registers are the registers they consist of, most significant first.
function splitRegister({ row, value, mask = allOnes(row) }: MatchEntry): MatchEntry[] {
  const parts = row.size / 4;
  const first = Number(row.name.replace(/^x+reg/, '')) * parts;
  return Array.from({ length: parts }, (_, part) => {
    const register = field(`reg${first + part}` as 'reg0'); // the registry has reg0 to reg15, and no field names a 17th
    const shift = BigInt(32 * (parts - 1 - part));
    const cut = (bits: AnyFieldValue) => Number((asBigint(bits as bigint) >> shift) & 0xffff_ffffn);
    return { row: register, value: cut(value), mask: cut(mask) };
  });
}

// OpenFlow 1.0's fields are those of 1.3; a TOS byte with ECN bits is left to be refused.
const dscpBits = 0xfc;
function renamed({ row, value }: MatchEntry): MatchEntry[] | undefined {
  const number = Number(value);
  if (row.name === 'nxm_in_port') return [{ row: field('in_port'), value: port32(number) }];
  if (row.name === 'nw_tos' && (number & dscpBits) === number) return [{ row: field('ip_dscp'), value: number >>> 2 }];
  return undefined;
}

function partsOf(entry: MatchEntry): MatchEntry[] | undefined {
  const { name } = entry.row;
  if (name === 'vlan_tci') return splitVlanTci(entry);
  return name.startsWith('x') ? splitRegister(entry) : renamed(entry);
}

// A field given both by itself and as part of another counts as it was given first.
const withoutRepeats = (entries: readonly MatchEntry[]): MatchEntry[] =>
  entries.filter(({ row }, i) => row !== entries[i - 1]?.row);

// Who names a field of a packet means Ethernet, and Open vSwitch does not write it again.
function withoutImplied(entries: MatchEntry[]): MatchEntry[] {
  const isEthernet = ({ row, value }: MatchEntry) => row.name === 'packet_type' && value === 0;
  if (!entries.some(isEthernet) || entries.every(({ row }) => row.prerequisite === 'none')) return entries;
  return entries.filter((entry) => !isEthernet(entry));
}

/** The fields of a match as Open vSwitch would write them: its order, its choice of fields, no mask where all bits count. */
export function canonicalEntries(match: Match): MatchEntry[] {
  const given = withoutImplied(givenEntries(match));
  let split = false;
  const entries: MatchEntry[] = [];
  for (const entry of given) {
    const parts = partsOf(entry);
    if (parts) split = true;
    for (const part of parts ?? [entry]) {
      const written = canonical(part);
      if (written) entries.push(written);
    }
  }
  return split ? withoutRepeats(entries.sort(byRank)) : entries;
}

// Fields that the match may give in another form than Open vSwitch's even without a mask.
const otherForms: ReadonlySet<string> = new Set(['vlan_tci', 'nxm_in_port', 'nw_tos', 'packet_type']);
const isTranslated = fields.map(
  ({ name }) => otherForms.has(name) || name.startsWith('x') || flagMasks.has(name) || valueIsMask.has(name),
);

/** The fields of the match being written, by rank, and their values: arrays that serve all matches, for making them would cost more than writing does. */
const rows: FieldRow[] = [];
const values: GivenValue[] = [];

// How many fields there are; -1 if one has to be translated.
function collect(match: Match): number {
  let length = 0;
  for (const name in match) {
    const row = fieldNamed(name);
    const value: GivenValue | undefined = row && match[name as FieldName]; // it has a row, so it is one
    if (row === undefined || value === undefined) continue;
    if (isTranslated[row.rank]) return -1;
    insert(length++, row, value);
  }
  return length;
}

function insert(length: number, row: FieldRow, value: GivenValue): void {
  let at = length;
  for (; at > 0; at--) {
    const before = rows[at - 1];
    const valueBefore = values[at - 1];
    if (before === undefined || valueBefore === undefined || before.rank <= row.rank) break;
    rows[at] = before;
    values[at] = valueBefore;
  }
  rows[at] = row;
  values[at] = value;
}

function writeGiven(w: Writer, row: FieldRow, value: GivenValue): void {
  if (!isMasked(value)) {
    writeOxm(w, row, value);
    return;
  }
  const entry = canonical({ row, value: value.value, mask: value.mask });
  if (entry) writeOxm(w, row, entry.value, entry.mask);
}

/** Writes the fields of a match, without header or padding. */
export function writeOxms(w: Writer, match: Match): void {
  const length = collect(match);
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    const value = values[i];
    if (row && value !== undefined) writeGiven(w, row, value);
  }
  if (length < 0) for (const { row, value, mask } of canonicalEntries(match)) writeOxm(w, row, value, mask);
  if (match.unknown) for (const raw of match.unknown) writeRawOxm(w, raw);
}

/** Writes an ofp_match with its padding. */
export function writeMatch(w: Writer, match: Match): void {
  const start = w.size;
  w.u32(oxmMatchType << 16); // the length follows
  writeOxms(w, match);
  w.patchSize(start);
  w.pad(start);
}

/** The bytes of an ofp_match with its padding. */
export function encodeMatch(match: Match): Uint8Array {
  return written((w) => {
    writeMatch(w, match);
  });
}

/** Reads OXM fields until the reader is empty. */
export function readOxms(r: Reader): Match {
  const match: Record<string, unknown> = {};
  const unknown: RawOxm[] = [];
  while (r.remaining > 0) {
    const before = r.consumed;
    const oxm = readOxm(r);
    // A field none of whose bits count says nothing, and may come again.
    if (oxm.row && (oxm.mask === 0 || oxm.mask === 0n)) continue;
    if (oxm.row && !isGiven(match, oxm.row)) {
      match[oxm.row.name] = oxm.mask === undefined ? oxm.value : { value: oxm.value, mask: oxm.mask };
    } else unknown.push(oxm.row ? rawAgain(r, before) : oxm.raw);
  }
  if (unknown.length > 0) match['unknown'] = unknown;
  // The registry gives each name the type of value that its size makes readOxm return.
  return match;
}

// A field that the match already has, by itself or as what it is written as.
const isGiven = (match: object, row: FieldRow): boolean =>
  row.name in match ||
  (isTranslated[row.rank] === true && partsOf({ row, value: 0 })?.some((part) => part.row.name in match) === true);

// It stays as bytes.
function rawAgain(r: Reader, start: number): RawOxm {
  const bytes = r.whole().subarray(start, r.consumed);
  const header = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return { header, body: bytes.subarray(4) };
}

/** Reads an ofp_match and its padding. */
export function readMatch(r: Reader): Match {
  const type = r.peek16();
  const size = r.peek16(2);
  if (type !== oxmMatchType) throw r.error(`match type ${type}`);
  if (size < matchHeaderSize) throw r.error(`match length ${size}`);
  const body = r.sub(size, 'ofp_match');
  body.skip(matchHeaderSize);
  const match = readOxms(body);
  r.skip(-size & 7);
  return match;
}
