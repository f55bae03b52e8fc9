// Values as ovs-ofctl spells them: numbers, addresses, flags, ports, with their masks.
import { reservedPort } from './constants.js';
import type { AnyFieldValue, FieldRow } from './fields.js';
import { allOnes, fieldNumber } from './match-codec.js';
import { port32 } from './nicira-header.js';
import { SyntaxProblem } from './parse-error.js';
import { ctStateFlags, tcpFlags, tunFlags } from './text-values.js';

/** A value and its mask; no mask where every bit counts. */
export interface ParsedValue {
  readonly value: AnyFieldValue;
  readonly mask?: AnyFieldValue;
}

/** A number, decimal or hex, of any size. One that begins with 0 is refused: to ovs-ofctl it is octal. */
export function parseBig(text: string): bigint {
  if (!/^(0x[0-9a-f]+|0|[1-9]\d*)$/i.test(text)) throw new SyntaxProblem(text, 'is not a number');
  return BigInt(text);
}

function bounded(text: string, bits: number): bigint {
  const value = parseBig(text);
  if (value >> BigInt(bits)) throw new SyntaxProblem(text, `does not fit in ${bits} bits`);
  return value;
}

/** A number of at most 64 bits. */
export const parseBig64 = (text: string): bigint => bounded(text, 64);

/** A number of at most 64 bits: a bigint where a number does not hold it exactly. */
export const parseWide = (text: string): number | bigint => asNumber(parseBig64(text));

/** As a number, where a number holds it exactly. */
export const asNumber = (value: bigint): number | bigint =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** A number of at most so many bits. */
export const parseNumber = (text: string, bits = 32): number => Number(bounded(text, bits));

/** VALUE or VALUE/MASK. */
export function maskedOf(text: string): readonly [value: string, mask?: string] {
  const [value = '', mask, more] = text.split('/');
  if (more !== undefined) throw new SyntaxProblem(text, 'has two masks');
  return mask === undefined ? [value] : [value, mask];
}

/** Bytes of two hex digits each, with dots between them or without. */
export function parseHexBytes(text: string): Uint8Array {
  if (!/^([0-9a-f]{2}\.?)*$/i.test(text)) throw new SyntaxProblem(text, 'is not bytes in hex');
  return Uint8Array.from(Buffer.from(text.replaceAll('.', ''), 'hex'));
}

const portNames: ReadonlyMap<string, number> = new Map([
  ['in_port', reservedPort.inPort],
  ['table', reservedPort.table],
  ['normal', reservedPort.normal],
  ['flood', reservedPort.flood],
  ['all', reservedPort.all],
  ['controller', reservedPort.controller],
  ['local', reservedPort.local],
  ['any', reservedPort.any],
  ['none', reservedPort.any],
  ['unset', reservedPort.unset],
]);

/** A reserved port by its name; undefined for any other word. */
export const portByName = (name: string) => portNames.get(name.toLowerCase());

const largestPort = 0xffff;
const firstReservedPort = 0xffff_ff00;

/** A port by number, of 16 or 32 bits, or reserved name. */
export function parsePort(text: string): number {
  const named = portByName(text);
  if (named !== undefined) return named;
  const port = parseNumber(text);
  if (port >= firstReservedPort) return port;
  if (port > largestPort) throw new SyntaxProblem(text, 'is no port: they go from 0 to 65535 and from 0xffffff00');
  return port32(port);
}

/** A MAC address as a 48-bit number. */
export function parseMac(text: string): number {
  if (!/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)) throw new SyntaxProblem(text, 'is not a MAC address');
  return text.split(':').reduce((sum, byte) => sum * 256 + parseInt(byte, 16), 0);
}

/** An IPv4 address as a 32-bit number. */
export function parseIpv4(text: string): number {
  const bytes = text.split('.').map(Number);
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && bytes.every((byte) => byte <= 255);
  if (!isAddress) throw new SyntaxProblem(text, 'is not an IPv4 address');
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

const groupsOf = (text: string) => (text === '' ? [] : text.split(':'));

/** An IPv6 address as a 128-bit number. */
export function parseIpv6(text: string): bigint {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = embedded ? parseIpv4(embedded[2] ?? '') : 0;
  const plain = embedded ? `${embedded[1]}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}` : text;
  const halves = plain.split('::');
  const [head = [], rest = []] = halves.map(groupsOf);
  const missing = 8 - head.length - rest.length;
  const groups = [...head, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...rest];
  const isWhole = halves.length === 2 ? missing > 0 : halves.length === 1 && missing === 0;
  if (!isWhole || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)))
    throw new SyntaxProblem(text, 'is not an IPv6 address');
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function prefixMask(text: string, bits: number): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const length = Number(text);
  if (length > bits) throw new SyntaxProblem(text, `is longer than ${bits} bits`);
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

// +set-clear, or set|set for exactly these, or a number with or without mask.
function parseFlags(text: string, names: readonly string[]): ParsedValue {
  const bitOf = (name: string) => {
    const index = names.indexOf(name);
    if (index < 0) throw new SyntaxProblem(name, `is none of ${names.join(', ')}`);
    return 1 << index;
  };
  if (/^([+-][^+-]+)+$/.test(text)) {
    const signed = [...text.matchAll(/([+-])([^+-]+)/g)];
    const sum = (wanted: readonly RegExpExecArray[]) => wanted.reduce((bits, [, , name = '']) => bits | bitOf(name), 0);
    return { value: sum(signed.filter(([, sign]) => sign === '+')), mask: sum(signed) };
  }
  if (/^\d/.test(text)) {
    const [value, mask] = maskedOf(text);
    return mask === undefined ? { value: parseNumber(value) } : { value: parseNumber(value), mask: parseNumber(mask) };
  }
  return { value: text.split('|').reduce((bits, name) => bits | bitOf(name), 0) };
}

const frags: ReadonlyMap<string, ParsedValue> = new Map([
  ['no', { value: 0 }],
  ['yes', { value: 1, mask: 1 }],
  ['first', { value: 1 }],
  ['later', { value: 3 }],
  ['not_later', { value: 0, mask: 2 }],
]);

function parsePacketType(text: string): ParsedValue {
  const [, space, type] = /^\(?(\w+),(\w+)\)?$/.exec(text) ?? [];
  if (space === undefined || type === undefined) throw new SyntaxProblem(text, 'is not (namespace,type)');
  return { value: parseNumber(space, 16) * 0x1_0000 + parseNumber(type, 16) };
}

function parseOne(text: string, row: FieldRow): bigint {
  switch (row.format) {
    case 'mac':
      return BigInt(parseMac(text));
    case 'ipv4':
      return BigInt(parseIpv4(text));
    case 'ipv6':
      return parseIpv6(text);
    case 'port':
      return BigInt(parsePort(text));
    case 'port16':
      return BigInt(parsePort(text) & 0xffff);
    default:
      return parseBig(text);
  }
}

const isAddress = (row: FieldRow) => row.format === 'ipv4' || row.format === 'ipv6';

function parsePlain(text: string, row: FieldRow): ParsedValue {
  const [first, second] = maskedOf(text);
  const inRange = (bits: bigint) => {
    if (bits > allOnes(row)) throw new SyntaxProblem(text, `does not fit in ${row.text}`);
    return fieldNumber(row, bits);
  };
  const value = inRange(parseOne(first, row));
  if (second === undefined) return { value };
  const mask = (isAddress(row) ? prefixMask(second, row.bits) : undefined) ?? parseOne(second, row);
  return { value, mask: inRange(mask) };
}

function parseBytes(text: string): ParsedValue {
  const bytes = (part: string) => {
    const digits = parseBig(part).toString(16);
    return Uint8Array.from(Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex'));
  };
  const [value, mask] = maskedOf(text);
  return mask === undefined ? { value: bytes(value) } : { value: bytes(value), mask: bytes(mask) };
}

/** A field's value, with its mask if it has one, in the field's own spelling. */
export function parseValue(text: string, row: FieldRow): ParsedValue {
  switch (row.format) {
    case 'ct_state':
      return parseFlags(text, ctStateFlags);
    case 'tcp_flags':
      return parseFlags(text, tcpFlags);
    case 'tun_flags':
      return parseFlags(text, tunFlags);
    case 'frag': {
      const frag = frags.get(text);
      if (!frag) throw new SyntaxProblem(text, 'is none of no, yes, first, later, not_later');
      return frag;
    }
    case 'packet_type':
      return parsePacketType(text);
    case 'bytes':
      return parseBytes(text);
    default:
      return parsePlain(text, row);
  }
}
