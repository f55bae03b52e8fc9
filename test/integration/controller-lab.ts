// A private Open vSwitch, a private nats-server, and controllers as processes of their own: what the tests of the whole are made of.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type ChassisSnapshot, snapshotsAt } from '../../src/controller/snapshot.js';
import { operator, refIn, refOf } from '../../src/model/ids.js';
import type { Kind } from '../../src/model/kinds.js';
import { openStore, type Store } from '../../src/sync/buckets.js';
import { connectNats, type NatsAddress } from '../../src/sync/connect.js';
import { heldKey, statusKey } from '../../src/sync/keys.js';
import { putObject, removeObject } from '../../src/sync/objects.js';
import { readNumber } from '../../src/sync/records.js';
import { readReport, type Report } from '../../src/sync/status-reader.js';
import { type NatsOptions, NatsServer } from '../lab/nats.js';
import { Ovs, type OvsOptions } from '../lab/ovs.js';
import { isRunning, start, stop, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';
import { Shell } from './cli-lab.js';

/** What these tests need of the machine. */
export const wholeOptions = needing(...ovsPrograms, 'nats-server');

/** How long anything may take before a test says that it did not happen: the machine may be slow. */
export const patienceMs = 30_000;

/** The folder of the build that is tested. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const program = 'dist/src/cli/program.js';

/**
 * Runs our program as user `$1`, who may not be allowed to look into the folder of the checkout. Who becomes somebody else is no longer
 * told of our death: it has to be asked for again.
 */
const asSomebody = `
  mount --bind "$0" /mnt
  uid=$1 node=$2; shift 2
  exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --pdeathsig KILL "$node" /mnt/${program} "$@"`;

/** One line of a controller's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** Flags and environment of Node, for a controller that is looked into. */
export interface Runtime {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const plainRuntime: Runtime = { flags: [], env: {} };

/** A controller that runs. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #logFile: string;

  constructor(
    args: readonly string[],
    logFile: string,
    uid: number | undefined,
    build: string,
    { flags, env }: Runtime = plainRuntime,
  ) {
    this.#logFile = logFile;
    const words = ['controller', ...args];
    this.#child =
      uid === undefined
        ? start(process.execPath, [...flags, join(build, program), ...words], logFile, { env })
        : start(
            'unshare',
            ['--mount', 'sh', '-ec', asSomebody, build, String(uid), process.execPath, ...words],
            logFile,
          );
  }

  get isRunning(): boolean {
    return isRunning(this.#child);
  }

  /** Its process id; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Everything that it has said. */
  get text(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Its log as events; what is no JSON is an event with that text. */
  get log(): LogLine[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => (line.startsWith('{') ? (JSON.parse(line) as LogLine) : { level: 60, msg: line }));
  }

  /** The events whose text matches. */
  said(pattern: RegExp): LogLine[] {
    return this.log.filter(({ msg }) => pattern.test(msg));
  }

  /** Waits for an event whose text matches. */
  async says(pattern: RegExp, deadlineMs = patienceMs): Promise<LogLine> {
    return await until(
      `the controller says ${pattern.source}; it said\n${this.text}`,
      () => this.said(pattern)[0],
      deadlineMs,
    );
  }

  /** Ends it; resolves to its exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    await stop(this.#child, signal, 10_000);
    return this.#child.exitCode;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Sends it a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** The bridges of a site, by name, each with its `external_ids:damselfly-chassis` (undefined: none). */
export type Bridges = Readonly<Record<string, string | undefined>>;

/** What holds the northbound: one NATS server, or a cluster. */
export type Servers = Pick<NatsServer, 'url' | 'start' | 'stop' | 'close'>;

/** One machine: an Open vSwitch, a NATS server, and a client that writes the northbound. */
export class Site {
  readonly dir = makeWorkDirectory();
  readonly ovs: Ovs;
  readonly nats: Servers;
  readonly store: Store;
  /** How controllers are run from now on, unless as somebody else. */
  runtime = plainRuntime;
  readonly #t: Test;
  #runs = 0;

  private constructor(t: Test, ovs: Ovs, nats: Servers, store: Store) {
    this.#t = t;
    this.ovs = ovs;
    this.nats = nats;
    this.store = store;
  }

  /** Brings everything up but the controller; it goes with the test. */
  static async start(
    t: Test,
    bridges: Bridges = { br1: 'c1' },
    ovsOptions: Partial<OvsOptions> = {},
    natsOptions: NatsOptions = {},
    login: Pick<NatsAddress, 'user' | 'password'> = {},
  ): Promise<Site> {
    return this.on(t, await NatsServer.start(natsOptions), bridges, ovsOptions, login);
  }

  /** The same on servers that run; they go with the test too. */
  static async on(
    t: Test,
    nats: Servers,
    bridges: Bridges = { br1: 'c1' },
    ovsOptions: Partial<OvsOptions> = {},
    login: Pick<NatsAddress, 'user' | 'password'> = {},
  ): Promise<Site> {
    t.teardown(() => nats.close());
    const ovs = await Ovs.start({ datapath: 'dummy', realTunnels: true, ...ovsOptions });
    t.teardown(() => ovs.close());
    const connection = await connectNats({ servers: nats.url(), ...login }, { name: 'test' });
    t.teardown(() => connection.close());
    const site = new Site(t, ovs, nats, (await openStore(connection)).store);
    t.teardown(() => {
      removeWorkDirectory(site.dir);
    });
    for (const [name, chassis] of Object.entries(bridges)) await site.addBridge(name, chassis);
    return site;
  }

  /** Starts the NATS server again; our own client, too, tries only now and then, and is waited for. */
  async startNats(): Promise<void> {
    await this.nats.start();
    await until('we are connected again', () => this.store.nats.isUp(), patienceMs);
  }

  /** Adds a bridge, and says which chassis it is. */
  async addBridge(name: string, chassis: string | undefined): Promise<void> {
    await this.ovs.addBridge(name, chassis === undefined ? {} : { chassis });
  }

  /** What every controller of this site is given. */
  get arguments(): string[] {
    const site = ['--ovsdb', this.ovs.database, '--run-dir', this.ovs.dir, '--data-dir', this.dataDir];
    return [...site, '--nats', this.nats.url(), '--config', '/dev/null'];
  }

  /** The data directory of this site's controllers. */
  get dataDir(): string {
    return join(this.dir, 'data');
  }

  /** A shell whose commands find this site; `env` goes on top. */
  shell(env: Readonly<Record<string, string>> = {}): Shell {
    const found = { OVS_RUNDIR: this.ovs.dir, DAMSELFLY_OVSDB: this.ovs.database, NATS_URL: this.nats.url() };
    return new Shell(this.#t, { ...found, DAMSELFLY_DATA_DIR: this.dataDir, ...env });
  }

  /** Starts a controller that dials these bridges, with further arguments; it goes with the test. */
  controller(bridges: readonly string[] = ['br1'], ...more: readonly string[]): ControllerProcess {
    return this.run([...this.dialling(bridges), ...more]);
  }

  /** The arguments of a controller that dials these bridges. */
  dialling(bridges: readonly string[] = ['br1']): string[] {
    const args = [...this.arguments, '--listen', `unix:${join(this.dir, 'openflow.sock')}`, '--encap-ip', '192.0.2.1'];
    return [...args, '--bridges', bridges.join()];
  }

  /** Starts a controller with exactly these arguments. */
  run(args: readonly string[]): ControllerProcess {
    return this.runAs(undefined, args);
  }

  /** Starts it as another user, or that of another build. */
  runAs(uid: number | undefined, args: readonly string[], build = checkout): ControllerProcess {
    const logFile = join(this.dir, `controller-${++this.#runs}.log`);
    const controller = new ControllerProcess(args, logFile, uid, build, this.runtime);
    this.#t.teardown(async () => {
      await controller.stop('SIGKILL');
    });
    return controller;
  }

  /** Writes an object, `tenant/id`; resolves to its revision. */
  put(kind: Kind, ref: string, fields: object = {}): Promise<number> {
    return putObject(this.store, kind, refIn(operator, ref), fields);
  }

  /** Deletes an object. */
  remove(kind: Kind, ref: string): Promise<number> {
    return removeObject(this.store, kind, refIn(operator, ref));
  }

  /** A network and a port of it with an interface on a bridge; resolves to the ofport. */
  async plugged(bridge: string, ref: string, name: string): Promise<number> {
    const [tenant = '', id = ''] = ref.split('/');
    return this.ovs.addPort(bridge, name, {
      type: 'dummy',
      ifaceId: id,
      set: [`external_ids:damselfly-tenant=${tenant}`],
    });
  }

  /** What a chassis says of an object; undefined if nothing. */
  async report(kind: Kind, ref: string, chassis = 'c1'): Promise<Report | undefined> {
    const key = statusKey(kind, refIn(operator, ref), chassis);
    const text = (await this.store.status.read(key))?.text;
    return text === undefined ? undefined : readReport(key, text);
  }

  /** What it says as one line: `ACTIVE`, or `ERROR: why`; empty if nothing. */
  async standing(kind: Kind, ref: string, chassis = 'c1'): Promise<string> {
    const status = (await this.report(kind, ref, chassis))?.status;
    if (status === undefined) return '';
    return status.reason === undefined ? status.state : `${status.state}: ${status.reason}`;
  }

  /** Waits until a chassis says this of an object (at least at a revision); resolves to what it says. */
  async stands(kind: Kind, ref: string, pattern: RegExp, chassis = 'c1', revision = 0): Promise<string> {
    let last = '';
    const probe = async (): Promise<string | undefined> => {
      last = await this.standing(kind, ref, chassis);
      const known = (await this.report(kind, ref, chassis))?.status.revision ?? 0;
      return pattern.test(last) && known >= revision ? last : undefined;
    };
    return until(`${kind} ${ref} is ${pattern.source} at ${chassis}`, probe, patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; the last word was "${last}"`);
    });
  }

  /** Waits until a chassis says ACTIVE of an object at a revision. */
  async active(kind: Kind, ref: string, chassis = 'c1', revision = 0): Promise<void> {
    await this.stands(kind, ref, /^ACTIVE$/, chassis, revision);
  }

  /** Waits until everything that was written is on the switch: a tenant's commit at a revision. */
  async acknowledged(tenant: string, revision: number, chassis = 'c1'): Promise<void> {
    await until(
      `${chassis} acknowledges revision ${revision} of ${tenant}`,
      async () => ((await this.report('chassis', refOf(tenant, chassis), chassis))?.status.revision ?? 0) >= revision,
      patienceMs,
    );
  }

  /** What the controllers of this site know of themselves, by chassis. */
  async snapshots(): Promise<ReadonlyMap<string, ChassisSnapshot>> {
    return new Map((await snapshotsAt(this.dataDir)).map((one) => [one.chassis, one]));
  }

  /** Waits until a chassis knows everything that it waits for and has nothing left to send. */
  async converged(chassis = 'c1'): Promise<ChassisSnapshot> {
    return until(
      `${chassis} has converged`,
      async () => {
        const one = (await this.snapshots()).get(chassis);
        const isDone = one?.connected !== undefined && one.waits_for.length === 0 && one.flows.waiting === 0;
        return isDone && one.flows.installed === one.flows.wanted ? one : undefined;
      },
      patienceMs,
    );
  }

  /** The age of each flow of ours in seconds, by its text. */
  async ages(bridge = 'br1'): Promise<ReadonlyMap<string, number>> {
    const text = await this.ovs.ofctl(['dump-flows', bridge]);
    const lines = text.split('\n').filter((line) => line.includes('cookie=0xd5f1'));
    return new Map(
      lines.map((line) => [
        line.replace(/(duration|n_packets|n_bytes|idle_age|hard_age)=[^, ]+, /g, '').trim(),
        Number(/duration=([\d.]+)s/.exec(line)?.[1]),
      ]),
    );
  }

  /** The flows of a bridge that are ours, without cookies. */
  async ours(bridge = 'br1'): Promise<string[]> {
    const flows = (await this.ovs.flows(bridge)).filter((line) => line.includes('cookie=0xd5f1'));
    return flows.map((line) => line.replace(/cookie=[^ ]+ /, '')).sort();
  }

  /** The groups of a bridge. */
  async groups(bridge = 'br1'): Promise<string[]> {
    const text = await this.ovs.ofctl(['dump-groups', bridge]);
    return text.split('\n').flatMap((line) => (line.includes('group_id=') ? [line.trim()] : []));
  }

  /** The flows and groups of a bridge by their identity. */
  async dump(bridge = 'br1'): Promise<Map<string, string>> {
    const flows = (await this.ovs.flows(bridge)).map((line) => {
      const [, identity = line] = /^cookie=\S+ (.*) actions=/.exec(line) ?? [];
      return [identity, line] as const;
    });
    const groups = (await this.groups(bridge)).map((line) => [/group_id=\d+/.exec(line)?.[0] ?? line, line] as const);
    return new Map([...flows, ...groups]);
  }

  /** Has ovs-vswitchd write down every OpenFlow message, so that `modsSince` can count. */
  async listen(): Promise<void> {
    await this.ovs.appctl('vlog/set', 'vconn:file:dbg');
    await this.ovs.appctl('vlog/disable-rate-limit', 'vconn');
  }

  /** What ovs-vswitchd has logged. */
  switchLog(): string {
    return readFileSync(join(this.ovs.dir, 'vs.log'), 'utf8');
  }

  /** Where its log ends now. */
  mark(): number {
    return this.switchLog().length;
  }

  /** The flow and group messages that ovs-vswitchd says it has received since a mark, in its own words. */
  async modsSince(mark: number): Promise<string[]> {
    await delay(300); // its log is written by a thread of its own
    const said = this.switchLog().slice(mark);
    return [...said.matchAll(/^.*OFPT_(?:FLOW|GROUP)_MOD.*$/gm)].map(([line]) => line);
  }

  /** Where a packet goes, as `ofproto/trace` says it: its last lines. */
  trace(bridge: string, flow: string): Promise<string> {
    return this.ovs.appctl('ofproto/trace', bridge, flow);
  }
}

/** The unique key that an object was given, as flows have it. */
export async function keyOf(site: Site, kind: 'lport' | 'lswitch', ref: string): Promise<string> {
  const entry = await site.store.alloc.read(heldKey(kind, kind, refIn(operator, ref)));
  return `0x${(readNumber(entry?.text ?? '') ?? NaN).toString(16)}`;
}
