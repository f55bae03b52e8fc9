// The switch room against a real ovs-vswitchd with dummy datapaths: every door, dumps, commits, refusals, ports, second
// connections.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  allTables,
  encode,
  encodeInstructions,
  encodeMatch,
  reservedGroup,
  reservedPort,
  setField,
  type Action,
  type FlowMod,
  type GroupMod,
} from '../../src/ofp/index.js';
import { parseAddress, type Address } from '../../src/switch/address.js';
import { commit } from '../../src/switch/commit.js';
import { eachFlowInPieces } from '../../src/switch/pieces.js';
import type { Session } from '../../src/switch/session.js';
import { Switches } from '../../src/switch/switches.js';
import { flowFrames, flowMod } from '../switch/flow-frames.js';
import { next, nextSession, until } from '../switch/waiting.js';
import { Ovs } from '../lab/ovs.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

const output = (port: number): Action => ({ type: 'output', port });
const group = (groupId: number, port: number): GroupMod => ({
  type: 'group_mod',
  command: 'add',
  groupType: 'all',
  groupId,
  buckets: [{ actions: [output(port)] }],
});

/** What is bad in a flow, by Open vSwitch's name of it. */
const ways: readonly (readonly [name: string, actions: readonly Action[], over: Partial<FlowMod>])[] = [
  ['OFPBAC_BAD_OUT_GROUP', [{ type: 'group', groupId: 99 }], { table: 9 }],
  ['OFPBAC_BAD_OUT_PORT', [output(0xffff_ff01)], { table: 9 }],
  ['OFPBMC_BAD_PREREQ', [output(1)], { table: 9, match: { ipv4_src: 0x0a000001 } }],
  ['OFPBIC_BAD_TABLE_ID', [], { table: 9, instructions: [{ type: 'goto_table', table: 3 }] }],
  ['OFPMMFC_INVALID_METER', [], { table: 9, instructions: [{ type: 'meter', meterId: 77 }] }],
  ['OFPBAC_MATCH_INCONSISTENT', [setField('ipv4_src', 1)], { table: 9 }],
  ['OFPBAC_BAD_ARGUMENT', [{ type: 'push_vlan', ethertype: 0x1234 }], { table: 9 }],
  ['OFPFMFC_OVERLAP', [output(1)], { table: 7, priority: 7, match: { vlan_vid: 0 }, flags: 2 }],
  ['OFPFMFC_TABLE_FULL', [output(1)], { table: 8 }],
  ['OFPFMFC_BAD_TABLE_ID', [output(1)], { table: 255 }],
];

/** Has a table take so many flows and refuse more. */
const limitTable = (ovs: Ovs, table: number, limit: number): Promise<string> =>
  ovs.vsctl(
    ...['--id=@ft', 'create', 'Flow_Table', `flow_limit=${limit}`, 'overflow_policy=refuse'],
    ...['--', 'set', 'bridge', 'br0', `flow_tables:${table}=@ft`],
  );

void t.test('against Open vSwitch', needing(...ovsPrograms), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0', { datapathId: '00000000000000a1' });
  for (const ofport of [1, 2]) await ovs.addPort('br0', `br0-p${ofport}`, { type: 'dummy', ofport });

  void t.test('a bridge connects over tcp and over a unix socket, and is dialled on its own', async (t) => {
    const switches = fresh(t);
    const tcp = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    t.equal(tcp.address.kind, 'tcp');
    const port = tcp.address.kind === 'tcp' ? tcp.address.port : 0;
    await switches.listen({ kind: 'unix', path: `${ovs.dir}/ctl.sock` });

    const overTcp = await servedAfter(switches, () => ovs.vsctl('set-controller', 'br0', `tcp:127.0.0.1:${port}`));
    t.match(overTcp.peer, /^tcp:127\.0\.0\.1:/);
    t.equal(overTcp.datapathId, 0xa1n);
    t.equal(overTcp.description.software, '3.1.0');
    t.same([...overTcp.ports.values()].map(({ portNo, name }) => [portNo, name]).sort(), [
      [1, 'br0-p1'],
      [2, 'br0-p2'],
      [0xffff_fffe, 'br0'],
    ]);

    const overUnix = await servedAfter(switches, () => ovs.vsctl('set-controller', 'br0', `unix:${ovs.dir}/ctl.sock`));
    t.match(overUnix.peer, `unix:${ovs.dir}/ctl.sock#`);

    await ovs.vsctl('del-controller', 'br0');
    await overUnix.closed;
    switches.dial(mgmt(ovs, 'br0'));
    const dialled = await nextSession(switches);
    t.equal(dialled.peer, ovs.management('br0'));
    t.equal(dialled.datapathId, 0xa1n);
  });

  void t.test('5,000 flows are committed, and the dump gives back their bytes', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const result = await commit(session, [encode(group(7, 2), 0), ...flowFrames(5000)]);
    t.equal(result.kind, 'done');
    t.comment(`5,000 flows in ${Math.round(result.tookMs)} ms`);
    const flows = await session.flows();
    t.equal(flows.length, 5000);
    const [first] = flows.filter(({ cookie }) => cookie === 1n);
    t.match(first && { ...first, match: hex(first.match), instructions: hex(first.instructions) }, {
      table: 0,
      priority: 1,
      cookie: 1n,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: 0,
      match: hex(encodeMatch({})),
      instructions: hex(encodeInstructions([{ type: 'apply_actions', actions: [output(1)] }])),
    });
    t.same(
      (await session.groups()).map(({ groupId, type }) => ({ groupId, type })),
      [{ groupId: 7, type: 'all' }],
    );
    t.same(
      (await session.flows({ cookie: 2n, cookieMask: 0xffff_ffff_ffff_ffffn })).map(({ cookie }) => cookie),
      [2n],
    );
    await wipe(session);
    t.equal((await session.flows()).length, 0);
    t.same(await session.groups(), []);
  });

  void t.test('what Open vSwitch refuses is named, whatever the reason, and the rest is there', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const bad: [Uint8Array, string][] = [
      [encode(flowMod(901n, 901, [{ type: 'group', groupId: 99 }]), 0), 'OFPBAC_BAD_OUT_GROUP'],
      [encode(flowMod(902n, 902, [output(0xffff_ff01)]), 0), 'OFPBAC_BAD_OUT_PORT'],
      [encode(flowMod(903n, 903, [output(1)], { match: { ipv4_src: 0x0a000001 } }), 0), 'OFPBMC_BAD_PREREQ'],
      [
        encode(flowMod(904n, 904, [], { table: 5, instructions: [{ type: 'goto_table', table: 3 }] }), 0),
        'OFPBIC_BAD_TABLE_ID',
      ],
      [encode({ ...group(7, 1) }, 0), 'OFPGMFC_GROUP_EXISTS'],
      [encode({ ...group(8, 1), command: 'modify' }, 0), 'OFPGMFC_UNKNOWN_GROUP'],
    ];
    const good = flowFrames(200);
    const frames = [encode(group(7, 1), 0), ...good.slice(0, 100), ...bad.map(([frame]) => frame), ...good.slice(100)];
    const result = await commit(session, frames);
    t.equal(result.kind, 'partly');
    t.same(
      result.kind === 'partly' ? result.refused.map(({ index, name }) => [index, name]) : [],
      bad.map(([, name], i) => [101 + i, name]),
    );
    t.equal((await session.flows()).length, 200);
    t.same(
      (await session.groups()).map(({ groupId }) => groupId),
      [7],
    );
    await wipe(session);
  });

  void t.test('of 10,000 flows the 500 that are bad in ten ways are all named, and the others are there', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    await limitTable(ovs, 8, 0);
    const overlapped = encode(flowMod(1n, 7, [], { table: 7, match: { eth_type: 0x0800 } }), 0);
    t.equal((await commit(session, [overlapped])).kind, 'done');
    const cookie = (index: number): bigint => 10_000n + BigInt(index);
    const badAt = (index: number) => (index % 20 === 3 ? ways[Math.floor(index / 20) % ways.length] : undefined);
    const frames = flowFrames(10_000).map((frame, index) => {
      const [, actions, over] = badAt(index) ?? [];
      return actions === undefined ? frame : encode(flowMod(cookie(index), 1 + (index % 1000), actions, over), 0);
    });
    const result = await commit(session, frames);
    t.comment(`500 of 10,000 found in ${Math.round(result.tookMs)} ms`);
    t.strictSame(
      result.kind === 'partly' ? result.refused.map(({ index, name }) => [index, name]) : [],
      frames.flatMap((_, index) => {
        const way = badAt(index);
        return way === undefined ? [] : [[index, way[0]]];
      }),
    );
    t.equal((await session.flows()).length, 9500 + 1);
    await ovs.vsctl('clear', 'bridge', 'br0', 'flow_tables');
    await wipe(session);
  });

  void t.test('all flows in pieces are all flows, each once, whatever their cookies', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const all = [...flowFrames(20_000), encode(flowMod(0n, 1, [output(1)], { table: 9 }), 0)];
    t.equal((await commit(session, all)).kind, 'done');
    const told: string[] = [];
    let asked = 0;
    const multipart = session.multipart.bind(session);
    session.multipart = (request, part) => {
      asked += 1;
      return multipart(request, part);
    };
    await eachFlowInPieces(session, ({ table, cookie }) => told.push(`${table} ${cookie}`));
    t.equal(asked, 1 + 4 + 1, 'the tables; the first of them in four pieces, and the other one');
    t.same(told.sort(), (await session.flows()).map(({ table, cookie }) => `${table} ${cookie}`).sort());
    t.equal(told.length, 20_001);
    await wipe(session);
  });

  void t.test('three hundred bundles that are rolled back do the switch no harm (CVE-2018-17205)', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const bad = encode(flowMod(901n, 901, [{ type: 'group', groupId: 99 }]), 0);
    const frames = [...flowFrames(5), bad];
    for (let round = 0; round < 300; round += 1) {
      const result = await commit(session, frames);
      if (result.kind !== 'partly' || result.refused.length !== 1) t.fail(`round ${round}: ${result.kind}`);
    }
    t.equal((await session.flows()).length, 5);
    await wipe(session);
  });

  void t.test('packets come up, also over the socket of the bridge', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const packets: string[] = [];
    session.onPacketIn(({ match, data }) => packets.push(`${String(match.in_port)} ${hex(data.subarray(0, 14))}`));
    const toController = encode(flowMod(1n, 1, [{ type: 'output', port: reservedPort.controller, maxLen: 0xffff }]), 0);
    t.equal((await commit(session, [toController])).kind, 'done');
    const frame = `ffffffffffff02000000000188b5${'00'.repeat(46)}`;
    await ovs.appctl('netdev-dummy/receive', 'br0-p1', frame);
    await until(() => packets.length > 0, 'the packet comes');
    t.same(packets, [`1 ${frame.slice(0, 28)}`]);
    await wipe(session);
  });

  void t.test('a full table is a refusal of what does not fit', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    await limitTable(ovs, 0, 50);
    const result = await commit(session, flowFrames(120));
    t.equal(result.kind === 'partly' ? result.refused.length : 0, 70);
    t.ok(result.kind === 'partly' && result.refused.every(({ name }) => name === 'OFPFMFC_TABLE_FULL'));
    t.equal((await session.flows()).length, 50);
    await ovs.vsctl('clear', 'bridge', 'br0', 'flow_tables');
    await wipe(session);
  });

  void t.test('ports that come, change and go are followed', async (t) => {
    const session = await dialled(t, ovs, 'br0');
    const changes: string[] = [];
    session.onPorts(({ reason, port }) => changes.push(`${reason} ${port.portNo} ${port.name}`));
    await ovs.vsctl('add-port', 'br0', 'extra', '--', 'set', 'interface', 'extra', 'type=dummy', 'ofport_request=33');
    await until(() => session.ports.get(33)?.name === 'extra', 'extra is port 33');
    await ovs.vsctl('del-port', 'br0', 'extra');
    await until(() => !session.ports.has(33), 'port 33 is gone');
    t.ok(changes.includes('add 33 extra'), changes.join());
    t.ok(changes.includes('delete 33 extra'), changes.join());
  });

  void t.test('one bridge met both ways is one datapath, and either way carries it', async (t) => {
    const switches = fresh(t);
    const { address } = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    switches.dial(mgmt(ovs, 'br0'));
    const first = await nextSession(switches);
    const standby = next(switches, 'standby');
    await ovs.vsctl('set-controller', 'br0', `tcp:127.0.0.1:${address.kind === 'tcp' ? address.port : 0}`);
    const [second, active] = await standby;
    t.equal(active, first);
    t.equal(switches.sessions.get(0xa1n), first);
    await sleep(1500);
    t.equal(second.ended, undefined, 'the second connection stays');

    const over = nextSession(switches);
    first.close('closed', 'for the test');
    t.equal(await over, second);
    const [again] = await next(switches, 'standby');
    t.match(again.peer, '.mgmt', 'the dialled one is back, standing by');
    await ovs.vsctl('del-controller', 'br0');
  });

  void t.test('another bridge with the same datapath id is refused while the first answers', async (t) => {
    await ovs.addBridge('br1', { datapathId: '00000000000000a1' });
    const switches = fresh(t);
    switches.dial(mgmt(ovs, 'br0'));
    const first = await nextSession(switches);
    const refused = next(switches, 'refused');
    switches.dial(mgmt(ovs, 'br1'));
    const [peer, reason] = await refused;
    t.match(peer, 'br1.mgmt');
    t.equal(reason.code, 'duplicate');
    t.match(reason.reason, 'br0.mgmt');
    t.match(reason.reason, 'br1.mgmt');
    t.equal(switches.sessions.get(0xa1n), first);
    await ovs.vsctl('del-br', 'br1');
  });

  void t.test('ovs-vswitchd is found again after it was killed', async (t) => {
    const switches = fresh(t);
    switches.dial(mgmt(ovs, 'br0'));
    await nextSession(switches);
    const gone = next(switches, 'disconnected');
    await ovs.stopSwitch('SIGKILL');
    t.equal((await gone)[0], 0xa1n);
    const back = nextSession(switches, 15_000);
    await ovs.startSwitch();
    t.equal((await back).datapathId, 0xa1n);
  });
});

function fresh(t: Test): Switches {
  const switches = new Switches();
  t.teardown(() => {
    switches.close();
  });
  return switches;
}

async function dialled(t: Test, ovs: Ovs, bridge: string): Promise<Session> {
  const switches = fresh(t);
  switches.dial(mgmt(ovs, bridge));
  return nextSession(switches);
}

/** The session that begins while something is done. */
async function servedAfter(switches: Switches, act: () => Promise<unknown>): Promise<Session> {
  const session = nextSession(switches);
  await act();
  return session;
}

function mgmt(ovs: Ovs, bridge: string): Address {
  const address = parseAddress(ovs.management(bridge));
  if (!address) throw new Error('no address');
  return address;
}

async function wipe(session: Session): Promise<void> {
  const everything = flowMod(0n, 0, [], { command: 'delete', table: allTables, instructions: [] });
  const groups: GroupMod = { ...group(reservedGroup.all, 1), command: 'delete', buckets: [] };
  t.equal((await commit(session, [encode(everything, 0), encode(groups, 0)])).kind, 'done');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
