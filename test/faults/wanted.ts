// What a switch should hold, and what it holds, as sorted lines. What it should hold is a cold start of its own: compiled from the
// northbound, from the numbers given out there, and from what the database of Open vSwitch says; the controller is not asked.
import { z } from 'zod';
import { compile, type PortsFile } from '../../src/cli/compiled.js';
import { frameText } from '../../src/flow/item.js';
import { idOf, refIn, tenantOf } from '../../src/model/ids.js';
import { objectName, parseObject } from '../../src/model/parse.js';
import type { Store } from '../../src/sync/buckets.js';
import { tenantAllocFilter } from '../../src/sync/keys.js';
import { listObjects } from '../../src/sync/objects.js';
import { readAlloc } from '../../src/sync/records.js';
import { snapshot } from '../../src/sync/snapshot.js';
import type { Site } from '../integration/controller-lab.js';
import type { Ovs } from '../lab/ovs.js';

/** Flows that the switch learns by itself. */
const learned = 'cookie=0xd5f1ff';

const textMap = z
  .tuple([z.literal('map'), z.array(z.tuple([z.string(), z.string()]))])
  .transform(([, pairs]) => new Map(pairs));
const interfaces = z.object({
  data: z.array(z.tuple([z.string(), textMap, textMap, z.union([z.number(), z.unknown().transform(() => 0)])])),
});

/** The numbers of a machine's only bridge, as its database has them; 0 for what has none. */
async function portsOf(ovs: Ovs, tenant: string): Promise<Pick<PortsFile, 'ofports' | 'tunnels'>> {
  const columns = ['--format=json', '--columns=type,external_ids,options,ofport', 'list', 'Interface'];
  const ofports: Record<string, number> = {};
  const tunnels: Record<string, number> = {};
  for (const [type, ids, options, ofport] of interfaces.parse(JSON.parse(await ovs.vsctl(...columns))).data) {
    const [id, remote] = [ids.get('iface-id'), options.get('remote_ip')];
    if (id !== undefined) ofports[refIn(tenant, id)] = ofport;
    if (remote !== undefined) tunnels[remote === 'flow' ? type : `${type}/${remote}`] = ofport;
  }
  return { ofports, tunnels };
}

/** The unique keys that a tenant's objects were given, by object. */
async function keysOf(store: Store, tenant: string): Promise<ReadonlyMap<string, number>> {
  const records = (await snapshot(store.alloc, tenantAllocFilter(tenant))).map((entry) =>
    readAlloc(entry, entry.text ?? ''),
  );
  return new Map(
    records.flatMap((record) =>
      record.type === 'number' && record.space === record.kind
        ? [[`${record.kind} ${record.ref}`, record.number] as const]
        : [],
    ),
  );
}

/** What the switch of a chassis should hold for one tenant, cookies and groups included. */
export async function wantedLines({ store, ovs }: Site, tenant: string, chassis: string): Promise<string[]> {
  const [stored, keys, { ofports, tunnels }] = await Promise.all([
    listObjects(store, tenant),
    keysOf(store, tenant),
    portsOf(ovs, tenant),
  ]);
  const numbers: Record<string, number> = {};
  const objects = stored.map(({ record, fields }) => {
    if (record.type !== 'object') throw new Error(`an object that cannot be read: ${JSON.stringify(record)}`);
    const { kind, ref } = record.object;
    const key = keys.get(objectName(kind, ref));
    if (kind === 'lport') numbers[ref] = ofports[ref] ?? 0;
    return parseObject(kind, tenantOf(ref), idOf(ref), key === undefined ? fields : { ...fields, unique_key: key });
  });
  const ports = { ofports: numbers, tunnels, bindings: {} };
  const { flows, groups } = compile(objects, [], { chassis, tunnelMode: 'per-remote', ports });
  return [...flows, ...groups].map(({ frame }) => frameText(frame)).sort();
}

/** The flows and groups on a bridge: everything but what it has learned by itself. */
export async function heldLines(site: Site, bridge: string): Promise<string[]> {
  const [flows, groups] = await Promise.all([site.ovs.flows(bridge), site.groups(bridge)]);
  return [...flows, ...groups].filter((line) => !line.startsWith(learned)).sort();
}

/** What is missing (-) and what is too much (+). */
export function differences(wanted: readonly string[], held: readonly string[]): string[] {
  const [wants, holds] = [new Set(wanted), new Set(held)];
  return [
    ...wanted.filter((line) => !holds.has(line)).map((line) => `- ${line}`),
    ...held.filter((line) => !wants.has(line)).map((line) => `+ ${line}`),
  ];
}
