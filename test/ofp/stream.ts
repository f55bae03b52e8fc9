// Whether the framer gives back the messages of a stream, however the stream is cut.
import { Framer } from '../../src/ofp/index.js';

const chunkSizes = [1, 2, 7, 8, 9, 64, 1460, 65_536];

/** Whether a frame is as long as its header says, so that it can stand in a stream. */
export const isWhole = (frame: Uint8Array) =>
  frame.length >= 8 && new DataView(frame.buffer, frame.byteOffset).getUint16(2) === frame.length;

/** Puts whole frames behind each other, cuts the stream into pieces of random sizes, and tells whether the same frames come out. */
export function comesOutWhole(frames: readonly Uint8Array[], next: () => number): boolean {
  const stream = Buffer.concat(frames);
  const framer = new Framer();
  const size = chunkSizes[next() % chunkSizes.length] ?? 1;
  let at = 0;
  let count = 0;
  while (at < stream.length) {
    const end = at + (size === 1 ? 1 : 1 + (next() % size));
    for (const frame of framer.push(stream.subarray(at, end))) {
      const expected = frames[count++];
      if (!expected || Buffer.compare(frame, expected) !== 0) return false;
    }
    at = end;
  }
  return count === frames.length;
}
