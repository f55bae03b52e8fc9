// The framer against long streams: whatever the cuts, the same messages come out in the same order.
import { Framer } from '../../src/ofp/index.js';

const xidAt = 4;
const blockSize = 65_536;
const mostCuts = 512;

/** The seeds in turn, each time with another xid, so that no two messages of a stream are the same. */
export function* numbered(seeds: readonly Uint8Array[], count: number): Generator<Uint8Array, void> {
  for (let i = 0; i < count; i++) {
    const frame = seeds[i % seeds.length]?.slice() ?? new Uint8Array(0);
    new DataView(frame.buffer).setUint32(xidAt, i);
    yield frame;
  }
}

/** A stream of frames in pieces of one size; the last may be smaller. */
function* pieces(frames: Iterable<Uint8Array>, size: number): Generator<Uint8Array, void> {
  let piece = new Uint8Array(size);
  let filled = 0;
  for (const frame of frames)
    for (let at = 0; at < frame.length;) {
      const taken = frame.subarray(at, at + size - filled);
      at += taken.length;
      if (taken.length === size) {
        yield taken;
        continue;
      }
      piece.set(taken, filled);
      filled += taken.length;
      if (filled < size) continue;
      yield piece;
      piece = new Uint8Array(size);
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** How many of the expected frames come out, in order, before one that is another or none. */
function framesComingOut(pushed: Iterable<Uint8Array>, expected: Iterator<Uint8Array, void>): number {
  const framer = new Framer();
  let count = 0;
  for (const piece of pushed)
    for (const frame of framer.push(piece)) {
      const { value } = expected.next();
      if (!value || Buffer.compare(frame, value) !== 0) return count;
      count++;
    }
  return framer.held === 0 ? count : 0;
}

// One frame and the next, cut once: at every offset of the first, of a long one at 512 offsets.
function survivesEveryCut(frame: Uint8Array, next: Uint8Array): boolean {
  const stream = Buffer.concat([frame, next]);
  const step = Math.ceil(frame.length / mostCuts);
  for (let cut = 1; cut <= frame.length; cut += step) {
    const both = [stream.subarray(0, cut), stream.subarray(cut)];
    if (framesComingOut(both, [frame, next].values()) !== 2) return false;
  }
  return true;
}

function survivingEveryCut(seeds: readonly Uint8Array[], count: number): number {
  const others = numbered(seeds, count + 1);
  others.next();
  let survived = 0;
  for (const frame of numbered(seeds, count)) {
    const { value } = others.next();
    if (value && survivesEveryCut(frame, value)) survived++;
  }
  return survived;
}

/** Cuts streams of `count` messages in each of three ways; gives, by way, how many messages came out as they were. */
export function splitInEveryWay(seeds: readonly Uint8Array[], count: number): ReadonlyMap<string, number> {
  const inPieces = (size: number) => framesComingOut(pieces(numbered(seeds, count), size), numbered(seeds, count));
  return new Map([
    ['one byte at a time', inPieces(1)],
    ['in blocks of 64 KiB', inPieces(blockSize)],
    ['cut once, at every offset', survivingEveryCut(seeds, count)],
  ]);
}
