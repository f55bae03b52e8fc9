import t from 'tap';
import { nextDelayMs } from '../../src/switch/backoff.js';

const rule = { firstMs: 1000, maxMs: 8000 };

/** The waits of a history: per dial, how long the connection was ready (undefined: it never was). */
function waits(history: readonly (number | undefined)[]): number[] {
  let delayMs = 0;
  return history.map((readyForMs) => (delayMs = nextDelayMs(rule, delayMs, readyForMs)));
}

void t.test('failures double the wait up to the longest', (t) => {
  t.same(waits([undefined, undefined, undefined, undefined, undefined]), [1000, 2000, 4000, 8000, 8000]);
  t.end();
});

void t.test('a connection that held makes the next wait short again', (t) => {
  t.same(waits([undefined, undefined, 60_000, undefined]), [1000, 2000, 1000, 2000]);
  t.end();
});

void t.test('a connection that is dropped at once counts as a failure', (t) => {
  t.same(waits([10, 10, 10, 10]), [1000, 2000, 4000, 8000]);
  t.end();
});
