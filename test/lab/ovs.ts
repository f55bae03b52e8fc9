// A private Open vSwitch: an ovsdb-server and an ovs-vswitchd of our own in a temporary folder, in a network namespace or not.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, run, start, stop, until } from './process.js';
import { makeWorkDirectory, removeWorkDirectory } from './work-directory.js';

/** `dummy`: no packets, needs no privilege. `netdev`: real packets in user space, one per network namespace. */
export interface OvsOptions {
  readonly datapath: 'dummy' | 'netdev';
  readonly netns?: string;
  readonly systemId?: string;
  /** With `dummy`: tunnel ports are Open vSwitch’s own, with its checks, where they are dummies like everything else otherwise. */
  readonly realTunnels?: boolean;
  /** With `dummy`: it follows the routes and addresses of its network namespace, which should then be the lab's. */
  readonly systemRoutes?: boolean;
}

/** How a bridge is made; `fail_mode=secure`, `disable-in-band` and OpenFlow 1.3 unless said otherwise. */
export interface BridgeOptions {
  readonly datapathId?: string;
  readonly failMode?: 'secure' | 'standalone';
  readonly controllers?: readonly string[];
  /** Its `external_ids:damselfly-chassis`, there from the beginning. */
  readonly chassis?: string;
}

/** How a port is made: `set` holds further `column=value` words for its Interface row, `port` those for its Port row. */
export interface PortOptions {
  readonly type?: string;
  readonly ofport?: number;
  readonly ifaceId?: string;
  readonly set?: readonly string[];
  readonly port?: readonly string[];
}

const schema = '/usr/share/openvswitch/vswitch.ovsschema';
const quiet = ['-vsyslog:off', '-vconsole:off'];

/** One running Open vSwitch; `close` ends it and removes its folder. */
export class Ovs {
  readonly dir: string;
  readonly datapath: 'dummy' | 'netdev';
  readonly netns: string | undefined;
  readonly #realTunnels: boolean;
  readonly #systemRoutes: boolean;
  #database: ChildProcess | undefined;
  #switch: ChildProcess | undefined;

  private constructor(options: OvsOptions) {
    this.dir = makeWorkDirectory();
    this.datapath = options.datapath;
    this.netns = options.netns;
    this.#realTunnels = options.realTunnels ?? false;
    this.#systemRoutes = options.systemRoutes ?? false;
  }

  /** Starts both programs and waits until they answer. */
  static async start(options: OvsOptions): Promise<Ovs> {
    const ovs = new Ovs(options);
    try {
      await run('ovsdb-tool', ['create', join(ovs.dir, 'conf.db'), schema]);
      await ovs.startDatabase();
      const identity = `external_ids:system-id=${options.systemId ?? 'lab'}`;
      await ovs.vsctl('--no-wait', 'init', '--', 'set', 'Open_vSwitch', '.', identity);
      await ovs.startSwitch();
      return ovs;
    } catch (error) {
      const said = ovs.log().trimEnd();
      await ovs.close();
      throw said === '' ? error : new Error(`Open vSwitch did not start; it said:\n${said}`, { cause: error });
    }
  }

  /** The process id of ovs-vswitchd; undefined while it does not run. */
  get switchPid(): number | undefined {
    return this.#switch?.pid;
  }

  /** What `--db` and an OVSDB client take. */
  get database(): string {
    return `unix:${join(this.dir, 'db.sock')}`;
  }

  /** The OpenFlow socket of a bridge, which a controller can dial. */
  management(bridge: string): string {
    return `unix:${join(this.dir, `${bridge}.mgmt`)}`;
  }

  /** What both programs have logged. */
  log(): string {
    const files = ['db.log', 'vs.log', 'output.log'].map((name) => join(this.dir, name));
    return files.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('');
  }

  get #environment(): Record<string, string> {
    return { OVS_RUNDIR: this.dir, OVS_LOGDIR: this.dir, OVS_DBDIR: this.dir };
  }

  #launch(program: string, args: readonly string[]): ChildProcess {
    const options = { netns: this.netns, env: this.#environment };
    return start(program, [...args, ...quiet], join(this.dir, 'output.log'), options);
  }

  async #answers(child: ChildProcess, socket: string): Promise<void> {
    await until(`${socket} of Open vSwitch answers`, async () => {
      if (!isRunning(child)) throw new Error(`it ended at once: ${this.log()}`);
      if (!existsSync(join(this.dir, socket))) return false;
      return run('ovs-appctl', ['-t', join(this.dir, socket), 'version']).then(
        () => true,
        () => false,
      );
    });
  }

  /** Starts ovsdb-server, again after `stopDatabase`. */
  async startDatabase(): Promise<void> {
    const at = (name: string) => join(this.dir, name);
    const remotes = [`--remote=punix:${at('db.sock')}`, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options'];
    const logs = [`--unixctl=${at('db.ctl')}`, `--log-file=${at('db.log')}`];
    this.#database = this.#launch('ovsdb-server', [at('conf.db'), ...remotes, ...logs]);
    await this.#answers(this.#database, 'db.ctl');
  }

  /** Ends ovsdb-server, with SIGKILL if asked. */
  async stopDatabase(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#database) await stop(this.#database, signal);
  }

  /** Starts ovs-vswitchd, again after `stopSwitch`; it comes up with empty flow tables. */
  async startSwitch(): Promise<void> {
    const routes = this.#systemRoutes ? [] : ['--disable-system-route'];
    const dummy = [this.#realTunnels ? '--enable-dummy' : '--enable-dummy=override', ...routes];
    const kind = ['--disable-system', ...(this.datapath === 'dummy' ? dummy : [])];
    const files = [`--unixctl=${join(this.dir, 'vs.ctl')}`, `--log-file=${join(this.dir, 'vs.log')}`];
    this.#switch = this.#launch('ovs-vswitchd', [this.database, ...kind, ...files]);
    await this.#answers(this.#switch, 'vs.ctl');
  }

  /** Ends ovs-vswitchd, with SIGKILL if asked. */
  async stopSwitch(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#switch) await stop(this.#switch, signal);
  }

  /** SIGSTOP: the switch stays as it is, mute. */
  freezeSwitch(): void {
    this.#switch?.kill('SIGSTOP');
  }

  /** SIGCONT after `freezeSwitch`. */
  thawSwitch(): void {
    this.#switch?.kill('SIGCONT');
  }

  /** Waits until a bridge answers OpenFlow, after the switch was started anew: the old socket's file may still be there. */
  async bridgeIsBack(bridge: string, deadlineMs = 10_000): Promise<void> {
    const show = () => this.ofctl(['show', bridge]).then(Boolean, () => false);
    await until(`${bridge} answers OpenFlow`, show, deadlineMs);
  }

  /** `ovs-vsctl`; it waits for ovs-vswitchd to have done what it says, unless `--no-wait` is among the words. */
  vsctl(...args: readonly string[]): Promise<string> {
    return run('ovs-vsctl', [`--db=${this.database}`, '--timeout=10', ...args]);
  }

  /** `ovs-ofctl -O OpenFlow13`; `input` is for sub-commands that read `-`. */
  ofctl(args: readonly string[], input = ''): Promise<string> {
    return run('ovs-ofctl', ['-O', 'OpenFlow13', ...args], { env: this.#environment, input });
  }

  /** `ovs-appctl` towards ovs-vswitchd. */
  appctl(...args: readonly string[]): Promise<string> {
    return run('ovs-appctl', ['-t', join(this.dir, 'vs.ctl'), ...args]);
  }

  /** Adds a bridge of this instance's datapath type. */
  async addBridge(name: string, options: BridgeOptions = {}): Promise<void> {
    const columns = [
      `datapath_type=${this.datapath}`,
      `fail_mode=${options.failMode ?? 'secure'}`,
      'protocols=OpenFlow13',
      'other_config:disable-in-band=true',
      ...(options.datapathId === undefined ? [] : [`other_config:datapath-id=${options.datapathId}`]),
      ...(options.chassis === undefined ? [] : [`external_ids:damselfly-chassis=${options.chassis}`]),
    ];
    const controllers = options.controllers ?? [];
    const tail = controllers.length === 0 ? [] : ['--', 'set-controller', name, ...controllers];
    await this.vsctl('--may-exist', 'add-br', name, '--', 'set', 'Bridge', name, ...columns, ...tail);
  }

  /** Adds a port and resolves to its ofport; throws with the switch's own words when it got none. */
  async addPort(bridge: string, name: string, options: PortOptions = {}): Promise<number> {
    const columns = [
      ...(options.type === undefined ? [] : [`type=${options.type}`]),
      ...(options.ofport === undefined ? [] : [`ofport_request=${options.ofport}`]),
      ...(options.ifaceId === undefined ? [] : [`external_ids:iface-id="${options.ifaceId}"`]),
      ...(options.set ?? []),
    ];
    const row = columns.length === 0 ? [] : ['--', 'set', 'Interface', name, ...columns];
    await this.vsctl('--may-exist', 'add-port', bridge, name, ...(options.port ?? []), ...row);
    return this.ofport(name);
  }

  /** The ofport that the switch gave an interface. */
  async ofport(name: string): Promise<number> {
    const [ofport, error] = (await this.vsctl('get', 'Interface', name, 'ofport', 'error')).trim().split('\n');
    if (!/^[1-9]\d*$/.test(ofport ?? '')) throw new Error(`port ${name} has no ofport (${ofport}): ${error}`);
    return Number(ofport);
  }

  /** The flows of a bridge as `ovs-ofctl dump-flows --no-stats` prints them, one per line. */
  async flows(bridge: string): Promise<string[]> {
    const text = await this.ofctl(['--no-stats', 'dump-flows', bridge]);
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.includes('reply'));
  }

  /** Adds flows given as `ovs-ofctl` text, as one bundle; the next packet meets them. */
  async addFlows(bridge: string, text: string): Promise<void> {
    await this.ofctl(['--bundle', 'add-flows', bridge, '-'], text);
    await this.forgetDecisions();
  }

  /**
   * Lets the switch decide anew what becomes of each packet. Otherwise the datapath goes on for a moment, a long one on a busy
   * machine, with what it has decided before a change.
   */
  async forgetDecisions(): Promise<void> {
    await this.appctl('revalidator/purge');
  }

  /** Ends both programs and removes the folder. Safe to call twice. */
  async close(): Promise<void> {
    await this.stopSwitch();
    await this.stopDatabase();
    removeWorkDirectory(this.dir);
  }
}
