// What binary-parser reads of a fixed structure is what code by hand reads, whatever the bytes.
import fc from 'fast-check';
import t from 'tap';
import { decode, DecodeError, encode } from '../../src/ofp/index.js';
import { parsePortStats, portStatsSize } from '../../src/ofp/fixed-structures.js';

function byHand(bytes: Uint8Array): object {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const counter = (index: number) => view.getBigUint64(8 + 8 * index);
  return {
    portNo: view.getUint32(0),
    rxPackets: counter(0),
    txPackets: counter(1),
    rxBytes: counter(2),
    txBytes: counter(3),
    rxDropped: counter(4),
    txDropped: counter(5),
    rxErrors: counter(6),
    txErrors: counter(7),
    rxFrameErr: counter(8),
    rxOverErr: counter(9),
    rxCrcErr: counter(10),
    collisions: counter(11),
    durationSec: view.getUint32(104),
    durationNsec: view.getUint32(108),
  };
}

const anyStats = fc.uint8Array({ minLength: portStatsSize, maxLength: portStatsSize });

void t.test('the counters of a port are read alike by binary-parser and by hand', (t) => {
  fc.assert(
    fc.property(anyStats, (bytes) => {
      t.same(parsePortStats(bytes), byHand(bytes));
    }),
    { numRuns: 300 },
  );
  t.end();
});

void t.test('a port whose counters are cut short is refused', (t) => {
  const entry = parsePortStats(new Uint8Array(portStatsSize));
  const frame = encode({ type: 'multipart_reply', kind: 'port_stats', more: false, entries: [entry] }, 1).slice(0, -1);
  new DataView(frame.buffer).setUint16(2, frame.length);
  t.throws(() => decode(frame), DecodeError);
  t.end();
});
