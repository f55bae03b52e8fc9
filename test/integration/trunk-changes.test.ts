// Trunks that change on a live switch: what each change takes, and what happens to frames meanwhile. Cases T… of docs/cases.md.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Kind } from '../../src/model/kinds.js';
import { captured } from '../lab/captures.js';
import { broadcastMac, udp } from '../lab/packets.js';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';
import { mac, member, sent } from './trunk-lab.js';

t.setTimeout(200_000);

/** What a trunk's changes are watched on: three children of one parent, and a plain port on the network of each. */
async function watchedTrunk(t: Test): Promise<{ site: Site; vm: number; peer: number; plain: string }> {
  const site = await Site.start(t);
  await site.listen();
  for (const id of ['net', 'inner']) await site.put('lswitch', `red/${id}`, {});
  await site.put('lport', 'red/vm', { ...member(1), unknown_vlans: 'drop', port_security: false });
  await site.put('lport', 'red/peer', member(2, 'inner'));
  await site.put('lport', 'red/plain', member(3));
  const [vm, peer] = [await site.plugged('br1', 'red/vm', 'vm'), await site.plugged('br1', 'red/peer', 'peer')];
  const plain = join(site.dir, 'plain.pcap');
  await site.plugged('br1', 'red/plain', 'plain');
  await site.ovs.vsctl('set', 'Interface', 'plain', `options:tx_pcap=${plain}`);
  return { site, vm, peer, plain };
}

/** The `index`-th child of vm, its VLAN id and its number. */
const kid = (index: number) => ({ ref: `red/c${index}`, vid: 100 + index, number: 10 + index });

async function addKid(site: Site, index: number, fields: object = {}): Promise<number> {
  const { ref, vid, number } = kid(index);
  await site.put('lport', ref, member(number, 'inner'));
  return site.put('child_port_segmentation', ref, { parent: 'vm', port: `c${index}`, segmentation_id: vid, ...fields });
}

/** Starts a controller, which finds the trunk and then gets three children. */
async function serve(trunk: Trunk): Promise<Served> {
  const { site } = trunk;
  const start = () => site.controller(['br1'], '--set-vlan-limit', 'true');
  let controller = start();
  for (const index of [1, 2, 3])
    await site.active('child_port_segmentation', kid(index).ref, 'c1', await addKid(site, index));
  await site.converged();
  const whileAway = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    await controller.stop();
    const result = await act();
    controller = start();
    return result;
  };
  return { ...trunk, whileAway };
}

void t.test('a trunk that is there before its controller', wholeOptions, async (t) => {
  const trunk = await watchedTrunk(t);
  await beforeItsFlows(t, trunk);
});

void t.test('a trunk that changes', wholeOptions, async (t) => {
  const trunk = await serve(await watchedTrunk(t));
  for (const part of [innerTags, barrier, siblings, twice, anyOrder, parentGone, renumbered, stillSending, tenants])
    await part(t, trunk);
});

type Trunk = Awaited<ReturnType<typeof watchedTrunk>>;

/** A trunk with its controller; what is done while that is away it finds when it is back. */
type Served = Trunk & { readonly whileAway: <Result>(act: () => Promise<Result>) => Promise<Result> };

const beforeItsFlows = (t: Test, trunk: Trunk) =>
  t.test('T47 nothing passes before its flows are there: what drops comes first', async (t) => {
    const { site, vm, peer } = trunk;
    const start = site.mark();
    t.equal(await sent(site, vm, 1, 3), 'drop');
    t.equal(await sent(site, vm, 11, 2, 101), 'drop');
    await serve(trunk);
    const [first = ''] = site.switchLog().slice(start).split('COMMIT_REQUEST');
    t.match(first, /FLOW_MOD.*: ADD priority=0 cookie:0xd5f1\w+ actions=drop/, 'table 0 drops by the first bundle');
    t.notMatch(first, /FLOW_MOD.*in_port=\d/, 'which lets nobody in');
    t.equal(await sent(site, vm, 11, 2, 101), String(peer));
  });

const innerTags = (t: Test, { site, vm, peer }: Trunk) =>
  t.test('T17 the switch looks behind the tag of a child where we may have it do so', async (t) => {
    const limit = () => site.ovs.vsctl('get', 'Open_vSwitch', '.', 'other_config:vlan-limit');
    await until('the limit is set', async () => (await limit()).trim() === '"2"', patienceMs);
    const two = udp({ src: mac(11), dst: mac(2), from: '10.0.0.11', to: '10.0.0.2', vids: [101, 7] }, 1000, 2000);
    const text = await site.ovs.appctl('ofproto/trace', 'br1', `in_port=${vm}`, two.toString('hex'));
    t.match(text, new RegExp(`^Datapath actions: pop_vlan,${peer}$`, 'm'), 'the inner tag is carried through');
  });

const barrier = (t: Test, { site, vm, peer }: Trunk) =>
  t.test('T39 a child is ACTIVE when its parent is there and the switch has said that it has the flows', async (t) => {
    site.ovs.freezeSwitch();
    const revision = await addKid(site, 4);
    await delay(700);
    t.not((await site.report('child_port_segmentation', kid(4).ref))?.status.state, 'ACTIVE', 'the switch is mute');
    site.ovs.thawSwitch();
    await site.active('child_port_segmentation', kid(4).ref, 'c1', revision);
    await site.active('lport', kid(4).ref);
    t.equal(await sent(site, vm, 14, 2, 104), String(peer));
    await site.ovs.vsctl('remove', 'Interface', 'vm', 'external_ids', 'iface-id');
    await site.stands('lport', kid(4).ref, /^$|^DOWN/);
    t.equal(await sent(site, vm, 14, 2, 104), 'drop');
    await site.ovs.vsctl('set', 'Interface', 'vm', 'external_ids:iface-id=vm');
    await site.active('lport', kid(4).ref);
    t.equal(await sent(site, vm, 14, 2, 104), String(peer));
    await site.remove('child_port_segmentation', kid(4).ref);
    await site.acknowledged('red', await site.remove('lport', kid(4).ref));
  });

const siblings = (t: Test, { site, vm, peer, whileAway }: Served) =>
  t.test('T38 what becomes of one child takes no message about the others, or about the parent', async (t) => {
    const { ref, vid, number } = kid(2);
    const key = await keyOf(site, 'lport', ref);
    const words = [
      `(reg[67]=|load:)${key}\\b`,
      mac(number),
      `dl_vlan=(${vid}|${vid + 50})\\b`,
      `_[st]pa=10.0.0.${number}\\b`,
    ];
    const about = new RegExp([...words, 'GROUP_MOD'].join('|'));
    const change = async (what: string, act: () => Promise<number>) => {
      await site.converged();
      const mark = site.mark();
      await site.acknowledged('red', await act());
      await site.converged();
      const mods = await site.modsSince(mark);
      t.ok(mods.length > 0, what);
      t.same(
        mods.filter((line) => !about.test(line)),
        [],
        what,
      );
      t.ok(mods.filter((line) => line.includes('GROUP_MOD')).length <= 1, 'one message for all copies');
    };
    const ages = await site.ages();
    await change('another VLAN id', () => addKid(site, 2, { segmentation_id: vid + 50 }));
    await change('disabled', () => addKid(site, 2, { enabled: false }));
    await change('enabled', () => addKid(site, 2));
    await change('removed', () => site.remove('child_port_segmentation', ref));
    await change('added', () => addKid(site, 2));
    await change('another VLAN id, while the controller is away', () =>
      whileAway(() => addKid(site, 2, { segmentation_id: vid + 50 })),
    );
    await change('and back', () => whileAway(() => addKid(site, 2)));
    await change('its port removed before it', () => site.remove('lport', ref));
    await change('and added', () => addKid(site, 2));
    const now = await site.ages();
    const others = [...ages].filter(([flow]) => !about.test(flow) && !flow.includes('group:'));
    t.ok(others.length > 50);
    t.same(
      others.filter(([flow, age]) => (now.get(flow) ?? 0) < age).map(([flow]) => flow),
      [],
      'their flows are as old as they were',
    );
    t.equal(await sent(site, vm, 11, 2, 101), String(peer));
  });

const twice = (t: Test, { site, vm, peer }: Trunk) =>
  t.test('T5 of two children with one VLAN id one holds, and stays when the other goes', async (t) => {
    await site.put('lport', 'red/late', member(20, 'inner'));
    const late = { parent: 'vm', port: 'late', segmentation_id: kid(1).vid };
    const mark = site.mark();
    const revision = await site.put('child_port_segmentation', 'red/late', late);
    await site.stands(
      'child_port_segmentation',
      'red/late',
      /^DEGRADED: .*101: is used by another child/,
      'c1',
      revision,
    );
    t.equal(await sent(site, vm, 11, 2, 101), String(peer));
    await site.acknowledged('red', await site.remove('child_port_segmentation', 'red/late'));
    t.equal(await sent(site, vm, 11, 2, 101), String(peer), 'the one that stays is as it was');
    t.same(
      (await site.modsSince(mark)).filter((line) => line.includes('dl_vlan=101')),
      [],
      'nothing was said of its tag',
    );
    await site.put('child_port_segmentation', 'red/late', late);
    await site.acknowledged('red', await site.remove('child_port_segmentation', kid(1).ref));
    await site.active('child_port_segmentation', 'red/late');
    t.equal(await sent(site, vm, 20, 2, 101), String(peer), 'the other one follows when it goes');
    await site.remove('child_port_segmentation', 'red/late');
    await site.remove('lport', 'red/late');
    await site.active('child_port_segmentation', kid(1).ref, 'c1', await addKid(site, 1));
  });

const anyOrder = (t: Test, { site }: Trunk) =>
  t.test('T35 in whatever order its objects come and go, the flows are the same', async (t) => {
    const objects: readonly (readonly [Kind, string, object])[] = [
      ['lswitch', 'red/third', {}],
      ['lport', 'red/x', member(21, 'third')],
      ['lport', 'red/y', member(22, 'third')],
      ['child_port_segmentation', 'red/x', { parent: 'vm', port: 'x', segmentation_id: 121 }],
      ['child_port_segmentation', 'red/y', { parent: 'vm', port: 'y', segmentation_id: 122 }],
    ];
    await site.converged();
    const without = await site.ours();
    const dumps: string[][] = [];
    for (const order of [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [3, 0, 4, 2, 1],
    ]) {
      const inOrder = order.flatMap((index) => objects.slice(index, index + 1));
      for (const object of inOrder) await site.put(...object);
      for (const id of ['x', 'y']) await site.active('lport', `red/${id}`);
      await site.converged();
      dumps.push(await site.ours());
      let last = 0;
      for (const [kind, ref] of inOrder) last = await site.remove(kind, ref);
      await site.acknowledged('red', last);
      await site.converged();
      t.same(await site.ours(), without, 'nothing is left');
    }
    t.match(dumps[0]?.join('\n'), /dl_vlan=121/);
    t.same(dumps[1], dumps[0]);
    t.same(dumps[2], dumps[0]);
  });

const parentGone = (t: Test, { site, vm, peer }: Trunk) =>
  t.test(
    'T37 a parent that is deleted first leaves its children DOWN, and nothing of them on the switch',
    async (t) => {
      await site.acknowledged('red', await site.remove('lport', 'red/vm'));
      await site.stands('child_port_segmentation', kid(1).ref, /^DOWN: waits for its parent|^$/);
      await site.converged();
      const key = await keyOf(site, 'lport', kid(1).ref);
      t.notMatch((await site.ours()).join('\n'), new RegExp(`dl_vlan=10|(reg[67]=|load:)${key}\\b|${mac(11)}`));
      t.equal(await sent(site, vm, 11, 2, 101), 'drop');
      await site.put('lport', 'red/vm', { ...member(1), unknown_vlans: 'drop', port_security: false });
      await site.active('lport', kid(1).ref);
      t.equal(await sent(site, vm, 11, 2, 101), String(peer));
    },
  );

const renumbered = (t: Test, { site, vm, peer }: Trunk) =>
  t.test('T41 an interface that gets another number takes its children with it', async (t) => {
    const flowsOf = async (ofport: number) =>
      (await site.ours()).filter((flow) => new RegExp(`(in_port=|output:)${ofport}\\b`).test(flow));
    const before = await flowsOf(vm);
    await site.ovs.vsctl('set', 'Interface', 'vm', 'ofport_request=77');
    await until('the switch has its new number', async () => (await site.ovs.ofport('vm')) === 77);
    await until('all its flows have it', async () => (await flowsOf(77)).length === before.length, patienceMs);
    t.same(await flowsOf(vm), []);
    t.equal(await sent(site, 77, 11, 2, 101), String(peer));
    t.equal(await sent(site, peer, 2, 11), '77 vlan 101');
    await site.ovs.vsctl('set', 'Interface', 'vm', `ofport_request=${vm}`);
    await until('it has its old one again', async () => (await flowsOf(vm)).length === before.length, patienceMs);
  });

const stillSending = (t: Test, { site, vm, plain }: Trunk) =>
  t.test('T25 a guest that goes on sending with the tag of a removed child reaches nobody', async (t) => {
    const { ref, vid } = kid(3);
    const bytes = udp(
      { src: mac(13), dst: broadcastMac, from: '10.0.0.13', to: '10.0.0.255', vids: [vid] },
      1000,
      2000,
    ).toString('hex');
    const leaked = await captured({ plain }, async () => {
      const sending = (async () => {
        for (let i = 0; i < 60; i++) await site.ovs.appctl('netdev-dummy/receive', 'vm', bytes);
      })();
      await site.acknowledged('red', await site.remove('child_port_segmentation', ref));
      await sending;
    });
    t.same(leaked, {}, 'not the parent’s network either');
    t.match(
      await site.ovs.ofctl(['dump-flows', 'br1', 'table=3']),
      new RegExp(`in_port=${vm},dl_vlan=${vid} actions=drop`),
      'it is counted',
    );
    await site.active('child_port_segmentation', ref, 'c1', await addKid(site, 3));
  });

const tenants = (t: Test, { site, vm }: Trunk) =>
  t.test('T45 a child of one tenant on the network of another, at a parent of a third', async (t) => {
    await site.put('lswitch', 'green/wide', { shared_with: ['blue'] });
    for (const number of [31, 32]) {
      await site.put('lport', `blue/k${number}`, { ...member(number, 'green/wide'), shared_with: ['red'] });
      const segment = { parent: 'vm', port: `blue/k${number}`, segmentation_id: 100 + number };
      await site.active(
        'child_port_segmentation',
        `red/k${number}`,
        'c1',
        await site.put('child_port_segmentation', `red/k${number}`, segment),
      );
      await site.active('lport', `blue/k${number}`);
    }
    t.equal(await sent(site, vm, 31, 32, 131), `${vm} vlan 132`);
    await site.put('lport', 'blue/k32', member(32, 'green/wide'));
    await site.stands(
      'child_port_segmentation',
      'red/k32',
      /^ERROR: port: "blue\/k32": there is no lport of that name that is shared with red/,
    );
    t.equal(await sent(site, vm, 31, 32, 131), 'drop');
  });
