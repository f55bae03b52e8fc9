// Splits a byte stream into the JSON values that follow one another on it without any delimiter (RFC 7047, 4). A value is put
// together while it comes: whatever its size and the cuts, every byte is looked at once and parsed once, soon after it came.
import { OvsdbError, malformed } from './errors.js';
import { isList, isMembers } from './json.js';

/** Limits on what a peer can make us hold. */
export interface JsonLimits {
  /** Bytes of one value. */
  readonly maxSize: number;
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
}

/** A hundred thousand ports fit four times; the protocol's own nesting stays below twelve. */
export const defaultJsonLimits: JsonLimits = { maxSize: 128 * 1024 * 1024, maxDepth: 64 };

/** Containers are filled as they come down to this depth, which is that of the tables in an `update3`; rows are parsed whole. */
const filledDepth = 4;
/** So many bytes of the rows of a table are parsed together. */
const batchSize = 16 * 1024;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** An object or array that is being filled. Such an object has no prototype: its members may have any name. */
type Container = Record<string, unknown> | unknown[];

/** One direction of one connection, cut into JSON values. */
export class JsonStream {
  readonly #limits: JsonLimits;
  /** The containers that are being filled, each inside the one before. */
  readonly #open: Container[] = [];
  /** What the innermost one expects: anything, a member after a comma, or no member behind a container. */
  #expected: 'any' | 'member' | 'no member' = 'any';
  // Text that is not parsed yet, of earlier chunks. The room doubles when it is full, so that neither the number of pieces
  // nor their copying grows out of hand with a peer that sends single bytes.
  #room = new Uint8Array(0);
  #heldSize = 0;
  /** Bytes of the present value that have been parsed. */
  #parsedSize = 0;
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
    let start = 0; // of the text that is not parsed yet
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) this.#inString(byte);
      else if (this.#depth === 0 && isSpace(byte)) start = at + 1;
      else if (this.#isCut(byte, at - start)) {
        const value = this.#cut(this.#release(chunk.subarray(start, at)), byte);
        start = at + 1;
        if (value !== undefined) deliver(value);
      }
    }
    this.#hold(chunk.subarray(start));
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInString = false;
  }

  /** Follows the structure outside of strings; tells whether the text before this byte is to be parsed, of which so much is in this chunk. */
  #isCut(byte: number, size: number): boolean {
    if (this.#depth === 0) expectContainer(byte);
    if (byte === quote) this.#isInString = true;
    else if (byte === comma)
      return this.#depth < filledDepth || (this.#depth === filledDepth && this.#heldSize + size >= batchSize);
    else if (byte === openBrace || byte === openBracket) {
      this.#depth++;
      if (this.#depth > this.#limits.maxDepth)
        throw malformed(`JSON nested deeper than the limit of ${this.#limits.maxDepth}`);
      return this.#depth <= filledDepth;
    } else if (byte === closeBrace || byte === closeBracket) {
      this.#depth--;
      return this.#depth < filledDepth;
    }
    return false;
  }

  /** Takes the text up to a comma or bracket into the innermost container; returns the value if this is its end. */
  #cut(text: string, byte: number): Container | undefined {
    if (byte === openBrace || byte === openBracket) {
      this.#enter(text, byte === openBrace ? { __proto__: null } : []);
      return undefined;
    }
    this.#fill(text, byte !== comma);
    this.#expected = byte === comma ? 'member' : 'no member';
    return byte === comma ? undefined : this.#leave(byte);
  }

  /** Opens a container, with the text before it, which is its name in an object. */
  #enter(text: string, container: Container): void {
    const parent = this.#open.at(-1);
    if (this.#expected === 'no member' || (Array.isArray(parent) && !isBlank(text))) throw notJson(text);
    if (Array.isArray(parent)) parent.push(container);
    else if (parent !== undefined) parent[nameIn(text)] = container;
    this.#open.push(container);
    this.#expected = 'any';
  }

  /** Puts the members that the text holds into the innermost container. */
  #fill(text: string, isEnd: boolean): void {
    const container = this.#open.at(-1);
    const isComplete = this.#expected === 'no member' || (isEnd && this.#expected === 'any');
    if (isBlank(text) ? !isComplete : this.#expected === 'no member') throw notJson(text);
    if (isBlank(text)) return;
    const members = parse(Array.isArray(container) ? `[${text}]` : `{${text}}`);
    if (Array.isArray(container) && isList(members)) container.push(...members);
    else Object.assign(container ?? {}, members);
  }

  #leave(byte: number): Container | undefined {
    const container = this.#open.pop();
    if (Array.isArray(container) !== (byte === closeBracket)) throw notJson(String.fromCharCode(byte));
    if (this.#open.length > 0) return undefined;
    this.#expected = 'any';
    this.#parsedSize = 0;
    return container;
  }

  #hold(piece: Uint8Array): void {
    const size = this.#heldSize + piece.length;
    this.#expectRoomFor(size);
    if (size > this.#room.length) {
      const larger = new Uint8Array(Math.max(size, this.#room.length * 2));
      larger.set(this.#room.subarray(0, this.#heldSize));
      this.#room = larger;
    }
    this.#room.set(piece, this.#heldSize);
    this.#heldSize = size;
  }

  /** The text that was held, with its last piece. */
  #release(last: Uint8Array): string {
    if (this.#heldSize > 0) this.#hold(last);
    const whole = this.#heldSize > 0 ? this.#room.subarray(0, this.#heldSize) : last;
    if (this.#heldSize > 0) this.#room = new Uint8Array(0);
    this.#heldSize = 0;
    this.#expectRoomFor(whole.length);
    this.#parsedSize += whole.length + 1;
    return decode(whole);
  }

  #expectRoomFor(size: number): void {
    if (this.#parsedSize + size > this.#limits.maxSize)
      throw malformed(`JSON value larger than the limit of ${this.#limits.maxSize} bytes`);
  }
}

function expectContainer(byte: number): void {
  if (byte === openBrace || byte === openBracket) return;
  throw malformed(`byte 0x${byte.toString(16).padStart(2, '0')} where a JSON object should begin`);
}

const isBlank = (text: string): boolean => /^[ \n\r\t]*$/.test(text);

/** The name in `"name":`, which is all of the text. */
function nameIn(text: string): string {
  const named = parse(`{${text}null}`);
  const [name] = isMembers(named) ? Object.keys(named) : [];
  if (name === undefined) throw notJson(text);
  return name;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw notJson(Buffer.from(bytes).toString('latin1'), error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(text, error);
  }
}

const notJson = (text: string, cause?: unknown): OvsdbError =>
  new OvsdbError('OVSDB_PEER_MALFORMED', `not JSON in UTF-8: ${JSON.stringify(text.slice(0, 64))}`, cause);
