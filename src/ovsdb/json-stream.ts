// Splits a byte stream into the JSON values that follow one another on it without any delimiter (RFC 7047, 4).
// Every byte is looked at once and parsed once, whatever the cuts, so a large first reply costs linear time.
import { OvsdbError, malformed } from './errors.js';

/** Limits on what a peer can make us hold. */
export interface JsonLimits {
  /** Bytes of one value. */
  readonly maxSize: number;
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
}

/** A hundred thousand ports fit four times; the protocol's own nesting stays below twelve. */
export const defaultJsonLimits: JsonLimits = { maxSize: 128 * 1024 * 1024, maxDepth: 64 };

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** One direction of one connection, cut into JSON values. */
export class JsonStream {
  readonly #limits: JsonLimits;
  // The beginning of a value whose end has not come yet. The room doubles when it is full, so that neither the number of
  // pieces nor their copying grows out of hand with a peer that sends single bytes.
  #room = new Uint8Array(0);
  #heldSize = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(limits: JsonLimits = defaultJsonLimits) {
    this.#limits = limits;
  }

  /**
   * Hands each value that these bytes complete to `deliver`, in order. The bytes are not kept: what is incomplete is copied.
   * Throws an OvsdbError (OVSDB_PEER_MALFORMED) when the stream cannot be JSON or breaks a limit; it is useless from then on.
   */
  push(chunk: Uint8Array, deliver: (value: unknown) => void): void {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = firstNonSpace(chunk, start);
        if (start === chunk.length) return;
        expectContainer(chunk[start]);
      }
      const end = this.#scan(chunk, start);
      const piece = chunk.subarray(start, end);
      this.#expectRoomFor(piece.length);
      if (this.#depth > 0) this.#hold(piece);
      else deliver(parse(this.#release(piece)));
      start = end;
    }
  }

  /** Follows the structure from `start`; returns the index after the value's end, or the chunk's length. */
  #scan(chunk: Uint8Array, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) this.#isInString = false;
      } else if (byte === quote) {
        this.#isInString = true;
      } else if (byte === openBrace || byte === openBracket) {
        this.#depth++;
        if (this.#depth > this.#limits.maxDepth)
          throw malformed(`JSON nested deeper than the limit of ${this.#limits.maxDepth}`);
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth--;
        if (this.#depth === 0) return at + 1;
      }
    }
    return chunk.length;
  }

  #expectRoomFor(size: number): void {
    if (this.#heldSize + size > this.#limits.maxSize)
      throw malformed(`JSON value larger than the limit of ${this.#limits.maxSize} bytes`);
  }

  #hold(piece: Uint8Array): void {
    const size = this.#heldSize + piece.length;
    if (size > this.#room.length) {
      const larger = new Uint8Array(Math.max(size, this.#room.length * 2));
      larger.set(this.#room.subarray(0, this.#heldSize));
      this.#room = larger;
    }
    this.#room.set(piece, this.#heldSize);
    this.#heldSize = size;
  }

  #release(last: Uint8Array): Uint8Array {
    if (this.#heldSize === 0) return last;
    this.#hold(last);
    const whole = this.#room.subarray(0, this.#heldSize);
    this.#room = new Uint8Array(0);
    this.#heldSize = 0;
    return whole;
  }
}

function firstNonSpace(chunk: Uint8Array, start: number): number {
  for (let at = start; at < chunk.length; at++) {
    const byte = chunk[at];
    if (byte !== undefined && !isSpace(byte)) return at;
  }
  return chunk.length;
}

function expectContainer(byte: number | undefined): void {
  if (byte === openBrace || byte === openBracket) return;
  throw malformed(`byte 0x${(byte ?? 0).toString(16).padStart(2, '0')} where a JSON object should begin`);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const shown = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
    throw new OvsdbError('OVSDB_PEER_MALFORMED', `not JSON in UTF-8: ${JSON.stringify(shown)}`, error);
  }
}
