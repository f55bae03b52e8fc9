// A switch that stands still for seconds while ports come and go, and one port that is written ten thousand times.
import t from 'tap';
import { runStopped } from '../faults/stopped.js';
import { wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

void t.test('what waits for a switch that stands still is bounded', wholeOptions, (t) => runStopped(t, 1));
