// Figure 3: everything that the northbound holds, into an empty switch: by the controller, by replaying the bytes that
// compile makes of the same objects, and by ovs-ofctl from their text.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { frameText } from '../src/flow/item.js';
import { bundleLength } from '../src/controller/installer.js';
import { inBundles, inOneBundle, replayed, synced } from './fills.js';
import { type FullSite, fullSite } from './full-site.js';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { controlNote, type Figure, type Goal, type Line, short, valueText } from './report.js';
import { difference, median, ratios, type Samples, spread } from './sample.js';
import { nowMs } from './site.js';

/** How much is measured: each number of ports so many times. */
export interface SyncOptions {
  readonly sizes: readonly { readonly ports: number; readonly rounds: number }[];
  /** How long one full sync may take before it counts as failed, in milliseconds. */
  readonly deadlineMs: number;
  /** After which time no further round of a size begins, in milliseconds. */
  readonly budgetMs: number;
}

/** One size: the site with everything in it, and the bytes that its controller should come to. */
interface Prepared extends FullSite {
  /** The messages one behind the other, the same in one bundle, and in bundles as long as the controller's. */
  readonly bytes: Buffer;
  readonly bundle: Buffer;
  readonly bundles: Buffer;
  readonly textFile: string;
  readonly deadlineMs: number;
}

const bench = 'sync';
const startGoalMs = 350;
const stallGoalMs = 20;
/**
 * Beyond so many ports the messages are replayed in a bundle only: after every 50 messages that change a table, Open vSwitch
 * goes through all ports of the bridge, which takes a minute for 10,000 of them.
 */
const mostPlainly = 1000;

/** Measures, and says what was found; throws GateError where a switch holds something else than compile says. */
export async function syncFigure({ sizes, deadlineMs, budgetMs }: SyncOptions, samples: Samples): Promise<Figure> {
  const notes: string[] = [];
  const lines: Line[] = [];
  for (const { ports, rounds } of sizes) {
    const prepared = await prepare(ports, deadlineMs);
    try {
      const endMs = nowMs() + budgetMs;
      await warmUp(prepared);
      for (let round = 0; round < rounds && (round === 0 || nowMs() < endMs); round++)
        await oneRound(prepared, round, samples);
      lines.push(...linesOf(prepared, samples));
      const values = (peer: string) => samples.values(bench, 'time', peer, ports);
      const control = controlNote(difference(values('replay'), values('replay again')));
      notes.push(`${short(ports)} ports, ${values('replay').length} rounds; ${control}`, workNote(prepared, samples));
    } finally {
      await prepared.site.close();
    }
  }
  return {
    bench,
    title: 'sync: all ports, plugged here, into an empty switch',
    lines,
    notes: [
      'checked first, for each peer: the switch holds exactly the flows and groups of compile, byte for byte',
      'a controller run ends when the counters of the tables say that all flows are there; numbers and claims are in the northbound, as after a restart',
      'replay: one write of the same messages and a barrier, which is what the switch needs by itself: no controller takes less; ovs-ofctl: groups beforehand, not measured',
      `no replay without a bundle beyond ${short(mostPlainly)} ports: there Open vSwitch goes through all ports after every 50 messages`,
      ...notes,
    ],
  };
}

/** What the controller needs for it: processor, event loop, memory. */
function workNote({ ports, wanted }: Prepared, samples: Samples): string {
  const all = (metric: string) => samples.values(bench, metric, 'damselfly', ports);
  const perFlow = (metric: string) => `${short((median(all(metric)) * 1000) / wanted.flows.length)} µs`;
  return [
    `${short(ports)} ports: processor time per flow ${perFlow('cpuMs')}, start and northbound included, ovs-vswitchd ${perFlow('vswitchCpuMs')}`,
    `longest stall of the event loop ${short(Math.max(...all('stallMs')))} ms, of its own work ${short(Math.max(...all('stallCpuMs')))} ms (goal at most ${stallGoalMs} ms)`,
    `memory at rest ${short(median(all('memory')))} bytes per flow, the whole process counted`,
  ].join('; ');
}

async function prepare(ports: number, deadlineMs: number): Promise<Prepared> {
  const { site, wanted } = await fullSite(ports);
  const textFile = join(site.ovs.dir, 'flows.txt');
  writeFileSync(textFile, wanted.flows.map(({ frame }) => `${frameText(frame)}\n`).join(''));
  const frames = [...wanted.groups, ...wanted.flows].map(({ frame }) => frame);
  const bundles = inBundles(frames, bundleLength(ports));
  return {
    site,
    wanted,
    ports,
    bytes: Buffer.concat(frames),
    bundle: inOneBundle(frames),
    bundles,
    textFile,
    deadlineMs,
  };
}

/** The peers that stay the same from round to round, unmeasured, so that the switch has its memory. */
async function warmUp(prepared: Prepared): Promise<void> {
  const { site, wanted } = prepared;
  for (const peer of [replay, ofctl]) {
    await site.clear();
    await peer(prepared);
    await requireInstalled(site.openflow, wanted);
  }
}

async function oneRound(prepared: Prepared, round: number, samples: Samples): Promise<void> {
  const { site, ports } = prepared;
  const note = (peer: string, value: number) => {
    samples.add({ bench, metric: 'time', peer, n: ports, round, value, unit: 'ms' });
  };
  const cleared = async <T>(peer: (prepared: Prepared) => Promise<T>): Promise<T> => {
    await site.clear();
    return peer(prepared);
  };
  note('replay', await cleared(replay));
  note('replay, bundles', await cleared(replayBundles));
  if (ports <= mostPlainly) note('replay, no bundle', await cleared(replayPlainly));
  note('ovs-ofctl', await cleared(ofctl));
  const { startMs, syncMs, ...work } = await cleared((full) => synced(full, full.deadlineMs));
  note('damselfly', syncMs);
  note('damselfly, with its start', startMs + syncMs);
  note('start', startMs);
  for (const [metric, value] of Object.entries(work))
    samples.add({ bench, metric, peer: 'damselfly', n: ports, round, value, unit: 'ms' });
  if (round === 0) {
    await requireInstalled(site.openflow, prepared.wanted);
    await site.atRest();
    const { usedSize } = await site.probed();
    const value = usedSize / prepared.wanted.flows.length;
    samples.add({ bench, metric: 'memory', peer: 'damselfly', n: ports, round, value, unit: 'B' });
  }
  await site.stopController();
  note('replay again', await cleared(replay));
}

const replay = (prepared: Prepared): Promise<number> => replayed(prepared, prepared.bundle);
const replayBundles = (prepared: Prepared): Promise<number> => replayed(prepared, prepared.bundles);
const replayPlainly = (prepared: Prepared): Promise<number> => replayed(prepared, prepared.bytes);

async function ofctl({ site, textFile, wanted }: Prepared): Promise<number> {
  site.openflow.write(Buffer.concat(wanted.groups.map(({ frame }) => frame)));
  await site.openflow.barrier();
  const from = nowMs();
  await site.ovs.ofctl(['--bundle', 'add-flows', 'br0', textFile]);
  const took = nowMs() - from;
  demand((await site.flowCount()) === wanted.flows.length, 'what ovs-ofctl sent is not on the switch');
  return took;
}

function linesOf({ ports, wanted }: Prepared, samples: Samples): Line[] {
  const what = `${short(ports)} ports, ${short(wanted.flows.length)} flows`;
  const values = (peer: string) => samples.values(bench, 'time', peer, ports);
  const to = (of: string, peer: string, reference: readonly number[], goal?: Goal) => ({
    of,
    spread: ratios(values(peer), reference),
    ...(goal === undefined ? {} : { goal }),
  });
  const line = (peer: string, label: string, ...own: Line['ratios']): Line => ({
    what,
    peer: label,
    value: valueText(spread(values(peer)), 'ms'),
    ratios: own,
  });
  const atMost = (ratio: number): Goal => ({ kind: 'at most', ratio });
  return [
    line('replay', 'replay of the bytes, in one bundle', to('ovs-ofctl', 'replay', values('ovs-ofctl'))),
    line(
      'replay, bundles',
      `replay of the bytes, in bundles of ${short(bundleLength(ports))} as the controller’s`,
      to('replay', 'replay, bundles', values('replay')),
      to('ovs-ofctl', 'replay, bundles', values('ovs-ofctl')),
    ),
    ...(ports > mostPlainly
      ? []
      : [
          line(
            'replay, no bundle',
            'replay of the bytes, no bundle',
            to('replay', 'replay, no bundle', values('replay')),
          ),
        ]),
    line('ovs-ofctl', 'ovs-ofctl --bundle', to('replay', 'ovs-ofctl', values('replay'))),
    line(
      'damselfly',
      'damselfly, from the first NATS byte',
      to('replay', 'damselfly', values('replay'), atMost(1.25)),
      to('replay, bundles', 'damselfly', values('replay, bundles'), atMost(1.25)),
      to('ovs-ofctl', 'damselfly', values('ovs-ofctl'), atMost(0.6)),
    ),
    line(
      'damselfly, with its start',
      'damselfly, from its start',
      to('replay', 'damselfly, with its start', values('replay')),
    ),
    line(
      'start',
      '  of which until NATS answers',
      to(
        `${startGoalMs} ms`,
        'start',
        Array.from(values('start'), () => startGoalMs),
        atMost(1),
      ),
    ),
  ];
}
