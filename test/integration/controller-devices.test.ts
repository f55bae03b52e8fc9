// Remote devices on a live switch, in both tunnel modes: the tunnel comes with the first of them, follows it, and goes with the last.
import t, { type Test } from 'tap';
import { tunnelPortName } from '../../src/ovsdb/tunnels.js';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

/** Our tunnel ports as the database has them: `type remote_ip`, sorted. */
async function tunnels(site: Site): Promise<string[]> {
  const columns = [
    '--format=json',
    '--columns=type,options,external_ids',
    'find',
    'Interface',
    'type!=dummy',
    'type!=internal',
  ];
  const { data } = JSON.parse(await site.ovs.vsctl(...columns)) as {
    data: [string, ['map', [string, string][]], ['map', [string, string][]]][];
  };
  return data.map(([type, [, options]]) => `${type} ${new Map(options).get('remote_ip') ?? ''}`).sort();
}

/** The name of our tunnel port with this `remote_ip`. */
async function nameOf(site: Site, remote: string): Promise<string> {
  return (
    await site.ovs.vsctl('--bare', '--columns=name', 'find', 'Interface', `options:remote_ip="${remote}"`)
  ).trim();
}

/** What a frame from the VM to the device becomes, as `ofproto/trace` says: the tunnel's headers, or `drop`. */
async function sent(site: Site, ofport: number, destination: string, source = 'fa:16:3e:00:00:01'): Promise<string> {
  const text = await site.trace(
    'br1',
    `in_port=${ofport},dl_src=${source},dl_dst=${destination},dl_type=0x0800,nw_src=10.0.0.1,nw_dst=10.0.0.9`,
  );
  const outputs = [...text.matchAll(/^ +output:(\d+)$/gm)];
  const field = (name: string): string =>
    [...text.matchAll(new RegExp(`set_field:([^ \\n]+)->${name}$`, 'gm'))].at(-1)?.[1] ?? '';
  return outputs.length === 0 ? 'drop' : [field('tun_id'), field('tun_dst')].join(' ').trim();
}

const deviceMac = 'fa:16:3e:00:00:0d';
const device = (lswitch: string, binding: object) => ({ lswitch, macs: [deviceMac], ips: ['10.0.0.9'], ...binding });
const vtep = (vtep_address: string) => ({ binding: { type: 'vtep', vtep_address } });
const profile = (host_ip: string) => ({ binding_profile: { port_key: 'remote_port', host_ip } });

async function vmOn(t: Test, ...more: readonly string[]): Promise<{ site: Site; vm: number }> {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  await site.put('lport', 'red/vm', { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] });
  const vm = await site.plugged('br1', 'red/vm', 'vm');
  site.controller(['br1'], ...more);
  await site.active('lport', 'red/vm');
  return { site, vm };
}

void t.test('a remote device with a tunnel port of its own', wholeOptions, async (t) => {
  const { site, vm } = await vmOn(t);
  await site.listen();
  const vni = await keyOf(site, 'lswitch', 'red/net');

  await t.test('brings its tunnel port, and is reached by unicast, flood and ARP', async (t) => {
    t.same(await tunnels(site), []);
    await site.put('lport', 'red/db', device('net', profile('203.0.113.9')));
    await site.active('lport', 'red/db');
    t.same(await tunnels(site), ['vxlan 203.0.113.9', 'vxlan flow']);
    t.equal(await sent(site, vm, deviceMac), vni);
    t.equal(await sent(site, vm, 'ff:ff:ff:ff:ff:ff'), vni);
    t.match((await site.ours()).join('\n'), /table=25,.*arp_tpa=10\.0\.0\.9/);
  });
  await t.test(
    'is sent to only once Open vSwitch has numbered the port, and accepted from its address only',
    async (t) => {
      const name = await nameOf(site, '203.0.113.9');
      const ofport = await site.ovs.ofport(name);
      t.match(
        (await site.ours()).join('\n'),
        new RegExp(`priority=100,in_port=${ofport} actions=load:0x1->NXM_NX_REG3`),
      );
      t.equal((await site.ovs.vsctl('get', 'Port', name, 'external_ids:damselfly-owner')).trim(), 'c1');
    },
  );
  await t.test('R13 R15 moves to another address: flows first, then the old port goes', async (t) => {
    const mark = site.mark();
    const revision = await site.put('lport', 'red/db', device('net', vtep('203.0.113.10')));
    await site.active('lport', 'red/db', 'c1', revision);
    await until(
      'the old port is gone',
      async () => (await tunnels(site)).join() === 'vxlan 203.0.113.10,vxlan flow',
      patienceMs,
    );
    t.equal(await sent(site, vm, deviceMac), vni);
    const removed = await until(
      'ovs-vswitchd has deleted the port',
      () => /bridge br1: deleted interface dfvx-.*/.exec(site.switchLog().slice(mark)) ?? undefined,
    );
    const mods = await site.modsSince(mark);
    t.match(mods.join('\n'), /DEL/, 'flows of the old port were deleted');
    t.same(await site.modsSince(mark + removed.index), [], 'all of them before the port was');
  });
  await t.test('shares its tunnel port with a second one; the last that goes takes rules and port along', async (t) => {
    const second = { ...device('net', vtep('203.0.113.10')), macs: ['fa:16:3e:00:00:0e'], ips: ['10.0.0.10'] };
    await site.put('lport', 'red/db2', second);
    await site.active('lport', 'red/db2');
    t.same(await tunnels(site), ['vxlan 203.0.113.10', 'vxlan flow']);
    await site.acknowledged('red', await site.remove('lport', 'red/db'));
    t.equal(await sent(site, vm, deviceMac), 'drop');
    t.equal(await sent(site, vm, 'fa:16:3e:00:00:0e'), vni);
    t.same(await tunnels(site), ['vxlan 203.0.113.10', 'vxlan flow']);
    await site.acknowledged('red', await site.remove('lport', 'red/db2'));
    await until('the tunnel port is gone', async () => (await tunnels(site)).length === 0, patienceMs);
    t.notMatch((await site.ours()).join('\n'), /tun_id->|set_field:0x[0-9a-f]+->tun_id/);
    t.equal(await site.standing('lport', 'red/db2'), '');
  });
  await t.test('of the operator, on a tenant’s network, needs no permission', async (t) => {
    await site.put('lport', '_operator/gate', device('red/net', vtep('203.0.113.20')));
    await site.active('lport', '_operator/gate');
    t.equal(await sent(site, vm, deviceMac), vni);
    await site.remove('lport', '_operator/gate');
    await until('the tunnel port is gone', async () => (await tunnels(site)).length === 0, patienceMs);
  });
  await t.test('that another’s port stands in the way of says so, and works when that is gone', async (t) => {
    const foreign = [
      '--',
      'set',
      'Interface',
      'foreign',
      'type=vxlan',
      'options:remote_ip=203.0.113.30',
      'options:local_ip=192.0.2.1',
      'options:key=flow',
    ];
    await site.ovs.vsctl('add-port', 'br1', 'foreign', ...foreign);
    await site.put('lport', 'red/db', device('net', vtep('203.0.113.30')));
    await site.stands('lport', 'red/db', /^ERROR: .*foreign.*not ours/);
    t.equal(await sent(site, vm, deviceMac), 'drop');
    await site.ovs.vsctl('del-port', 'br1', 'foreign');
    await site.active('lport', 'red/db');
    t.equal(await sent(site, vm, deviceMac), vni);
  });
  await t.test('whose port has a name that is another’s says so, and works when that is gone', async (t) => {
    const name = tunnelPortName({ type: 'vxlan', remoteIp: '203.0.113.35', localIp: '192.0.2.1' });
    await site.ovs.addPort('br1', name, { type: 'dummy' });
    await site.put('lport', 'red/db', device('net', vtep('203.0.113.35')));
    await site.stands('lport', 'red/db', new RegExp(`^ERROR: .*${name}.*`));
    await site.ovs.vsctl('del-port', 'br1', name);
    await site.active('lport', 'red/db');
    t.equal(await sent(site, vm, deviceMac), vni);
  });
  await t.test('R2 R8 whose tunnel Open vSwitch cannot make has Open vSwitch’s own words as its status', async (t) => {
    // Open vSwitch reads this port number as the usual one; whoever compares texts does not see that the tunnels are the same.
    const foreign = ['type=vxlan', 'options:remote_ip=203.0.113.40', 'options:local_ip=192.0.2.1', 'options:key=flow'];
    await site.ovs.vsctl(
      'add-port',
      'br1',
      'foreign',
      '--',
      'set',
      'Interface',
      'foreign',
      ...foreign,
      'options:dst_port=04789',
    );
    await site.put('lport', 'red/db', device('net', vtep('203.0.113.40')));
    await site.stands('lport', 'red/db', /^ERROR: .*Open vSwitch refuses the tunnel: .*File exists/);
    await site.ovs.vsctl('del-port', 'br1', 'foreign');
    await site.active('lport', 'red/db');
    t.equal(await sent(site, vm, deviceMac), vni);
  });
});

void t.test('remote devices behind one tunnel port for all', wholeOptions, async (t) => {
  const { site, vm } = await vmOn(t, '--tunnel-mode', 'flow');
  const vni = await keyOf(site, 'lswitch', 'red/net');
  await site.put('lport', 'red/db', device('net', profile('203.0.113.9')));
  await site.active('lport', 'red/db');
  t.same(await tunnels(site), ['vxlan flow']);
  t.equal(await sent(site, vm, deviceMac), `${vni} 203.0.113.9`);
  t.equal(await sent(site, vm, 'ff:ff:ff:ff:ff:ff'), `${vni} 203.0.113.9`);

  await t.test('an address that changes is followed in the flows, and the port stays', async (t) => {
    const name = await nameOf(site, 'flow');
    const ofport = await site.ovs.ofport(name);
    await site.active(
      'lport',
      'red/db',
      'c1',
      await site.put('lport', 'red/db', device('net', profile('203.0.113.10'))),
    );
    t.equal(await sent(site, vm, deviceMac), `${vni} 203.0.113.10`);
    t.equal(await site.ovs.ofport(name), ofport);
    const flows = (await site.ours()).join('\n');
    t.match(flows, 'tun_src=203.0.113.10');
    t.notMatch(flows, /203\.0\.113\.9\b/);
  });
  await t.test('the last one that goes takes rules and port along', async (t) => {
    await site.remove('lport', 'red/db');
    await until('the tunnel port is gone', async () => (await tunnels(site)).length === 0, patienceMs);
    t.notMatch((await site.ours()).join('\n'), /tun_dst|tun_src/);
  });
});
