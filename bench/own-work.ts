// A program of its own, so that its first go finds nothing compiled: the controller's work from parsed objects to the bytes of
// bundles, put together as src/controller/chassis.ts has it, with nobody to talk to. Reads OwnWork as JSON, writes OwnWorkDone.
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { allApps } from '../src/apps/apps.js';
import { Chassis } from '../src/controller/chassis.js';
import type { ChassisEdges } from '../src/controller/chassis-edges.js';
import type { Batch } from '../src/flow/batch.js';
import { ofPort, type Ref } from '../src/model/ids.js';
import { tunnelTypes } from '../src/model/kinds.js';
import type { AnyObject } from '../src/model/parse.js';
import type { Settings } from '../src/model/world.js';
import { bundleAdds } from '../src/switch/bundle.js';
import { pause } from '../src/turns/slices.js';
import { chassis, parsed, plainObjects, tenant } from './workload.js';

/** What is to be done: ports that are all here, with the numbers of everything, so many times. */
export interface OwnWork {
  readonly ports: number;
  readonly keys: Readonly<Record<string, number>>;
  readonly goes: number;
}

/** What was done. */
export interface OwnWorkDone {
  /** Processor time of each go in microseconds, all threads counted. */
  readonly cpuUs: readonly number[];
  /** `digest` of the messages of the last go. */
  readonly digest: string;
}

const batchLength = 2000;
const settings: Settings = {
  chassis,
  encapIps: ['192.0.2.1'],
  encapTypes: tunnelTypes,
  tunnelMode: 'per-remote',
  underlayMtu: 1500,
};

/** A name for a set of messages, whatever their order. */
export function digest(frames: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const frame of [...frames].sort((a, b) => Buffer.compare(a, b))) hash.update(frame);
  return hash.digest('hex');
}

/** A chassis that nobody listens to, but for `done`: everything that it was told is on the switch. */
function lonely(done: () => void): Chassis {
  const nothing = (): void => undefined;
  const edges: ChassisEdges = {
    watch: nothing,
    allocate: nothing,
    address: nothing,
    claim: nothing,
    release: nothing,
    tunnels: nothing,
    status: nothing,
    whole: nothing,
    installed: nothing,
    acknowledged: done,
  };
  return new Chassis(settings, allApps, true, edges, pino({ level: 'silent' }));
}

/** Tells a chassis everything at once, as a snapshot does. */
function tell(one: Chassis, objects: readonly AnyObject[], keys: OwnWork['keys']): void {
  for (const object of objects) one.object(object);
  for (const [name, number] of Object.entries(keys)) {
    const [space = '', ref = ''] = name.split(' ');
    one.allocated(space, ref as Ref, number); // as `compile` has named it
  }
  const ports = objects.filter(({ kind }) => kind === 'lport');
  for (const [i, { ref }] of ports.entries()) {
    one.claimed(ref, chassis);
    one.world.bindings.set(ref, { interface: ref, ofport: ofPort(i + 1) });
  }
  one.settled(tenant, 1);
}

/** The bytes that go to the switch for a batch; gives how many. */
function written({ changes }: Batch, firstXid: number): number {
  const frames = changes.map(({ frame }) => frame);
  let size = 0;
  for (const slab of bundleAdds(1, firstXid, frames)) size += slab.length;
  return size;
}

/** One go, from the first object to the last statuses; gives its messages. */
async function go(objects: readonly AnyObject[], keys: OwnWork['keys']): Promise<Uint8Array[]> {
  const state = { isDone: false };
  const one = lonely(() => (state.isDone = true));
  const frames: Uint8Array[] = [];
  tell(one, objects, keys);
  while (!state.isDone) {
    await pause();
    const batch = one.table.next(batchLength);
    if (batch === undefined) continue;
    if (written(batch, frames.length) === 0) throw new Error('a batch without bytes');
    for (const { frame } of batch.changes) frames.push(frame);
    one.table.committed(batch);
    one.schedule();
  }
  one.close();
  return frames;
}

async function main(): Promise<void> {
  const { ports, keys, goes } = JSON.parse(await text(process.stdin)) as OwnWork; // the benchmark wrote it
  const objects = parsed(plainObjects({ ports, portSecurity: false }));
  const cpuUs: number[] = [];
  let frames: Uint8Array[] = [];
  for (let i = 0; i < goes; i++) {
    frames = [];
    globalThis.gc?.();
    const started = process.cpuUsage();
    frames = await go(objects, keys);
    const { user, system } = process.cpuUsage(started);
    cpuUs.push(user + system);
  }
  process.stdout.write(JSON.stringify({ cpuUs, digest: digest(frames) } satisfies OwnWorkDone));
}

if (process.argv[1] === import.meta.filename) await main();
