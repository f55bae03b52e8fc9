// The gates before the figures: wrong work gives no figure.
import t from 'tap';
import { requireRoundTrips } from '../../bench/codec.js';
import { GateError, requireSame } from '../../bench/gate.js';
import { compiled, parsed, plainObjects } from '../../bench/workload.js';

const flowMods = () =>
  compiled(parsed(plainObjects({ ports: 4, portsPerNetwork: 2, portSecurity: true }))).flows.map(({ frame }) =>
    frame.slice(),
  );

void t.test('a message that does not survive decoding and encoding is refused', (t) => {
  const frames = flowMods();
  t.doesNotThrow(() => {
    requireRoundTrips(frames);
  });
  const withMatch = frames.findIndex((frame) => (frame[51] ?? 0) === 12);
  frames[withMatch]?.fill(0xff, 60, 64); // the padding of a match of 12 bytes
  t.throws(
    () => {
      requireRoundTrips(frames);
    },
    { name: GateError.name, message: `message ${withMatch} changes when it is decoded and encoded` },
  );
  t.end();
});

void t.test('lists that differ are refused, whatever their order', (t) => {
  t.doesNotThrow(() => {
    requireSame('flows', ['a', 'b', 'b'], ['b', 'a', 'b']);
  });
  t.throws(
    () => {
      requireSame('flows', ['a', 'a', 'c'], ['a', 'b']);
    },
    { message: 'flows: 1 missing (b), 2 surplus (a | c)' },
  );
  t.end();
});
