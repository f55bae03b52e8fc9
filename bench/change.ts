// Figure 2: one port more in the northbound, until the switch's own flow monitor has seen its last flow; without the time
// that NATS takes to bring the same message to anybody, and beside the bare work of the switch.
import { setTimeout as delay } from 'node:timers/promises';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { Judge } from './judge.js';
import { PortChanges } from './port-changes.js';
import { type Load, type Preloaded, preload } from './preload.js';
import { controlNote, type Figure, type Goal, type Line, short } from './report.js';
import { difference, median, partMedians, percentile, ratios, type Samples, type Spread } from './sample.js';

/** How much is measured. */
export interface ChangeOptions extends Load {
  readonly changes: number;
  readonly spacingMs: number;
}

const bench = 'change';

/** Measures, and says what was found; throws GateError where the switch holds something else than compile says. */
export async function changeFigure(options: ChangeOptions, samples: Samples): Promise<Figure> {
  const preloaded = await preload(options);
  const { site, base, extended } = preloaded;
  const judge = await Judge.open(site.ovs.management('br0'));
  try {
    await requireInstalled(site.openflow, base);
    const run = new PortChanges(preloaded, judge);
    await run.change('add');
    await requireInstalled(site.openflow, extended);
    await run.change('remove');
    const witnessed = await run.witnessed(5, options.spacingMs);
    for (let round = 0; round < options.changes; round++) await oneRound(run, round, options, samples);
    demand(judge.surplus === 0, `${judge.surplus} changes of flows were seen that nobody asked for`);
    await requireInstalled(site.openflow, base);
    return figure(options, preloaded, samples, witnessed);
  } finally {
    judge.close();
    await site.close();
  }
}

/** The port comes and goes; behind each of both, the bare work of the switch. */
async function oneRound(
  run: PortChanges,
  round: number,
  { ports, spacingMs }: ChangeOptions,
  samples: Samples,
): Promise<void> {
  const note = (peer: string, metric: string, value: number) => {
    samples.add({ bench, metric, peer, n: ports, round, value, unit: 'ms' });
  };
  for (const [kind, bare] of [
    ['add', 'bare'],
    ['remove', 'bare again'],
  ] as const) {
    const { arrivedMs, lastMs, writtenMs } = await run.change(kind);
    note('damselfly', kind, lastMs - arrivedMs);
    note('damselfly, with NATS', kind, lastMs - writtenMs);
    await delay(spacingMs);
    note(bare, 'add', await run.bare());
    await delay(spacingMs);
  }
}

function latency(values: readonly number[]): string {
  return `p50 ${short(median(values))} ms, p99 ${short(percentile(values, 0.99))} ms`;
}

/** The medians of parts of the run, as multiples of those of the bare work. */
const toBare = (samples: Samples, all: readonly number[]): Spread =>
  ratios(partMedians(all), partMedians(samples.values(bench, 'add', 'bare')));

function figure(options: ChangeOptions, { changes }: Preloaded, samples: Samples, witnessed: number): Figure {
  const values = (peer: string, metric = 'add') => samples.values(bench, metric, peer);
  const line = (peer: string, all: readonly number[], goal?: Goal): Line => ({
    what: `${short(options.ports)} ports preloaded`,
    peer,
    value: latency(all),
    ratios: [{ of: 'bare', spread: toBare(samples, all), ...(goal === undefined ? {} : { goal }) }],
  });
  return {
    bench,
    title: `change: one port added or removed, ${changes} flows, every ${options.spacingMs} ms`,
    lines: [
      { ...line(`bare ${changes} flow_mods + barrier`, values('bare')), ratios: [] },
      line('damselfly, port added', values('damselfly'), { kind: 'at most', ratio: 2 }),
      line('damselfly, port removed', values('damselfly', 'remove')),
      line('  with NATS, port added', values('damselfly, with NATS')),
    ],
    notes: [
      'from the arrival of the same message at a bare subscriber to the last flow in the flow monitor of Open vSwitch, both in one process that is not the controller',
      'checked before and after: the switch holds exactly the flows and groups of compile, byte for byte, with the port and without it; no other change was seen',
      `second witness: rev_flow_table of Open vSwitch rose by ${short(witnessed)} per change`,
      'the interface, the numbers of the port and of its network are there beforehand; bare flow_mods have no cookie of ours, and go one by one, not as a bundle',
      controlNote(difference(values('bare'), values('bare again'))),
    ],
  };
}
