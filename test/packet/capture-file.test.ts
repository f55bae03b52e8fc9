// Capture files of every kind give the same packets; what is cut short is named.
import t from 'tap';
import { CaptureProblem, capturedPackets, isCapture } from '../../src/packet/capture-file.js';
import { block, pcap, words } from './captures.js';

const packets = ['00', '0102', '030405', '06070809'].map((hex) => Buffer.from(hex, 'hex'));
const hexOf = (file: Uint8Array) => [...capturedPackets(file)].map(({ bytes }) => Buffer.from(bytes).toString('hex'));
const timesOf = (file: Uint8Array) => [...capturedPackets(file)].map(({ timeNs }) => timeNs);

void t.test('pcap of either byte order, with micro- and nanoseconds', (t) => {
  for (const littleEndian of [true, false])
    for (const nanoseconds of [true, false]) {
      const file = pcap(packets, { littleEndian, nanoseconds, linkType: 101 });
      t.ok(isCapture(file));
      t.same(hexOf(file), ['00', '0102', '030405', '06070809']);
      const tick = nanoseconds ? 1n : 1000n;
      t.same(
        timesOf(file),
        [0n, 1n, 2n, 3n].map((i) => i * 1_000_000_000n + i * tick),
      );
      t.same(
        [...capturedPackets(file)].map(({ linkType }) => linkType),
        [101, 101, 101, 101],
      );
    }
  t.end();
});

/** A section with one interface, whose options are given, and a packet each in an enhanced and a simple block. */
function section(littleEndian: boolean, options: Uint8Array, ticks: number): Buffer {
  const b = (type: number, ...body: Uint8Array[]) => block(littleEndian, type, Buffer.concat(body));
  const w = (...numbers: readonly (readonly [number, number])[]) => words(littleEndian, ...numbers);
  return Buffer.concat([
    b(0x0a0d0d0a, w([0x1a2b3c4d, 4], [1, 2], [0, 2]), Buffer.alloc(8, 0xff)),
    b(1, w([113, 2], [0, 2], [0, 4]), options),
    b(0x0bad, Buffer.from('unknown')),
    b(6, w([0, 4], [Math.floor(ticks / 2 ** 32), 4], [ticks % 2 ** 32, 4], [3, 4], [9, 4]), Buffer.from('abc')),
    b(3, w([2, 4]), Buffer.from('de')),
  ]);
}

void t.test('pcapng: sections of either byte order, resolutions, offsets, simple packets', (t) => {
  const none = new Uint8Array();
  const nanoseconds = words(true, [9, 2], [1, 2], [9, 1], [0, 3], [0, 2], [0, 2]);
  const binary = words(false, [9, 2], [1, 2], [0x80 | 10, 1], [0, 3], [14, 2], [8, 2], [0, 4], [100, 4]);
  const file = Buffer.concat([
    section(true, none, 5_000_001),
    section(true, nanoseconds, 2 ** 33 + 7),
    section(false, binary, 1536),
  ]);
  t.ok(isCapture(file));
  t.same(hexOf(file), ['616263', '6465', '616263', '6465', '616263', '6465']);
  t.same(timesOf(file), [5_000_001_000n, undefined, 2n ** 33n + 7n, undefined, 101_500_000_000n, undefined]);
  t.same(new Set([...capturedPackets(file)].map(({ linkType }) => linkType)), new Set([113]));
  t.end();
});

void t.test('a file cut anywhere gives the packets before the cut, and says where it breaks off', (t) => {
  for (const file of [pcap(packets), section(true, new Uint8Array(), 1)]) {
    const whole = hexOf(file);
    for (let size = 0; size < file.length; size++) {
      const found: string[] = [];
      try {
        for (const { bytes } of capturedPackets(file.subarray(0, size))) found.push(Buffer.from(bytes).toString('hex'));
      } catch (error) {
        if (!(error instanceof CaptureProblem)) throw error;
      }
      t.same(found, whole.slice(0, found.length));
    }
  }
  t.throws(() => hexOf(Buffer.from('0414000800000001', 'hex')), /neither pcap nor pcapng at byte 0/);
  t.throws(() => hexOf(pcap(packets).subarray(0, 45)), /a packet cut short at byte 41/);
  t.end();
});
