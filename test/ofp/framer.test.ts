// Whatever the cuts, the framer gives the same messages.
import fc from 'fast-check';
import t from 'tap';
import { DecodeError, Framer, hexOf } from '../../src/ofp/index.js';
import { splitInEveryWay } from './split.js';
import { bytesOf, ofctlFrames } from './vectors.js';

const frames = ofctlFrames();
const stream = bytesOf(frames.join(''));

function framesOf(chunks: Iterable<Uint8Array>): string[] {
  const framer = new Framer();
  const found: string[] = [];
  for (const chunk of chunks) for (const frame of framer.push(chunk)) found.push(hexOf(frame));
  return found;
}

const inPieces = function* (size: number) {
  for (let at = 0; at < stream.length; at += size) yield stream.subarray(at, at + size);
};

void t.test('pieces of every size from 1 to 100 bytes, and of 64 KiB, give the same messages', (t) => {
  for (const size of [...Array.from({ length: 100 }, (_, i) => i + 1), 65536]) t.same(framesOf(inPieces(size)), frames);
  t.end();
});

void t.test('one cut at every offset gives the same messages', (t) => {
  const short = bytesOf(frames.slice(0, 6).join(''));
  for (let cut = 0; cut <= short.length; cut++)
    t.same(framesOf([short.subarray(0, cut), short.subarray(cut)]), frames.slice(0, 6));
  t.end();
});

void t.test('2,000 messages come out of a stream cut at each byte, at every offset, and every 64 KiB', (t) => {
  const survived = splitInEveryWay(frames.map(bytesOf), 2000);
  t.same([...survived.values()], [2000, 2000, 2000]);
  t.end();
});

void t.test('random cuts give the same messages', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 50 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end));
      return framesOf(chunks).join() === frames.join();
    }),
    { numRuns: 200 },
  );
  t.end();
});

void t.test('a message handed out is never written to again', (t) => {
  const framer = new Framer();
  const kept: Uint8Array[] = [];
  for (const piece of inPieces(13)) for (const frame of framer.push(piece)) kept.push(frame);
  t.same(kept.map(hexOf), frames);
  t.equal(framer.held, 0);
  t.end();
});

void t.test('a length below eight ends the stream, in one piece or byte by byte', (t) => {
  const bad = bytesOf('0400000700000001');
  t.throws(() => framesOf([bad]), DecodeError);
  t.throws(() => framesOf([...bad].map((byte) => Uint8Array.of(byte))), DecodeError);
  t.end();
});
