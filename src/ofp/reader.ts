// A cursor over one element of a message that cannot leave it. All numbers are big-endian.
import { DecodeError } from './decode-error.js';

const two32 = 0x1_0000_0000;

/** Reads one element; a sub-reader reads an element within it. Byte results are views, valid as long as the frame is. */
export class Reader {
  private readonly source: Uint8Array;
  private readonly view: DataView;
  private readonly start: number;
  private readonly end: number;
  private at: number;
  /** The element's name, for errors. */
  readonly what: string;
  /** In how many other elements this one is. */
  readonly depth: number;

  constructor(source: Uint8Array, what: string, view?: DataView, start = 0, end = source.length, depth = 0) {
    this.source = source;
    this.view = view ?? new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.start = start;
    this.end = end;
    this.at = start;
    this.what = what;
    this.depth = depth;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.end - this.at;
  }

  /** Bytes read so far. */
  get consumed(): number {
    return this.at - this.start;
  }

  /** The error that says why this element is refused. */
  error(why: string): DecodeError {
    return new DecodeError(`${this.what}: ${why}`, this.start, this.source.subarray(this.start, this.end));
  }

  private take(size: number): number {
    const at = this.at;
    if (size < 0 || at + size > this.end) throw this.error(`needs ${size} bytes, has ${this.end - at}`);
    this.at = at + size;
    return at;
  }

  /** One byte. */
  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  /** Two bytes. */
  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  /** Four bytes. */
  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  /** Six bytes, a MAC address. */
  u48(): number {
    const at = this.take(6);
    return this.view.getUint16(at) * two32 + this.view.getUint32(at + 2);
  }

  /** Eight bytes. */
  u64(): bigint {
    return this.view.getBigUint64(this.take(8));
  }

  /** Eight bytes, as a number where a number holds them exactly. */
  wide(): number | bigint {
    const at = this.take(8);
    const high = this.view.getUint32(at);
    if (high < 0x20_0000) return high * two32 + this.view.getUint32(at + 4);
    return this.view.getBigUint64(at);
  }

  /** Sixteen bytes. */
  u128(): bigint {
    const at = this.take(16);
    return (this.view.getBigUint64(at) << 64n) | this.view.getBigUint64(at + 8);
  }

  /** The next two bytes, not consumed. */
  peek16(offset = 0): number {
    if (this.at + offset + 2 > this.end) throw this.error(`needs ${offset + 2} bytes, has ${this.remaining}`);
    return this.view.getUint16(this.at + offset);
  }

  /** Four bytes at an offset from here, not consumed. */
  peek32(offset = 0): number {
    if (this.at + offset + 4 > this.end) throw this.error(`needs ${offset + 4} bytes, has ${this.remaining}`);
    return this.view.getUint32(this.at + offset);
  }

  /** The next `size` bytes, as a view of the frame. */
  bytes(size: number): Uint8Array {
    const at = this.take(size);
    return this.source.subarray(at, at + size);
  }

  /** All that is left, as a view of the frame. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** The whole element, whatever has been read of it. */
  whole(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  /** Passes over padding or what nobody asks for. */
  skip(size: number): void {
    this.take(size);
  }

  /** Passes over padding up to the next multiple of eight from the start of the element, as far as there is any. */
  align(): void {
    this.at = Math.min(this.end, this.at + (-this.consumed & 7));
  }

  /** A reader of the next `size` bytes, which this one passes over. */
  sub(size: number, what: string): Reader {
    const at = this.take(size);
    return new Reader(this.source, what, this.view, at, at + size, this.depth + 1);
  }

  /** Text of at most `size` bytes, up to its first zero byte; each byte is a character, so that none is lost. */
  text(size: number): string {
    const bytes = this.bytes(size);
    const zero = bytes.indexOf(0);
    return String.fromCharCode(...(zero < 0 ? bytes : bytes.subarray(0, zero)));
  }
}
