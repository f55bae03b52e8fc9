// What a message means, as the numbers in it: those that stand in it as a value, and those that another reader says stand in it.
import type { Message } from '../../src/ofp/index.js';

/** A number in a message, and the member that it is. */
export interface Leaf {
  readonly name: string;
  readonly value: bigint;
}

// Readers may say smaller numbers by name (commands, reasons, types) or leave them out (zeros).
const leastDistinctive = 100n;
const reserved = (value: bigint) => value >= 0xffff_ff00n && value <= 0xffff_ffffn;

const sameTable = 0xffn;

// Of parts of fields some say offset and length, some first and last bit; that a VLAN tag is there is said by
// other fields too, and that a resubmit stays in its table by saying none.
const isDistinctive = (name: string, value: bigint) =>
  value >= leastDistinctive &&
  !reserved(value) &&
  !(name === 'start' || name === 'bits') &&
  !((name === 'vlan_vid' && value === 0x1000n) || (name === 'table' && value === sameTable));

function collect(name: string, value: unknown, leaves: Leaf[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const wide = BigInt(value);
    if (isDistinctive(name, wide)) leaves.push({ name, value: wide });
  } else if (Array.isArray(value)) for (const item of value) collect(name, item, leaves);
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    for (const [key, item] of Object.entries(value))
      collect(key === 'value' || key === 'mask' ? name : key, item, leaves);
}

/** The distinctive numbers of a message. */
export function leavesOf(message: Message): Leaf[] {
  const leaves: Leaf[] = [];
  collect('', message, leaves);
  return leaves;
}

const fromGroups = (groups: readonly string[]) =>
  groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group || '0'}`), 0n);

function ipv6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  return fromGroups([...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]);
}

const ipv4 = (text: string) => text.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

/** How a number may be spelled: addresses, durations, hex, decimal. The first that fits counts. */
const spellings: readonly (readonly [RegExp, (text: string) => readonly bigint[]])[] = [
  [
    /^(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i,
    (text) => [text.split(':').reduce((sum, byte) => sum * 256n + BigInt(`0x${byte}`), 0n)],
  ],
  [/^(?:[0-9a-f]{2}:){7}[0-9a-f]{2}$/i, (text) => [BigInt(`0x${text.replaceAll(':', '')}`)]],
  [/^[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*$/i, (text) => [ipv6(text)]],
  [/^\d+\.\d+\.\d+\.\d+$/, (text) => [ipv4(text)]],
  [
    /^\d+\.\d+s?$/,
    (text) =>
      text
        .replace('s', '')
        .split('.')
        .map((part, i) => BigInt(i === 0 ? part : part.padEnd(9, '0'))),
  ],
  [/^0x[0-9a-f]+$/i, (text) => [BigInt(text)]],
  [/^\d+$/, (text) => [BigInt(text)]],
];

const word =
  /0x[0-9a-f]+|(?<!\w)(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}\b|(?<!\w)(?:[0-9a-f]{0,4}:){2,}[0-9a-f:.]*|\d+(?:\.\d+)+s?|\d+/gi;
// What readers write in hex without saying so.
const bareHex = /dpid:([0-9a-f]{16})|"openflow_v4\.oxm\.(?:value|mask)": "([0-9a-f:]+)"/g;

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The numbers that a JSON text says under the name of a member; undefined if it has no such name. */
export function numbersNamed(text: string, name: string): Set<bigint> | undefined {
  const values = [...text.matchAll(new RegExp(`[".]${snakeCase(name)}": "?([^",}\\]]+)`, 'g'))];
  return values.length === 0 ? undefined : numbersIn(values.map(([, value]) => value).join(' '));
}

/** The numbers that a text says. */
export function numbersIn(text: string): Set<bigint> {
  const found = new Set<bigint>();
  for (const [, dpid, value] of text.matchAll(bareHex)) {
    const digits = (dpid ?? value ?? '').replaceAll(':', '');
    if (digits !== '') found.add(BigInt(`0x${digits}`));
  }
  for (const [token] of text.matchAll(word))
    for (const [pattern, read] of spellings)
      if (pattern.test(token)) {
        for (const number of read(token)) found.add(number);
        break;
      }
  return found;
}
