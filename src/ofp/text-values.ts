// How ovs-ofctl spells values: addresses, masks, numbers, flags, ports.
import { allOnes } from './match-codec.js';
import type { AnyFieldValue, FieldRow } from './fields.js';
import { hexOf } from './decode-error.js';
import { port32 } from './nicira-header.js';

/** C's %#x: zero has no prefix. */
export const hex = (value: number | bigint) => (value == 0 ? '0' : `0x${value.toString(16)}`);
/** Hex with at least so many digits. */
export const padded = (value: number | bigint, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;

/** An IPv4 address, given as a 32-bit number. */
export const formatIpv4 = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');

/** A MAC address, given as a 48-bit number. */
export const formatMac = (address: number) =>
  address
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?=.)/g, '$&:');

const groupsOf = (address: bigint) =>
  Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - 16 * i)) & 0xffffn));

// The longest run of at least two zero groups; the first of equals.
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** An IPv6 address, given as a 128-bit number, as inet_ntop(3) spells it. */
export function formatIpv6(address: bigint): string {
  const groups = groupsOf(address);
  const zeros = longestZeros(groups);
  const embeds = zeros.start === 0 && (zeros.length === 6 || (zeros.length === 5 && groups[5] === 0xffff));
  const tail = formatIpv4(Number(address & 0xffff_ffffn));
  if (embeds) return zeros.length === 6 ? `::${tail}` : `::ffff:${tail}`;
  const words = groups.map((group) => group.toString(16));
  if (zeros.start < 0) return words.join(':');
  return `${words.slice(0, zeros.start).join(':')}::${words.slice(zeros.start + zeros.length).join(':')}`;
}

/** The length of a mask that is a prefix; undefined for any other. */
export function prefixLength(mask: bigint, bits: number): number | undefined {
  const zeros = ((1n << BigInt(bits)) - 1n) ^ mask;
  return (zeros & (zeros + 1n)) === 0n ? bits - (zeros === 0n ? 0 : zeros.toString(2).length) : undefined;
}

const numberNames: ReadonlyMap<number, string> = new Map([
  [0xffff_fff7, 'UNSET'],
  [0xffff_fff8, 'IN_PORT'],
  [0xffff_fff9, 'TABLE'],
  [0xffff_fffa, 'NORMAL'],
  [0xffff_fffb, 'FLOOD'],
  [0xffff_fffc, 'ALL'],
  [0xffff_fffd, 'CONTROLLER'],
  [0xffff_fffe, 'LOCAL'],
  [0xffff_ffff, 'ANY'],
]);

/** A port's number, or the name of one that is reserved. */
export const formatPort = (port: number) => numberNames.get(port) ?? port.toString();
/** Reserved ports by the name that ovs-ofctl prints. */
export const reservedPortName = (port: number) => numberNames.get(port);

/** Names of the bits of ct_state, from bit 0. */
export const ctStateFlags = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'] as const;
/** Names of the bits of tcp_flags, from bit 0. */
export const tcpFlags = [
  'fin',
  'syn',
  'rst',
  'psh',
  'ack',
  'urg',
  'ece',
  'cwr',
  'ns',
  '[200]',
  '[400]',
  '[800]',
] as const;
/** Names of the bits of tun_flags. */
export const tunFlags = ['oam'] as const;
/** Spellings of ip_frag for a full mask, by value. */
export const fragNames = ['no', 'first', undefined, 'later'] as const;

const bit = (bits: number, index: number) => (bits >>> index) & 1;

/** Flags that must be set or clear: +set-clear. */
export const formatMaskedFlags = (names: readonly string[], value: number, mask: number) =>
  names.map((name, i) => (bit(mask, i) ? (bit(value, i) ? '+' : '-') + name : '')).join('');

/** Flags that are set: one|two. */
export const formatFlags = (names: readonly string[], value: number) =>
  names.filter((_, i) => bit(value, i)).join('|') || '0';

const isAddress = (format: FieldRow['format']) => format === 'ipv4' || format === 'ipv6';

function formatNumber(row: FieldRow, value: number | bigint): string {
  switch (row.format) {
    case 'mac':
      return formatMac(Number(value));
    case 'ipv4':
      return formatIpv4(Number(value));
    case 'ipv6':
      return formatIpv6(BigInt(value));
    case 'tun_flags':
      return formatFlags(tunFlags, Number(value));
    case 'port':
      return formatPort(Number(value));
    case 'port16':
      return formatPort(port32(Number(value)));
    case 'decimal':
      return value.toString();
    default:
      return hex(value);
  }
}

function formatMask(row: FieldRow, mask: bigint): string {
  if (!isAddress(row.format)) return row.format === 'mac' ? formatMac(Number(mask)) : hex(mask);
  const prefix = prefixLength(mask, row.bits);
  return prefix?.toString() ?? (row.format === 'ipv4' ? formatIpv4(Number(mask)) : formatIpv6(mask));
}

const isNone = (mask: AnyFieldValue) =>
  mask instanceof Uint8Array ? mask.every((byte) => byte === 0) : BigInt(mask) === 0n;

/** A field's value with its mask, as set_field and addresses in matches spell it. */
export function formatValue(row: FieldRow, value: AnyFieldValue, mask?: AnyFieldValue): string {
  if (mask !== undefined && isNone(mask)) return 'ANY';
  if (value instanceof Uint8Array || mask instanceof Uint8Array) return formatBytes(value, mask);
  if (mask === undefined || BigInt(mask) === allOnes(row)) return formatNumber(row, value);
  return `${formatNumber(row, value)}/${formatMask(row, BigInt(mask))}`;
}

function formatBytes(value: AnyFieldValue, mask: AnyFieldValue | undefined): string {
  const text = (bytes: AnyFieldValue) =>
    bytes instanceof Uint8Array ? hex(BigInt(`0x${hexOf(bytes) || '0'}`)) : hex(bytes);
  return mask === undefined ? text(value) : `${text(value)}/${text(mask)}`;
}

/** A number with its mask: decimal if every bit counts, else both in hex. */
export const formatDecimal = (row: FieldRow, value: number | bigint, mask: number | bigint | undefined) =>
  mask === undefined || BigInt(mask) === allOnes(row) ? value.toString() : `${padded(value, 1)}/${padded(mask, 1)}`;

/** A number with its mask, both in hex. */
export const formatHex = (row: FieldRow, value: number | bigint, mask: number | bigint | undefined) =>
  mask === undefined || BigInt(mask) === allOnes(row) ? hex(value) : `${hex(value)}/${hex(mask)}`;
