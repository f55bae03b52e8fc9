// The controller is killed again and again while a thousand ports come and go: nothing may be lost, and what it finds it takes over.
import type { Test } from 'tap';
import { machineText } from '../../bench/machine.js';
import { cpuMs } from '../../bench/processor-time.js';
import { type Chance, chanceOf } from '../ofp/random/chance.js';
import { churnDuring } from './churn.js';
import { moment } from './moment.js';
import { steps } from './of-programs.js';
import { populated } from './populated.js';
import type { FaultSite } from './site.js';

/** So long may it take from the restart until the switch is right again, in milliseconds. */
const promisedMs = 2000;
/** The longest pause between two writes, in milliseconds. */
const pauseMs = 5;

/** Kills it at a moment, or at a step of a commit. */
async function kill(site: FaultSite, chance: Chance): Promise<void> {
  const end = (): void => void site.controller.stop('SIGKILL');
  if (chance.oneIn(2)) await site.between.cutAt(chance.pick(steps), chance.oneIn(2), end);
  else await moment(chance, 300);
  await site.controller.stop('SIGKILL');
  await moment(chance, 200);
}

/** How long a restart took until the new process said its first word, and until all was right, in milliseconds. */
interface Restart {
  readonly begunMs: number;
  readonly rightMs: number;
  /** The processor time that it took until then. */
  readonly cpuMs: number;
  /** Whether the status spoke of the last write when something was still missing. */
  readonly isEarly: boolean;
}

/** Starts it again, and waits until all is right. */
async function restarted(site: FaultSite): Promise<Restart> {
  const [startedMs, startedAt] = [performance.now(), Date.now()];
  const controller = site.startController();
  await site.acknowledged();
  const knownMs = performance.now() - startedMs;
  const begunMs = Date.parse(String(controller.log[0]?.['time'])) - startedAt;
  const restart = { begunMs, rightMs: knownMs, cpuMs: cpuMs(controller.pid ?? 0), isEarly: false };
  if ((await site.differences()).length === 0) return restart;
  await site.converged();
  return { ...restart, rightMs: performance.now() - startedMs, isEarly: true };
}

/** Kills it so many times, and asserts. */
export async function runKills(t: Test, kills: number, seed: number): Promise<void> {
  const { site, ports } = await populated(t, 100);
  const chance = chanceOf(seed);
  const restarts: Restart[] = [];
  let frames = 0;
  await site.stream.losses();
  for (let number = 1; number <= kills; number++) {
    await churnDuring(site, { ports, pauseMs }, seed * 1000 + number, kill(site, chance));
    await site.toggle(chance.pick(ports)); // there is always something that nobody has seen yet
    const restart = await restarted(site);
    const { sent, lost } = await site.stream.losses();
    restarts.push(restart);
    frames += sent;
    t.strictSame([...lost], [], `kill ${number}: of ${sent} frames none is lost`);
    t.ok(
      restart.rightMs <= promisedMs,
      `kill ${number}: right ${(restart.rightMs / 1000).toFixed(2)} s after the restart`,
    );
  }
  t.comment(`seed ${seed}: ${kills} kills among ${ports.length} ports, the table right after each; ${frames} frames`);
  t.comment(`until right: ${spread(restarts.map(({ rightMs }) => rightMs))}`);
  t.comment(`of that until the process spoke: ${spread(restarts.map(({ begunMs }) => begunMs))}`);
  t.comment(`processor time of the process until then: ${spread(restarts.map(({ cpuMs }) => cpuMs))}`);
  t.comment(`acknowledged too early: ${restarts.filter(({ isEarly }) => isEarly).length}`);
  t.comment(await machineText());
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const seconds = (share: number): string => ((sorted[Math.ceil(share * sorted.length) - 1] ?? NaN) / 1000).toFixed(2);
  return `median ${seconds(0.5)} s, 95 % ${seconds(0.95)} s, longest ${seconds(1)} s`;
}
