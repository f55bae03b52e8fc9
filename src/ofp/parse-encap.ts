// encap and decap as ovs-ofctl takes them.
import type { Action } from './action-types.js';
import { SyntaxProblem } from './parse-error.js';
import { parseBig, parseNumber } from './parse-values.js';
import { optionsOf, wordsOf } from './text-words.js';
import { Writer } from './writer.js';

const packetTypes: ReadonlyMap<string, number> = new Map([
  ['ethernet', 0],
  ['mpls', 0x1_8847],
  ['mpls_mc', 0x1_8848],
]);
const nshPacketType = 0x1_894f;
const nshClass = 0x0004;
const property = { mdType: 1, tlv: 2 } as const;
const noNext = 0xfffe;
const lastNamespace = 4;

function writeProperty(w: Writer, type: number, write: () => void): void {
  const start = w.size;
  w.u16(nshClass);
  w.u8(type);
  const sizeAt = w.size;
  w.u8(0);
  write();
  // Open vSwitch counts the padding of a TLV, but not that of md_type.
  const size = w.size - start;
  w.pad(start);
  w.patch8(sizeAt, type === property.tlv ? w.size - start : size);
}

function writeTlv(w: Writer, text: string): void {
  const [optionClass = '', type = '', value = ''] = text.split(',');
  const digits = parseBig(value).toString(16);
  const bytes = Uint8Array.from(Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex'));
  w.u16(parseNumber(optionClass, 16));
  w.u8(parseNumber(type, 8));
  w.u8(bytes.length);
  w.bytes(bytes);
}

function nshProperties(text: string): Uint8Array {
  const w = new Writer(64);
  for (const { key, value, text: word } of wordsOf(text)) {
    if (key === 'md_type')
      writeProperty(w, property.mdType, () => {
        w.u8(parseNumber(value, 8));
      });
    else if (key === 'tlv')
      writeProperty(w, property.tlv, () => {
        writeTlv(w, value);
      });
    else throw new SyntaxProblem(word, 'is no option of nsh');
  }
  return w.take();
}

/** The inside of encap(…). */
export function parseEncap(text: string): Action {
  const [word] = wordsOf(text);
  if (word?.key === 'nsh')
    return { type: 'encap', packetType: nshPacketType, headerSize: 0, properties: nshProperties(word.value) };
  const packetType = packetTypes.get(word?.key ?? '');
  if (packetType === undefined) throw new SyntaxProblem(text, `is none of nsh, ${[...packetTypes.keys()].join(', ')}`);
  return { type: 'encap', packetType, headerSize: 0, properties: new Uint8Array(0) };
}

/** The inside of decap(…), or nothing. */
export function parseDecap(text: string): Action {
  const packetType = optionsOf(text, 'packet_type').get('packet_type');
  if (packetType === undefined) return { type: 'decap', packetType: noNext };
  const options = optionsOf(packetType, 'ns', 'type');
  const number = (key: string) => parseNumber(options.get(key) ?? '', 16);
  if (number('ns') > lastNamespace) throw new SyntaxProblem(text, `ns goes from 0 to ${lastNamespace}`);
  return { type: 'decap', packetType: number('ns') * 0x1_0000 + number('type') };
}
