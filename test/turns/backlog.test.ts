import t from 'tap';
import { Backlog } from '../../src/turns/backlog.js';

/** Work that keeps the event loop for so long, in milliseconds. */
function toil(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void t.test('what need not wait is dealt with at once', (t) => {
  const taken: number[] = [];
  const backlog = new Backlog<number>((item) => taken.push(item));
  backlog.push(1, false);
  backlog.push(2, false);
  t.same(taken, [1, 2]);
  t.end();
});

void t.test('what has to wait is taken in its order, a piece in each turn of the event loop', async (t) => {
  const taken: number[] = [];
  const backlog = new Backlog<number>((item) => {
    toil(3);
    taken.push(item);
  });
  const items = Array.from({ length: 20 }, (_, i) => i);
  for (const item of items) backlog.push(item, true);
  t.same(taken, [], 'not at once');
  await turn();
  backlog.push(items.push(items.length) - 1, false); // behind all others
  for (let before = taken.length; taken.length < items.length; before = taken.length) {
    await turn();
    t.ok(taken.length - before <= 3, `${taken.length - before} in one turn`);
  }
  t.same(taken, items);
  backlog.push(items.length, false);
  t.equal(taken.at(-1), items.length, 'at once again');
});

void t.test('what is forgotten is not taken', async (t) => {
  const taken: number[] = [];
  const backlog = new Backlog<number>((item) => {
    toil(20);
    taken.push(item);
    if (item === 2) backlog.clear();
  });
  for (const item of [1, 2, 3, 4]) backlog.push(item, true);
  while (!taken.includes(2)) await turn();
  backlog.push(5, true);
  while (!taken.includes(5)) await turn();
  t.same(taken, [1, 2, 5]);
});
