// Where each value of the configuration comes from, and what the controller says when something stands in its way.
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { allApps } from '../../src/apps/apps.js';
import { freePort } from '../lab/free-ports.js';
import { NatsServer } from '../lab/nats.js';
import { run, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(90_000);

void t.test(
  'a flag beats the environment, the file, Open_vSwitch, the default, and config show says which it was',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    const said = ['encap-ip=192.0.2.7', 'log-level=warn', 'tunnel-mode=flow', 'linger=5'];
    await site.ovs.vsctl('set', 'Open_vSwitch', '.', ...said.map((pair) => `external_ids:damselfly-${pair}`));
    const shell = site.shell({ DAMSELFLY_TUNNEL_MODE: 'per-remote', DAMSELFLY_LINGER: '7' });
    const file = shell.file('damselfly.yaml', 'log_level: error\ntunnel_mode: flow\nlinger: 6\n');
    const { status, out } = await shell.run('config', 'show', '--json', '--config', file, '--linger', '8');
    t.equal(status, 0);
    const shown = JSON.parse(out) as Record<string, { value: unknown; from: string }>;
    t.same(shown['linger'], { value: 8, from: 'flag --linger' });
    t.same(shown['tunnel_mode'], { value: 'per-remote', from: 'environment DAMSELFLY_TUNNEL_MODE' });
    t.same(shown['nats'], { value: site.nats.url(), from: 'environment NATS_URL' });
    t.same(shown['log_level'], { value: 'error', from: `file ${file}` });
    t.same(shown['encap_ip'], { value: ['192.0.2.7'], from: 'external_ids:damselfly-encap-ip of Open_vSwitch' });
    t.same(shown['prefix'], { value: 'damselfly', from: 'default' });
    const own = await site
      .shell({ DAMSELFLY_NATS: 'nats://192.0.2.4' })
      .run('config', 'show', '--json', '--config', file);
    t.match(JSON.parse(own.out), { nats: { value: 'nats://192.0.2.4', from: 'environment DAMSELFLY_NATS' } });
    const text = await shell.run('config', 'show', '--config', file);
    t.match(text.out, /^encap_ip +192\.0\.2\.7 +external_ids:damselfly-encap-ip of Open_vSwitch$/m);

    site.run([...site.arguments, '--listen', `unix:${join(site.dir, 'of.sock')}`, '--bridges', 'br1']);
    const chassis = async () => (await shell.run('get', 'chassis')).out;
    await until('the controller goes by them', async () => (await chassis()).includes('192.0.2.7'), patienceMs);
  },
);

void t.test('a value that is not allowed is one line: key, source, value, what is allowed', wholeOptions, async (t) => {
  const site = await Site.start(t, {});
  const wrong = await site.shell({ DAMSELFLY_TUNNEL_MODE: 'both' }).run('config', 'show');
  t.equal(wrong.status, 1);
  t.equal(
    wrong.err,
    'damselfly: tunnel-mode: "both" (environment DAMSELFLY_TUNNEL_MODE) is not allowed: per-remote or flow\n',
  );
});

void t.test('what stands in the way is one line with the command that mends it', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const port = await freePort();
  const listen = ['--listen', `tcp:127.0.0.1:${port}`];

  await t.test('no tunnel address', async (t) => {
    const controller = site.run([...site.arguments, ...listen]);
    t.match(
      (await controller.says(/no tunnel address/)).msg,
      /--encap-ip ADDRESS.*ovs-vsctl set open \. external_ids:damselfly-encap-ip=ADDRESS/,
    );
    await controller.stop();
  });
  await t.test('the port is taken, and by whom', async (t) => {
    const server = createServer().listen(port, '127.0.0.1');
    t.teardown(() => server.close());
    const { status, err } = await site.shell().run('controller', ...site.arguments, ...listen);
    t.equal(status, 1);
    const line = `^damselfly: port ${port} is taken by \\S+ \\(${process.pid}\\): stop it, or .*--listen tcp:.*\\n$`;
    t.match(err, new RegExp(line));
  });
  await t.test('so is a unix socket', async (t) => {
    const path = join(site.dir, 'taken.sock');
    const server = createServer().listen(path);
    t.teardown(() => server.close());
    const { status, err } = await site.shell().run('controller', ...site.arguments, '--listen', `unix:${path}`);
    t.equal(status, 1);
    t.match(
      err,
      `damselfly: another process answers at ${path}: stop it, or listen elsewhere with --listen unix:PATH\n`,
    );
  });
  await t.test('the folder of a unix socket is missing', async (t) => {
    const path = join(site.dir, 'none', 'of.sock');
    const { status, err } = await site.shell().run('controller', ...site.arguments, '--listen', `unix:${path}`);
    t.equal(status, 1);
    t.match(err, new RegExp(`^damselfly: unix:${path}: .*; mend it with: mkdir ${join(site.dir, 'none')}\\n$`));
  });
  await t.test('a NATS server without JetStream', async (t) => {
    const bare = await NatsServer.start({ jetstream: false });
    t.teardown(() => bare.close());
    const { status, err } = await site.shell().run('controller', ...site.arguments, ...listen, '--nats', bare.url());
    t.equal(status, 1);
    t.match(err, /^damselfly: .*without JetStream.*-js.*\n$/);
  });
});

void t.test(
  'sockets that we may not use: the log says the command, and with that everything works',
  needing(...ovsPrograms, 'nats-server', 'root'),
  async (t) => {
    const site = await Site.start(t);
    const dataDir = `/tmp/damselfly-nobody-${process.pid}`;
    await run('install', ['-d', '-o', '65534', dataDir]);
    t.teardown(() => run('rm', ['-r', dataDir]));
    const options = ['--bridges', 'br1', '--listen', `unix:${dataDir}/of.sock`, '--data-dir', dataDir];
    const controller = site.runAs(65534, [...site.arguments, ...options]);
    const database = await controller.says(/database of Open vSwitch does not answer/);
    t.match(database['reason'], /EACCES/);
    await run('sh', ['-c', String(database['command'])]);
    await controller.says(/database of Open vSwitch answers/);
    const bridge = await until(
      'it says what the socket of the bridge wants',
      () => controller.said(/no switch answers/).find(({ command }) => /br1\.mgmt/.test(String(command))),
      patienceMs,
    );
    t.equal(bridge['address'], site.ovs.management('br1'));
    await run('sh', ['-c', String(bridge['command'])]);
    await controller.says(/^switch connected$/);
  },
);

void t.test(
  'an application that is switched off takes its flows along, and brings them back',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    await site.put('lswitch', 'red/net', {});
    await site.put('lport', 'red/a', { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] });
    await site.plugged('br1', 'red/a', 'a');
    const first = site.controller();
    await site.active('lport', 'red/a');
    await site.converged();
    const all = await site.ours();
    t.match(all.join('\n'), /table=25,.*arp_tpa=10\.0\.0\.1/);
    await first.stop();
    const without = allApps.flatMap(({ name }) => (name === 'arp-responder' ? [] : [name])).join();
    const second = site.controller(['br1'], '--apps', without);
    const isGone = async () => !(await site.ours()).join('\n').includes('arp_tpa=10.0.0.1');
    await until('the responder is gone', isGone, patienceMs);
    await site.converged();
    const left = await site.ours();
    const gone = all.filter((line) => !left.includes(line));
    t.ok(gone.length > 0 && gone.every((line) => /table=2[05],/.test(line)), gone.join('\n'));
    t.strictSame(
      left.filter((line) => !all.includes(line)),
      [],
    );
    await second.stop();
    site.controller();
    await until('the flows are as before', async () => (await site.ours()).join('\n') === all.join('\n'), patienceMs);
  },
);
