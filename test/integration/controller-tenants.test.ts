// What tenants can do to each other on one chassis with what they write: nothing. And whose an interface is.
import t from 'tap';
import { refIn } from '../../src/model/ids.js';
import { nbKey } from '../../src/sync/keys.js';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const member = (number: number, more: object = {}) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`],
  ips: [`10.0.0.${number}`],
  ...more,
});
const vtep = { type: 'vtep', vtep_address: '203.0.113.9' };

void t.test(
  'blue tries red’s key, VNI, iface-id, parent and VTEP, and nothing changes for red',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    await site.listen();
    for (const tenant of ['red', 'blue']) {
      await site.put('lswitch', `${tenant}/net`, {});
      await site.put('lport', `${tenant}/${tenant}-vm`, member(1));
      await site.plugged('br1', `${tenant}/${tenant}-vm`, tenant);
    }
    await site.put('lport', 'red/found', member(2));
    await site.ovs.addPort('br1', 'p2', { type: 'dummy', ifaceId: 'found' }); // whose it is, the northbound tells
    await site.put('lport', 'red/db', member(3, { binding: vtep }));
    const controller = site.controller();
    for (const ref of ['red/red-vm', 'red/found', 'red/db', 'blue/blue-vm']) await site.active('lport', ref);
    await site.converged();
    const [key, vni] = [await keyOf(site, 'lport', 'red/red-vm'), await keyOf(site, 'lswitch', 'red/net')];
    const mark = site.mark();
    const before = await site.ours();

    await site.put('lport', 'blue/key', member(11, { unique_key: Number(key) }));
    await site.stands('lport', 'blue/key', /^ERROR: unique_key: .*not allocated to this object/);
    await site.put('lswitch', 'blue/vni', { segmentation_id: Number(vni) });
    await site.put('lport', 'blue/on-vni', member(16, { lswitch: 'vni' }));
    await site.plugged('br1', 'blue/on-vni', 'p3');
    await site.stands('lswitch', 'blue/vni', /^ERROR: segmentation_id: .*operator/);
    await site.put('lport', 'blue/found', member(12));
    await site.put('child_port_segmentation', 'blue/parent', { parent: 'red/red-vm', port: 'key', segmentation_id: 5 });
    await site.stands('child_port_segmentation', 'blue/parent', /^ERROR: parent/);
    await site.put('child_port_segmentation', 'blue/child', {
      parent: 'blue-vm',
      port: 'red/found',
      segmentation_id: 6,
    });
    await site.stands('child_port_segmentation', 'blue/child', /^ERROR: port: .*shared with blue/);
    await site.put('lport', 'blue/member', member(13, { lswitch: 'red/net' }));
    await site.stands('lport', 'blue/member', /^ERROR: lswitch: .*shared with blue/);
    await site.put('lport', 'blue/device', member(14, { lswitch: 'red/net', binding: vtep }));
    await site.stands('lport', 'blue/device', /^ERROR/);
    const last = await site.put('lport', 'blue/steal', member(15, { binding: { ...vtep, vni: Number(vni) } }));
    await site.stands('lport', 'blue/steal', /^ERROR: binding\.vni: .*another network/);
    await site.acknowledged('blue', last);
    await site.converged();

    const after = await site.ours();
    t.same(
      before.filter((line) => !after.includes(line)),
      [],
      'no flow of anybody has gone or changed',
    );
    const news = after.filter((line) => !before.includes(line)).join('\n');
    const redPort = `(reg[67]=${key}\\b|metadata=${vni}\\b|load:${vni}->OXM_OF_METADATA|load:${key}->NXM_NX_REG)`;
    t.notMatch(news, new RegExp(redPort), 'and no new one has to do with red');
    t.notMatch((await site.modsSince(mark)).join('\n'), new RegExp(redPort));
    for (const ref of ['red/red-vm', 'red/found', 'red/db']) t.equal(await site.standing('lport', ref), 'ACTIVE');
    t.same(controller.said(/a mistake of ours/), []);
  },
);

void t.test(
  'an iface-id that two tenants have plugs nothing new, and the log says what to set',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    for (const tenant of ['red', 'blue']) {
      await site.put('lswitch', `${tenant}/net`, {});
      await site.put('lport', `${tenant}/vm`, member(1));
    }
    await site.ovs.addPort('br1', 'p1', { type: 'dummy', ifaceId: 'vm' });
    const controller = site.controller();
    const problem = await controller.says(/interface p1: more than one tenant has an lport "vm"/);
    t.match(problem.msg, /external_ids:damselfly-tenant.*tenant\/vm/);
    t.notMatch((await site.ours()).join('\n'), /in_port=1/);
    const { problems } = (await site.snapshots()).get('c1') ?? { problems: [] };
    t.match(problems.join(), /more than one tenant/, 'status says it too');
    await site.ovs.vsctl('set', 'Interface', 'p1', 'external_ids:damselfly-tenant=blue');
    await site.active('lport', 'blue/vm');
    t.equal(await site.standing('lport', 'red/vm'), '');
  },
);

void t.test('with --require-tenant an interface that names no tenant is never plugged', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  await site.put('lport', 'red/vm', member(1));
  await site.put('lport', 'red/vm2', member(2));
  await site.ovs.addPort('br1', 'p1', { type: 'dummy', ifaceId: 'vm' });
  await site.ovs.addPort('br1', 'p2', { type: 'dummy', ifaceId: 'red/vm2' });
  const controller = site.controller(['br1'], '--require-tenant');
  await controller.says(/interface p1: .*--require-tenant.*damselfly-tenant/);
  await site.active('lport', 'red/vm2');
  t.equal(await site.standing('lport', 'red/vm'), '');
  await site.ovs.vsctl('set', 'Interface', 'p1', 'external_ids:damselfly-tenant=red');
  await site.active('lport', 'red/vm');
});

void t.test(
  'objects that cannot be read are refused one by one, by name, and everything else works',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    await site.put('lswitch', 'red/net', {});
    await site.put('lport', 'red/vm', member(1));
    await site.plugged('br1', 'red/vm', 'vm');
    const controller = site.controller();
    await site.active('lport', 'red/vm');
    const write = (kind: 'lport' | 'lswitch' | 'child_port_segmentation', id: string, value: unknown) =>
      site.store.nb.put(nbKey(kind, refIn('', `red/${id}`)), value);
    const bad = [
      ['lport', 'nonsense', [1, 2], /ERROR/],
      ['lport', 'mac', { schema: 1, lswitch: 'net', macs: ['ff:ff:ff:ff:ff:ff'] }, /ERROR: macs.*unicast/],
      ['lport', 'newer', { schema: 2, lswitch: 'net' }, /ERROR: .*newer than this controller/],
      [
        'lport',
        'vtep',
        { schema: 1, lswitch: 'net', macs: [], ips: [], binding: { type: 'vtep', vtep_address: '224.0.0.1' } },
        /ERROR: binding.*unicast/,
      ],
      ['lswitch', 'typo', { schema: 1, netwrk_type: 'vxlan' }, /ERROR: .*network_type/],
      [
        'child_port_segmentation',
        'zero',
        { schema: 1, parent: 'vm', port: 'x', segmentation_id: 0 },
        /ERROR: segmentation_id.*1 to 4094/,
      ],
      [
        'child_port_segmentation',
        'high',
        { schema: 1, parent: 'vm', port: 'x', segmentation_id: 4095 },
        /ERROR: segmentation_id.*1 to 4094/,
      ],
      [
        'child_port_segmentation',
        'type',
        { schema: 1, parent: 'vm', port: 'x', segmentation_type: 'qinq', segmentation_id: 4 },
        /ERROR: segmentation_type.*vlan/,
      ],
      [
        'child_port_segmentation',
        'self',
        { schema: 1, parent: 'vm', port: 'vm', segmentation_id: 7 },
        /ERROR: port.*its own child/,
      ],
      [
        'lport',
        'own',
        { schema: 1, ...member(9, { binding: { type: 'vtep', vtep_address: '192.0.2.1' } }) },
        /ERROR: .*this chassis itself/,
      ],
    ] as const;
    for (const [kind, id, value] of bad) await write(kind, id, value);
    for (const [kind, id, , pattern] of bad) t.match(await site.stands(kind, `red/${id}`, pattern), pattern);
    await site.put('lport', 'red/late', member(20));
    await site.plugged('br1', 'red/late', 'late');
    await site.active('lport', 'red/late');
    t.ok(controller.isRunning);
    await site.put('lport', 'red/mac', member(30));
    await until(
      'what is mended is not refused any more',
      async () => (await site.standing('lport', 'red/mac')) === '',
      patienceMs,
    );
  },
);
