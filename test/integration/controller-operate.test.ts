// What an operator does with a controller that runs: stop it, ask it, clean up behind it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { askAll } from '../../src/controller/control.js';
import { freePort } from '../lab/free-ports.js';
import { until } from '../lab/process.js';
import { type ControllerProcess, keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(90_000);

const member = (number: number) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:00:00:0${number}`],
  ips: [`10.0.0.${number}`],
});
const vtep = (address: string) => ({ binding: { type: 'vtep', vtep_address: address } });

/** Two ports and a remote device on a network, all of them on the switch. */
async function served(t: Test) {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', { network_type: 'vxlan' });
  for (const [index, id] of ['a', 'b'].entries()) {
    await site.put('lport', `red/${id}`, member(index + 1));
    await site.plugged('br1', `red/${id}`, id);
  }
  await site.put('lport', 'red/db', { ...member(9), ...vtep('203.0.113.9') });
  const controller = site.controller(['br1'], '--repair', 'false');
  for (const id of ['a', 'b', 'db']) await site.active('lport', `red/${id}`);
  await site.converged();
  return { site, controller, shell: site.shell() };
}

void t.test('SIGTERM and SIGINT end it with status 0; all flows stay, and it says so', wholeOptions, async (t) => {
  const { site, controller } = await served(t);
  const [flows, groups] = [await site.ours(), await site.groups()];
  t.equal(await controller.stop('SIGTERM'), 0);
  t.match(controller.log.at(-1)?.msg, 'stopping; all flows stay on the switches');
  await delay(1000); // Open vSwitch notices that its controller is gone
  t.strictSame(await site.ours(), flows);
  t.strictSame(await site.groups(), groups);
  const second = site.controller();
  await site.converged();
  t.equal(await second.stop('SIGINT'), 0);
  t.strictSame(await site.ours(), flows);
});

void t.test('SIGTERM ends it at any time of its start: with status 0, and it says so', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const alone = ['--ovsdb', site.ovs.database, '--data-dir', site.dataDir, '--config', '/dev/null'];
  const listen = ['--listen', `unix:${join(site.dir, 'of.sock')}`];
  const ends = async (t: Test, controller: ControllerProcess): Promise<void> => {
    t.equal(await controller.stop(), 0);
    t.equal(controller.said(/^stopping; all flows stay on the switches$/).length, 1, controller.text);
  };

  await t.test('while it waits for NATS', async (t) => {
    const controller = site.run([...alone, ...listen, '--nats', `nats://127.0.0.1:${await freePort()}`]);
    await controller.says(/the northbound is away/);
    await ends(t, controller);
  });
  await t.test('while NATS is mute', async (t) => {
    const port = await freePort();
    const mute = createServer().listen(port, '127.0.0.1');
    t.teardown(() => mute.close());
    const controller = site.run([...alone, ...listen, '--nats', `nats://127.0.0.1:${port}`]);
    await once(mute, 'connection');
    await ends(t, controller);
  });
  await t.test('while the database is mute, and its own nats-server ends with it', async (t) => {
    const port = await freePort();
    const mute = createServer().listen(port, '127.0.0.1');
    t.teardown(() => mute.close());
    const controller = site.run([...alone, ...listen, '--ovsdb', `tcp:127.0.0.1:${port}`]);
    await controller.says(/created the buckets/);
    await ends(t, controller);
    const pid = Number(readFileSync(join(site.dataDir, 'nats.pid'), 'utf8'));
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});

void t.test('explain', wholeOptions, async (t) => {
  const { site, shell } = await served(t);
  const foreign = 'cookie=0x77,table=0,priority=7,in_port=77,actions=drop';
  const stale = 'cookie=0xd5f1020000000001,table=115,priority=3,reg7=0x99,actions=drop';
  await site.ovs.addFlows('br1', `${foreign}\n${stale}`);
  const lines = (await site.ovs.ofctl(['dump-flows', 'br1'])).split('\n').filter((line) => line.includes('cookie='));
  const line = (pattern: RegExp) => lines.find((text) => pattern.test(text)) ?? '';
  const key = await keyOf(site, 'lport', 'red/a');

  await t.test('names app, object, revision and numbers of a flow of ours, with and without cookie', async (t) => {
    const dispatch = line(new RegExp(`table=115,.*priority=100,reg7=${key} `));
    const said = await shell.run('explain', dispatch);
    t.equal(said.status, 0);
    t.match(said.out, /^chassis c1:\n {2}App dispatch, which .*, wants it for lport red\/a, since revision \d+ of/);
    t.match(said.out, /^ {2}Table 115 \(dispatch\): /m);
    t.match(said.out, `  reg7=${key} is lport red/a.\n`);
    t.match(said.out, '  output:1 is interface a of lport red/a.\n');
    t.notMatch(said.out, /somebody changed/);
    const bare = await shell.run('explain', '--json', `table=115,priority=100 reg7=${key} actions=output:1`);
    t.match(JSON.parse(bare.out), [{ chassis: 'c1', verdict: 'ours', app: 'dispatch', object: 'lport red/a' }]);
  });
  await t.test('knows every flow of ours in a dump', async (t) => {
    const ours = lines.filter((text) => text.includes('cookie=0xd5f1') && !text.includes('reg7=0x99'));
    t.ok(ours.length > 30, String(ours.length));
    const answers = await Promise.all(ours.map((argument) => askAll(site.dataDir, { ask: 'explain', argument })));
    const others = answers.map((answer) => JSON.stringify(answer)).filter((text) => !text.includes('"verdict":"ours"'));
    t.strictSame(others, []);
    t.notMatch(JSON.stringify(answers), /somebody changed/);
  });
  await t.test('says of a flow that somebody changed that it was', async (t) => {
    await site.ovs.ofctl(['mod-flows', '--strict', 'br1', `table=115,priority=100,reg7=${key},actions=drop`]);
    const changed =
      (await site.ovs.flows('br1')).find((text) => text.includes(`table=115, priority=100,reg7=${key} `)) ?? '';
    t.match(changed, /actions=drop/);
    const said = await shell.run('explain', changed);
    t.match(said.out, /App dispatch.*\n {2}Its actions are not those that are wanted: somebody changed them\./);
  });
  await t.test('says of one that nothing wants any more whose it was', async (t) => {
    const said = await shell.run('explain', line(/reg7=0x99/));
    t.match(said, { status: 1, out: /carries the mark of app dispatch, but nothing wants it any more/ });
  });
  await t.test('says of a foreign one that it is not touched', async (t) => {
    t.match(await shell.run('explain', line(/in_port=77/)), { status: 1, out: /It is not ours: .* never touched\./ });
    const usurper = `cookie=0x5, table=115, priority=100,reg7=${key} actions=drop`;
    t.match(
      (await shell.run('explain', usurper)).out,
      /has the place of a flow that app dispatch wants for lport red\/a/,
    );
  });
  await t.test('says of anything else that it is no flow, whether a controller runs or not', async (t) => {
    for (const garbage of ['garbage', '', ' group_id=1,type=all,bucket=actions=drop', 'in_port=nowhere actions=drop'])
      t.match(await shell.run('explain', garbage), {
        status: 1,
        out: '',
        err: /^damselfly: that is no flow: .*dump-flows\n$/,
      });
    const alone = await shell.run('explain', 'in_port=1 actions=drop', '--data-dir', '/nowhere');
    t.match(alone, { status: 1, err: /no controller serves a bridge here/ });
  });
});

void t.test('status says of each port what it waits for, or what is wrong with it', wholeOptions, async (t) => {
  const { site, shell } = await served(t);
  await site.put('lport', 'red/c', member(3));
  await site.put('lport', 'red/twin', { ...member(1), ips: ['10.0.0.8'] });
  await site.plugged('br1', 'red/twin', 'twin');
  await site.put('lport', 'red/own', { ...member(4), ...vtep('192.0.2.1') });
  await site.plugged('br1', 'red/unheard', 'unheard');
  await site.stands('lport', 'red/twin', /^DEGRADED/);
  await site.stands('lport', 'red/own', /^ERROR/);
  const { status, out } = await shell.run('status');
  t.equal(status, 1);
  t.match(out, /^chassis c1: bridge br1, datapath [0-9a-f]{16}, connected by unix:.*br1\.mgmt$/m);
  t.match(out, /^ {2}lport red\/a +ACTIVE +a:1 +r\d+ +since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ *$/m);
  t.match(out, /^ {2}lport red\/c +DOWN .*iface-id/m);
  t.match(out, /^ {2}lport red\/twin +DEGRADED .*lport red\/a has table=55,.*dl_dst=fa:16:3e:00:00:01 already/m);
  t.match(out, /^ {2}lport red\/own +ERROR .*"192\.0\.2\.1": is a tunnel address of this chassis itself$/m);
  t.match(out, /interface unheard waits for lport red\/unheard: damselfly apply/);
  const [one] = JSON.parse((await shell.run('status', '--json')).out) as [{ chassis: string; ports: object[] }];
  t.match(one, { chassis: 'c1', bridge: 'br1' });
});

void t.test('cleanup takes exactly our flows, groups, tunnel ports and marks', wholeOptions, async (t) => {
  const { site, controller, shell } = await served(t);
  await site.ovs.ofctl(['add-group', 'br1', 'group_id=7,type=all,bucket=output:1']);
  const foreign = ['cookie=0x77,priority=7,in_port=77,actions=drop', 'priority=8,in_port=78,actions=group:7'];
  await site.ovs.addFlows('br1', foreign.join('\n'));
  await site.ovs.vsctl(
    'add-port',
    'br1',
    'vx',
    '--',
    'set',
    'interface',
    'vx',
    'type=vxlan',
    'options:remote_ip=203.0.113.77',
  );
  const cleanup = () => shell.run('cleanup', '--bridge', 'br1');

  t.match(await cleanup(), { status: 1, err: /a controller serves br1 and would put everything back: stop it first/ });
  t.not((await site.ours()).length, 0);
  await controller.stop();
  const [flows, groups] = [await site.ours(), (await site.groups()).filter((line) => !line.includes('group_id=7,'))];
  const tunnels = (await site.ovs.vsctl('list-ports', 'br1')).split('\n').filter((name) => /^df/.test(name));
  t.ok(flows.length > 30 && groups.length > 0 && tunnels.length > 0);
  const said = await cleanup();
  t.match(said, {
    status: 0,
    out: `br1: removed ${flows.length} flows, ${groups.length} groups, ${tunnels.length} tunnel ports\n`,
  });
  t.strictSame((await site.ovs.flows('br1')).sort(), [
    'cookie=0x77, priority=7,in_port=77 actions=drop',
    'priority=8,in_port=78 actions=group:7',
  ]);
  t.strictSame(await site.groups(), ['group_id=7,type=all,bucket=actions=output:1']);
  const ports = (await site.ovs.vsctl('list-ports', 'br1')).trim().split('\n');
  t.strictSame(ports.sort(), ['a', 'b', 'vx']);
  t.notMatch(await site.ovs.vsctl('get', 'interface', 'a', 'external_ids'), /damselfly-installed/);
  t.match(await cleanup(), { status: 0, out: 'br1: removed 0 flows, 0 groups, 0 tunnel ports\n' });
  t.match(await shell.run('cleanup', '--bridge', 'br9'), { status: 1, err: /br9\.mgmt.*is the bridge there/ });

  site.controller();
  await until('all of it comes back', async () => (await site.ours()).join() === flows.join(), patienceMs);
});
