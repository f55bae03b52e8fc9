import t from 'tap';
import { holderOf, isNewer, nextGeneration, noGeneration } from '../../src/switch/generation.js';

const one = { machine: 0xbeef, pid: 4_194_303, start: 0x155 };
const other = { machine: 1, pid: 1, start: 0 };

void t.test('a generation id names its process', (t) => {
  for (const holder of [one, other]) t.same(holderOf(nextGeneration(noGeneration, holder)), holder);
  t.end();
});

void t.test('each takeover is newer than the last, also after more of them than are counted', (t) => {
  let last = noGeneration;
  for (let i = 0; i < 70_000; i += 1) {
    const next = nextGeneration(last, i % 2 === 0 ? one : other);
    if (last !== noGeneration && !isNewer(next, last)) t.fail(`${next.toString(16)} after ${last.toString(16)}`);
    last = next;
  }
  t.end();
});

void t.test('it follows whatever another controller has chosen', (t) => {
  for (const theirs of [0n, 7n, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_fffen])
    t.ok(isNewer(nextGeneration(theirs, other), theirs), theirs.toString(16));
  t.end();
});

void t.test('of two that follow the same one, one is newer, whoever comes first', (t) => {
  const [a, b] = [nextGeneration(5n, one), nextGeneration(5n, other)];
  t.not(isNewer(a, b), isNewer(b, a));
  t.end();
});
