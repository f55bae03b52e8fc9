// Figure 4: trunks and remote devices, many at once into an empty switch, and one more of each: how many messages that takes, which
// must not depend on how many there are already.
import { ofportRequest } from '../src/apps/tunnels.js';
import type { Compiled } from '../src/cli/compiled.js';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { type Figure, type Line, short } from './report.js';
import { median, type Samples } from './sample.js';
import { nowMs, Site } from './site.js';
import { child, device, trunkObjects, type TrunkSize, vtepAddress } from './trunk-workload.js';
import { compiled, keyOf, parsed, type PlainObject, portId, tenant } from './workload.js';

/** What is measured: the same changes at a small size, which says how many messages they take, and at a large one. */
export interface TrunksOptions {
  readonly small: TrunkSize;
  readonly large: TrunkSize;
  readonly rounds: number;
  /** How long the controller may take for anything before it counts as failed, in milliseconds. */
  readonly deadlineMs: number;
}

const bench = 'trunks';

/** What is on a switch: objects, and what compile makes of them where every tunnel port has the number that is asked for. */
interface State {
  readonly objects: readonly PlainObject[];
  readonly tunnels: Readonly<Record<string, number>>;
  readonly wanted: Compiled;
}

/** Something that is added to a state and removed again. */
interface Change {
  readonly name: string;
  readonly objects: readonly PlainObject[];
  readonly after: State;
}

/** The id of the port that is added: the last in byte order, so that its number is the next one. */
const added = 'x';

/** One object more of each sort, on a network that is there. */
function changesOf(size: TrunkSize): Change[] {
  const objects = trunkObjects(size);
  const change = (name: string, more: readonly PlainObject[], vteps = size.vteps): Change => ({
    name,
    objects: more,
    after: state({ ...size, vteps }, [...objects, ...more]),
  });
  return [
    change('a child', child(0, size.childrenPerTrunk + 1, size, added)),
    change('a device behind a known VTEP', device(size.devices, 0, size, added)),
    change('a device behind a VTEP of its own', device(size.devices, size.vteps, size, added), size.vteps + 1),
  ];
}

/** Measures, and says what was found; throws GateError where the switch holds something else than compile says. */
export async function trunksFigure(options: TrunksOptions, samples: Samples): Promise<Figure> {
  const { small, large } = options;
  const few = await measured(small, options, samples);
  const many = await measured(large, options, samples);
  for (const [i, { peer, messages }] of many.entries())
    demand(messages === few[i]?.messages, `${peer}: ${messages}, and ${few[i]?.messages ?? ''} where there are few`);
  return {
    bench,
    title: `trunks: ${sizeText(large)}; and few, for comparison`,
    lines: [...few, ...many],
    notes: [
      'flow_mods and group_mods of a change do not depend on how much there is: checked, in every round',
      'from the start of the controller, or the write to NATS, to the last flow in the tables of Open vSwitch, by their own counters',
      'checked at rest, with each change and without: the switch holds exactly the flows and groups of compile, byte for byte',
      'the parents are plugged and the numbers are there beforehand; every VTEP has a tunnel port of its own; no port security',
    ],
  };
}

const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

function state({ trunks, vteps }: TrunkSize, objects: readonly PlainObject[]): State {
  const tunnels = tunnelsTo(vteps);
  const ofports = Object.fromEntries(upTo(trunks).map((index) => [`${tenant}/${portId(index)}`, index + 1]));
  return { objects, tunnels, wanted: compiled(parsed(objects), { ofports, tunnels }) };
}

/** The tunnel ports with the numbers that the controller asks for, which a fresh switch grants unless two are the same. */
function tunnelsTo(vteps: number): Record<string, number> {
  const keys = ['vxlan', ...upTo(vteps).map((index) => `vxlan/${vtepAddress(index)}`)];
  const numbers = keys.map(ofportRequest);
  demand(new Set(numbers).size === keys.length, 'two tunnel ports ask for one number: choose other addresses');
  return Object.fromEntries(keys.map((key, i) => [key, numbers[i] ?? 0]));
}

const portsOf = ({ trunks, childrenPerTrunk, devices }: TrunkSize): number => trunks * (childrenPerTrunk + 1) + devices;

const sizeText = ({ trunks, childrenPerTrunk, networks, devices, vteps }: TrunkSize): string =>
  `${short(trunks)} trunks × ${childrenPerTrunk} children, ${short(devices)} devices on ${vteps} VTEPs, ${networks} networks`;

/** A line, with how many messages its change took. */
interface Counted extends Line {
  readonly messages: string;
}

/** What the rounds of one size need. */
interface Run {
  readonly site: Site;
  readonly base: State;
  readonly samples: Samples;
  readonly options: TrunksOptions;
  readonly ports: number;
}

/** Builds a size, fills the switch, makes the changes; the lines of the size. */
async function measured(size: TrunkSize, options: TrunksOptions, samples: Samples): Promise<Counted[]> {
  const base = state(size, trunkObjects(size));
  const changes = changesOf(size);
  const site = await Site.start();
  try {
    const run = { site, base, samples, options, ports: portsOf(size) };
    await site.plug(upTo(size.trunks));
    const keys = changes.map(({ after }) => after.wanted.ports.keys);
    await site.write(
      base.objects,
      keys.reduce((all, more) => ({ ...all, ...more }), {}),
    );
    const lines = [await filled(run)];
    for (const change of changes) lines.push(await changed(run, change));
    return lines;
  } finally {
    await site.close();
  }
}

const whatOf = ({ base, ports }: Run): string => `${short(ports)} ports, ${short(base.wanted.flows.length)} flows`;

/** Everything at once. */
async function filled(run: Run): Promise<Counted> {
  const { site, base, samples, options, ports } = run;
  const { atMs } = await site.startController();
  const length = base.wanted.flows.length;
  const ms = (await site.filled(length, options.deadlineMs)) - atMs;
  await site.settled(base.tunnels, options.deadlineMs);
  await site.atRest();
  await requireInstalled(site.openflow, base.wanted);
  const [{ usedSize }, { controller }] = [await site.probed(), site.cpuMs()];
  const note = { bench, peer: 'damselfly', n: ports, round: 0 };
  samples.add({ ...note, metric: 'fill', value: ms, unit: 'ms' });
  samples.add({ ...note, metric: 'memory', value: usedSize, unit: 'B' });
  const [seconds, cpu, memory] = [ms / 1000, (controller * 1000) / length, usedSize / length / 1000].map(short);
  const value = `${seconds} s; ${cpu} µs of processor time and ${memory} kB per flow`;
  return { what: whatOf(run), peer: 'all, into an empty switch', value, ratios: [], messages: '' };
}

/** Adds and removes something some times; the same each time. */
async function changed(run: Run, { name, objects, after }: Change): Promise<Counted> {
  const { site, base, samples, options, ports } = run;
  const { rounds, deadlineMs } = options;
  const note = { bench, peer: name, n: ports };
  let sentBefore = await site.settled(base.tunnels, deadlineMs);
  const timed = async (round: number, kind: 'add' | 'remove', to: State, write: () => Promise<void>): Promise<void> => {
    const fromMs = nowMs();
    await write();
    const doneMs = await site.filled(to.wanted.flows.length, deadlineMs);
    const sent = await site.settled(to.tunnels, deadlineMs);
    if (round === 0) await requireInstalled(site.openflow, to.wanted);
    samples.add({ ...note, round, metric: kind, value: doneMs - fromMs, unit: 'ms' });
    samples.add({ ...note, round, metric: `${kind} messages`, value: sent - sentBefore, unit: '' });
    sentBefore = sent;
  };
  for (const round of upTo(rounds)) {
    await timed(round, 'add', after, async () => {
      for (const object of objects) await site.store.nb.put(keyOf(object), { schema: 1, ...object.value });
    });
    await timed(round, 'remove', base, async () => {
      for (const object of objects.toReversed()) await site.store.nb.remove(keyOf(object));
    });
  }
  const values = (metric: string): number[] => samples.values(bench, metric, name, ports);
  const [add, remove] = (['add messages', 'remove messages'] as const).map((metric) => onlyOne(name, values(metric)));
  const messages = `${add} messages, ${remove} to remove it`;
  const [added = '', removed = ''] = (['add', 'remove'] as const).map((metric) => short(median(values(metric))));
  const value = `${messages}; p50 ${added} ms, removed ${removed} ms`;
  return { what: whatOf(run), peer: `${name} more`, value, ratios: [], messages };
}

/** The number of messages that every round took. */
function onlyOne(name: string, numbers: readonly number[]): number {
  const [first = NaN] = numbers;
  demand(
    numbers.every((number) => number === first),
    `${name}: ${numbers.join(', ')} messages`,
  );
  return first;
}
