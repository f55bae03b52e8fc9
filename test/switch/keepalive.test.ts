import t from 'tap';
import {
  defaultKeepalive,
  keepaliveHeard,
  keepaliveStalled,
  keepaliveStart,
  keepaliveTick,
  type Keepalive,
} from '../../src/switch/keepalive.js';

type Event = 'heard' | 'stalled' | 'resumed';

/** Ticks twice a second until `endMs`, with events and our own pauses at given times; returns what was asked for and when. */
function run(endMs: number, events: Record<number, Event>, asleep: readonly [number, number][] = []): string[] {
  let keepalive: Keepalive = keepaliveStart(0);
  const said: string[] = [];
  for (let nowMs = 500; nowMs <= endMs; nowMs += 500) {
    if (asleep.some(([from, to]) => nowMs > from && nowMs < to)) continue;
    const event = events[nowMs];
    if (event === 'heard') keepalive = keepaliveHeard(keepalive, nowMs);
    else if (event) keepalive = keepaliveStalled(keepalive, event === 'stalled', nowMs);
    const step = keepaliveTick(keepalive, nowMs, defaultKeepalive);
    keepalive = step.keepalive;
    if (step.verdict !== 'wait') said.push(`${step.verdict} ${nowMs}`);
    if (step.verdict === 'dead') break;
  }
  return said;
}

void t.test('a silent switch is probed after 5 s and dead after 15 s', (t) => {
  t.same(run(60_000, {}), ['probe 5000', 'dead 15000']);
  t.end();
});

void t.test('any byte counts as life, and the next silence is counted from it', (t) => {
  t.same(run(30_000, { 6000: 'heard' }), ['probe 5000', 'probe 11000', 'dead 21000']);
  t.same(run(30_000, { 4000: 'heard', 8000: 'heard', 14_000: 'heard' }), ['probe 13000', 'probe 19000', 'dead 29000']);
  t.end();
});

void t.test('a stalled switch is probed but never dead, and has the full time once it is back', (t) => {
  t.same(run(100_000, { 6000: 'stalled' }), ['probe 5000', 'probe 11000']);
  t.same(run(200_000, { 6000: 'stalled', 100_000: 'resumed' }), [
    'probe 5000',
    'probe 11000',
    'probe 105000',
    'dead 115000',
  ]);
  t.end();
});

void t.test('a pause of our own is not held against the switch', (t) => {
  t.same(run(40_000, {}, [[1000, 21_000]]), ['probe 25000', 'dead 35000']);
  t.same(run(40_000, {}, [[6000, 26_000]]), ['probe 5000', 'dead 35000']);
  t.end();
});
