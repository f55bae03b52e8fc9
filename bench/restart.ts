// Figure 5: a controller that is killed and started again while its switch holds everything: what it sends, which must be nothing,
// and how long it takes from its HELLO until it knows that.
import { isDeepStrictEqual } from 'node:util';
import { refOf } from '../src/model/ids.js';
import { statusKey } from '../src/sync/keys.js';
import { flowRequest } from '../src/switch/dump.js';
import { until } from '../test/lab/process.js';
import { type FullSite, fullSite } from './full-site.js';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { Judge, tableRevisions } from './judge.js';
import { controlNote, type Figure, type Goal, type Line, short, valueText } from './report.js';
import { difference, median, ratios, type Samples, spread } from './sample.js';
import { nowMs, type Site } from './site.js';
import { Relay } from './relay.js';
import { chassis, tenant } from './workload.js';

/** How much is measured: each number of ports, at about ten flows each, so many times. */
export interface RestartOptions {
  readonly sizes: readonly { readonly ports: number; readonly rounds: number }[];
  /** How long the controller may take before it counts as failed, in milliseconds. */
  readonly deadlineMs: number;
}

const bench = 'restart';
const goalMs = 500;
const bridge = 'br0';
/** What a chassis says of a tenant: the revision up to which the switch has all of it. */
const receiptKey = statusKey('chassis', refOf(tenant, chassis), chassis);

/** Measures, and says what was found; throws GateError where something was sent, or the switch holds something else. */
export async function restartFigure({ sizes, deadlineMs }: RestartOptions, samples: Samples): Promise<Figure> {
  const lines: Line[] = [];
  const notes: string[] = [];
  for (const { ports, rounds } of sizes) {
    const full = await fullSite(ports);
    const relay = await Relay.open(bridge, full.site.ovs.management(bridge));
    try {
      await firstStart(full, relay, deadlineMs);
      for (let round = 0; round < rounds; round++) await oneRestart({ full, relay, deadlineMs }, round, samples);
      lines.push(...linesOf(full, samples));
      const dumps = (peer: string) => samples.values(bench, 'time', peer, ports);
      notes.push(`${short(ports)} ports: ${controlNote(difference(dumps('dump'), dumps('dump again')))}`);
    } finally {
      relay.close();
      await full.site.close();
    }
  }
  return {
    bench,
    title: 'restart: the controller killed (SIGKILL) and started again, all flows on the switch; it dials .mgmt',
    lines,
    notes: [
      'no flow_mod, group_mod or bundled message in any round: counted by a relay on the way, by rev_flow_table and by the flow monitor of Open vSwitch',
      'from the HELLO of the controller at the relay until a bare NATS subscriber has its receipt for the last revision of the tenant, which comes up to 50 ms after the fact',
      'checked then: damselfly status has all that is wanted installed, nothing waiting, nothing still to be known; the switch holds exactly the flows and groups of compile, byte for byte',
      'dump: the same request for all flows by a program that only counts the bytes',
      ...notes,
    ],
  };
}

/** The run that fills the switch. */
async function firstStart({ site, wanted }: FullSite, relay: Relay, deadlineMs: number): Promise<void> {
  await site.startController(relay.dir);
  await site.filled(wanted.flows.length, deadlineMs);
  await site.settled({}, deadlineMs);
  await site.atRest();
  await requireInstalled(site.openflow, wanted);
  demand(relay.changes >= wanted.flows.length, 'the relay does not see what the controller sends');
}

/** What a restart takes part in. */
interface Run {
  readonly full: FullSite;
  readonly relay: Relay;
  readonly deadlineMs: number;
}

async function oneRestart({ full, relay, deadlineMs }: Run, round: number, samples: Samples): Promise<void> {
  const { site, wanted, ports } = full;
  const note = (peer: string, value: number) => {
    samples.add({ bench, metric: 'time', peer, n: ports, round, value, unit: 'ms' });
  };
  const revision = await site.store.nb.newest(`${tenant}.>`);
  await site.stopController('SIGKILL');
  note('dump', await dumped(site));
  const judge = await Judge.open(site.ovs.management(bridge));
  const [changes, revisions] = [relay.changes, await tableRevisions(site.ovs)];
  const receipt = nextReceipt(site, revision, deadlineMs);
  const { atMs } = await site.startController(relay.dir);
  const doneMs = await receipt;
  note('start', relay.helloMs - atMs);
  note('damselfly', doneMs - relay.helloMs);
  await requireInStep(site, wanted.flows.length + wanted.groups.length);
  await site.atRest();
  const [sent, seen, revised] = [relay.changes - changes, judge.surplus, await tableRevisions(site.ovs)];
  judge.close();
  const counted = `${sent} messages were sent, ${seen} changes seen, rev_flow_table rose by ${revised - revisions}`;
  demand(sent === 0 && seen === 0 && revised === revisions, counted);
  await requireInstalled(site.openflow, wanted);
  note('dump again', await dumped(site));
}

/** How long all flows take from the switch to a program that does nothing with them, in milliseconds: the median of some times. */
async function dumped({ openflow }: Site): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < 5; i++) {
    const from = nowMs();
    await openflow.request(flowRequest({}));
    took.push(nowMs() - from);
  }
  return median(took);
}

/** Resolves to when a receipt for at least this revision comes by at a subscriber of its subject. */
function nextReceipt({ store, nats }: Site, revision: number, deadlineMs: number): Promise<number> {
  let atMs: number | undefined;
  const subscription = nats.connection.subscribe(store.status.subject(receiptKey), {
    callback: (_, message) => {
      if (message.json<{ revision: number }>().revision >= revision) atMs ??= nowMs();
    },
  });
  const came = until(`a receipt for revision ${revision}`, () => atMs, deadlineMs);
  return came.finally(() => {
    subscription.unsubscribe();
  });
}

/** Refuses a controller that believes something else than that all is done. */
async function requireInStep(site: Site, length: number): Promise<void> {
  const flows = { wanted: length, installed: length, waiting: 0, sent: 0 };
  const now = await site.standing();
  const isInStep = isDeepStrictEqual(now, { waits_for: [], flows, live: { tunnels: {} } });
  demand(isInStep, `the receipt is there, and not all is done by nothing: ${JSON.stringify(now)}`);
}

function linesOf({ ports, wanted }: FullSite, samples: Samples): Line[] {
  const values = (peer: string) => samples.values(bench, 'time', peer, ports);
  const line = (peer: string, label: string, ...own: Line['ratios']): Line => ({
    what: `${short(ports)} ports, ${short(wanted.flows.length)} flows`,
    peer: label,
    value: valueText(spread(values(peer)), 'ms'),
    ratios: own,
  });
  const goal: Goal = { kind: 'at most', ratio: 1 };
  const limits = Array.from(values('damselfly'), () => goalMs);
  const toGoal = { of: `${goalMs} ms`, spread: ratios(values('damselfly'), limits), goal };
  const toDump = { of: 'the dump', spread: ratios(values('damselfly'), values('dump')) };
  return [
    line('dump', 'dump of all flows, nothing else'),
    line('damselfly', 'damselfly, from its HELLO', toDump, toGoal),
    line('start', 'from the start of its process to HELLO'),
  ];
}
