// A private OVN: both databases, northd and ovn-controller on an Open vSwitch of its own, and ovn-nbctl as a daemon, so that no command
// pays for its start. Everything ends with this process.
import { type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Ovs } from '../test/lab/ovs.js';
import { run, start, stop, until } from '../test/lab/process.js';
import { unmetNeed } from '../test/lab/requirements.js';
import { Unixctl } from '../test/lab/unixctl.js';
import { demand } from './gate.js';
import { plugInterfaces } from './plug.js';
import { otherIp } from './preload.js';

/** The bridge that ovn-controller fills. */
export const integrationBridge = 'br-int';

const programs = ['ovn-northd', 'ovn-nbctl', 'ovn-sbctl', 'ovn-controller', 'ovsdb-client'];
const schemas = '/usr/share/ovn';

/** A port of OVN: its switch, MAC and IP address. */
export interface OvnPort {
  readonly name: string;
  readonly network: string;
  readonly addresses: string;
}

/** The words that add a port with its addresses, and let it use no others. */
export const portWords = ({ name, network, addresses }: OvnPort): string[] => [
  ...['lsp-add', network, name],
  ...['--', 'lsp-set-addresses', name, addresses],
  ...['--', 'lsp-set-port-security', name, addresses],
];

/** One chassis with OVN on it, as far as it was started. */
export class OvnSite {
  readonly ovs: Ovs;
  readonly #children: ChildProcess[] = [];
  readonly #daemon: Unixctl;

  private constructor(ovs: Ovs) {
    this.ovs = ovs;
    this.#daemon = new Unixctl(join(ovs.dir, 'nbctl.ctl'));
  }

  /** Starts the databases and ovn-nbctl; throws where OVN is missing, or who is no root wants a process namespace. */
  static async start(chassis: string): Promise<OvnSite> {
    const unmet = unmetNeed([...programs, 'root', 'unshare']);
    if (unmet !== undefined) throw new Error(`${unmet}; as root: apt-get install ovn-central ovn-host`);
    const site = new OvnSite(await Ovs.start({ datapath: 'dummy', systemId: chassis }));
    try {
      await site.#prepare();
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  /** Runs a command of ovn-nbctl, `--wait=hv` and the like first; resolves when it is done. */
  async nbctl(...words: readonly string[]): Promise<void> {
    demand(await this.#daemon.run('run', ...words), `ovn-nbctl refuses ${words.slice(0, 8).join(' ')}`);
  }

  /** Makes the interfaces of ports, in the order given, with ofports from 1 on. */
  async plug(names: readonly string[]): Promise<void> {
    const interfaces = names.map((name, i) => ({ name, ofport: i + 1, ifaceId: name }));
    await plugInterfaces(this.ovs.database, integrationBridge, interfaces, 'dummy');
  }

  /**
   * Writes networks with their ports and starts northd. All ports are on the chassis `other`, until ovn-controller claims those that
   * are plugged here.
   */
  async write(networks: ReadonlyMap<string, readonly OvnPort[]>, other: string): Promise<void> {
    for (const [network, ports] of networks)
      await this.nbctl('ls-add', network, ...ports.flatMap((port) => ['--', ...portWords(port)]));
    const databases = [`--ovnnb-db=${this.#socket('nb')}`, `--ovnsb-db=${this.#socket('sb')}`];
    this.#start('ovn-northd', [...databases, `--unixctl=${join(this.ovs.dir, 'northd.ctl')}`]);
    await this.nbctl('--wait=sb', 'sync');
    const southbound = `--db=${this.#socket('sb')}`;
    await run('ovn-sbctl', [southbound, 'chassis-add', other, 'geneve', otherIp]);
    const uuid = await run('ovn-sbctl', [southbound, '--bare', '--columns=_uuid', 'find', 'Chassis', `name=${other}`]);
    // One operation: lsp-bind looks through all ports for each.
    const bind = { op: 'update', table: 'Port_Binding', where: [], row: { chassis: ['uuid', uuid.trim()] } };
    const words = ['transact', this.#socket('sb'), JSON.stringify(['OVN_Southbound', bind])];
    const bound = /"count":(\d+)/.exec(await run('ovsdb-client', words))?.[1];
    const length = [...networks.values()].flat().length;
    demand(Number(bound) === length, `${bound ?? 'no'} ports of ${length} are bound`);
  }

  /** Starts ovn-controller; resolves when all its flows are on the switch. */
  async startController(): Promise<void> {
    this.#start('ovn-controller', [this.ovs.database]);
    await this.nbctl('--wait=hv', 'sync');
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#daemon.close();
    for (const child of this.#children) await stop(child, 'SIGKILL');
    await this.ovs.close();
  }

  #socket(database: 'nb' | 'sb'): string {
    return `unix:${join(this.ovs.dir, `${database}.sock`)}`;
  }

  #start(program: string, args: readonly string[]): void {
    const { dir } = this.ovs;
    const env = { OVN_RUNDIR: dir, OVN_LOGDIR: dir, OVN_DBDIR: dir, OVS_RUNDIR: dir, OVS_LOGDIR: dir };
    this.#children.push(start(program, args, join(dir, 'ovn.log'), { env }));
  }

  async #prepare(): Promise<void> {
    const { dir } = this.ovs;
    for (const name of ['nb', 'sb'] as const) {
      const file = join(dir, `${name}.db`);
      await run('ovsdb-tool', ['create', file, join(schemas, `ovn-${name}.ovsschema`)]);
      this.#start('ovsdb-server', [
        file,
        `--remote=p${this.#socket(name)}`,
        `--unixctl=${join(dir, `${name}.ctl`)}`,
        '-vconsole:off',
      ]);
    }
    // A daemon that detaches itself is held by a process namespace, which ends with us.
    const daemon = `ovn-nbctl --detach --db=${this.#socket('nb')} --unixctl=${join(dir, 'nbctl.ctl')} -vconsole:off`;
    this.#start('unshare', ['--pid', '--fork', '--kill-child=KILL', 'sh', '-c', `${daemon} && exec sleep infinity`]);
    await until('ovn-nbctl answers', () => this.#daemon.run('run', 'init'));
    await this.ovs.addBridge(integrationBridge);
    await this.ovs.vsctl('set', 'Bridge', integrationBridge, 'protocols=OpenFlow13,OpenFlow15');
    const remote = ['ovn-encap-type=geneve', 'ovn-encap-ip=192.0.2.1', `ovn-remote="${this.#socket('sb')}"`];
    await this.ovs.vsctl('set', 'Open_vSwitch', '.', ...remote.map((text) => `external_ids:${text}`));
  }
}
