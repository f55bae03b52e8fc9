// A few seconds of what `npm run faults` does for as long as anybody likes.
import t from 'tap';
import { runFaults } from '../faults/run.js';
import { wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

void t.test('whatever fails, the switch comes to hold what it should', wholeOptions, (t) =>
  runFaults(t, { seed: 1, seconds: 20, isMeant: ({ isSlow }) => isSlow === undefined }),
);
