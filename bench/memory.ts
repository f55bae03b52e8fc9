// Figure 7: how much memory a port takes in the controller, where most ports are on other chassis; above what an idle controller takes.
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { type Load, populate, tunnels } from './preload.js';
import type { Probed } from './probe.js';
import { type Figure, type Goal, type Line, short } from './report.js';
import { type Samples, spread } from './sample.js';
import { Site } from './site.js';

/** How much is measured. */
export interface MemoryOptions extends Load {
  /** How long the controller may take to fill the switch before it counts as failed, in milliseconds. */
  readonly deadlineMs: number;
}

const bench = 'memory';
const goalSize = 2000;
const goal: Goal = { kind: 'at most', ratio: 1 };
const metrics = { usedSize: 'used', residentSize: 'resident' } as const;

/** Measures, and says what was found; throws GateError where the switch holds something else than compile says. */
export async function memoryFigure({ deadlineMs, ...load }: MemoryOptions, samples: Samples): Promise<Figure> {
  const { ports, localOneIn } = load;
  const site = await Site.start();
  const note = (peer: string, probed: Probed) => {
    for (const key of ['usedSize', 'residentSize'] as const)
      samples.add({ bench, metric: metrics[key], peer, n: ports, round: 0, value: probed[key], unit: 'B' });
  };
  try {
    await site.startController();
    await site.settled({}, deadlineMs);
    await site.atRest();
    note('idle', await site.probed());
    await site.stopController();
    const { wanted } = await populate(site, load);
    await site.startController();
    await site.filled(wanted.flows.length, deadlineMs);
    await site.settled(tunnels, deadlineMs);
    await site.atRest(deadlineMs);
    await requireInstalled(site.openflow, wanted);
    note('damselfly', await site.probed());
    demand((await site.flowCount()) === wanted.flows.length, 'the flows have changed since they were compared');
    const what = `${short(ports)} ports, one in ${localOneIn} here; ${short(wanted.flows.length)} flows`;
    return figure(what, ports, wanted.flows.length, samples);
  } finally {
    await site.close();
  }
}

function figure(what: string, ports: number, flows: number, samples: Samples): Figure {
  const value = (metric: string, peer: string) => samples.values(bench, metric, peer)[0] ?? NaN;
  const megabytes = (peer: string) =>
    `${short(value('used', peer) / 1e6)} MB, resident ${short(value('resident', peer) / 1e6)} MB`;
  const above = (metric: string) => value(metric, 'damselfly') - value(metric, 'idle');
  const line = (peer: string, text: string, ratios: Line['ratios'] = []): Line => ({ what, peer, value: text, ratios });
  const perPort = (metric: string) => above(metric) / ports;
  return {
    bench,
    title:
      'memory: objects and buffers of the controller after a forced collection, and what the process has of the machine',
    lines: [
      line('idle, nothing in the northbound', megabytes('idle')),
      line('all flows on the switch, at rest', megabytes('damselfly')),
      line('per port above idle', `${short(perPort('used'))} B, resident ${short(perPort('resident'))} B`, [
        { of: `${short(goalSize)} B`, spread: spread([perPort('used') / goalSize]), goal },
      ]),
      line('per flow above idle', `${short(above('used') / flows)} B, resident ${short(above('resident') / flows)} B`),
    ],
    notes: [
      'what the difference with the switch needs is in it, and so is what explain, status and the northbound need',
      'checked first: the switch holds exactly the flows and groups of compile, byte for byte',
    ],
  };
}
