// Mutations of real frames, and what decoding makes of them.
import { decode, DecodeError, encode, EncodeError, hexOf } from '../../src/ofp/index.js';
import { comesOutWhole, isWhole } from './stream.js';

/** A generator of 32-bit numbers that a seed determines (xorshift). */
export function random(seed: number): () => number {
  let state = seed * 2654435761 || 88172645;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const interesting = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 0x7f, 0x80, 0xfe, 0xff, 0xffff, 0xff00, 0x0101];
const maxFrame = 0xffff;
const alignment = 8;

function setLength(frame: Uint8Array): Uint8Array {
  if (frame.length >= 4) new DataView(frame.buffer, frame.byteOffset).setUint16(2, frame.length);
  return frame;
}

function changeBytes(frame: Uint8Array, next: () => number): Uint8Array {
  const copy = frame.slice();
  for (let n = 1 + (next() % 4); n > 0; n--) {
    const at = next() % copy.length;
    const value = interesting[next() % interesting.length] ?? 0;
    if (next() % 3 === 0 || at + 1 >= copy.length) copy[at] = next();
    else new DataView(copy.buffer).setUint16(at, value);
  }
  return next() % 2 ? setLength(copy) : copy;
}

function splice(frame: Uint8Array, other: Uint8Array, next: () => number): Uint8Array {
  const head = frame.subarray(0, 8 + (next() % Math.max(1, frame.length - 7)));
  const tail = other.subarray(next() % other.length);
  const joined = new Uint8Array(Math.min(maxFrame, head.length + tail.length));
  joined.set(head.subarray(0, joined.length));
  joined.set(tail.subarray(0, joined.length - head.length), head.length);
  return setLength(joined);
}

// A whole frame's tail many times over, up to the greatest frame there is.
function repeat(frame: Uint8Array, next: () => number): Uint8Array {
  const from = 8 + (next() % Math.max(1, frame.length - 8));
  const piece = frame.subarray(from);
  const out = new Uint8Array(maxFrame);
  out.set(frame);
  for (let at = frame.length; at < maxFrame; at += Math.max(1, piece.length))
    out.set(piece.subarray(0, maxFrame - at), at);
  return setLength(out);
}

/** One mutation of a frame. */
export function mutate(frame: Uint8Array, other: Uint8Array, next: () => number): Uint8Array {
  switch (next() % 64) {
    case 0:
      return repeat(frame, next);
    case 1:
    case 2:
    case 3:
      return setLength(frame.slice(0, next() % (frame.length + 1)));
    case 4:
    case 5:
    case 6:
    case 7:
      return changeBytes(splice(frame, other, next), next);
    default:
      return changeBytes(frame, next);
  }
}

/** A frame on which something went wrong. */
export interface Finding {
  readonly hex: string;
  readonly why: string;
}

/** What a run has seen. */
export interface FuzzReport {
  frames: number;
  decoded: number;
  refused: number;
  /** Decoded, and too long to be encoded again with the padding that they lacked at their end. */
  tooLong: number;
  slowestMs: number;
  /** The frame that took longest. */
  slowest: Uint8Array | undefined;
  /** Frames that went through the framer in a stream, and streams from which others came out. */
  streamed: number;
  miscut: number;
  readonly crashes: Finding[];
  /** Decoded, encoded and decoded again to something else. */
  readonly unstable: Finding[];
}

const suspiciousMs = 2;
const retries = 5;

function timed(frame: Uint8Array): number {
  const start = performance.now();
  try {
    decode(frame);
  } catch {
    // Only the time counts here.
  }
  return performance.now() - start;
}

// A garbage collection is not the decoder's time: a slow frame is decoded again and again, the least counts.
const leastMs = (frame: Uint8Array) => Math.min(...Array.from({ length: retries }, () => timed(frame)));

function isStable(message: ReturnType<typeof decode>): boolean {
  const once = encode(message.message, message.xid);
  const twice = decode(once);
  return hexOf(encode(twice.message, twice.xid)) === hexOf(once);
}

function tryFrame(frame: Uint8Array, report: FuzzReport): void {
  const start = performance.now();
  try {
    const decoded = decode(frame);
    report.decoded++;
    if (!isStable(decoded)) report.unstable.push({ hex: hexOf(frame), why: 'not stable' });
  } catch (error) {
    if (error instanceof DecodeError) report.refused++;
    else if (error instanceof EncodeError && frame.length > maxFrame - alignment) report.tooLong++;
    else report.crashes.push({ hex: hexOf(frame), why: String(error) });
  }
  if (performance.now() - start < suspiciousMs) return;
  const ms = leastMs(frame);
  if (ms <= report.slowestMs) return;
  report.slowestMs = ms;
  report.slowest = frame;
}

const streamLength = 50;

/** Decodes mutations of the seeds. `at` is told before each frame how many are done. */
export function fuzz(
  seeds: readonly Uint8Array[],
  frames: number,
  seed: number,
  at: (done: number) => void = () => undefined,
): FuzzReport {
  const next = random(seed);
  const report: FuzzReport = {
    frames,
    decoded: 0,
    refused: 0,
    tooLong: 0,
    slowestMs: 0,
    slowest: undefined,
    streamed: 0,
    miscut: 0,
    crashes: [],
    unstable: [],
  };
  const cuts = random(seed + 1);
  let stream: Uint8Array[] = [];
  for (let i = 0; i < frames; i++) {
    at(i);
    const frame = seeds[next() % seeds.length];
    const other = seeds[next() % seeds.length];
    if (!frame || !other) continue;
    const mutated = mutate(frame, other, next);
    tryFrame(mutated, report);
    if (isWhole(mutated)) stream.push(mutated);
    if (stream.length < streamLength && i < frames - 1) continue;
    report.streamed += stream.length;
    if (!comesOutWhole(stream, cuts)) report.miscut++;
    stream = [];
  }
  return report;
}
