// Figure 9: one port more, among few and among many: latency and processor time of a change where everything that there is matters here.
import { setTimeout as delay } from 'node:timers/promises';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { Judge } from './judge.js';
import { PortChanges } from './port-changes.js';
import { type Load, type Preloaded, preload } from './preload.js';
import { type Figure, type Goal, type Line, short } from './report.js';
import { difference, median, partMedians, percentile, ratios, type Samples } from './sample.js';

/** How much is measured: the loads take turns, the first of them is what the others are compared with, and once with itself. */
export interface GrowthOptions {
  readonly loads: readonly Load[];
  readonly rounds: number;
  /** In a turn the port comes and goes so many times. */
  readonly changesInTurn: number;
  readonly spacingMs: number;
}

/** A site with its load, and a name for it. */
interface Subject {
  readonly name: string;
  readonly load: Load;
  readonly preloaded: Preloaded;
  readonly judge: Judge;
  readonly changes: PortChanges;
}

const bench = 'growth';
const goal: Goal = { kind: 'at most', ratio: 1.1 };
/** What a change costs afterwards, its status, is over by then, in milliseconds. */
const afterwardsMs = 150;

/** Measures, and says what was found; throws GateError where a switch holds something else than compile says. */
export async function growthFigure(options: GrowthOptions, samples: Samples): Promise<Figure> {
  const [first, ...others] = options.loads;
  if (first === undefined) throw new Error('no load to compare others with');
  const subjects: Subject[] = [];
  try {
    for (const load of [...others.toReversed(), first]) subjects.unshift(await opened(nameOf(load), load));
    subjects.push(await opened(`${nameOf(first)}, again`, first));
    for (const subject of subjects) await warmedUp(subject, options);
    for (let round = 0; round < options.rounds; round++)
      for (const subject of subjects) await turn(subject, subjects, round, options, samples);
    for (const subject of subjects) await requireUnchanged(subject);
    return figure(subjects, options, samples);
  } finally {
    for (const { judge, preloaded } of subjects) {
      judge.close();
      await preloaded.site.close();
    }
  }
}

const nameOf = ({ ports }: Load): string => `${short(ports)} ports`;

async function opened(name: string, load: Load): Promise<Subject> {
  const preloaded = await preload(load);
  const judge = await Judge.open(preloaded.site.ovs.management('br0'));
  return { name, load, preloaded, judge, changes: new PortChanges(preloaded, judge) };
}

/** Checks what is installed, with the port and without, and lets both happen as often as in a turn. */
async function warmedUp({ preloaded, changes }: Subject, { changesInTurn, spacingMs }: GrowthOptions): Promise<void> {
  const { site, base, extended } = preloaded;
  await requireInstalled(site.openflow, base);
  await changes.change('add');
  await requireInstalled(site.openflow, extended);
  await changes.change('remove');
  for (let i = 0; i < changesInTurn; i++) {
    await changes.change('add');
    await delay(spacingMs);
    await changes.change('remove');
    await delay(spacingMs);
  }
}

async function requireUnchanged({ name, preloaded, judge }: Subject): Promise<void> {
  demand(judge.surplus === 0, `${name}: ${judge.surplus} changes of flows were seen that nobody asked for`);
  await requireInstalled(preloaded.site.openflow, preloaded.base);
}

/** One subject changes while the others rest, which says what they take when nothing happens. */
async function turn(
  subject: Subject,
  all: readonly Subject[],
  round: number,
  { changesInTurn, spacingMs }: GrowthOptions,
  samples: Samples,
): Promise<void> {
  const note = (of: Subject, metric: string, value: number, unit: string) => {
    samples.add({ bench, metric, peer: of.name, n: of.load.ports, round, value, unit });
  };
  const before = all.map(({ preloaded }) => preloaded.site.controllerCpuMs());
  const fromMs = performance.now();
  for (let i = 0; i < changesInTurn; i++)
    for (const kind of ['add', 'remove'] as const) {
      const { arrivedMs, lastMs } = await subject.changes.change(kind);
      note(subject, kind, lastMs - arrivedMs, 'ms');
      await delay(spacingMs);
    }
  await delay(afterwardsMs);
  const tookMs = performance.now() - fromMs;
  for (const [i, other] of all.entries()) {
    const cpuMs = other.preloaded.site.controllerCpuMs() - (before[i] ?? NaN);
    if (other !== subject) note(other, 'rest', cpuMs / tookMs, '');
    else {
      note(other, 'turn', cpuMs / changesInTurn / 2, 'ms');
      note(other, 'share of turn', tookMs / changesInTurn / 2, 'ms');
    }
  }
}

/** Processor time per change of each turn, in milliseconds; what the controller takes at rest is taken off. */
function cpuPerChange(samples: Samples, { name }: Subject): number[] {
  const all = (metric: string) => samples.values(bench, metric, name);
  const rest = median(all('rest'));
  const took = all('share of turn');
  return all('turn').map((cpuMs, i) => cpuMs - rest * (took[i] ?? NaN));
}

function figure(
  subjects: readonly Subject[],
  { changesInTurn, rounds, spacingMs }: GrowthOptions,
  samples: Samples,
): Figure {
  const [first, ...others] = subjects;
  const again = subjects.at(-1);
  if (first === undefined || again === undefined) throw new Error('nothing was measured');
  const latency = ({ name }: Subject) => samples.values(bench, 'add', name);
  const cpu = (subject: Subject) => cpuPerChange(samples, subject);
  const line = (subject: Subject, what: string, value: string, own: Line['ratios']): Line => ({
    what: subject.name,
    peer: what,
    value,
    ratios: own,
  });
  const toFirst = (subject: Subject, values: (of: Subject) => number[]): Line['ratios'] => {
    if (!others.includes(subject)) return [];
    const spread = ratios(partMedians(values(subject)), partMedians(values(first)));
    return [{ of: first.name, spread, ...(subject === again ? {} : { goal }) }];
  };
  const share = ({ name }: Subject) => `${short(median(samples.values(bench, 'rest', name)) * 100)} %`;
  return {
    bench,
    title: `growth: one port added or removed, every ${spacingMs} ms, ${rounds * changesInTurn * 2} changes of each size`,
    lines: subjects.flatMap((subject) => [
      line(
        subject,
        'port added, arrival to last flow',
        `p50 ${short(median(latency(subject)))} ms, p99 ${short(percentile(latency(subject), 0.99))} ms`,
        toFirst(subject, latency),
      ),
      line(subject, 'processor time per change', `${short(median(cpu(subject)))} ms`, toFirst(subject, cpu)),
    ]),
    notes: [
      `all sizes run at once and take turns; every port is on a network that is here: ${subjects.map(describedText).join('; ')}`,
      'arrival: of the same message at a bare subscriber; last flow: by the flow monitor of Open vSwitch; both in one process that is not the controller',
      `processor time of all threads of the controller, without what it takes while others have their turn: ${subjects.map((one) => `${one.name} ${share(one)}`).join(', ')} of a processor`,
      'checked before and after: each switch holds exactly the flows and groups of compile, byte for byte; no other change was seen',
      `A/A control, two sites of ${first.name}: latency differs by ${short(difference(latency(first), latency(again)) * 100)} %, processor time by ${short(difference(cpu(first), cpu(again)) * 100)} %; no smaller claim counts`,
    ],
  };
}

const describedText = ({ name, load, preloaded }: Subject): string =>
  `${name}, one in ${load.localOneIn} here, ${short(preloaded.base.flows.length)} flows, ${preloaded.changes} of a change`;
