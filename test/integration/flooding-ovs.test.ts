// A network larger than what Open vSwitch copies to in one translation, on a real one: who receives a broadcast, and how often.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { compile } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { commit } from '../../src/switch/commit.js';
import { Switches } from '../../src/switch/switches.js';
import { Ovs } from '../lab/ovs.js';
import { run, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { nextSession } from '../switch/waiting.js';

t.setTimeout(120_000);

const ports = 2990;
const children = 10;
const mac = (key: number) =>
  `fa:16:3e:00:${(key >> 8).toString(16).padStart(2, '0')}:${(key & 255).toString(16).padStart(2, '0')}`;

/** One network: port 1 carries ten children of it, the others are plain. */
function objects(): object[] {
  const port = (id: string, key: number) => ({
    kind: 'lport',
    id,
    lswitch: 'net',
    unique_key: key,
    macs: [mac(key)],
    ips: [],
  });
  const child = (number: number) => [
    port(`c${number}`, ports + number),
    { kind: 'child_port_segmentation', parent: 'p1', port: `c${number}`, segmentation_id: 100 + number },
  ];
  return [
    { kind: 'lswitch', id: 'net' },
    ...Array.from({ length: ports }, (_, i) => ({ ...port(`p${i + 1}`, i + 1), port_security: false })),
    ...Array.from({ length: children }, (_, i) => child(i + 1)).flat(),
  ];
}

/** A transaction that adds ports; ovs-vsctl would take half a minute for all of them. */
function added(from: number, to: number): string {
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const rows = numbers.flatMap((n) => [
    {
      op: 'insert',
      table: 'Interface',
      'uuid-name': `i${n}`,
      row: { name: `p${n}`, type: 'dummy', ofport_request: n },
    },
    { op: 'insert', table: 'Port', 'uuid-name': `p${n}`, row: { name: `p${n}`, interfaces: ['named-uuid', `i${n}`] } },
  ]);
  const uuids = ['set', numbers.map((n) => ['named-uuid', `p${n}`])];
  const where = [['name', '==', 'br0']];
  const bridge = { op: 'mutate', table: 'Bridge', where, mutations: [['ports', 'insert', uuids]] };
  const next = { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] };
  return JSON.stringify(['Open_vSwitch', ...rows, bridge, next]);
}

/** The VLAN ids of the packets in a capture file; 0 for one without a tag. */
function tagsIn(pcap: Buffer): number[] {
  const tags: number[] = [];
  for (let at = 24; at < pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) {
    const frame = pcap.subarray(at + 16);
    tags.push(frame.readUInt16BE(12) === 0x8100 ? frame.readUInt16BE(14) & 0xfff : 0);
  }
  return tags.sort((a, b) => a - b);
}

void t.test('a broadcast to three thousand members of one network', needing(...ovsPrograms), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0');
  const capture = join(ovs.dir, 'p1.pcap');
  await ovs.addPort('br0', 'p1', { type: 'dummy', ofport: 1, set: [`options:tx_pcap=${capture}`] });
  for (let from = 2; from <= ports; from += 230)
    await run('ovsdb-client', ['transact', ovs.database, added(from, Math.min(ports, from + 229))]);
  await until(
    'every port has its number',
    async () => (await ovs.ofctl(['show', 'br0'])).includes(` ${ports}(p${ports})`),
    30_000,
  );
  const parsed = parseText('test', JSON.stringify({ tenant: 'red', objects: objects() }));
  const ofports = Object.fromEntries(Array.from({ length: ports }, (_, i) => [`red/p${i + 1}`, i + 1]));
  const compiled = compile(parsed.objects, parsed.refused, {
    chassis: 'c1',
    tunnelMode: 'per-remote',
    ports: { ofports, tunnels: {}, bindings: {} },
  });
  t.same(compiled.refused, []);
  const switches = new Switches();
  t.teardown(() => {
    switches.close();
  });
  const dialling = nextSession(switches);
  switches.dial({ kind: 'unix', path: join(ovs.dir, 'br0.mgmt') });
  const session = await dialling;
  const frames = [...compiled.groups, ...compiled.flows].map(({ frame }) => frame);
  t.equal((await commit(session, frames)).kind, 'done');
  const bucketsOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  t.same(
    (await session.groups()).map(({ buckets }) => bucketsOf(buckets)).sort(),
    compiled.groups.map(({ frame }) => bucketsOf(frame.subarray(16))).sort(),
    'the switch tells the groups as they were sent',
  );

  const copies = async (): Promise<number[]> => {
    const text = await ovs.ofctl(['dump-ports', 'br0']);
    const counts = [...text.matchAll(/port +"?p?(\d+)"?: rx .*\n +tx pkts=(\d+)/g)];
    return counts.reduce<number[]>(
      (all, [, ofport, sent]) => Object.assign(all, { [Number(ofport)]: Number(sent) }),
      [],
    );
  };
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  await ovs.appctl('netdev-dummy/receive', 'p2', `eth(src=${mac(2)},dst=ff:ff:ff:ff:ff:ff),eth_type(0x88b5)`);
  await until('the copies are sent', async () => sum(await copies()) >= ports - 1 + children, 20_000);
  await delay(500); // a copy too many would have come by now
  const received = await copies();
  t.equal(received[1], 1 + children, 'the trunk: one for itself, one for each child');
  t.equal(received[2], 0, 'not its sender');
  t.same(
    received.flatMap((count, ofport) => (ofport > 2 && count !== 1 ? [[ofport, count]] : [])),
    [],
    'everybody else exactly once',
  );
  await until('the capture is written', () => tagsIn(readFileSync(capture)).length === 1 + children);
  t.same(
    tagsIn(readFileSync(capture)),
    [0, ...Array.from({ length: children }, (_, i) => 101 + i)],
    'each copy has its own tag',
  );
});
