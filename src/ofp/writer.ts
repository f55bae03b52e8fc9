// A growing slab that messages are written into one after the other. All numbers are big-endian.

const two32 = 0x1_0000_0000;
const two48 = 0x1_0000_0000_0000;
const low64 = 0xffff_ffff_ffff_ffffn;

/** A value that the field it is meant for cannot hold: a mistake of ours, thrown at once. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}

const tooWide = (value: number | bigint, bits: number) =>
  new EncodeError(`${String(value)} is no whole number of ${bits} bits`);

/** Writes messages; what `take` hands out is never written to again. */
export class Writer {
  private slab: Uint8Array;
  private view: DataView;
  private at = 0;

  constructor(size = 1024) {
    this.slab = new Uint8Array(size);
    this.view = new DataView(this.slab.buffer);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.at;
  }

  private room(size: number): number {
    const at = this.at;
    const end = at + size;
    if (end > this.slab.length) this.grow(end);
    this.at = end;
    return at;
  }

  private grow(least: number): void {
    const slab = new Uint8Array(Math.max(least, this.slab.length * 2));
    slab.set(this.slab.subarray(0, this.at));
    this.slab = slab;
    this.view = new DataView(slab.buffer);
  }

  /** One byte. Like the others, it throws EncodeError on a number that is not whole or has too many bits. */
  u8(value: number): void {
    if ((value & 0xff) !== value) throw tooWide(value, 8);
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  /** Two bytes. */
  u16(value: number): void {
    if ((value & 0xffff) !== value) throw tooWide(value, 16);
    const at = this.room(2);
    this.view.setUint16(at, value);
  }

  /** Four bytes. */
  u32(value: number): void {
    if (value >>> 0 !== value) throw tooWide(value, 32);
    const at = this.room(4);
    this.view.setUint32(at, value);
  }

  /** Two numbers of two bytes each, in one go. */
  u16Pair(high: number, low: number): void {
    if ((high & 0xffff) !== high) throw tooWide(high, 16);
    if ((low & 0xffff) !== low) throw tooWide(low, 16);
    const at = this.room(4);
    this.view.setUint32(at, (high << 16) | low);
  }

  /** Two numbers of four bytes each, in one go. */
  u32Pair(first: number, second: number): void {
    if (first >>> 0 !== first) throw tooWide(first, 32);
    if (second >>> 0 !== second) throw tooWide(second, 32);
    const at = this.room(8);
    this.view.setUint32(at, first);
    this.view.setUint32(at + 4, second);
  }

  /** Six bytes, a MAC address. */
  u48(value: number): void {
    if (!(value >= 0 && value < two48 && Number.isInteger(value))) throw tooWide(value, 48);
    const at = this.room(6);
    this.view.setUint16(at, value / two32);
    this.view.setUint32(at + 2, value); // the lower 32 bits
  }

  /** Eight bytes. */
  u64(value: number | bigint): void {
    if (typeof value === 'bigint') {
      // The bits beyond 64, or the sign: cheaper than two comparisons of bigints.
      if (value >> 64n) throw tooWide(value, 64);
      const at = this.room(8);
      this.view.setBigUint64(at, value);
    } else {
      if (!(value >= 0 && Number.isSafeInteger(value))) throw tooWide(value, 64);
      const at = this.room(8);
      this.view.setUint32(at, value / two32);
      this.view.setUint32(at + 4, value); // the lower 32 bits
    }
  }

  /** Sixteen bytes. */
  u128(value: bigint): void {
    if (value < 0n || value >> 128n) throw tooWide(value, 128);
    const at = this.room(16);
    this.view.setBigUint64(at, value >> 64n);
    this.view.setBigUint64(at + 8, value & low64);
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.slab.set(bytes, at);
  }

  /** `size` zero bytes. */
  zeros(size: number): void {
    const at = this.room(size);
    // A call of fill costs more than the few bytes that padding has.
    if (size > 16) this.slab.fill(0, at, at + size);
    else for (let i = at; i < at + size; i++) this.slab[i] = 0;
  }

  /** Zero bytes up to a multiple of eight, counted from `start`. */
  pad(start: number): void {
    const padding = -(this.at - start) & 7;
    if (padding) this.zeros(padding);
  }

  /** Text of one byte per character in exactly `size` bytes, filled up with zeros. */
  text(text: string, size: number): void {
    if (text.length > size) throw new EncodeError(`"${text}" is longer than ${size} bytes`);
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
    this.zeros(size - text.length);
  }

  /** Overwrites a byte written earlier. */
  patch8(at: number, value: number): void {
    if ((value & 0xff) !== value) throw tooWide(value, 8);
    this.view.setUint8(at, value);
  }

  /** Overwrites two bytes written earlier. */
  patch16(at: number, value: number): void {
    if (value > 0xffff) throw new EncodeError(`an element of ${value} bytes does not fit its 16-bit length`);
    this.view.setUint16(at, value);
  }

  /** Overwrites four bytes written earlier. */
  patch32(at: number, value: number): void {
    this.view.setUint32(at, value);
  }

  /** Writes the size of the element that began at `start` into its 16-bit length at `at`. */
  patchSize(start: number, at = start + 2): void {
    this.patch16(at, this.at - start);
  }

  /** What was written, as a view that the next write may change. */
  peek(start = 0): Uint8Array {
    return this.slab.subarray(start, this.at);
  }

  /** What was written, for good: the writer goes on with other memory. */
  take(): Uint8Array {
    const taken = this.slab.subarray(0, this.at);
    this.slab = new Uint8Array(Math.min(this.slab.length, 65536));
    this.view = new DataView(this.slab.buffer);
    this.at = 0;
    return taken;
  }

  /** Forgets what was written, or what was written after `size`; the memory is used again. */
  reset(size = 0): void {
    this.at = size;
  }
}

const poolSize = 8192;
const largestPooledSize = 1024;
const shared = new Writer(4096);
let pool = new Uint8Array(0);
let pooled = 0;

/**
 * What `write` writes, as bytes that are never written to again. Small results lie side by side in memory that they keep alive
 * together: a buffer for each costs more than encoding does. Calls may nest.
 */
export function written(write: (w: Writer) => void): Uint8Array {
  const start = shared.size;
  try {
    write(shared);
    return kept(shared.peek(start));
  } finally {
    shared.reset(start);
  }
}

/** A copy of bytes that is never written to again. */
export function kept(bytes: Uint8Array): Uint8Array {
  if (bytes.length > largestPooledSize) return bytes.slice();
  if (pooled + bytes.length > pool.length) {
    pool = new Uint8Array(poolSize);
    pooled = 0;
  }
  pool.set(bytes, pooled);
  return pool.subarray(pooled, (pooled += bytes.length));
}
