// Figure 6: processor time per flow_mod, ours without receiving and parsing the northbound, against that of ovs-vswitchd for the
// same messages; and all that the controller takes, beside it.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../test/lab/process.js';
import { inOneBundle, replayed, synced } from './fills.js';
import { type FullSite, fullSite } from './full-site.js';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { digest, type OwnWork, type OwnWorkDone } from './own-work.js';
import { controlNote, type Figure, type Goal, type Line, short, valueText } from './report.js';
import { difference, ratios, type Samples, spread } from './sample.js';

/** How much is measured. */
export interface CpuOptions {
  readonly ports: number;
  readonly rounds: number;
  /** How long a full sync may take before it counts as failed, in milliseconds. */
  readonly deadlineMs: number;
}

const bench = 'cpu';
const program = fileURLToPath(new URL('own-work.js', import.meta.url));
/** Our work in one process: once with nothing compiled, then again, as often as it takes to get no faster. */
const goes = 4;
/** What ovs-vswitchd does behind a bundle, such as freeing its memory, is over by then, in milliseconds. */
const afterwardsMs = 500;
const goal: Goal = { kind: 'at most', ratio: 0.2 };
const peers = {
  vswitch: 'ovs-vswitchd',
  vswitchAgain: 'ovs-vswitchd again',
  warm: 'damselfly',
  cold: 'damselfly, first time',
  all: 'damselfly, all',
} as const;

/** Measures, and says what was found; throws GateError where other messages are made, or the switch holds something else. */
export async function cpuFigure({ ports, rounds, deadlineMs }: CpuOptions, samples: Samples): Promise<Figure> {
  const full = await fullSite(ports);
  try {
    for (let round = 0; round < rounds; round++) await oneRound(full, round, deadlineMs, samples);
    return figure(full, samples);
  } finally {
    await full.site.close();
  }
}

async function oneRound(full: FullSite, round: number, deadlineMs: number, samples: Samples): Promise<void> {
  const { site, wanted, ports } = full;
  const length = wanted.flows.length + wanted.groups.length;
  const note = (peer: string, us: number) => {
    samples.add({ bench, metric: 'cpu', peer, n: ports, round, value: us / length, unit: 'µs' });
  };
  note(peers.vswitch, await switchCpuUs(full));
  const { cpuUs, ...made } = await ownWork({ ports, keys: wanted.ports.keys, goes });
  demand(made.digest === digest(framesOf(full)), 'our work alone gives other messages than compile');
  note(peers.cold, cpuUs[0] ?? NaN);
  note(peers.warm, cpuUs.at(-1) ?? NaN);
  await site.clear();
  const { cpuMs } = await synced(full, deadlineMs);
  await site.settled({}, deadlineMs);
  await requireInstalled(site.openflow, wanted);
  await site.stopController();
  note(peers.all, cpuMs * 1000);
  note(peers.vswitchAgain, await switchCpuUs(full));
}

const framesOf = ({ wanted }: FullSite): Uint8Array[] => [...wanted.groups, ...wanted.flows].map(({ frame }) => frame);

/** What ovs-vswitchd takes for all messages in one bundle, which is the least that it can take, in microseconds. */
async function switchCpuUs(full: FullSite): Promise<number> {
  const { site, wanted } = full;
  await site.clear();
  await delay(afterwardsMs);
  const before = site.cpuMs().vswitch;
  await replayed(full, inOneBundle(framesOf(full)));
  await delay(afterwardsMs);
  const cpuUs = (site.cpuMs().vswitch - before) * 1000;
  await requireInstalled(site.openflow, wanted);
  return cpuUs;
}

async function ownWork(work: OwnWork): Promise<OwnWorkDone> {
  const options = { input: JSON.stringify(work), timeoutMs: 120_000 };
  return JSON.parse(await run(process.execPath, ['--expose-gc', program], options)) as OwnWorkDone; // our own program wrote it
}

function figure({ ports, wanted }: FullSite, samples: Samples): Figure {
  const values = (peer: string) => samples.values(bench, 'cpu', peer);
  const line = (peer: string, label: string, own: Line['ratios']): Line => ({
    what: `${short(ports)} ports, ${short(wanted.flows.length)} flows`,
    peer: label,
    value: valueText(spread(values(peer)), 'µs'),
    ratios: own,
  });
  const toSwitch = (peer: string) => ({ of: 'ovs-vswitchd', spread: ratios(values(peer), values(peers.vswitch)) });
  return {
    bench,
    title: 'cpu: processor time per flow_mod or group_mod, all threads counted',
    lines: [
      line(peers.vswitch, 'ovs-vswitchd, all in one bundle', []),
      line(peers.warm, `damselfly, objects to bytes, time ${goes} in its process`, [{ ...toSwitch(peers.warm), goal }]),
      line(peers.cold, 'damselfly, objects to bytes, first time', [{ ...toSwitch(peers.cold), goal }]),
      line(peers.all, 'damselfly, all: start, northbound, database', [toSwitch(peers.all)]),
    ],
    notes: [
      'objects to bytes: parsed objects, numbers, claims and interfaces are told to a chassis, which decides, makes flows, orders them in batches and bundles, and concludes statuses; nobody is talked to',
      'checked: it makes exactly the messages of compile; ovs-vswitchd and the controller leave exactly these flows and groups on the switch, byte for byte',
      controlNote(difference(values(peers.vswitch), values(peers.vswitchAgain))),
    ],
  };
}
