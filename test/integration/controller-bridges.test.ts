// Bridges of one process: each its own chassis with its own tenants; one bridge met twice; bridges that may not be served.
import t from 'tap';
import { refIn } from '../../src/model/ids.js';
import { Allocator } from '../../src/sync/allocate.js';
import { freePort } from '../lab/free-ports.js';
import { until } from '../lab/process.js';
import { watchedFilters } from './consumers.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

/** Two ports of one network of a tenant, on a bridge, with keys that are found again in any text. */
async function tenantOn(site: Site, bridge: string, tenant: string, keys: readonly [number, number, number]) {
  const allocator = new Allocator(site.store);
  await allocator.fix('lswitch', 'lswitch', refIn('', `${tenant}/net`), keys[0]);
  await site.put('lswitch', `${tenant}/net`, { network_type: 'vxlan' });
  for (const [index, id] of ['a', 'b'].entries()) {
    await allocator.fix('lport', 'lport', refIn('', `${tenant}/${id}`), keys[index + 1] ?? 0);
    const [macs, ips] = [[`fa:16:3e:00:${bridge.slice(-1)}0:0${index + 1}`], [`10.0.0.${index + 1}`]];
    await site.put('lport', `${tenant}/${id}`, { lswitch: 'net', macs, ips });
    await site.plugged(bridge, `${tenant}/${id}`, `${tenant}-${id}`);
  }
}

void t.test('two bridges of one process, two tenants', wholeOptions, async (t) => {
  const site = await Site.start(t, { br1: 'c1', br2: 'c2' });
  await site.put('lswitch', 'green/net', {});
  await tenantOn(site, 'br1', 'red', [0xaa0001, 0xaa000002, 0xaa000003]);
  await tenantOn(site, 'br2', 'blue', [0xbb0001, 0xbb000002, 0xbb000003]);
  const port = await freePort();
  for (const bridge of ['br1', 'br2']) await site.ovs.vsctl('set-controller', bridge, `tcp:127.0.0.1:${port}`);
  site.run([...site.arguments, '--listen', `tcp:127.0.0.1:${port}`, '--encap-ip', '192.0.2.1', '--linger', '1']);
  for (const id of ['a', 'b']) {
    await site.active('lport', `red/${id}`, 'c1');
    await site.active('lport', `blue/${id}`, 'c2');
  }

  await t.test('no flow of one contains a key of the other', async (t) => {
    const [red, blue] = await Promise.all(
      ['br1', 'br2'].map(async (bridge) => [...(await site.ours(bridge)), ...(await site.groups(bridge))].join('\n')),
    );
    t.match(red, 'reg7=0xaa000002');
    t.match(blue, 'reg7=0xbb000002');
    t.notMatch(red, /bb0000|bb0001|3e:00:20/);
    t.notMatch(blue, /aa0000|aa0001|3e:00:10/);
    const [redGroup, blueGroup] = [(0xd << 28) | (0xaa0001 << 4), (0xd << 28) | (0xbb0001 << 4)].map((id) => id >>> 0);
    t.match(red, `group_id=${redGroup}`);
    t.notMatch(red, String(blueGroup));
  });
  await t.test('the server’s own consumer list shows the hosted tenants only', async (t) => {
    t.same(await watchedFilters(site.store), ['_operator.>', 'blue.>', 'red.>']);
  });
  await t.test(
    'a tenant that is no longer hosted is unwatched after the linger, and its flows go at once',
    async (t) => {
      for (const id of ['a', 'b']) await site.ovs.vsctl('del-port', 'br2', `blue-${id}`);
      await until('no flow of blue', async () => !(await site.ours('br2')).join().includes('0xbb'), patienceMs);
      await until('blue is unwatched', async () => !(await watchedFilters(site.store)).includes('blue.>'), patienceMs);
      t.same(await watchedFilters(site.store), ['_operator.>', 'red.>']);
      t.equal(await site.standing('lport', 'blue/a', 'c2'), '', 'nobody says anything of its ports any more');
    },
  );
});

void t.test('one bridge met both ways is one datapath, and that is said once', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await tenantOn(site, 'br1', 'red', [1, 2, 3]);
  const port = await freePort();
  await site.ovs.vsctl('set-controller', 'br1', `tcp:127.0.0.1:${port}`);
  const controller = site.controller(['br1'], '--listen', `tcp:127.0.0.1:${port}`);
  await site.active('lport', 'red/a');
  await controller.says(/connected twice/);
  await site.active('lport', 'red/b');
  await new Promise((resolve) => setTimeout(resolve, 3000)); // a bridge that was refused would have come again after 1 s and 2 s
  t.equal(controller.said(/connected twice/).length, 1);
  t.equal(controller.said(/^switch connected$/).length, 1);
  t.same(controller.said(/refused/), []);
});

void t.test('a bridge that would forward by itself is made fail_mode=secure', wholeOptions, async (t) => {
  const site = await Site.start(t, {});
  await site.ovs.addBridge('br1', { failMode: 'standalone' });
  const controller = site.controller();
  await controller.says(/set fail_mode=secure/);
  t.equal((await site.ovs.vsctl('get-fail-mode', 'br1')).trim(), 'secure');
  await controller.says(/^switch connected$/);
});

void t.test(
  'a bridge that is not ours and has the datapath id of one that is stays as it is',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    const id = (await site.ovs.vsctl('get', 'bridge', 'br1', 'datapath_id')).trim();
    await site.ovs.addBridge('a-guest', { failMode: 'standalone' }); // its name comes first
    await site.ovs.vsctl('set', 'bridge', 'a-guest', `other_config:datapath-id=${id}`);
    const has = async (): Promise<boolean> =>
      (await site.ovs.vsctl('get', 'bridge', 'a-guest', 'datapath_id')).trim() === id;
    await until('both have one datapath id', has, patienceMs);
    const flows = async (): Promise<string[]> => [...(await site.ovs.flows('a-guest'))];
    const before = await flows();
    const controller = site.controller(['br1']);
    t.equal((await controller.says(/^switch connected$/))['bridge'], 'br1');
    await tenantOn(site, 'br1', 'red', [1, 2, 3]);
    await site.active('lport', 'red/a');
    t.same(await flows(), before);
    t.equal((await site.ovs.vsctl('get-fail-mode', 'a-guest')).trim(), 'standalone');
  },
);

void t.test(
  'of two bridges with one chassis id one is not served, and the log says what helps',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t, { br1: 'c1', br2: 'c1' });
    const controller = site.controller(['br1', 'br2']);
    const complaint = await controller.says(/two bridges would be one chassis/);
    const loser = String(complaint['bridge']);
    t.match(loser, /^br[12]$/);
    t.equal(complaint['command'], `ovs-vsctl br-set-external-id ${loser} damselfly-chassis ID`);
    for (const name of ['p1', 'p2', 'p3']) await site.ovs.addPort('br1', name, { type: 'dummy' });
    await site.ovs.vsctl('br-set-external-id', 'br1', 'note', 'x');
    await new Promise((resolve) => setTimeout(resolve, 1000)); // whatever it says of these changes, it has said by now
    t.equal(controller.said(/two bridges would be one chassis/).length, 1, 'it was said once, whatever else changes');
    t.same(
      (await site.ovs.flows(loser)).filter((line) => line.includes('0xd5f1')),
      [],
    );
    t.match(await site.shell().run('status'), {
      status: 1,
      out: /^chassis c1: bridge br/,
      err: new RegExp(
        `^datapath [0-9a-f]{16}, connected by unix:.*: not served: two bridges would be one chassis.*: ovs-vsctl br-set-external-id ${loser} `,
      ),
    });
    await site.ovs.vsctl('br-set-external-id', loser, 'damselfly-chassis', 'c2');
    await until('both are served', () => controller.said(/^switch connected$/).length === 2, patienceMs);
  },
);

void t.test('a bridge that is made anew takes the place of the one that was', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await tenantOn(site, 'br1', 'red', [1, 2, 3]);
  const controller = site.controller();
  await site.active('lport', 'red/a');
  await site.ovs.vsctl('del-br', 'br1');
  await until('it is noticed', () => controller.said(/switch disconnected/).length > 0, patienceMs);
  await site.stands('lport', 'red/a', /^(DOWN.*)?$/);
  await site.ovs.addBridge('br1', { datapathId: '00000000000000b1', chassis: 'c1' });
  await site.plugged('br1', 'red/a', 'red-a');
  await site.active('lport', 'red/a');
  t.match((await site.ours()).join('\n'), /table=115, priority=100,reg7=0x2 actions=output/);
});

void t.test('a bridge of another name takes the datapath id and the place of one that was', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const datapathId = JSON.parse(await site.ovs.vsctl('get', 'bridge', 'br1', 'datapath_id')) as string; // OVSDB quotes it
  const controller = site.controller(['br1', 'br2']);
  await controller.says(/^switch connected$/);
  await site.ovs.vsctl('del-br', 'br1');
  await until('it is noticed', () => controller.said(/switch disconnected/).length > 0, patienceMs);
  await site.ovs.addBridge('br2', { datapathId, chassis: 'c1' });
  await until('it is served', () => controller.said(/^switch connected$/).length === 2, patienceMs);
  t.equal(controller.said(/^switch connected$/)[1]?.['bridge'], 'br2');
  await tenantOn(site, 'br2', 'red', [1, 2, 3]);
  await site.active('lport', 'red/a');
  t.match((await site.ours('br2')).join('\n'), /table=115, priority=100,reg7=0x2 actions=output/);
});

void t.test('a bridge that comes before its database answers is served once that does', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await tenantOn(site, 'br1', 'red', [1, 2, 3]);
  await site.ovs.stopDatabase('SIGKILL');
  const controller = site.controller();
  await controller.says(/no database of Open vSwitch yet/);
  await new Promise((resolve) => setTimeout(resolve, 4000)); // longer than a row is waited for
  t.same(controller.said(/^switch connected$/), [], 'its interfaces are not known, so it is not served by guesses');
  await site.ovs.startDatabase();
  await site.active('lport', 'red/a');
  t.equal((await controller.says(/^switch connected$/))['bridge'], 'br1');
});
