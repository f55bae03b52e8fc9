// What figures about the whole controller are measured on: a private Open vSwitch without packets, a private nats-server,
// and the controller as anybody starts it.
import { type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { askAll } from '../src/controller/control.js';
import { importBackup } from '../src/sync/backup.js';
import { openStore, type Store } from '../src/sync/buckets.js';
import { connectNats, type Nats } from '../src/sync/connect.js';
import { NatsServer } from '../test/lab/nats.js';
import { Ovs } from '../test/lab/ovs.js';
import { isRunning, start, stop, until } from '../test/lab/process.js';
import { makeWorkDirectory, removeWorkDirectory } from '../test/lab/work-directory.js';
import { OpenFlowConnection } from './openflow-connection.js';
import { backupOf } from './backup.js';
import { cpuMs, fineCpuMs } from './processor-time.js';
import { plugInterfaces } from './plug.js';
import type { Probed } from './probe.js';
import { chassis, type PlainObject, portId, tenant } from './workload.js';

const bridge = 'br0';
const program = fileURLToPath(new URL('../src/cli/program.js', import.meta.url));
const probe = new URL('probe.js', import.meta.url).href;

const probing = ['--expose-gc', '--import', probe];

const standing = z.object({
  waits_for: z.array(z.string()),
  flows: z.object({ wanted: z.number(), installed: z.number(), waiting: z.number(), sent: z.number() }),
  live: z.object({ tunnels: z.record(z.string(), z.number()) }),
});
type Standing = z.infer<typeof standing>;
const connections = z.object({ connections: z.array(z.object({ cid: z.number(), start: z.string() })) });

/** Where the tunnels of our chassis end. */
export const encapIp = '192.0.2.1';

/**
 * A controller is at rest when it takes less than a tenth of a processor over so many milliseconds: at rest it takes about 2 %, and
 * a machine that is slow for a while several times that.
 */
const restShare = 0.1;
const pauseMs = 500;
/** Nothing more is sent over so many milliseconds by a controller that has done all that it wants. */
const quietMs = 200;

/** Milliseconds since 1970, finer than Date.now(). */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** A started controller. */
export interface Started {
  readonly child: ChildProcess;
  readonly atMs: number;
  /** Resolves to when the nats-server saw it connect, which is when it sent its first byte. */
  readonly firstByteMs: () => Promise<number>;
}

/** One switch, one nats-server, at most one controller. */
export class Site {
  readonly ovs: Ovs;
  readonly nats: Nats;
  readonly store: Store;
  /** A connection of our own to the bridge. */
  readonly openflow: OpenFlowConnection;
  readonly #server: NatsServer;
  readonly #dir = makeWorkDirectory();
  #controller: ChildProcess | undefined;

  private constructor(ovs: Ovs, server: NatsServer, nats: Nats, store: Store, openflow: OpenFlowConnection) {
    this.ovs = ovs;
    this.#server = server;
    this.nats = nats;
    this.store = store;
    this.openflow = openflow;
  }

  /** Starts both servers, with an empty bridge and empty buckets. */
  static async start(): Promise<Site> {
    const ovs = await Ovs.start({ datapath: 'dummy', systemId: chassis });
    try {
      await ovs.addBridge(bridge);
      const server = await NatsServer.start({ settings: { http: '127.0.0.1:-1' } });
      try {
        const nats = await connectNats({ servers: server.url() }, { name: 'bench', once: true });
        const { store } = await openStore(nats);
        return new Site(ovs, server, nats, store, await OpenFlowConnection.open(ovs.management(bridge)));
      } catch (error) {
        await server.close();
        throw error;
      }
    } catch (error) {
      await ovs.close();
      throw error;
    }
  }

  /** Makes the interfaces of generated ports, with ofports from 1 on. */
  async plug(indexes: readonly number[]): Promise<void> {
    const interfaces = indexes.map((index, i) => {
      const name = portId(index);
      return { name, ofport: i + 1, ifaceId: `${tenant}/${name}` };
    });
    await plugInterfaces(this.ovs.database, bridge, interfaces);
    await until(
      `the switch has ${indexes.length} ports`,
      async () => {
        const replies = await this.openflow.request({ type: 'multipart_request', kind: 'port_desc' });
        return replies.reduce((sum, reply) => sum + (reply.length - 16) / 64, 0) > indexes.length; // and its own
      },
      60_000,
    );
  }

  /** Writes objects and the numbers that they have, as an import of a backup does; `claims` are ports on other chassis. */
  async write(
    objects: readonly PlainObject[],
    numbers: Readonly<Record<string, number>>,
    claims: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await importBackup(this.store, backupOf(objects, numbers, claims));
  }

  /** Starts the controller; it dials the bridge's socket in `runDir`. */
  async startController(runDir = this.ovs.dir): Promise<Started> {
    const before = Math.max(0, ...(await this.#connections()).map(({ cid }) => cid));
    const words = {
      bridges: bridge,
      'run-dir': runDir,
      ovsdb: this.ovs.database,
      nats: this.#server.url(),
      'data-dir': this.#dir,
      listen: `unix:${join(this.#dir, 'of.sock')}`,
      chassis,
      'encap-ip': encapIp,
      'log-level': 'warn',
    };
    const args = Object.entries(words).flatMap(([name, value]) => [`--${name}`, value]);
    const atMs = nowMs();
    const child = start(
      process.execPath,
      [...(process.env.DAMSELFLY_BENCH_NODE?.split(' ') ?? []), ...probing, program, 'controller', ...args],
      join(this.#dir, 'controller.log'),
      { env: { DAMSELFLY_BENCH_PROBE: this.#probed } },
    );
    this.#controller = child;
    const firstByteMs = () =>
      until('the controller connects to NATS', async () => {
        const found = (await this.#connections()).filter(({ cid }) => cid > before).sort((a, b) => a.cid - b.cid)[0];
        if (found === undefined && !isRunning(child)) throw new Error(`the controller ended: ${this.log()}`);
        return found && Date.parse(found.start);
      });
    return { child, atMs, firstByteMs };
  }

  get #probed(): string {
    return join(this.#dir, 'probed.json');
  }

  /** What the probe in the controller has seen since it was asked last. */
  async probed(): Promise<Probed> {
    rmSync(this.#probed, { force: true });
    this.#controller?.kill('SIGUSR2');
    await until('the probe in the controller answers', () => Promise.resolve(existsSync(this.#probed)), 10_000);
    await delay(50); // it may still be writing
    return JSON.parse(readFileSync(this.#probed, 'utf8')) as Probed; // our own probe wrote it
  }

  /** Processor time so far of the controller and of ovs-vswitchd, in milliseconds. */
  cpuMs(): { readonly controller: number; readonly vswitch: number } {
    const of = (pid: number | undefined) => (pid === undefined ? 0 : cpuMs(pid));
    return { controller: of(this.#controller?.pid), vswitch: of(this.ovs.switchPid) };
  }

  /** Processor time so far of the controller, in milliseconds and finer. */
  controllerCpuMs(): number {
    const pid = this.#controller?.pid;
    return pid === undefined ? 0 : fineCpuMs(pid);
  }

  /** Resolves when the controller has done what it had to do behind its flows: claims, statuses, marks in the database. */
  async atRest(deadlineMs = 60_000): Promise<void> {
    const pid = this.#controller?.pid;
    if (pid === undefined) throw new Error('no controller runs');
    let before = cpuMs(pid);
    await until(
      'the controller comes to rest',
      async () => {
        await delay(pauseMs);
        const spent = cpuMs(pid) - before;
        before += spent;
        return spent < restShare * pauseMs;
      },
      deadlineMs,
    );
  }

  /**
   * Resolves, to the flow_mods and group_mods sent so far, when the controller has these tunnel ports and no others, and the switch
   * all that it wants: groups go behind the last flows that name them, and a tunnel port comes behind the first that hear it.
   */
  async settled(tunnels: Readonly<Record<string, number>>, deadlineMs: number): Promise<number> {
    const wanted = sortedText(tunnels);
    let before: number | undefined;
    return until(
      'the controller has done all that it wants',
      async () => {
        const now = await this.standing();
        const sent = now !== undefined && isDone(now, wanted) ? now.flows.sent : undefined;
        const isQuiet = sent !== undefined && sent === before;
        before = sent;
        if (!isQuiet) await delay(quietMs);
        return isQuiet ? sent : undefined;
      },
      deadlineMs,
    );
  }

  /** Where the controller stands, as `damselfly status` shows it; undefined while it serves nothing. */
  async standing(): Promise<Standing | undefined> {
    return z.array(standing).parse((await askAll(this.#dir, { ask: 'status' })).flat())[0];
  }

  /** Ends the controller, with SIGKILL if asked; its flows stay. */
  async stopController(signal?: NodeJS.Signals): Promise<void> {
    if (this.#controller !== undefined) await stop(this.#controller, signal);
    this.#controller = undefined;
  }

  /** What the controller has logged. */
  log(): string {
    return readFileSync(join(this.#dir, 'controller.log'), 'utf8');
  }

  /** Removes all flows and groups. */
  async clear(): Promise<void> {
    await this.ovs.ofctl(['del-groups', bridge]);
    await this.ovs.ofctl(['del-flows', bridge]);
  }

  /** Resolves, to when that was, as soon as the tables of the bridge hold `length` flows: their own counters say so. */
  async filled(length: number, deadlineMs = 120_000): Promise<number> {
    const end = nowMs() + deadlineMs;
    for (;;) {
      const count = await this.flowCount();
      if (count === length) return nowMs();
      if (nowMs() > end)
        throw new Error(`${count} flows of ${length} after ${deadlineMs} ms: ${this.log().slice(-2000)}`);
      await delay(2);
    }
  }

  /** The flows of the bridge by its tables' counters, which cost the switch next to nothing. */
  async flowCount(): Promise<number> {
    const [reply] = await this.openflow.request({ type: 'multipart_request', kind: 'table' });
    return reply === undefined ? 0 : activeFlows(reply);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.openflow.close();
    await this.stopController();
    await this.nats.close();
    await this.#server.close();
    await this.ovs.close();
    removeWorkDirectory(this.#dir);
  }

  async #connections(): Promise<{ cid: number; start: string }[]> {
    const file = readdirSync(this.#server.dir).find((name) => name.endsWith('.ports')) ?? '';
    const ports = z.object({ monitoring: z.tuple([z.string()]) });
    const [url] = ports.parse(JSON.parse(readFileSync(join(this.#server.dir, file), 'utf8'))).monitoring;
    return connections.parse(await json(`${url}/connz?state=all&limit=10000`)).connections;
  }
}

/** Whether everything wanted is on the switch, with the tunnel ports of `tunnels`, a `sortedText`. */
const isDone = ({ flows, live }: Standing, tunnels: string): boolean =>
  flows.installed === flows.wanted && flows.waiting === 0 && sortedText(live.tunnels) === tunnels;

/** Sums the active counts of an OFPMP_TABLE reply (OpenFlow 1.3.5, 7.3.5.3), undecoded. */
function activeFlows(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let sum = 0;
  for (let at = 16; at + 24 <= frame.length; at += 24) sum += view.getUint32(at + 4);
  return sum;
}

const sortedText = (numbers: Readonly<Record<string, number>>): string =>
  JSON.stringify(Object.entries(numbers).sort());

function json(url: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve(JSON.parse(text));
      });
    }).on('error', reject);
  });
}
