// The tunnel ports of remote devices in time: changed modes and types, a database that is away, a controller that was killed. Cases R… of
// docs/cases.md.
import t from 'tap';
import { tunnelPortName } from '../../src/ovsdb/tunnels.js';
import { patienceMs } from './controller-lab.js';
import { deviceOptions, DeviceSite, enterDeviceLab, frame, headline } from './device-lab.js';
import { until } from '../lab/process.js';

await enterDeviceLab(import.meta.url);
t.setTimeout(300_000);

const vtep = { type: 'vxlan', from: '203.0.113.9', vni: 1 } as const;

void t.test('tunnel ports of remote devices', deviceOptions, async (t) => {
  const lab = await DeviceSite.start(t, 'per-remote');
  const { site } = lab;
  const { ovs } = site;
  const vm = await lab.vm('vm', 'net', 1);
  const device = await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9' });

  for (const mode of ['flow', 'per-remote'] as const)
    await t.test(`R4 a running chassis changes its mode to ${mode} without losing a frame`, async (t) => {
      const tunnels = mode === 'flow' ? 'vxlan flow' : 'vxlan 203.0.113.9,vxlan flow';
      const lost = await lab.lostDuring(vm, device, vtep, async () => {
        await lab.restart(mode);
        await until(
          `the tunnels are those of ${mode}`,
          async () => (await lab.tunnels()).join() === tunnels,
          patienceMs,
        );
        await site.converged();
      });
      t.comment(JSON.stringify(lost));
      t.ok(lost.during > 0);
      t.same([lost.lostOut, lost.lostBack], [0, 0]);
    });

  await t.test('R14 another type of tunnel: the new port comes before the old one goes', async (t) => {
    const mark = site.mark();
    await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9', tunnel_type: 'geneve' });
    t.same((await lab.from(vm, frame(vm, device))).underlay.map(headline), ['geneve 192.0.2.1 > 203.0.113.9 vni 1']);
    const { vms } = await lab.of({ ...vtep, type: 'geneve', inner: frame(device, vm) });
    t.same(vms, { vm: [frame(device, vm)] });
    await until('the old port is gone', async () => !(await lab.tunnels()).join().includes('vxlan 203'), patienceMs);
    const name = (type: 'vxlan' | 'geneve') => tunnelPortName({ type, remoteIp: '203.0.113.9', localIp: '192.0.2.1' });
    const said = site.switchLog().slice(mark);
    const [added, deleted] = [
      said.indexOf(`added interface ${name('geneve')}`),
      said.indexOf(`deleted interface ${name('vxlan')}`),
    ];
    t.ok(added >= 0 && added < deleted, said);
  });

  await t.test(
    'R12 while the database is away devices wait and say so; others are as they were; then it goes on',
    async (t) => {
      const before = await site.ages();
      await ovs.stopDatabase();
      const fields = { lswitch: 'net', macs: ['fa:16:3e:00:00:12'], ips: ['10.0.0.18'] };
      await site.put('lport', 'red/d2', { ...fields, binding: { type: 'vtep', vtep_address: '203.0.113.12' } });
      await site.stands(
        'lport',
        'red/d2',
        /^DOWN: waits for Open vSwitch to number the vxlan tunnel to 203\.0\.113\.12/,
      );
      t.equal(await site.standing('lport', 'red/d1'), 'ACTIVE');
      await ovs.startDatabase();
      await site.active('lport', 'red/d2');
      const after = await site.ages();
      const renewed = [...before].filter(([flow, age]) => (after.get(flow) ?? 0) < age);
      t.same(
        renewed.map(([flow]) => flow).filter((flow) => !flow.includes('group:')),
        [],
        'no flow of the others was sent again',
      );
      const second = { id: '', mac: 'fa:16:3e:00:00:12', ip: '10.0.0.18' };
      t.same((await lab.from(vm, frame(vm, second))).underlay.map(headline), ['vxlan 192.0.2.1 > 203.0.113.12 vni 1']);
    },
  );

  await t.test('R16 what a killed controller left is removed by the next; what is not ours never', async (t) => {
    await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9', tunnel_type: 'geneve' });
    const foreign = ['type=vxlan', 'options:remote_ip=203.0.113.99', 'options:key=5'];
    await ovs.vsctl('add-port', 'br1', 'foreign', '--', 'set', 'Interface', 'foreign', ...foreign);
    const theirs = ['--', 'set', 'Interface', 'theirs', 'type=vxlan', 'options:remote_ip=203.0.113.98'];
    await ovs.vsctl(
      'add-port',
      'br1',
      'theirs',
      '--',
      'set',
      'Port',
      'theirs',
      'external_ids:damselfly-owner=c9',
      ...theirs,
    );
    await lab.controller.stop('SIGKILL');
    await site.remove('lport', 'red/d1');
    const there = await lab.tunnelsAtRest();
    t.ok(there.includes('geneve 203.0.113.9'));
    const left = there.filter((tunnel) => !tunnel.startsWith('geneve'));
    t.match(left.join(), '203.0.113.98,vxlan 203.0.113.99');
    await lab.restart('per-remote');
    await until('our leftovers are gone', async () => (await lab.tunnels()).join() === left.join(), patienceMs);
    await site.converged();
    t.same(await lab.tunnelsAtRest(), left);
    t.same((await lab.from(vm, frame(vm, device))).underlay, []);
  });

  await t.test('R15 with its last user a tunnel loses its flows before its port', async (t) => {
    await lab.device('red/d3', 'net', 0x13, { vtep_address: '203.0.113.13' });
    await site.listen();
    const [mark, before] = [site.mark(), await lab.tunnelsAtRest()];
    await lab.without('red/d3');
    const deleted = await until(
      'ovs-vswitchd has deleted the port',
      () => /bridge br1: deleted interface dfvx-.*/.exec(site.switchLog().slice(mark)) ?? undefined,
    );
    t.match((await site.modsSince(mark)).join('\n'), /DEL/);
    t.same(await site.modsSince(mark + deleted.index), []);
    t.same(
      await lab.tunnels(),
      before.filter((tunnel) => tunnel !== 'vxlan 203.0.113.13'),
    );
  });
});

void t.test(
  'R11 a device whose tunnel has no number yet has no way out, until it has one',
  deviceOptions,
  async (t) => {
    const lab = await DeviceSite.start(t, 'per-remote');
    const { site } = lab;
    const vm = await lab.vm('vm', 'net', 1);
    await lab.restart('per-remote', '--ovsdb', 'none', '--chassis', 'c1');
    await site.converged();
    const fields = { lswitch: 'net', macs: ['fa:16:3e:00:00:11'], ips: ['10.0.0.17'] };
    await site.put('lport', 'red/d1', { ...fields, binding: { type: 'vtep', vtep_address: '203.0.113.9' } });
    await site.stands('lport', 'red/d1', /^DOWN: waits for Open vSwitch to number the vxlan tunnel to 203\.0\.113\.9/);
    const device = { id: '', mac: 'fa:16:3e:00:00:11', ip: '10.0.0.17' };
    t.same(await lab.from(vm, frame(vm, device)), { underlay: [], vms: {} });
    t.notMatch((await site.ours()).join('\n'), /->tun_id/);
    await site.ovs.addPort('br1', tunnelPortName({ type: 'vxlan', remoteIp: '203.0.113.9' }), {
      type: 'vxlan',
      set: ['options:remote_ip=203.0.113.9', 'options:key=flow'],
    });
    await site.active('lport', 'red/d1');
    t.same((await lab.from(vm, frame(vm, device))).underlay.map(headline), ['vxlan 192.0.2.1 > 203.0.113.9 vni 1']);
  },
);
