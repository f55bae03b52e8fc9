// Errors as ovs-ofctl prints them: the name, then the message that was refused, or the sentence that it carries.
import { decode } from './codec.js';
import { headerSize } from './constants.js';
import { DecodeError } from './decode-error.js';
import { errorName } from './errors.js';
import type { Message } from './messages.js';
import { frameName } from './text-names.js';

const lineSize = 16;
const helloFailed = 0;

const isPrintable = (byte: number) => byte >= 0x20 && byte < 0x7f;

function dumpLine(bytes: Uint8Array, at: number): string {
  const line = bytes.subarray(at, at + lineSize);
  const digits = [...line].map(
    (byte, i) => byte.toString(16).padStart(2, '0') + (i === 7 && line.length > 8 ? '-' : ' '),
  );
  const text = [...line].map((byte) => (isPrintable(byte) ? String.fromCharCode(byte) : '.')).join('');
  return `${at.toString(16).padStart(8, '0')}  ${digits.join('').padEnd(48)}|${text.padEnd(lineSize)}|`;
}

/** Bytes in hex and as characters, sixteen on a line. */
export function hexDump(bytes: Uint8Array): string {
  const starts = Array.from({ length: Math.ceil(bytes.length / lineSize) }, (_, i) => i * lineSize);
  return starts.map((at) => dumpLine(bytes, at)).join('\n');
}

// C's printable characters, the others in octal.
const escaped = (bytes: Uint8Array) =>
  [...bytes]
    .map((byte) =>
      isPrintable(byte) && byte !== 0x22 && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\${byte.toString(8).padStart(3, '0')}`,
    )
    .join('');

function frameHead(frame: Uint8Array): string {
  const name = frameName(frame);
  const xid = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(4);
  return name === undefined ? '' : `${name} (OF1.3) (xid=0x${xid.toString(16)}):\n`;
}

/** A frame that may be cut short, as an error quotes it; `format` prints one that is whole. */
export function formatQuoted(frame: Uint8Array, format: (message: Message, xid: number) => string): string {
  if (frame.length === 0) return 'OpenFlow message is empty';
  if (frame.length < headerSize) return `OpenFlow packet too short (only ${frame.length} bytes):\n${hexDump(frame)}`;
  const size = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint16(2);
  if (size > frame.length)
    return `${frameHead(frame)}(***truncated to ${frame.length} bytes from ${size}***)\n${hexDump(frame)}`;
  if (size < frame.length) return `(***only uses ${size} bytes out of ${frame.length}***)\n${hexDump(frame)}`;
  try {
    const { message, xid } = decode(frame);
    return format(message, xid);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `${frameHead(frame)}(***${error.what}***)\n${hexDump(frame)}`;
  }
}

/** What stands behind the head of an error. */
export function formatError(
  error: Message & { readonly type: 'error' },
  format: (message: Message, xid: number) => string,
): string {
  const { errorType, code, experimenter, data } = error;
  const quoted = errorType === helloFailed ? escaped(data) : formatQuoted(data, format);
  return `${errorName(errorType, code, experimenter)}\n${quoted}`;
}
