// A stream comes out in order and once, whatever the network did to its segments.
import fc from 'fast-check';
import t from 'tap';
import type { TcpSegment } from '../../src/packet/tcp-segment.js';
import { TcpStream, type StreamPiece } from '../../src/packet/tcp-stream.js';

const stream = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
const base = { from: 'a', to: 'b', fromPort: 1, toPort: 2, fin: false, rst: false } as const;
const firstSeq = 0xffff_ff80; // the sequence numbers start over within the stream
const seqAt = (at: number) => (firstSeq + at) >>> 0;

const segment = (start: number, end: number): TcpSegment => ({
  ...base,
  syn: false,
  seq: seqAt(start),
  payload: stream.subarray(start, end),
  size: end - start,
});
const syn: TcpSegment = { ...base, syn: true, seq: seqAt(-1), payload: new Uint8Array(), size: 0 };

function pieces(segments: readonly TcpSegment[], limitSize?: number): StreamPiece[] {
  const tcp = new TcpStream(limitSize);
  return [...segments.flatMap((each) => tcp.push(each)), ...tcp.end()];
}

/** Bytes, with a dot for each that is missing and a bar where a connection begins. */
const textOf = (found: readonly StreamPiece[]): string =>
  found
    .map((piece) =>
      piece.kind === 'bytes'
        ? Buffer.from(piece.bytes).toString('hex')
        : piece.kind === 'gap'
          ? '..'.repeat(piece.size)
          : piece.isWhole
            ? '|'
            : '~',
    )
    .join('');
const hex = (start: number, end: number) => Buffer.from(stream.subarray(start, end)).toString('hex');

void t.test('cuts, repetitions, overlaps and any order give the stream', (t) => {
  const at = fc.integer({ min: 0, max: stream.length - 1 });
  const extra = fc
    .tuple(at, fc.integer({ min: 1, max: 40 }))
    .map(([start, size]) => segment(start, Math.min(stream.length, start + size)));
  const cover = fc.uniqueArray(at, { maxLength: 40 }).map((cuts) => {
    const ends = [...new Set([0, ...cuts, stream.length])].sort((a, b) => a - b);
    return ends.slice(1).map((end, i) => segment(ends[i] ?? 0, end));
  });
  fc.assert(
    fc.property(
      fc.tuple(cover, fc.array(extra, { maxLength: 20 })).chain(([cut, more]) => {
        const all = [...cut, ...more];
        return fc.shuffledSubarray(all, { minLength: all.length });
      }),
      (segments) => textOf(pieces([syn, ...segments])) === `|${hex(0, stream.length)}`,
    ),
  );
  t.end();
});

void t.test('bytes that never come are a gap of their size, when nothing more comes or too much waits', (t) => {
  const lossy = [syn, segment(0, 10), segment(20, 30), segment(25, 40), segment(50, 60)];
  const expected = `|${hex(0, 10)}${'..'.repeat(10)}${hex(20, 40)}${'..'.repeat(10)}${hex(50, 60)}`;
  t.equal(textOf(pieces(lossy)), expected);
  const tcp = new TcpStream(20);
  t.equal(textOf([syn, segment(0, 10), segment(20, 40)].flatMap((each) => tcp.push(each))), `|${hex(0, 10)}`);
  t.equal(textOf(tcp.push(segment(50, 60))), `${'..'.repeat(10)}${hex(20, 40)}`, 'more than 20 bytes waited');
  t.equal(textOf(tcp.push(segment(40, 50))), hex(40, 60));
  t.end();
});

void t.test('what the capture cut off a packet is a gap', (t) => {
  const cut = { ...segment(10, 30), payload: stream.subarray(10, 15) };
  t.equal(
    textOf(pieces([syn, segment(0, 10), cut, segment(30, 40)])),
    `|${hex(0, 15)}${'..'.repeat(15)}${hex(30, 40)}`,
  );
  t.end();
});

void t.test('a capture may begin in the middle, and a new connection of the same ports begins anew', (t) => {
  const again = { ...syn, seq: 1000 };
  const next = { ...segment(0, 5), seq: 1001 };
  t.equal(
    textOf(pieces([segment(5, 10), segment(10, 20), syn, syn, segment(0, 5), again, next])),
    `~${hex(5, 20)}|${hex(0, 5)}|${hex(0, 5)}`,
  );
  t.equal(textOf(pieces([syn, segment(0, 5), syn, segment(5, 9)])), `|${hex(0, 9)}`, 'a repeated SYN is none');
  t.end();
});
