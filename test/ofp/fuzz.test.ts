// A short run of scripts/fuzz.ts: whatever a peer sends, decoding ends in time, with a message or a DecodeError.
import t from 'tap';
import { fuzz } from './mutate.js';
import { bytesOf, dumps, ofctlFrames } from './vectors.js';

const seeds = [...ofctlFrames(), ...dumps('ovs-vswitchd-flows').map(({ frame }) => frame)].map(bytesOf);

void t.test('20,000 mutated frames: no crash, no decode beyond 5 ms, what decodes is encoded stably', (t) => {
  const report = fuzz(seeds, 20_000, 2026);
  t.same(report.crashes, []);
  t.same(report.unstable, []);
  t.ok(report.slowestMs < 5, `slowest ${report.slowestMs} ms`);
  t.ok(report.decoded > 5000);
  t.ok(report.refused > 5000);
  t.end();
});
