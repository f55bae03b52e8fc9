// `npm run faults -- --minutes N --seed S`: real programs, one of which fails every few seconds. `--only WORDS`: only the kinds whose
// names contain these words. `--kills N` instead kills the controller so many times while a thousand ports come and go.
import { parseArgs } from 'node:util';
import t from 'tap';
import { wholeOptions } from '../integration/controller-lab.js';
import { runKills } from './kills.js';
import { runFaults } from './run.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    kills: { type: 'string' },
  },
});
const [minutes, seed, kills] = [Number(values.minutes), Number(values.seed), Number(values.kills ?? 1)];
if (!(minutes > 0) || !Number.isInteger(seed) || !Number.isInteger(kills))
  throw new Error('--minutes needs a number of minutes, --seed and --kills a whole number');
t.setTimeout(values.kills === undefined ? (minutes * 60 + 300) * 1000 : 0);

if (values.kills === undefined)
  void t.test(`faults for ${minutes} minutes, seed ${seed}`, wholeOptions, (t) =>
    runFaults(t, { seconds: minutes * 60, seed, isMeant: ({ name }) => name.includes(values.only) }),
  );
else void t.test(`${kills} kills, seed ${seed}`, wholeOptions, (t) => runKills(t, kills, seed));
