// A switch that stands still while much is written: what waits for it stays small, and it is sent what it lacks at the end, not what
// was written on the way.
import type { Test } from 'tap';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from '../../bench/processor-time.js';
import { windowMs } from '../../src/sync/damper.js';
import { patienceMs } from '../integration/controller-lab.js';
import { until } from '../lab/process.js';
import { churnDuring } from './churn.js';
import { populated } from './populated.js';
import { bridge, type FaultSite, leaving, type NbObject } from './site.js';

const stoppedMs = 5000;
/** A controller that has nothing to do takes less of a processor than this, over so many milliseconds. */
const [idleShare, idleMs] = [0.1, 500];
const memoryLimitSize = 16 << 20;
/** So many times the shortest difference may be sent. */
const sentLimit = 2;
/** Of a burst so many writes are sent to a switch that takes them: those at its beginning that are read at different times. */
const burstLimit = 20;
const [burstLength, underWay] = [10_000, 200];
/** Flows that the switch learns by itself. */
const learned = 'cookie=0xd5f1ff';

/** What came of a stop, or of a burst. */
interface Cost {
  /** Flow and group messages: as many as were sent, and as the difference between before and after has. */
  readonly sent: number;
  readonly least: number;
  /** How long the work itself took. */
  readonly ms: number;
  /** The most memory in use meanwhile, beyond what was before. */
  readonly grownSize: number;
}

/** Runs, and asserts. */
export async function runStopped(t: Test, seed: number): Promise<void> {
  const { site, ports } = await populated(t, 20);
  await site.rested();
  const churned = await cost(site, (look) => stoppedDuring(site, () => churn(site, ports, seed, look)));
  judge(t, 'stopped while ports come and go', churned);
  const burst = await cost(site, (look) => stoppedDuring(site, () => write(site, 0, look)));
  judge(t, `stopped while one port is written ${burstLength} times`, burst);
  const { sent, least, ms, grownSize } = await cost(site, (look) => write(site, burstLength, look));
  const what = `one port written ${burstLength} times in ${(ms / 1000).toFixed(1)} s`;
  t.comment(`${what}: ${sent} messages sent, ${least} needed; ${megabytes(grownSize)} more in use at most`);
  t.ok(
    sent <= least * (burstLimit + Math.ceil(ms / windowMs)),
    `${what}: after the first ones, one in ${windowMs} ms is sent`,
  );
  t.ok(grownSize <= memoryLimitSize, `${what}: at most ${megabytes(memoryLimitSize)} more are in use`);
}

function judge(t: Test, what: string, { sent, least, grownSize }: Cost): void {
  t.comment(`${what}: ${sent} messages sent, ${least} needed; ${megabytes(grownSize)} more in use at most`);
  t.ok(least > 0 && sent <= sentLimit * least, `${what}: at most ${sentLimit} times the shortest difference is sent`);
  t.ok(grownSize <= memoryLimitSize, `${what}: at most ${megabytes(memoryLimitSize)} more are in use`);
}

const megabytes = (size: number): string => `${(size / (1 << 20)).toFixed(1)} MB`;

/** Looks at the memory in use, after a collection. */
type Look = () => Promise<void>;

/** What `work` costs, until all is right and at rest again. */
async function cost(site: FaultSite, work: (look: Look) => Promise<void>): Promise<Cost> {
  const used = async (): Promise<number> => (await site.inside.ask(site.controller)).usedSize;
  const [before, mods, usedBefore] = [await held(site), site.between.mods, await used()];
  let most = 0;
  const startedMs = performance.now();
  await work(async () => {
    most = Math.max(most, await used());
  });
  const ms = performance.now() - startedMs;
  await site.converged();
  await site.rested();
  const after = await held(site);
  const least = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
  return { sent: site.between.mods - mods, least: least.length, ms, grownSize: most - usedBefore };
}

/** The flows and groups of the switch by their identity. */
async function held({ site }: FaultSite): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await site.dump(bridge))].filter(([, line]) => !line.startsWith(learned)));
}

/** Stops the switch while something is done, and until the controller has heard of all of it. */
async function stoppedDuring({ site: { ovs }, controller }: FaultSite, work: () => Promise<void>): Promise<void> {
  ovs.freezeSwitch();
  try {
    await work();
    await until('the controller has nothing more to hear', () => isIdle(controller.pid ?? 0), patienceMs);
  } finally {
    ovs.thawSwitch();
  }
}

/** Whether a process does next to nothing for a while. */
async function isIdle(pid: number): Promise<boolean> {
  const before = cpuMs(pid);
  await delay(idleMs);
  return cpuMs(pid) - before < idleShare * idleMs;
}

/** Ports come and go. */
function churn(site: FaultSite, ports: readonly NbObject[], seed: number, look: Look): Promise<void> {
  const watch = async (): Promise<void> => {
    const endMs = performance.now() + stoppedMs;
    while (performance.now() < endMs) {
      await delay(stoppedMs / 10);
      await look();
    }
  };
  return churnDuring(site, { ports, pauseMs: 1 }, seed, watch());
}

/** One port, written again and again as fast as NATS takes it. */
async function write(site: FaultSite, first: number, look: Look): Promise<void> {
  for (let written = 0; written < burstLength; written += underWay) {
    await Promise.all(Array.from({ length: underWay }, (_, index) => site.rewrite(leaving, first + written + index)));
    if (written % (burstLength / 10) === 0) await look();
  }
}
