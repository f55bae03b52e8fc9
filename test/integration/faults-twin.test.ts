// Half a minute of two bridges with one datapath id; `npm run faults -- --twin 3` does it for minutes.
import t from 'tap';
import { runTwin } from '../faults/twin.js';
import { wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

void t.test('of two bridges with one datapath id the first is served, without flapping', wholeOptions, (t) =>
  runTwin(t, 30),
);
