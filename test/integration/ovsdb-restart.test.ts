// A client whose ovsdb-server dies, freezes, is older, or changes its schema under it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LinkState } from '../../src/ovsdb/client.js';
import { isMembers } from '../../src/ovsdb/json.js';
import { parseRemote } from '../../src/ovsdb/remote.js';
import { tunnelPortSpec } from '../../src/ovsdb/tunnels.js';
import { interfaceChanges } from '../../src/ovsdb/view.js';
import { Vswitch, type VswitchOptions } from '../../src/ovsdb/vswitch.js';
import { run, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { PrivateDatabase } from './ovsdb-server.js';

const options = needing(...ovsPrograms, 'ovsdb-client');
const fast = { minBackoffMs: 50, maxBackoffMs: 200, probeIntervalMs: 5000, freeTries: 0 };
const nervous = { reconnect: { ...fast, probeIntervalMs: 400 }, stallMs: 50 };

interface Scene {
  ovs: PrivateDatabase;
  vswitch: Vswitch;
  states: LinkState['type'][];
  /** Interfaces by name, as changes came: `+vm1`, `~vm1`, `-vm1`. */
  changes: string[];
  ports: () => string[];
}

function setScene(t: Test, ovs: PrivateDatabase, further: Partial<VswitchOptions> = {}): Scene {
  const [states, changes]: [LinkState['type'][], string[]] = [[], []];
  const vswitch = new Vswitch({
    remotes: [parseRemote(ovs.address)],
    reconnect: fast,
    ...further,
    onState: ({ type }) => states.push(type),
    onUpdate: (view, before) => {
      for (const { before: old, after } of interfaceChanges(before, view))
        changes.push(`${old ? (after ? '~' : '-') : '+'}${(after ?? old)?.name ?? ''}`);
    },
  });
  t.teardown(() => {
    vswitch.close();
  });
  vswitch.start();
  const ports = (): string[] => vswitch.view.bridges.flatMap((bridge) => bridge.ports.map(({ name }) => name));
  return { ovs, vswitch, states, changes, ports };
}

async function startDatabase(t: Test, schema?: { readonly name: string }): Promise<PrivateDatabase> {
  const ovs = await PrivateDatabase.start(schema);
  t.teardown(() => ovs.close());
  await ovs.vsctl('--no-wait', 'init', '--', 'add-br', 'br0');
  return ovs;
}

void t.test('a server that was killed is found again, and only what really changed is told', options, async (t) => {
  const { ovs, vswitch, states, changes, ports } = setScene(t, await startDatabase(t));
  await vswitch.ready(5000);
  await ovs.vsctl('--no-wait', 'add-port', 'br0', 'vm1', '--', 'add-port', 'br0', 'vm2');
  await until('vm2', () => ports().includes('vm2'));
  const bridge = vswitch.view.bridges[0];
  await ovs.killServer();
  await until('down', () => vswitch.state.type === 'down');
  t.same(ports(), ['br0', 'vm1', 'vm2'], 'what was seen last stays');
  await ovs.startServer();
  await vswitch.ready(5000);
  t.equal(vswitch.view.bridges[0], bridge, 'an unchanged bridge is the same object');
  t.same(changes, ['+br0', '+vm1', '+vm2']);
  t.same(states, ['up', 'down', 'up']);
});

void t.test('changes made while we were cut off are taken as changes', options, async (t) => {
  const ovs = await startDatabase(t);
  await ovs.vsctl('--no-wait', 'add-port', 'br0', 'vm1', '--', 'add-port', 'br0', 'vm2');
  const { vswitch, changes, ports } = setScene(t, ovs);
  await vswitch.ready(5000);
  changes.length = 0;
  await ovs.killServer();
  await until('down', () => vswitch.state.type === 'down');
  const edit = ['del-port', 'vm1', '--', 'add-port', 'br0', 'vm3', '--', 'set', 'Interface', 'vm2', 'external_ids:a=b'];
  await Promise.all([ovs.startServer().then(() => ovs.vsctl('--no-wait', ...edit)), vswitch.ready(5000)]);
  await until('vm3', () => ports().includes('vm3'));
  t.same(changes.sort(), ['+vm3', '-vm1', '~vm2']);
});

void t.test('a write that finds no server waits for it; one that is too long without says why', options, async (t) => {
  const { ovs, vswitch } = setScene(t, await startDatabase(t));
  await vswitch.ready(5000);
  await ovs.killServer();
  await until('down', () => vswitch.state.type === 'down');
  const write = vswitch.setBridgeExternalId('br0', 'damselfly-zone', '1');
  await ovs.startServer();
  await write;
  t.equal(await ovs.vsctl('get', 'Bridge', 'br0', 'external_ids'), '{damselfly-zone="1"}');
  const impatient = new Vswitch({ remotes: [parseRemote('unix:/nowhere/db.sock')], connectDeadlineMs: 100 });
  t.teardown(() => {
    impatient.close();
  });
  impatient.start();
  await t.rejects(impatient.setFailModeSecure('br0'), {
    code: 'OVSDB_DEADLINE',
    message: /\/nowhere\/db.sock: .*ENOENT/,
  });
});

void t.test('a frozen server is stalled, then down, and nothing of the view is lost', options, async (t) => {
  const { ovs, vswitch, states, changes } = setScene(t, await startDatabase(t), nervous);
  await vswitch.ready(5000);
  ovs.freezeServer();
  await until('down', () => vswitch.state.type === 'down');
  t.match(vswitch.state, { reason: { message: /no answer to a probe/ } });
  ovs.thawServer();
  await vswitch.ready(5000);
  t.same(changes, ['+br0']);
  t.same(states.slice(0, 3), ['up', 'stalled', 'down']);
  t.equal(states.at(-1), 'up');
});

void t.test(
  'a transaction cut off by the server’s death is unknown, and repeating it makes one port',
  options,
  async (t) => {
    const { ovs, vswitch, ports } = setScene(t, await startDatabase(t));
    await vswitch.ready(5000);
    const spec = tunnelPortSpec({ type: 'vxlan', remoteIp: '192.0.2.9' }, 'host-a');
    ovs.freezeServer();
    const cut = vswitch.createTunnelPort('br0', spec);
    await Promise.all([t.rejects(cut, { code: 'OVSDB_OUTCOME_UNKNOWN' }), ovs.killServer()]);
    await ovs.startServer();
    const again = new Vswitch({ remotes: [parseRemote(ovs.address)], applyDeadlineMs: 50 });
    t.teardown(() => {
      again.close();
    });
    again.start();
    for (let attempt = 0; attempt < 2; attempt++)
      t.same(await again.createTunnelPort('br0', spec), { state: 'pending' }, 'no ovs-vswitchd runs here');
    await until('the port', () => ports().includes(spec.name));
    t.equal(await ovs.vsctl('list-ports', 'br0'), spec.name);
  },
);

void t.test('without monitor_cond the plain monitor of the RFC does', options, async (t) => {
  const ovs = await startDatabase(t);
  const control = join(ovs.dir, 'control');
  await ovs.killServer();
  await ovs.startServer(`--unixctl=${control}`);
  await run('ovs-appctl', ['-t', control, 'ovsdb-server/disable-monitor-cond']);
  const { vswitch, changes, ports } = setScene(t, ovs);
  await vswitch.ready(5000);
  await ovs.vsctl('--no-wait', 'add-port', 'br0', 'vm1', '--', 'set', 'Interface', 'vm1', 'external_ids:a=b');
  await until('vm1', () => ports().includes('vm1'));
  await ovs.vsctl('--no-wait', 'set', 'Interface', 'vm1', 'external_ids:c=d');
  await ovs.vsctl('--no-wait', 'del-port', 'vm1');
  await until('no vm1', () => !ports().includes('vm1'));
  t.same(changes, ['+br0', '+vm1', '~vm1', '-vm1']);
});

void t.test(
  'a schema without some of our columns is enough, and one that gains them is followed',
  options,
  async (t) => {
    const full: unknown = JSON.parse(readFileSync('/usr/share/openvswitch/vswitch.ovsschema', 'utf8'));
    const ovs = await startDatabase(t, {
      ...withoutColumns(full, 'Interface', ['error', 'options']),
      name: 'Open_vSwitch',
    });
    const { vswitch, states } = setScene(t, ovs);
    await vswitch.ready(5000);
    const iface = (): unknown => vswitch.view.bridges[0]?.ports[0]?.interfaces[0];
    t.match(iface(), { name: 'br0' });
    await run('ovsdb-client', ['convert', ovs.address, '/usr/share/openvswitch/vswitch.ovsschema']);
    await run('ovsdb-client', [
      'transact',
      ovs.address,
      '["Open_vSwitch",{"op":"update","table":"Interface","where":[],"row":{"error":"so it was"}}]',
    ]);
    await until('the new column', () => JSON.stringify(iface()).includes('so it was'));
    t.same(states, ['up'], 'the connection was kept');
  },
);

function withoutColumns(schema: unknown, table: string, names: readonly string[]): object {
  const copy: unknown = structuredClone(schema);
  const tables = isMembers(copy) ? copy['tables'] : undefined;
  const body = isMembers(tables) ? tables[table] : undefined;
  const columns = isMembers(body) ? body['columns'] : undefined;
  if (!isMembers(copy) || !isMembers(columns)) throw new Error(`no ${table} in the schema`);
  for (const name of names) if (!Reflect.deleteProperty(columns, name)) throw new Error(`no ${name}`);
  return copy;
}
