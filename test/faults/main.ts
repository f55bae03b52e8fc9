// `npm run faults`: real programs, one of which fails every few seconds; or a controller that is killed again and again.
import t from 'tap';
import { count, positive, script } from '../../scripts/asked.js';
import { wholeOptions } from '../integration/controller-lab.js';
import { runKills } from './kills.js';
import { runFaults } from './run.js';

const { minutes, seed, only, kills } = script('faults', 'Has real programs fail at moments that a seed decides.')
  .option('--minutes <n>', 'for how long', positive, 5)
  .option('--seed <s>', 'the same failures in the same order', count, 1)
  .option('--only <words>', 'only the kinds whose names contain these words', '')
  .option('--kills <n>', 'instead: kills the controller so many times while a thousand ports come and go', count)
  .parse()
  .opts<{ readonly minutes: number; readonly seed: number; readonly only: string; readonly kills?: number }>();
t.setTimeout(kills === undefined ? (minutes * 60 + 300) * 1000 : 0);

if (kills === undefined)
  void t.test(`faults for ${minutes} minutes, seed ${seed}`, wholeOptions, (t) =>
    runFaults(t, { seconds: minutes * 60, seed, isMeant: ({ name }) => name.includes(only) }),
  );
else void t.test(`${kills} kills, seed ${seed}`, wholeOptions, (t) => runKills(t, kills, seed));
