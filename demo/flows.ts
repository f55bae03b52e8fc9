// The independent judge of the switches: what `damselfly compile` makes of the northbound as it is now, with the numbers as
// they are now, must be what each switch holds, flow by flow and group by group, as Open vSwitch's own tools compare it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chassis } from '../test/lab/chassis.js';
import { Ovs } from '../test/lab/ovs.js';
import { CommandError, run, until } from '../test/lab/process.js';
import { holds, type Line } from './line.js';
import { standing } from './northbound.js';
import { damselfly } from './program.js';
import { members, type ChassisName } from './plan.js';
import type { Site } from './site.js';

/** Gives the northbound as it is stored, unique keys included, as a file for `compile`. */
export type Export = () => Promise<string>;

/** Compares switches with `compile`; owns a bare switch that spells groups as Open vSwitch does. */
export class Judge {
  readonly #site: Site;
  readonly #export: Export;
  readonly #bare: Ovs;

  private constructor(site: Site, exported: Export, bare: Ovs) {
    this.#site = site;
    this.#export = exported;
    this.#bare = bare;
  }

  /** Starts the bare switch. */
  static async start(site: Site, exported: Export): Promise<Judge> {
    const bare = await Ovs.start({ datapath: 'dummy' });
    await bare.addBridge('br-int');
    return new Judge(site, exported, bare);
  }

  /** Lines in which switch and `compile` differ, flows and groups; empty when they agree. */
  async differences(name: ChassisName): Promise<string[]> {
    const { ovs } = this.#site.chassis[name];
    const objects = join(ovs.dir, 'objects.yaml');
    const ports = join(ovs.dir, 'ports.json');
    writeFileSync(objects, await this.#export());
    writeFileSync(ports, JSON.stringify(await livePorts(this.#site, name)));
    const words = ['compile', '-f', objects, '--chassis', name, '--ports', ports];
    const [flows, groups] = await Promise.all([this.#compiled(words), this.#compiled([...words, '--groups'])]);
    return [...(await differingFlows(ovs, flows)), ...(await this.#differingGroups(ovs, groups))];
  }

  #compiled(words: readonly string[]): Promise<string> {
    return damselfly(this.#site.nats.url(), words);
  }

  async #differingGroups(ovs: Ovs, compiled: string): Promise<string[]> {
    await this.#bare.ofctl(['del-groups', 'br-int']);
    if (compiled !== '') await this.#bare.ofctl(['add-groups', 'br-int', '-'], compiled);
    const [wanted, installed] = [await groupsOf(this.#bare), await groupsOf(ovs)];
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

/** `ovs-ofctl diff-flows`: `-` is missing in the switch, `+` is too much. It ends with status 2 when there are any. */
async function differingFlows(ovs: Ovs, compiled: string): Promise<string[]> {
  const file = join(ovs.dir, 'compiled.flows');
  writeFileSync(file, compiled);
  const text = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'diff-flows', file, ovs.management('br-int')]).catch(
    (error: unknown) => {
      if (error instanceof CommandError && error.code === 2) return error.output;
      throw error;
    },
  );
  return text.split('\n').filter((line) => line !== '');
}

async function groupsOf(ovs: Ovs): Promise<string[]> {
  const text = await ovs.ofctl(['dump-groups', 'br-int']);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('group_id='));
}

/** Lines that say that both switches hold what `compile` says; they wait a little, as the controllers may be at work. */
export function flowLines(judge: Judge, step: string, waitMs = 5_000): Line[] {
  return (['c1', 'c2'] as const).map((name) => ({
    id: `flows:${step}:${name}`,
    claim: `${name} holds exactly the flows and groups of compile`,
    run: async () => {
      let differences: string[] = [];
      const isEqual = async () => {
        differences = await judge.differences(name);
        return differences.length === 0;
      };
      await until('flows as compiled', isEqual, waitMs).catch((error: unknown) => {
        if (!(error instanceof Error) || !error.message.startsWith('waited')) throw error;
      });
      const shown = differences.slice(0, 4).join('; ');
      return {
        held: differences.length === 0,
        sent: 'ovs-ofctl diff-flows, groups too',
        seen: `${differences.length} lines${shown === '' ? '' : `: ${shown}`}`,
      };
    },
  }));
}

/** Every status that a chassis has written says ACTIVE. */
export function activeLine(site: Site, step: string): Line {
  return holds(`active:${step}`, 'what the chassis report is ACTIVE, all of it', 'damselfly get', async () => {
    const { reported, faulty } = await standing(site);
    return {
      held: reported > 0 && faulty.length === 0,
      seen: faulty.length === 0 ? `${reported} statuses` : faulty.slice(0, 4).join('; '),
    };
  });
}
