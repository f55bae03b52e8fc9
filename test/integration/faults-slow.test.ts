// One switch that reads 16 kB a second beside 99 that are well: those notice nothing, and it is named.
import t from 'tap';
import { median } from '../../bench/sample.js';
import { Crowd, slow } from '../faults/crowd.js';
import { until } from '../lab/process.js';
import { patienceMs, wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

const slowRate = 16_000;
/** How often each watched bridge changes before it counts, and while it counts. */
const [warmUps, rounds] = [3, 6];
/** So much longer may a change take on a busy machine before it counts as noticed: in the middle, and the longest. */
const [noticedMs, longMs] = [20, 2000];

const repeated = async (times: number, work: () => Promise<number[]>): Promise<number[]> => {
  const all: number[] = [];
  for (let time = 0; time < times; time++) all.push(...(await work()));
  return all;
};

void t.test('99 switches do not notice that one reads 16 kB a second', wholeOptions, async (t) => {
  const crowd = await Crowd.start(t, 99, 10);
  const { between, controller, site } = crowd;
  await repeated(warmUps, () => crowd.changes());
  const alone = await repeated(rounds, () => crowd.changes());

  between.rate = slowRate;
  await crowd.fill();
  await until('a commit is on its way', () => between.mods > 0, patienceMs);
  const beside = await repeated(rounds, () => crowd.changes());
  t.not((await crowd.differences()).length, 0, 'the slow one is still reading');
  const [before, after] = [median(alone), median(beside)];
  t.comment(
    `a change: ${before.toFixed(2)} ms, beside the slow one ${after.toFixed(2)} ms (medians of ${alone.length})`,
  );
  const [longest, longestBeside] = [Math.max(...alone), Math.max(...beside)];
  t.comment(`longest: ${longest.toFixed(2)} ms, beside the slow one ${longestBeside.toFixed(2)} ms`);
  t.ok(after < 2 * before + noticedMs, 'the others notice nothing');
  t.ok(longestBeside < longest + longMs, 'not once');

  const tooSlow = /too slow for bundles/;
  const isNamed = async (): Promise<boolean> =>
    tooSlow.test((await crowd.snapshots()).get(slow)?.problems.join() ?? '');
  await until('it is named', isNamed, patienceMs);
  await site.stands('chassis', `_operator/${slow}`, /^DEGRADED: .*too slow for bundles/, slow);
  const problems = [...(await crowd.snapshots()).values()].filter((one) => one.problems.length > 0);
  t.strictSame(
    problems.map(({ chassis }) => chassis),
    [slow],
    'it alone',
  );

  between.rate = Infinity;
  await until('it holds what it should', async () => (await crowd.differences()).length === 0, 2 * patienceMs);
  await until('it is no longer slow', async () => !(await isNamed()), patienceMs);
  t.equal(controller.said(tooSlow).filter(({ ['chassis']: chassis }) => chassis === slow).length, 1, 'said once');
  t.equal(controller.said(/switch disconnected/).length, 0, 'no connection was given up');
});
