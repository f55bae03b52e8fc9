// A switch is brought to what is wanted by the difference alone: after a restart of the controller, of ovs-vswitchd, of
// ovsdb-server and of nats-server. Open vSwitch itself says what it was sent.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const foreignFlow = 'cookie=0x77,table=0,priority=7,in_port=77,actions=drop';

/** A network with two ports, a trunk with a child, and a remote device; all on br1, and a flow that is not ours. */
async function populated(t: Parameters<typeof Site.start>[0]): Promise<Site> {
  const site = await Site.start(t);
  await site.listen();
  await site.put('lswitch', 'red/net', {});
  await site.put('lswitch', 'red/other', {});
  for (const [index, id] of ['a', 'b', 'trunk'].entries()) {
    const addresses = { macs: [`fa:16:3e:00:00:0${index + 1}`], ips: [`10.0.0.${index + 1}`] };
    await site.put('lport', `red/${id}`, { lswitch: 'net', ...addresses });
    await site.plugged('br1', `red/${id}`, id);
  }
  await site.put('lport', 'red/child', { lswitch: 'other', macs: ['fa:16:3e:00:00:09'], ips: ['10.0.9.1'] });
  await site.put('child_port_segmentation', 'red/s', { parent: 'trunk', port: 'child', segmentation_id: 100 });
  const device = { binding: { type: 'vtep', vtep_address: '203.0.113.9' } };
  await site.put('lport', 'red/db', { lswitch: 'net', macs: ['fa:16:3e:00:00:0d'], ips: ['10.0.0.13'], ...device });
  await site.ovs.addFlows('br1', foreignFlow);
  return site;
}

const everything = ['a', 'b', 'trunk', 'child', 'db'] as const;
const allActive = (site: Site) => Promise.all(everything.map((id) => site.active('lport', `red/${id}`)));

void t.test('a controller that starts again', wholeOptions, async (t) => {
  const site = await populated(t);
  let controller = site.controller();
  await allActive(site);
  await site.converged();
  const before = await site.ours();
  const again = async (meanwhile: () => Promise<unknown>): Promise<string[]> => {
    await controller.stop();
    await meanwhile();
    const mark = site.mark();
    controller = site.controller();
    await site.converged();
    await delay(1000); // whatever it would have sent, it has sent by now
    return site.modsSince(mark);
  };

  await t.test('sends nothing to a switch that is as it should be, and no flow is younger than before', async (t) => {
    const ages = await site.ages();
    t.same(await again(() => Promise.resolve()), []);
    const later = await site.ages();
    t.same([...later.keys()].sort(), [...ages.keys()].sort());
    t.same(
      [...later].filter(([text, age]) => age < (ages.get(text) ?? 0)),
      [],
    );
    t.match(controller.text, /read the flows of the switch/, 'it has looked');
  });
  await t.test('sends exactly two messages where one flow was deleted and one altered', async (t) => {
    const key = await keyOf(site, 'lport', 'red/a');
    const mods = await again(async () => {
      await site.ovs.ofctl(['del-flows', '--strict', 'br1', `table=115,priority=100,reg7=${key}`]);
      await site.ovs.ofctl(['mod-flows', '--strict', 'br1', 'table=0,priority=100,in_port=1,actions=drop']);
    });
    t.equal(mods.length, 2, mods.join('\n'));
    t.same(await site.ours(), before);
  });
  await t.test('removes what nobody wants any more, and never a flow that is not ours', async (t) => {
    const mods = await again(() => site.remove('lport', 'red/b'));
    const key = await keyOf(site, 'lport', 'red/b');
    t.ok(mods.length > 3);
    t.notMatch((await site.ours()).join('\n'), new RegExp(`reg[67]=${key}|load:${key}->NXM_NX_REG[67]`));
    t.match((await site.ovs.flows('br1')).join('\n'), 'cookie=0x77');
  });
});

void t.test('a switch that stands still, dies, or loses its database', wholeOptions, async (t) => {
  const site = await populated(t);
  const controller = site.controller();
  await allActive(site);
  await site.converged();

  await t.test('with ovs-vswitchd stopped nothing becomes ACTIVE; once it goes on, it does', async (t) => {
    site.ovs.freezeSwitch();
    await site.put('lport', 'red/late', { lswitch: 'net', macs: ['fa:16:3e:00:00:21'], ips: ['10.0.0.21'] });
    const segment = { parent: 'trunk', port: 'late', segmentation_id: 101 };
    const revision = await site.put('child_port_segmentation', 'red/s2', segment);
    await delay(4000);
    t.notMatch(await site.standing('lport', 'red/late'), /ACTIVE/, controller.text.slice(-2000));
    t.notMatch(await site.standing('child_port_segmentation', 'red/s2'), /ACTIVE/);
    t.ok(
      ((await site.report('chassis', 'red/c1'))?.status.revision ?? 0) < revision,
      'nor is the revision acknowledged',
    );
    site.ovs.thawSwitch();
    await site.active('lport', 'red/late');
    await site.active('child_port_segmentation', 'red/s2');
    t.match((await site.ours()).join('\n'), 'dl_vlan=101');
  });
  await t.test('after kill -9 of ovs-vswitchd the flows come back with the new ofports', async (t) => {
    const old = { a: await site.ovs.ofport('a'), trunk: await site.ovs.ofport('trunk') };
    await site.ovs.stopSwitch('SIGKILL');
    await site.ovs.vsctl(
      '--no-wait',
      'set',
      'Interface',
      'a',
      'ofport_request=71',
      '--',
      'set',
      'Interface',
      'trunk',
      'ofport_request=72',
    );
    await site.ovs.startSwitch();
    await site.ovs.bridgeIsBack('br1');
    await until(
      'flows come back',
      async () => (await site.ours()).join().includes('in_port=72,dl_vlan=101'),
      patienceMs,
    );
    await site.converged();
    const flows = (await site.ours()).join('\n');
    t.match(flows, /in_port=71 actions/);
    t.notMatch(flows, new RegExp(`(in_port=|output:)(${old.a}|${old.trunk})\\b`));
    await allActive(site);
  });
  await t.test('an interface that comes back with another ofport is followed', async (t) => {
    await site.ovs.vsctl('del-port', 'br1', 'b');
    await site.stands('lport', 'red/b', /^DOWN|^$/);
    await site.ovs.addPort('br1', 'b', { type: 'dummy', ofport: 99, ifaceId: 'red/b' });
    await site.active('lport', 'red/b');
    t.match((await site.ours()).join('\n'), /in_port=99 actions=load/);
  });
  await t.test(
    'a database that dies and comes back changes nothing, and what is plugged afterwards works',
    async (t) => {
      await site.converged();
      await site.listen(); // ovs-vswitchd was started anew
      const mark = site.mark();
      await site.ovs.stopDatabase('SIGKILL');
      await controller.says(/the database of Open vSwitch does not answer/);
      await delay(2000);
      await site.ovs.startDatabase();
      await until('it is back', () => controller.said(/the database of Open vSwitch answers/).length > 1, patienceMs);
      await site.converged();
      t.same(await site.modsSince(mark), []);
      await site.put('lport', 'red/c', { lswitch: 'net', macs: ['fa:16:3e:00:00:31'], ips: ['10.0.0.31'] });
      await site.plugged('br1', 'red/c', 'c');
      await site.active('lport', 'red/c');
      t.equal(controller.said(/the database of Open vSwitch does not answer/).length, 1, 'said once');
    },
  );
});
