// The mirror and its writes against a real ovsdb-server and a real ovs-vswitchd.
import t, { type Test } from 'tap';
import { withVswitch } from '../../src/ovsdb/once.js';
import { parseRemote } from '../../src/ovsdb/remote.js';
import { diffTunnels, presentTunnels, tunnelPortSpec, type WantedTunnel } from '../../src/ovsdb/tunnels.js';
import type { Bridge, Interface } from '../../src/ovsdb/rows.js';
import { interfaceChanges } from '../../src/ovsdb/view.js';
import { Vswitch, type VswitchOptions } from '../../src/ovsdb/vswitch.js';
import { until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { PrivateDatabase } from './ovsdb-server.js';

const options = needing(...ovsPrograms, 'ovsdb-client');
const owner = 'host-a';
const here = { bridge: 'br0', owner };
/** A tunnel with a number to ask for; no two of one test have the same. */
const vxlan = (remoteIp: string): WantedTunnel => ({
  type: 'vxlan',
  remoteIp,
  ofportRequest: 0x8000 + Number(/\d+$/.exec(remoteIp)?.[0] ?? 0) + (remoteIp.includes(':') ? 0x100 : 0),
});

interface Scene {
  ovs: PrivateDatabase;
  vswitch: Vswitch;
  br0: () => Bridge;
  iface: (name: string) => Interface | undefined;
  names: () => string[];
}

async function setScene(t: Test, further: Partial<VswitchOptions> = {}): Promise<Scene> {
  const ovs = await PrivateDatabase.start();
  t.teardown(() => ovs.close());
  await ovs.startSwitch();
  await ovs.vsctl('add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=dummy', 'fail_mode=standalone');
  const vswitch = new Vswitch({ remotes: [parseRemote(ovs.address)], ...further });
  t.teardown(() => {
    vswitch.close();
  });
  vswitch.start();
  await vswitch.ready(5000);
  const br0 = (): Bridge => vswitch.view.bridges.find(({ name }) => name === 'br0')!;
  const interfaces = (): Interface[] => br0().ports.flatMap((port) => port.interfaces);
  return {
    ovs,
    vswitch,
    br0,
    iface: (name) => interfaces().find((iface) => iface.name === name),
    names: () => br0().ports.map(({ name }) => name),
  };
}

void t.test('the mirror shows what ovs-vsctl made, as it is made', options, async (t) => {
  const seen: string[] = [];
  const { ovs, vswitch, br0, iface } = await setScene(t, {
    onUpdate: (view, before) => {
      for (const { before: old, after } of interfaceChanges(before, view))
        seen.push(`${(after ?? old)?.name ?? ''} ${String(old?.ofport)} -> ${after ? String(after.ofport) : 'gone'}`);
    },
  });
  t.match(vswitch.view.openVswitch, { systemId: owner, externalIds: new Map([['system-id', owner]]) });
  t.match(br0(), { name: 'br0', datapathType: 'dummy', failMode: 'standalone', controllers: [] });
  t.equal(`"${br0().datapathId ?? ''}"`, await ovs.vsctl('get', 'Bridge', 'br0', 'datapath_id'));
  const row = ['--', 'set', 'Interface', 'vm1', 'type=dummy', 'ofport_request=183', 'external_ids:iface-id=red/vm1'];
  await ovs.vsctl('add-port', 'br0', 'vm1', ...row);
  await until('vm1', () => iface('vm1')?.ofport !== undefined);
  t.match(iface('vm1'), {
    type: 'dummy',
    ofport: 183,
    externalIds: new Map([['iface-id', 'red/vm1']]),
  });
  await ovs.vsctl('set-controller', 'br0', 'tcp:127.0.0.1:1');
  await until('the controller', () => br0().controllers.length === 1);
  t.match(br0().controllers, [{ target: 'tcp:127.0.0.1:1', isConnected: false }]);
  await ovs.vsctl('del-port', 'vm1');
  await until('vm1 is gone', () => !iface('vm1'));
  t.equal(seen.at(-1), 'vm1 183 -> gone');
  t.ok(seen.includes('br0 undefined -> 65534'), 'the first snapshot is a change too');
});

void t.test('own keys are written, and everybody else’s stay', options, async (t) => {
  const { ovs, vswitch, br0, iface } = await setScene(t);
  await ovs.vsctl(
    'set',
    'Bridge',
    'br0',
    'external_ids:theirs=1',
    '--',
    'set',
    'Interface',
    'br0',
    'external_ids:theirs=2',
  );
  await ovs.vsctl('set', 'Open_vSwitch', '.', 'other_config:theirs=3');
  await vswitch.setFailModeSecure('br0');
  await vswitch.setBridgeExternalId('br0', 'damselfly-zone', '7');
  await vswitch.setBridgeExternalId('br0', 'damselfly-zone', '8');
  await vswitch.setInterfaceExternalId('br0', 'damselfly-installed', '41');
  await vswitch.setOtherConfig('vlan-limit', '2');
  t.equal(br0().failMode, 'secure', 'what was written is seen as soon as the write resolves');
  t.same(
    br0().externalIds,
    new Map([
      ['damselfly-zone', '8'],
      ['theirs', '1'],
    ]),
  );
  t.same(
    iface('br0')?.externalIds,
    new Map([
      ['damselfly-installed', '41'],
      ['theirs', '2'],
    ]),
  );
  t.equal(await ovs.vsctl('get', 'Open_vSwitch', '.', 'other_config'), '{theirs="3", vlan-limit="2"}');
  await vswitch.setInterfaceExternalId('br0', 'damselfly-installed', undefined);
  t.same(iface('br0')?.externalIds, new Map([['theirs', '2']]));
});

void t.test('many keys go in one transaction, and what is not there is named', options, async (t) => {
  const { vswitch, iface } = await setScene(t);
  const entry = (name: string) => ({ iface: name, key: 'damselfly-installed', value: '1' });
  t.same(await vswitch.setInterfaceExternalIds([entry('gone'), entry('br0')]), ['gone']);
  t.equal(iface('br0')?.externalIds.get('damselfly-installed'), '1');
  await t.rejects(vswitch.setInterfaceExternalId('gone', 'k', 'v'), {
    code: 'OVSDB_NO_SUCH_ROW',
    message: 'no interface gone',
  });
  await t.rejects(vswitch.setBridgeExternalId('br9', 'k', 'v'), {
    code: 'OVSDB_NO_SUCH_ROW',
    message: 'no bridge br9',
  });
  await t.rejects(vswitch.setFailModeSecure('br9'), { code: 'OVSDB_NO_SUCH_ROW' });
});

void t.test('wanted tunnels appear with the numbers asked for, and go when they are not wanted', options, async (t) => {
  const { vswitch, names, iface } = await setScene(t);
  const wanted: WantedTunnel[] = [
    vxlan('192.0.2.9'),
    vxlan('2001:db8::9'),
    { type: 'geneve', remoteIp: 'flow', ofportRequest: 0x8201 },
    { type: 'gre', remoteIp: '192.0.2.9', ofportRequest: 0x8202 },
  ];
  const diff = diffTunnels(wanted, presentTunnels(vswitch.view), here);
  t.same([diff.create.length, diff.update, diff.remove], [4, [], []]);
  for (const spec of diff.create) {
    t.same(await vswitch.createTunnelPort('br0', spec), { state: 'up', ofport: spec.ofportRequest });
    t.equal(iface(spec.name)?.ofport, spec.ofportRequest, 'the mirror knows it when the write resolves');
  }
  const nothing = { create: [], update: [], remove: [], conflicts: [], failed: [] };
  t.same(diffTunnels(wanted, presentTunnels(vswitch.view), here), nothing);
  const rest = diffTunnels(wanted.slice(0, 1), presentTunnels(vswitch.view), here);
  t.equal(rest.remove.length, 3);
  for (const name of rest.remove) await vswitch.deletePort('br0', name, owner);
  t.same(names(), ['br0', tunnelPortSpec(wanted[0]!, owner).name]);
});

void t.test('creating and deleting twice is harmless; a changed option is set in place', options, async (t) => {
  const { ovs, vswitch, names } = await setScene(t);
  const spec = tunnelPortSpec(vxlan('192.0.2.9'), owner);
  const up = { state: 'up', ofport: spec.ofportRequest };
  t.same(await vswitch.createTunnelPort('br0', spec), up);
  t.same(await vswitch.createTunnelPort('br0', spec), up);
  const moved = { ...spec, options: { ...spec.options, remote_ip: '192.0.2.10' } };
  t.same(await vswitch.createTunnelPort('br0', moved), up, 'the ofport stays');
  t.equal(await ovs.vsctl('get', 'Interface', spec.name, 'options:remote_ip'), '"192.0.2.10"');
  await Promise.all([vswitch.deletePort('br0', spec.name, owner), vswitch.deletePort('br0', spec.name, owner)]);
  await vswitch.deletePort('br0', spec.name, owner);
  t.same(names(), ['br0']);
});

void t.test('two writers that create the same port at once make one', options, async (t) => {
  const { ovs, vswitch, names } = await setScene(t);
  const second = new Vswitch({ remotes: [parseRemote(ovs.address)] });
  t.teardown(() => {
    second.close();
  });
  second.start();
  const spec = tunnelPortSpec(vxlan('192.0.2.9'), owner);
  const outcomes = await Promise.all([vswitch, second, vswitch].map((writer) => writer.createTunnelPort('br0', spec)));
  t.same(
    outcomes.map(({ state }) => state),
    ['up', 'up', 'up'],
  );
  t.same(names(), ['br0', spec.name]);
  await t.rejects(vswitch.createTunnelPort('br9', { ...spec, name: 'other' }), { code: 'OVSDB_NO_SUCH_ROW' });
});

void t.test('ports that are not ours are neither changed nor deleted', options, async (t) => {
  const { ovs, vswitch, iface } = await setScene(t);
  await ovs.vsctl(
    'add-port',
    'br0',
    'vx0',
    '--',
    'set',
    'Interface',
    'vx0',
    'type=vxlan',
    'options:remote_ip=192.0.2.9',
  );
  await until('vx0', () => iface('vx0')?.ofport !== undefined);
  const spec = { ...tunnelPortSpec(vxlan('192.0.2.9'), owner), name: 'vx0' };
  await t.rejects(vswitch.createTunnelPort('br0', spec), { code: 'OVSDB_NOT_OURS' });
  await t.rejects(vswitch.updateTunnelOptions('vx0', owner, {}), { code: 'OVSDB_NOT_OURS' });
  await t.rejects(vswitch.deletePort('br0', 'vx0', owner), { code: 'OVSDB_NOT_OURS' });
  const ours = tunnelPortSpec(vxlan('192.0.2.10'), owner);
  await vswitch.createTunnelPort('br0', ours);
  await t.rejects(vswitch.deletePort('br0', ours.name, 'host-b'), { code: 'OVSDB_NOT_OURS' });
  t.same(diffTunnels([], presentTunnels(vswitch.view), { bridge: 'br0', owner: 'host-b' }).remove, []);
  t.equal(await ovs.vsctl('get', 'Interface', 'vx0', 'options'), '{remote_ip="192.0.2.9"}');
});

void t.test(
  'an address that no tunnel can have is committed, fails, and says so in the switch’s words',
  options,
  async (t) => {
    const { vswitch } = await setScene(t);
    for (const remoteIp of ['garbage!', '224.0.0.1', '']) {
      const outcome = await vswitch.createTunnelPort('br0', tunnelPortSpec(vxlan(remoteIp), owner));
      t.match(outcome, { state: 'failed', error: /remote_ip/ }, remoteIp);
    }
    const wanted = [vxlan('garbage!')];
    t.match(diffTunnels(wanted, presentTunnels(vswitch.view), here).failed, [{ error: /bad vxlan 'remote_ip'/ }]);
  },
);

void t.test(
  'another’s tunnel in the way is named; ours works once it is gone and the switch tries again',
  options,
  async (t) => {
    const { ovs, vswitch, names } = await setScene(t);
    const row = ['type=vxlan', 'options:remote_ip="2001:0db8::0009"', 'options:key=flow'];
    await ovs.vsctl('add-port', 'br0', 'vx0', '--', 'set', 'Interface', 'vx0', ...row);
    await until('vx0', () => names().includes('vx0'));
    const wanted = [vxlan('2001:db8::9')];
    const diff = (): ReturnType<typeof diffTunnels> => diffTunnels(wanted, presentTunnels(vswitch.view), here);
    t.match(diff(), { create: [], conflicts: [{ foreign: { bridge: 'br0', name: 'vx0' } }] });
    const spec = diff().conflicts[0]!.wanted;
    t.match(await vswitch.createTunnelPort('br0', spec), { state: 'failed', error: /File exists/ });
    await ovs.vsctl('del-port', 'vx0');
    await until('the conflict is over', () => diff().conflicts.length === 0);
    t.match(diff().failed, [{ name: spec.name, error: /File exists/ }], 'it does not mend itself');
    await vswitch.retryPorts();
    t.same(diff(), { create: [], update: [], remove: [], conflicts: [], failed: [] });
  },
);

void t.test('while ovs-vswitchd does not act, a port is pending, not failed and not up', options, async (t) => {
  const { ovs, vswitch } = await setScene(t, { applyDeadlineMs: 500 });
  const spec = tunnelPortSpec(vxlan('192.0.2.9'), owner);
  ovs.freezeSwitch();
  t.same(await vswitch.createTunnelPort('br0', spec), { state: 'pending' });
  const again = vswitch.createTunnelPort('br0', spec);
  ovs.thawSwitch();
  t.same(await again, { state: 'up', ofport: spec.ofportRequest });
});

void t.test('one look answers, and says at once why not', options, async (t) => {
  const { ovs } = await setScene(t);
  t.same(await withVswitch(ovs.address, 5000, ({ view }) => view.bridges.map(({ name }) => name)), ['br0']);
  await t.rejects(
    withVswitch(`${ovs.address}.not`, 5000, () => 0),
    { code: 'OVSDB_UNREACHABLE', message: /ENOENT/ },
  );
});
