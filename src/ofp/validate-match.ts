// What Open vSwitch would refuse in a match: prerequisites, masks, ranges, fields that nobody knows.
import { experimenterClass, fieldOfHeader, type AnyFieldValue, type FieldRow } from './fields.js';
import { allOnes, canonicalEntries, type MatchEntry } from './match-codec.js';
import type { Match, RawOxm } from './match.js';
import { factsOf, meets, type PacketFacts } from './packet-facts.js';
import { firstOf, refuse, type Refusal } from './refusal.js';

const maskBit = 0x100;
const isPort = (port: number) => port < 0xff00 || port >= 0xffff_ff00;

/** Whether a field can have a value; bytes always can. */
export function isInRange(row: FieldRow, value: AnyFieldValue): boolean {
  if (value instanceof Uint8Array) return true;
  if (row.format === 'port') return isPort(Number(value));
  const [least, most] = row.range;
  return value >= least && value <= most && (row.zeros === 0n || (BigInt(value) & row.zeros) === 0n);
}

// Where a field takes no mask, one of all bits or of none is still no mask.
function isMaskable(row: FieldRow, mask: AnyFieldValue): boolean {
  return row.masking === 'mask' || mask instanceof Uint8Array || BigInt(mask) === allOnes(row);
}

function checkEntry({ row, value, mask }: MatchEntry, facts: PacketFacts): Refusal | undefined {
  if (mask !== undefined && !isMaskable(row, mask)) return refuse('OFPBMC_BAD_MASK', `${row.name} takes no mask`);
  if (!isInRange(row, value)) return refuse('OFPBMC_BAD_VALUE', `${row.name} cannot be ${String(value)}`);
  if (!meets[row.prerequisite](facts)) return refuse('OFPBMC_BAD_PREREQ', `${row.name} needs ${row.prerequisite}`);
  return undefined;
}

function checkUnknown({ header, body }: RawOxm): Refusal {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const isExperimenter = header >>> 16 === experimenterClass;
  const row = fieldOfHeader(header, isExperimenter && body.length >= 4 ? view.getUint32(0) : 0);
  const isMasked = (header & maskBit) !== 0;
  const size = row && row.size * (isMasked ? 2 : 1) + (row.experimenter ? 4 : 0);
  return row && (body.length === size || row.size === 0)
    ? refuse('OFPBMC_DUP_FIELD', `${row.name} comes twice`)
    : refuse('OFPBMC_BAD_FIELD', `0x${header.toString(16)} is no field`);
}

/** A match as it will be sent, and what it says of the packets. */
export interface SentMatch {
  readonly entries: readonly MatchEntry[];
  readonly unknown: readonly RawOxm[];
  readonly facts: PacketFacts;
}

/** A match as it will be sent. */
export function sentMatch(match: Match): SentMatch {
  const entries = canonicalEntries(match);
  return { entries, unknown: match.unknown ?? [], facts: factsOf(entries) };
}

/** The first thing in a match that Open vSwitch would refuse; undefined if it would take it. */
export const checkMatch = ({ entries, unknown, facts }: SentMatch): Refusal | undefined =>
  firstOf(entries, (entry) => checkEntry(entry, facts)) ?? firstOf(unknown, checkUnknown);

/** What is wrong with fields beside each other: looked at together with the actions. */
export const checkCompany = ({ entries, facts }: SentMatch): Refusal | undefined =>
  firstOf(entries, ({ row: { name, withEthType } }) =>
    withEthType === undefined || withEthType === facts.ethType
      ? undefined
      : refuse('OFPBAC_MATCH_INCONSISTENT', `${name} goes only with eth_type 0x${withEthType.toString(16)}`),
  );

/** Whether a match is one that only the switch's own flows have: the last thing that Open vSwitch looks at. */
export const checkInternal = ({ entries }: SentMatch): Refusal | undefined =>
  firstOf(entries, ({ row, value }) => {
    const isInternal = row.internal === 'any' || (row.internal === 'nonzero' && value !== 0);
    return isInternal ? refuse('OFPBRC_EPERM', `${row.name} is the switch's own`) : undefined;
  });
