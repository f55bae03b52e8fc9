// The independent judge of the switches: what `damselfly compile` makes of the northbound as it is now, with the numbers as
// they are now, must be what each switch holds, flow by flow and group by group, as Open vSwitch's own tools compare it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chassis } from '../test/lab/chassis.js';
import { Ovs } from '../test/lab/ovs.js';
import { CommandError, run } from '../test/lab/process.js';
import { holds, type Line } from './line.js';
import { readNorthbound } from './northbound.js';
import { damselfly } from './program.js';
import { members, type ChassisName } from './plan.js';
import type { Site } from './site.js';

/** What the judge finds at one moment: by chassis the lines in which switch and `compile` differ, and what the chassis report. */
export interface Judgement {
  readonly differences: Readonly<Record<ChassisName, readonly string[]>>;
  readonly reported: number;
  /** Statuses that are not ACTIVE. */
  readonly faulty: readonly string[];
}

/** The text of `compile`, as ovs-ofctl takes it. */
interface Compiled {
  readonly flows: string;
  readonly groups: string;
}

/** Compares switches with `compile`; owns a bare switch that spells groups as Open vSwitch does. */
export class Judge {
  readonly #site: Site;
  readonly #bare: Ovs;
  readonly #answers = new Map<ChassisName, { readonly question: string; readonly answer: Compiled }>();

  private constructor(site: Site, bare: Ovs) {
    this.#site = site;
    this.#bare = bare;
  }

  /** Starts the bare switch. */
  static async start(site: Site): Promise<Judge> {
    const bare = await Ovs.start({ datapath: 'dummy' });
    for (const name of ['c1', 'c2']) await bare.addBridge(name);
    return new Judge(site, bare);
  }

  /** Looks at both switches. */
  async look(): Promise<Judgement> {
    const { file, reported, faulty } = await readNorthbound(this.#site);
    const [c1, c2] = await Promise.all([this.#differences('c1', file), this.#differences('c2', file)]);
    return { differences: { c1, c2 }, reported, faulty };
  }

  async #differences(name: ChassisName, objects: string): Promise<string[]> {
    const ports = JSON.stringify(await livePorts(this.#site, name));
    const { flows, groups } = await this.#compiled(name, objects, ports);
    return [
      ...(await differingFlows(this.#site.chassis[name].ovs, flows)),
      ...(await this.#differingGroups(name, groups)),
    ];
  }

  /** What `compile` says; the same question is not asked twice in a row. */
  async #compiled(name: ChassisName, objects: string, ports: string): Promise<Compiled> {
    const question = `${objects}\n${ports}`;
    const last = this.#answers.get(name);
    if (last?.question === question) return last.answer;
    const file = (kind: string) => join(this.#bare.dir, `${name}-${kind}.json`);
    writeFileSync(file('objects'), objects);
    writeFileSync(file('ports'), ports);
    const words = ['compile', '-f', file('objects'), '--chassis', name, '--ports', file('ports')];
    const [flows, groups] = await Promise.all(
      [words, [...words, '--groups']].map((all) => damselfly(this.#site.nats.url(), all)),
    );
    const answer = { flows: flows ?? '', groups: groups ?? '' };
    this.#answers.set(name, { question, answer });
    return answer;
  }

  async #differingGroups(name: ChassisName, compiled: string): Promise<string[]> {
    await this.#bare.ofctl(['del-groups', name]);
    if (compiled !== '') await this.#bare.ofctl(['add-groups', name, '-'], compiled);
    const [wanted, installed] = [
      await groupsOf(this.#bare, name),
      await groupsOf(this.#site.chassis[name].ovs, 'br-int'),
    ];
    return [
      ...wanted.filter((group) => !installed.includes(group)).map((group) => `-${group}`),
      ...installed.filter((group) => !wanted.includes(group)).map((group) => `+${group}`),
    ];
  }
}

/**
 * The numbers that the switches give, in the form of `compile --ports`: what is plugged here has its ofport, what is plugged
 * elsewhere is bound there, what is plugged nowhere has no ofport yet. Children are not listed: they are where their parent is.
 */
async function livePorts(site: Site, name: ChassisName): Promise<unknown> {
  const plugged = (row: InterfaceRow) => {
    const { 'iface-id': id, 'damselfly-tenant': tenant } = row.externalIds;
    return id === undefined || tenant === undefined ? [] : [`${tenant}/${id}`];
  };
  const own = await interfaces(site.chassis[name]);
  const ofports = new Map<string, number>(members.map(({ tenant, name: id }) => [`${tenant}/${id}`, 0]));
  const bindings = new Map<string, string>();
  for (const other of Object.values(site.chassis).filter((chassis) => chassis.name !== name)) {
    for (const ref of (await interfaces(other)).flatMap(plugged)) {
      bindings.set(ref, other.name);
      ofports.delete(ref);
    }
  }
  for (const row of own) for (const ref of plugged(row)) ofports.set(ref, row.ofport);
  const tunnels = own.flatMap(({ type, ofport, options: { remote_ip: remote } }): [string, number][] =>
    remote === undefined ? [] : [[remote === 'flow' ? type : `${type}/${remote}`, ofport]],
  );
  return {
    ofports: Object.fromEntries(ofports),
    tunnels: Object.fromEntries(tunnels),
    bindings: Object.fromEntries(bindings),
  };
}

async function interfaces({ ovs }: Chassis): Promise<InterfaceRow[]> {
  return readRows(await ovs.vsctl('--format=json', '--columns=type,ofport,external_ids,options', 'list', 'Interface'));
}

interface InterfaceRow {
  readonly type: string;
  readonly ofport: number;
  readonly externalIds: Readonly<Partial<Record<string, string>>>;
  readonly options: Readonly<Partial<Record<string, string>>>;
}

/** Rows of `ovs-vsctl --format=json`, which are OVSDB's own notation (RFC 7047, 5.1). */
function readRows(text: string): InterfaceRow[] {
  const { data } = JSON.parse(text) as {
    data: [string, number, [string, [string, string][]], [string, [string, string][]]][];
  };
  return data.map(([type, ofport, [, externalIds], [, options]]) => ({
    type,
    ofport,
    externalIds: Object.fromEntries(externalIds),
    options: Object.fromEntries(options),
  }));
}

/** By this cookie the switch counts what nobody named, in flows that it learned itself: see src/apps/unknown.ts. */
const learned = /^cookie=0xd5f1ff/;

/**
 * `ovs-ofctl diff-flows`: `-` is missing in the switch, `+` is too much. It ends with status 2 when there are any. What the switch
 * learned of its own accord is no part of what `compile` says.
 */
async function differingFlows(ovs: Ovs, compiled: string): Promise<string[]> {
  const [wanted, installed] = [join(ovs.dir, 'compiled.flows'), join(ovs.dir, 'installed.flows')];
  const dump = await ovs.ofctl(['--no-stats', 'dump-flows', 'br-int']);
  writeFileSync(wanted, compiled);
  writeFileSync(
    installed,
    dump
      .replaceAll(/^ /gm, '')
      .split('\n')
      .filter((line) => !learned.test(line))
      .join('\n'),
  );
  const text = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'diff-flows', wanted, installed]).catch((error: unknown) => {
    if (error instanceof CommandError && error.code === 2) return error.output;
    throw error;
  });
  return text.split('\n').filter((line) => line !== '');
}

async function groupsOf(ovs: Ovs, bridge: string): Promise<string[]> {
  const text = await ovs.ofctl(['dump-groups', bridge]);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('group_id='));
}

/**
 * Lines that say that both switches hold what `compile` says and that everything reported is ACTIVE; the judge looks once for all
 * of them, and again for a while until they hold, as the controllers may be at work.
 */
export function flowLines(judge: Judge, step: string, waitMs = 5_000): Line[] {
  let looking: Promise<Judgement> | undefined;
  const judgement = () => (looking ??= settled(judge, waitMs));
  return [
    ...(['c1', 'c2'] as const).map((name) =>
      holds(
        `flows:${step}:${name}`,
        `${name} holds exactly the flows and groups of compile`,
        'ovs-ofctl diff-flows, and groups',
        async () => {
          const differences = (await judgement()).differences[name];
          return { held: differences.length === 0, seen: shown(`${differences.length} lines differ`, differences) };
        },
      ),
    ),
    holds(`active:${step}`, 'everything that the chassis report is ACTIVE', 'damselfly get', async () => {
      const { reported, faulty } = await judgement();
      const active = `${reported - faulty.length} of ${reported} statuses`;
      return { held: reported > 0 && faulty.length === 0, seen: shown(active, faulty) };
    }),
  ];
}

async function settled(judge: Judge, waitMs: number): Promise<Judgement> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const judgement = await judge.look();
    const { differences, faulty } = judgement;
    const isWell = differences.c1.length + differences.c2.length + faulty.length === 0;
    if (isWell || Date.now() >= deadline) return judgement;
  }
}

function shown(count: string, lines: readonly string[]): string {
  return lines.length === 0 ? count : `${count}: ${lines.slice(0, 4).join('; ')}`;
}
