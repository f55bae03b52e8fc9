// The private Open vSwitch that other tests stand on: it works, can be frozen, killed and started again, and leaves nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { Ovs } from '../lab/ovs.js';
import { CommandError, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

const options = needing(...ovsPrograms);

function processesIn(dir: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    const file = `/proc/${pid}/cmdline`;
    try {
      return /^\d+$/.test(pid) && readFileSync(file, 'utf8').includes(dir);
    } catch {
      return false;
    }
  });
}

void t.test('a bridge takes ports and flows, and traces a packet through them', options, async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy', systemId: 'c1' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br-int', { datapathId: '00000000000000c1' });
  t.equal(await ovs.addPort('br-int', 'vm1', { type: 'dummy', ofport: 183, ifaceId: 'red/vm1' }), 183);
  t.equal(await ovs.addPort('br-int', 'vm2', { type: 'dummy', ofport: 7 }), 7);
  await ovs.addFlows('br-int', 'table=0,priority=5,in_port=183,actions=output:7\n');
  t.strictSame(await ovs.flows('br-int'), ['priority=5,in_port=183 actions=output:7']);
  t.match(await ovs.appctl('ofproto/trace', 'br-int', 'in_port=183,icmp'), /Datapath actions: \d+\n/);
  t.equal((await ovs.vsctl('get', 'Bridge', 'br-int', 'fail_mode')).trim(), 'secure');
  t.equal((await ovs.vsctl('get', 'Bridge', 'br-int', 'datapath_id')).trim(), '"00000000000000c1"');
  t.equal((await ovs.vsctl('get', 'Open_vSwitch', '.', 'external_ids:system-id')).trim(), 'c1');
});

void t.test('a port without an ofport is an error with the reason', options, async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br-int');
  await t.rejects(ovs.addPort('br-int', 'p1', { type: 'nonsense' }), /port p1 has no ofport.*could not open/);
});

void t.test('a frozen switch is mute and answers again when thawed', options, async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br-int');
  ovs.freezeSwitch();
  await t.rejects(ovs.ofctl(['--timeout=1', 'dump-flows', 'br-int']), CommandError);
  ovs.thawSwitch();
  t.strictSame(await ovs.flows('br-int'), []);
});

void t.test('a killed switch comes back with its bridges and without its flows', options, async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br-int');
  await ovs.addFlows('br-int', 'actions=drop\n');
  await ovs.stopSwitch('SIGKILL');
  await ovs.startSwitch();
  await ovs.bridgeIsBack('br-int');
  t.strictSame(await ovs.flows('br-int'), []);
  await ovs.stopDatabase('SIGKILL');
  await ovs.startDatabase();
  t.match(await ovs.vsctl('list-br'), 'br-int');
});

void t.test('two of them do not meet, and closing one leaves nothing of it', options, async (t) => {
  const [one, two] = await Promise.all([Ovs.start({ datapath: 'dummy' }), Ovs.start({ datapath: 'dummy' })]);
  t.teardown(() => Promise.all([one.close(), two.close()]));
  await one.addBridge('br-int');
  t.equal(await two.vsctl('list-br'), '');
  t.not(processesIn(one.dir).length, 0);
  await one.close();
  t.strictSame(processesIn(one.dir), []);
  t.notOk(existsSync(one.dir));
  await two.addBridge('br-int');
});

void t.test('what a killed test has started ends with it; its folder goes at the next start', options, async (t) => {
  const load = `const { Ovs } = await import(${JSON.stringify(new URL('../lab/ovs.js', import.meta.url).href)});`;
  const program = (body: string) =>
    spawn(process.execPath, ['--input-type=module', '-e', `${load}\n${body}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const child = program(
    `process.stdout.write((await Ovs.start({ datapath: 'dummy' })).dir); setInterval(() => undefined, 1000);`,
  );
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const dir = chunk.toString();
  t.ok(dir.startsWith(tmpdir()));
  t.equal(processesIn(dir).length, 2);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until('its programs are gone', () => processesIn(dir).length === 0);
  t.ok(existsSync(dir));
  await once(program(`await (await Ovs.start({ datapath: 'dummy' })).close();`), 'exit');
  t.notOk(existsSync(dir));
});
