import t from 'tap';
import { inSlices, soon } from '../../src/turns/slices.js';

/** Work that keeps the event loop for so long, in milliseconds. */
function toil(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void t.test('pieces of work have a turn of the event loop each, in their order', async (t) => {
  const done: string[] = [];
  for (const name of ['a', 'b', 'c'])
    soon(() => {
      done.push(name);
      if (name === 'a') soon(() => done.push('after a'));
    });
  t.same(done, []);
  for (const length of [1, 2, 3, 4]) {
    await turn();
    t.equal(done.length, length);
  }
  t.same(done, ['a', 'b', 'c', 'after a']);
});

void t.test('long work lets others have their turn, and gives its result', async (t) => {
  let turns = 0;
  const others = setInterval(() => turns++, 0);
  const result = await inSlices(
    (function* () {
      for (let step = 0; step < 10; step++) {
        toil(5);
        yield;
      }
      return 'done';
    })(),
  );
  clearInterval(others);
  t.equal(result, 'done');
  t.ok(turns >= 3, `${turns} turns`);
});
