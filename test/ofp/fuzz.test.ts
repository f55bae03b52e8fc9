// A short run of scripts/fuzz.ts: whatever a peer sends, decoding ends in time, with a message or a DecodeError.
import t from 'tap';
import { fuzz } from './mutate.js';
import { encode } from '../../src/ofp/index.js';
import { chanceOf } from './random/chance.js';
import { randomMessages } from './random/messages.js';
import { bytesOf, dumps, ofctlFrames } from './vectors.js';

const chance = chanceOf(1);
const recorded = [...ofctlFrames(), ...dumps('ovs-vswitchd-flows').map(({ frame }) => frame)].map(bytesOf);
const seeds = [...recorded, ...[...randomMessages.values()].map((make) => encode(make(chance), 1).slice())];

void t.test(
  '20,000 mutated frames of every kind: no crash, the same frames from a stream cut anywhere, no decode beyond 5 ms, what decodes is encoded stably',
  (t) => {
    const report = fuzz(seeds, 20_000, 2026);
    t.same(report.crashes, []);
    t.same(report.unstable, []);
    t.equal(report.miscut, 0);
    t.ok(report.streamed > 5000);
    t.ok(report.slowestMs < 5, `slowest ${report.slowestMs} ms`);
    t.ok(report.decoded > 5000);
    t.ok(report.refused > 5000);
    t.end();
  },
);
