// Figure 8: one port more, from the write to the last flow in the switch, against OVN: as many ports, spread alike, and the same judge.
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../test/lab/process.js';
import { demand } from './gate.js';
import { requireInstalled } from './installed.js';
import { Judge } from './judge.js';
import { integrationBridge, OvnSite, portWords } from './ovn-site.js';
import { ovnLoad, type OvnLoad } from './ovn-workload.js';
import { PortChanges } from './port-changes.js';
import { type Load, otherChassis, preload } from './preload.js';
import { controlNote, type Figure, type Goal, type Line, short } from './report.js';
import { difference, median, percentile, ratios, type Samples } from './sample.js';
import { nowMs } from './site.js';
import { chassis } from './workload.js';

/** How much is measured: loads of different sizes, and how many times faster than OVN we want to be at each. */
export interface OvnOptions {
  readonly sizes: readonly { readonly load: Load; readonly goal: number }[];
  readonly rounds: number;
}

const bench = 'ovn';
/** Nothing changes any more over so many milliseconds when a change is over. */
const quietMs = 200;
/**
 * What OVN publishes of its northd since 23.09, which handles a port by itself: 30 ms in northd alone for one port among 25,000
 * (commit b337750e4 of github.com/ovn-org/ovn).
 */
const published = { ms: 30, goal: 20 } as const;

/** Measures, and says what was found; throws GateError where our switch holds something else than compile says, or OVN's lacks the port. */
export async function ovnFigure({ sizes, rounds }: OvnOptions, samples: Samples): Promise<Figure> {
  const version = (await run('ovn-nbctl', ['--version'])).split('\n')[0]?.replace('ovn-nbctl ', '') ?? '';
  const lines: Line[] = [];
  const notes: string[] = [];
  for (const { load, goal } of sizes) {
    notes.push(await measured(load, rounds, samples));
    lines.push(...linesOf(load, goal, samples));
  }
  return {
    bench,
    title: `ovn: one port with port security added, from the write to the last flow; OVN ${version}, ovn-nbctl as a daemon, --wait=hv`,
    lines,
    notes: [...notes, ...comparability],
  };
}

const comparability = [
  'the last flow as the flow monitor of Open vSwitch tells it, of the port that came; ours begins before the write to NATS, OVN’s before the command reaches the daemon',
  'bare: by a program that does nothing else, over the same kind of connection; whoever sends flows to this switch and waits for them is not faster',
  'checked: our switch holds exactly the flows and groups of compile, byte for byte, with the port and without; OVN’s has flows to its interface exactly while it is there',
  `published: ${published.ms} ms in ovn-northd alone, of one port added among 25,000 (ovn-org/ovn b337750e4, in OVN since 23.09, which Debian does not have); its databases, ovn-controller and switch come on top`,
  'what OVN’s databases guarantee and ours does not: a transaction over any number of rows, all or nothing, seen by everybody at once, refused as a whole where types, unique indexes or references between rows do not hold',
  'in a cluster (Raft) it is acknowledged when most servers have it on persistent storage. Ours takes one object at a time, in a cluster from most servers too, but nats-server syncs its files every 2 minutes unless told otherwise: a power failure of all can lose what was acknowledged; references are judged by each controller afterwards',
  'here both write to one server and one disk, OVN without Raft; OVN also makes flows for more than a switch with ports (load balancers, DHCP, routers) where there are such',
];

/** One size, both peers in turns; a note about it. */
async function measured(load: Load, rounds: number, samples: Samples): Promise<string> {
  const preloaded = await preload(load);
  try {
    const ours = await Judge.open(preloaded.site.ovs.management('br0'));
    const changes = new PortChanges(preloaded, ours);
    const plan = ovnLoad(load);
    const ovn = await OvnSite.start(chassis);
    try {
      const judge = await prepared(ovn, plan);
      for (let round = -1; round < rounds; round++)
        for (const kind of ['add', 'remove'] as const) {
          const theirs = await changed(ovn, plan, judge, kind);
          const { writtenMs, lastMs } = await changes.change(kind);
          await delay(quietMs);
          if (round < 0)
            await requireInstalled(preloaded.site.openflow, kind === 'add' ? preloaded.extended : preloaded.base);
          else
            note(load, round, kind, samples, {
              OVN: theirs,
              damselfly: lastMs - writtenMs,
              ...(kind === 'add' ? { bare: await changes.bare() } : {}),
            });
        }
      demand(ours.surplus === 0, `${ours.surplus} changes of our flows were seen that nobody asked for`);
      judge.close();
      const size = (await ovn.ovs.flows(integrationBridge)).length;
      const values = samples.values(bench, 'add', 'OVN', load.ports);
      const half = values.length >> 1;
      const control = controlNote(difference(values.slice(0, half), values.slice(half)));
      return `${short(load.ports)} ports, one in ${load.localOneIn} here: ${short(preloaded.base.flows.length)} flows of ours, ${short(size)} of OVN; ${control} (OVN, both halves of the run)`;
    } finally {
      ours.close();
      await ovn.close();
    }
  } finally {
    await preloaded.site.close();
  }
}

function note(
  load: Load,
  round: number,
  metric: string,
  samples: Samples,
  times: Readonly<Record<string, number>>,
): void {
  for (const [peer, value] of Object.entries(times))
    samples.add({ bench, metric, peer, n: load.ports, round, value, unit: 'ms' });
}

/** Brings OVN to rest with the load; gives who watches its flows. */
async function prepared(ovn: OvnSite, { networks, local, extra }: OvnLoad): Promise<Judge> {
  await ovn.plug([...local, extra.name]);
  await ovn.write(networks, otherChassis);
  await ovn.startController();
  const judge = await Judge.open(ovn.ovs.management(integrationBridge), () => true);
  await atRest(judge);
  return judge;
}

/** Resolves when no flow has changed for a while. */
async function atRest(judge: Judge): Promise<void> {
  for (let before = -1; before !== judge.seen;) {
    before = judge.seen;
    await delay(quietMs);
  }
}

/** Adds or removes the port; gives the time from before the command until the last flow, in milliseconds. */
async function changed(ovn: OvnSite, { extra, local }: OvnLoad, judge: Judge, kind: 'add' | 'remove'): Promise<number> {
  const seen = judge.seen;
  const fromMs = nowMs();
  await ovn.nbctl('--wait=hv', ...(kind === 'add' ? portWords(extra) : ['lsp-del', extra.name]));
  await atRest(judge);
  demand(judge.seen > seen, 'OVN changes no flow');
  const isThere = (await ovn.ovs.flows(integrationBridge)).some((flow) => flow.endsWith(`output:${local.length + 1}`));
  demand(isThere === (kind === 'add'), `OVN has flows to the interface: ${isThere} after ${kind}`);
  return judge.seenMs - fromMs;
}

function linesOf({ ports }: Load, goal: number, samples: Samples): Line[] {
  const values = (peer: string, metric = 'add') => samples.values(bench, metric, peer, ports);
  const line = (peer: string, all: readonly number[], own: Line['ratios'] = []): Line => ({
    what: `${short(ports)} ports`,
    peer,
    value: `p50 ${short(median(all))} ms, p99 ${short(percentile(all, 0.99))} ms`,
    ratios: own,
  });
  const faster = (metric: string, peer = 'damselfly') => ratios(values('OVN', metric), values(peer, metric));
  const than = (of: string, spread: ReturnType<typeof ratios>, ratio: number): Line['ratios'][number] => {
    const wanted: Goal = { kind: 'at least', ratio };
    return { of, spread, goal: wanted };
  };
  const overPublished = (peer: string) =>
    ratios(
      Array.from(values(peer), () => published.ms),
      values(peer),
    );
  const thanOvn = 'faster than OVN';
  const thanPublished = `faster than the published ${published.ms} ms`;
  return [
    line('OVN, port added', values('OVN')),
    line('OVN, port removed', values('OVN', 'remove')),
    line('damselfly, port added', values('damselfly'), [
      than(thanOvn, faster('add'), goal),
      than(thanPublished, overPublished('damselfly'), published.goal),
    ]),
    line('damselfly, port removed', values('damselfly', 'remove'), [{ of: thanOvn, spread: faster('remove') }]),
    line('as many bare flow_mods + barrier', values('bare'), [
      { of: thanOvn, spread: faster('add', 'bare') },
      { of: thanPublished, spread: overPublished('bare') },
    ]),
  ];
}
