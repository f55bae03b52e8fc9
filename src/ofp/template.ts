// Messages of one shape: encoded once, then copied, with the bits patched that differ.
import { encode } from './codec.js';
import type { Message } from './messages.js';
import { EncodeError, kept, type Writer } from './writer.js';

/** Bytes of the message that hold bits of one parameter. */
interface Slot {
  /** The index of the parameter; `xidParameter` is the xid. */
  readonly parameter: number;
  readonly at: number;
  readonly size: 1 | 2 | 4;
  /** What the parameter is divided by to have these bits lowest. */
  readonly divisor: number;
  /** What these bytes hold beside the parameter. */
  readonly constant: number;
  /** The smallest number that the parameter cannot hold. */
  readonly limit: number;
}

const xidParameter = -1;
const xidBits = 32;
const largestBits = 53;

const bitAt = (bytes: Uint8Array, bit: number) => ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;

/** The bits, counted from the message's first, in which two messages differ. */
function differences(a: Uint8Array, b: Uint8Array): number[] {
  if (a.length !== b.length) throw new EncodeError('no template: the size of the message depends on its numbers');
  return Array.from({ length: a.length * 8 }, (_, bit) => bit).filter((bit) => bitAt(a, bit) !== bitAt(b, bit));
}

/** The fewest slots that hold `bits` bits and end before byte `end`. */
function slotsBefore(end: number, bits: number, parameter: number, base: Uint8Array): Slot[] {
  const slots: Slot[] = [];
  for (let done = 0; done < bits;) {
    const left = Math.ceil((bits - done) / 8);
    const size = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const at = end - done / 8 - size;
    const constant = base.subarray(at, at + size).reduce((sum, byte) => sum * 256 + byte, 0);
    slots.push({ parameter, at, size, divisor: 2 ** done, constant, limit: 2 ** bits });
    done += 8 * size;
  }
  return slots;
}

/** Where a parameter of `bits` bits stands: it ends where setting its lowest bit alone shows. */
function slotsOf(parameter: number, bits: number, base: Uint8Array, probe: (value: number) => Uint8Array): Slot[] {
  if (!(bits >= 1 && bits <= largestBits)) throw new EncodeError(`no template: a number of ${bits} bits`);
  const lowest = differences(base, probe(1));
  if (lowest.length === 0 || lowest.some((at) => at % 8 !== 7))
    throw new EncodeError(`no template: number ${parameter} does not end with a byte of the message`);
  const slots = lowest.flatMap((at) => slotsBefore((at + 1) / 8, bits, parameter, base));
  for (const value of telling(bits))
    if (differences(patched(base, slots, value), probe(value)).length > 0)
      throw new EncodeError(`no template: a bit of number ${parameter} is not beside the bit before it`);
  return slots;
}

/** Numbers of which no two bits are the same in all: all ones, and those bits whose place has a certain bit. */
function telling(bits: number): number[] {
  const places = Array.from({ length: bits }, (_, place) => place);
  const sum = (chosen: readonly number[]) => chosen.reduce((total, place) => total + 2 ** place, 0);
  const digits = Array.from({ length: Math.ceil(Math.log2(bits)) }, (_, digit) => digit);
  return [sum(places), ...digits.map((digit) => sum(places.filter((place) => (place >> digit) & 1)))];
}

function patched(base: Uint8Array, slots: readonly Slot[], value: number): Uint8Array {
  const bytes = base.slice();
  for (const slot of slots) patch(bytes, slot, value);
  return bytes;
}

function patch(bytes: Uint8Array, { parameter, at, size, divisor, constant, limit }: Slot, value: number): void {
  if (!(value >= 0 && value < limit)) throw new EncodeError(`number ${parameter} cannot be ${value}`);
  // Byte by byte: for so few a DataView takes longer.
  const bits = constant | (divisor === 1 ? value : value / divisor);
  if (size === 4) {
    bytes[at] = bits >>> 24;
    bytes[at + 1] = bits >>> 16;
  }
  if (size !== 1) bytes[at + size - 2] = bits >>> 8;
  bytes[at + size - 1] = bits;
}

/** A message of which some numbers are left open, for many messages that differ in nothing else. */
export class Template {
  /** The message with the numbers that it was given last. */
  readonly #bytes: Uint8Array;
  readonly #slots: readonly Slot[];

  /**
   * Finds by itself where the numbers that `make` is given stand in the bytes, be it in several places: it encodes the message with
   * a few values of each, by which any two of its bits are told apart. `bits` says how many each has, 1 to 53. Throws EncodeError if
   * a number is not written as it is: one that decides what is written, a mask that is left out when it is zero.
   */
  constructor(bits: readonly number[], make: (...numbers: number[]) => Message) {
    const zeros = bits.map(() => 0);
    const base = encode(make(...zeros), 0);
    this.#bytes = base.slice();
    this.#slots = [
      ...slotsOf(xidParameter, xidBits, base, (xid) => encode(make(...zeros), xid)),
      ...bits.flatMap((length, i) => slotsOf(i, length, base, (value) => encode(make(...zeros.with(i, value)), 0))),
    ];
  }

  /** Bytes of each message. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The message with these whole numbers, as `encode` gives it. Throws EncodeError on one of too many bits. */
  message(xid: number, numbers: readonly number[]): Uint8Array {
    return kept(this.#filled(xid, numbers));
  }

  /** Writes the message with these whole numbers behind what the writer holds. Throws EncodeError on one of too many bits, and then nothing is written. */
  write(w: Writer, xid: number, numbers: readonly number[]): void {
    w.bytes(this.#filled(xid, numbers));
  }

  /** Each number is put in its places, all of which are written anew. */
  #filled(xid: number, numbers: readonly number[]): Uint8Array {
    // An index, for an iterator costs as much as the copy.
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i];
      if (slot) patch(this.#bytes, slot, slot.parameter === xidParameter ? xid : (numbers[slot.parameter] ?? NaN));
    }
    return this.#bytes;
  }
}
