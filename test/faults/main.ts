// `npm run faults`: real programs, one of which fails every few seconds; or a controller that is killed again and again; or a bridge
// that has a twin.
import t from 'tap';
import { count, positive, script } from '../../scripts/asked.js';
import { wholeOptions } from '../integration/controller-lab.js';
import { runKills } from './kills.js';
import { runFaults } from './run.js';
import { runTwin } from './twin.js';

const { minutes, seed, only, kills, twin } = script('faults', 'Has real programs fail at moments that a seed decides.')
  .option('--minutes <n>', 'for how long', positive, 5)
  .option('--seed <s>', 'the same failures in the same order', count, 1)
  .option('--only <words>', 'only the kinds whose names contain these words', '')
  .option('--kills <n>', 'instead: kills the controller so many times while a thousand ports come and go', count)
  .option(
    '--twin <n>',
    'instead: another bridge with the same datapath id comes again and again, for so many minutes',
    positive,
  )
  .parse()
  .opts<{
    readonly minutes: number;
    readonly seed: number;
    readonly only: string;
    readonly kills?: number;
    readonly twin?: number;
  }>();
t.setTimeout(kills === undefined ? ((twin ?? minutes) * 60 + 300) * 1000 : 0);

if (twin !== undefined) void t.test(`a twin for ${twin} minutes`, wholeOptions, (t) => runTwin(t, twin * 60));
else if (kills === undefined)
  void t.test(`faults for ${minutes} minutes, seed ${seed}`, wholeOptions, (t) =>
    runFaults(t, { seconds: minutes * 60, seed, isMeant: ({ name }) => name.includes(only) }),
  );
else void t.test(`${kills} kills, seed ${seed}`, wholeOptions, (t) => runKills(t, kills, seed));
