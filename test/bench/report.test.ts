// What a benchmark says of its samples: statistics, goals, tables.
import t from 'tap';
import { controlNote, figureText, verdict } from '../../bench/report.js';
import { difference, median, partMedians, percentile, ratios, Samples } from '../../bench/sample.js';

void t.test('the middle of an even number of values lies between two', (t) => {
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([5, 1, 3]), 3);
  t.equal(percentile([1, 2, 3, 4], 0.99), 4);
  t.end();
});

void t.test('ratios compare values of one round', (t) => {
  t.same(ratios([10, 40, 30], [5, 10, 10]), { median: 3, min: 2, max: 4 });
  t.equal(difference([1, 1], [2, 2]), 0.5);
  t.end();
});

void t.test('a run is cut into parts of equal length, the last of which may be shorter', (t) => {
  t.same(partMedians([1, 2, 3, 10, 20, 30, 5], 3), [2, 20, 5]);
  t.same(partMedians([7, 8], 5), [7, 8]);
  t.end();
});

void t.test('a goal is met, or missed by how much', (t) => {
  t.equal(verdict({ kind: 'at most', ratio: 2 }, 1.5), 'goal at most 2x: met');
  t.equal(verdict({ kind: 'at most', ratio: 2 }, 3), 'goal at most 2x: MISSED by 50 %');
  t.equal(verdict({ kind: 'at least', ratio: 100 }, 50), 'goal at least 100x: MISSED by 100 %');
  t.end();
});

void t.test('a control that differs too much is said to', (t) => {
  t.notMatch(controlNote(0.04), /too busy/);
  t.match(controlNote(0.2), /20 %.*too busy/);
  t.end();
});

void t.test('a table has its columns aligned and repeats nothing', (t) => {
  const ratio = { of: 'the bound', spread: { median: 2, min: 1, max: 3 } };
  const text = figureText({
    bench: 'x',
    title: 'title',
    lines: [
      { what: 'work', peer: 'a', value: '1 ms', ratios: [] },
      { what: 'work', peer: 'longer', value: '2 ms', ratios: [ratio] },
    ],
    notes: ['a note'],
  });
  t.equal(text, 'title\n  work  a       1 ms\n        longer  2 ms  2x the bound (1–3)\n  · a note\n');
  t.end();
});

void t.test('samples are handed on as they come, and found again', (t) => {
  const told: number[] = [];
  const samples = new Samples(({ value }) => told.push(value));
  const sample = { bench: 'b', metric: 'm', peer: 'p', n: 1, round: 0, unit: 'ms' };
  samples.add({ ...sample, value: 7 });
  samples.add({ ...sample, peer: 'q', value: 8 });
  t.same(told, [7, 8]);
  t.same(samples.values('b', 'm', 'p'), [7]);
  t.end();
});
