// What the database of Open vSwitch says of interfaces and of the bridge itself, when it changes under a running controller.
import { jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const port = { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] };

const marked = async (site: Site, name: string): Promise<boolean> =>
  (await site.ovs.vsctl('get', 'Interface', name, 'external_ids')).includes('damselfly-installed');

const isMarked = (site: Site, name: string, expected: boolean): Promise<true> =>
  until(
    `${name} is ${expected ? '' : 'not '}marked`,
    async () => (await marked(site, name)) === expected || undefined,
    patienceMs,
  );

void t.test('the mark on an interface goes with its iface-id', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net');
  await site.put('lport', 'red/a', port);
  await site.plugged('br1', 'red/a', 'a');
  await site.ovs.addPort('br1', 'b', { type: 'dummy' });
  const controller = site.controller();
  await isMarked(site, 'a', true);

  await t.test('when the lport moves to another interface', async () => {
    const take = ['remove', 'Interface', 'a', 'external_ids', 'iface-id'];
    await site.ovs.vsctl(...take, '--', 'set', 'Interface', 'b', 'external_ids:iface-id=red/a');
    await isMarked(site, 'b', true);
    await isMarked(site, 'a', false);
  });
  await t.test('when it is taken away', async () => {
    await site.ovs.vsctl('remove', 'Interface', 'b', 'external_ids', 'iface-id');
    await isMarked(site, 'b', false);
  });
  await t.test('when it becomes that of no lport', async () => {
    await site.ovs.vsctl('set', 'Interface', 'b', 'external_ids:iface-id=red/a');
    await isMarked(site, 'b', true);
    await site.ovs.vsctl('set', 'Interface', 'b', 'external_ids:iface-id=red/unheard-of');
    await isMarked(site, 'b', false);
  });
  await t.test('when it is taken away while nobody looks', async () => {
    await site.ovs.vsctl('set', 'Interface', 'b', 'external_ids:iface-id=red/a');
    await isMarked(site, 'b', true);
    await controller.stop();
    await site.ovs.vsctl('remove', 'Interface', 'b', 'external_ids', 'iface-id');
    site.controller();
    await isMarked(site, 'b', false);
  });
});

void t.test(
  'an iface-id is searched for in all tenants only as long as an interface has it',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    const jsm = await jetstreamManager(site.store.nats.connection);
    const searches = async (): Promise<number> => {
      const consumers = await jsm.consumers.list('KV_damselfly_nb').next();
      return consumers.filter(({ config }) => config.filter_subject?.includes('.lport.') === true).length;
    };
    const becomes = (count: number): Promise<true> =>
      until(`${count} searches`, async () => (await searches()) === count || undefined, patienceMs);
    for (const name of ['x', 'y']) await site.ovs.addPort('br1', name, { type: 'dummy', ifaceId: name });
    const controller = site.controller();
    await controller.says(/interface y: no tenant has an lport "y" yet/);
    await becomes(2);
    await site.ovs.vsctl('remove', 'Interface', 'x', 'external_ids', 'iface-id');
    await becomes(1);
    await site.ovs.vsctl('set', 'Interface', 'y', 'external_ids:damselfly-tenant=red');
    await becomes(0);
    await site.ovs.vsctl('remove', 'Interface', 'y', 'external_ids', 'damselfly-tenant');
    await becomes(1);
    await site.put('lswitch', 'red/net');
    await site.put('lport', 'red/y', port);
    await site.active('lport', 'red/y');
  },
);

void t.test(
  'a bridge that gets another chassis id is served on, and it is said what to do',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    await site.put('lswitch', 'red/net');
    await site.put('lport', 'red/a', port);
    await site.plugged('br1', 'red/a', 'a');
    const controller = site.controller();
    await site.active('lport', 'red/a');
    const problems = async (): Promise<string> => ((await site.snapshots()).get('c1')?.problems ?? []).join();
    await site.ovs.vsctl('br-set-external-id', 'br1', 'damselfly-chassis', 'c9');
    const { msg } = await controller.says(/bridge br1 is served as chassis c1, and the database calls it c9 now/);
    t.match(msg, 'damselfly cleanup --bridge br1');
    t.equal(await problems(), msg, 'damselfly status has it too');
    const revision = await site.put('lport', 'red/a', { ...port, ips: ['10.0.0.7'] });
    await site.active('lport', 'red/a', 'c1', revision);
    await site.ovs.vsctl('br-set-external-id', 'br1', 'damselfly-chassis', 'c1');
    await until('the problem is gone', async () => (await problems()) === '' || undefined, patienceMs);
  },
);

void t.test('names that no key of NATS can hold harm nobody', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const long = 'é'.repeat(40); // 80 bytes
  await site.put('lswitch', 'red/net');
  await site.put('lport', 'red/a', port);
  await site.plugged('br1', 'red/a', 'a');
  const controller = site.controller();
  await site.active('lport', 'red/a');

  await t.test('on an interface', async () => {
    await site.ovs.addPort('br1', 'b', { type: 'dummy', ifaceId: `red/${long}` });
    await controller.says(/^interface b: iface-id "red\/é+" is not an id/);
    const set = ['set', 'Interface', 'b'];
    await site.ovs.vsctl(...set, `external_ids:iface-id="${long}"`);
    await controller.says(/^interface b: iface-id "é+" is not an id/);
    await site.ovs.vsctl(...set, 'external_ids:iface-id=b', `external_ids:damselfly-tenant="${long}"`);
    await controller.says(/^interface b: damselfly-tenant "é+" is not the name of a tenant/);
  });
  await t.test('in an object that a tenant writes with any client', async () => {
    await site.store.nb.put('red.lport.c', { ...port, lswitch: `${long}/net` });
    await site.stands('lport', 'red/c', /^ERROR: lswitch: "é+\/net": not allowed: a reference/);
    await site.store.nb.put('red.lswitch.d', { shared_with: [long] });
    await site.stands('lswitch', 'red/d', /^ERROR: shared_with\.0: "é+": not allowed: the name of a tenant/);
  });
  await t.test('as the id of a chassis', async () => {
    await site.addBridge('br2', `"${long}"`);
    const other = site.controller(['br2'], '--listen', `unix:${site.dir}/other.sock`);
    const complaint = await other.says(/^not served: the id of a chassis is 1 to 63 bytes/);
    t.match(complaint, {
      bridge: 'br2',
      chassis: long,
      command: /^ovs-vsctl br-set-external-id br2 damselfly-chassis/,
    });
    await site.ovs.vsctl('br-set-external-id', 'br2', 'damselfly-chassis', 'c2');
    await other.says(/^switch connected$/);
  });
  const revision = await site.put('lport', 'red/a', { ...port, ips: ['10.0.0.7'] });
  await site.active('lport', 'red/a', 'c1', revision);
});
