// Lets one thing after the other fail, at moments that a seed decides; after each the switch must hold what a cold start would have
// put there, and no frame may be lost that need not be.
import type { Test } from 'tap';
import { machineText } from '../../bench/machine.js';
import { type Chance, chanceOf } from '../ofp/random/chance.js';
import { churnDuring } from './churn.js';
import { type Fault, faults } from './faults.js';
import { pairName, pairOf } from './pairs.js';
import { churning, FaultSite } from './site.js';
import type { Losses } from './stream.js';

/** Which seed, for how long, and which kinds. */
export interface FaultOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly isMeant: (fault: Fault) => boolean;
}

/** What came of one kind. */
interface Tally {
  times: number;
  sent: number;
  lost: number;
  mods: number;
  longestMs: number;
}

/** The longest pause between two writes, in milliseconds. */
const pauseMs = 30;

/** So many pairs are drawn for each turn of all kinds. */
const pairsLength = 3;

/** All kinds in an order that the seed decides, and some pairs among them, then again in another, until the time is over. */
function* inTurn(chance: Chance, { seconds, isMeant }: FaultOptions): Generator<Fault> {
  const endMs = performance.now() + seconds * 1000;
  const quick = faults.filter(({ isSlow }) => isSlow === undefined);
  while (performance.now() < endMs) {
    const pairs = Array.from({ length: pairsLength }, () => pairOf(chance, quick));
    const left = [...faults, ...pairs].filter(isMeant);
    while (left.length > 0 && performance.now() < endMs) yield* left.splice(chance.below(left.length), 1);
  }
}

/** What it is counted as. */
const kindOf = ({ name }: Fault): string => (name.startsWith(pairName) ? pairName : name);

const isChurning = ({ churn }: Fault, chance: Chance): boolean =>
  churn === 'always' || (churn === undefined && !chance.oneIn(3));

/** Runs, and asserts: each time the switch comes to hold what it should, and nothing is lost or sent that need not be. */
export async function runFaults(t: Test, options: FaultOptions): Promise<void> {
  const chance = chanceOf(options.seed);
  const site = await FaultSite.start(t);
  const tallies = new Map<string, Tally>([...faults.map(kindOf), pairName].map((kind) => [kind, none()]));
  let count = 0;
  for (const fault of inTurn(chance, options)) {
    const churns = isChurning(fault, chance);
    await site.stream.losses();
    const mods = site.between.mods;
    const ms = await strike(site, fault, chance, churns ? options.seed + ++count : undefined);
    const losses = await site.stream.losses();
    await site.rested();
    const sentMods = site.between.mods - mods;
    judge(t, fault, { churns, ms, losses, mods: sentMods });
    const tally = tallies.get(kindOf(fault)) ?? none();
    tally.times += 1;
    tally.sent += losses.sent;
    for (const lost of losses.lost.values()) tally.lost += lost;
    tally.mods += sentMods;
    tally.longestMs = Math.max(tally.longestMs, ms);
  }
  for (const line of [...histogram(tallies, options.seed), await machineText()]) t.comment(line);
}

/** Lets it fail; resolves to how long the switch took to be right again, in milliseconds. */
async function strike(site: FaultSite, fault: Fault, chance: Chance, churnSeed: number | undefined): Promise<number> {
  site.strike();
  const injected = fault.inject(site, chance);
  await (churnSeed === undefined ? injected : churnDuring(site, { ports: churning, pauseMs }, churnSeed, injected));
  return site.converged();
}

interface Outcome {
  readonly churns: boolean;
  readonly ms: number;
  readonly losses: Losses;
  readonly mods: number;
}

function judge(t: Test, { name, loses, changesFlows }: Fault, { churns, ms, losses, mods }: Outcome): void {
  const unexpected = [...losses.lost].filter(
    ([way]) => loses === undefined || (loses.ways !== undefined && !loses.ways.includes(way)),
  );
  const title = `${name}${churns ? ', under churn' : ''}: right after ${(ms / 1000).toFixed(2)} s`;
  t.strictSame(unexpected, [], `${title}, of ${losses.sent} frames none is lost that need not be`);
  if (!churns && changesFlows === undefined) t.equal(mods, 0, `${name}: not one flow or group was sent`);
}

const none = (): Tally => ({ times: 0, sent: 0, lost: 0, mods: 0, longestMs: 0 });

function histogram(tallies: ReadonlyMap<string, Tally>, seed: number): string[] {
  const row = (name: string, ...cells: readonly unknown[]) =>
    [name.padEnd(46), ...cells.map((cell) => String(cell).padStart(7))].join(' ');
  const rows = [...tallies]
    .filter(([, { times }]) => times > 0)
    .map(([name, { times, sent, lost, mods, longestMs }]) =>
      row(name, times, sent, lost, mods, (longestMs / 1000).toFixed(2)),
    );
  return [`seed ${seed}`, row('failure', 'times', 'frames', 'lost', 'mods', 'longest until right, s'), ...rows];
}
