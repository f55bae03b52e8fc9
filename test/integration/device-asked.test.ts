// `damselfly remote-device` on a machine with several controllers: each is asked, and those that can say something are heard.
import t from 'tap';
import { join } from 'node:path';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';
import { member } from './trunk-lab.js';

t.setTimeout(120_000);

void t.test('two controllers of one data directory are asked about a device', wholeOptions, async (t) => {
  const site = await Site.start(t, { br1: 'c1', br2: 'c2' });
  for (const id of ['net', 'other']) await site.put('lswitch', `red/${id}`, {});
  await site.put('lport', 'red/a', member(1));
  await site.put('lport', 'red/b', member(2, 'other'));
  await site.put('lport', 'red/c', member(3));
  const binding = { type: 'vtep', vtep_address: '203.0.113.9' };
  await site.put('lport', 'red/db', { ...member(9), binding });
  await site.plugged('br1', 'red/a', 'a');
  await site.plugged('br2', 'red/b', 'b');
  site.controller(['br1']);
  const listen = ['--listen', `unix:${join(site.dir, 'second.sock')}`];
  site.run([...site.arguments, ...listen, '--encap-ip', '192.0.2.2', '--bridges', 'br2', '--underlay-mtu', '1400']);
  await site.active('lport', 'red/a', 'c1');
  await site.active('lport', 'red/b', 'c2');
  await site.active('lport', 'red/db', 'c1');
  const shell = site.shell();
  const asked = (...words: readonly string[]) => shell.run('remote-device', ...words);

  await t.test('the one that reaches it answers', async (t) => {
    const { status, out } = await asked('config', 'red/db');
    t.equal(status, 0);
    t.match(out, /^bridge fdb .* 00:00:00:00:00:00 dev vx\d+ dst 192\.0\.2\.1$/m);
  });

  await t.test('a chassis that is named answers alone', async (t) => {
    t.match(await asked('config', 'red/db', '--chassis', 'c1'), { status: 0 });
    t.match(await asked('config', 'red/db', '--chassis', 'c2'), {
      status: 1,
      err: /^damselfly: no port of the network of lport red\/db is on this machine/,
    });
    t.match(await asked('config', 'red/db', '--chassis', 'c9'), {
      status: 1,
      err: /^damselfly: no controller serves chassis c9 here/,
    });
  });

  await t.test('what neither of them can say is told once', async (t) => {
    t.match(await asked('config', 'red/a'), {
      status: 1,
      err: /^damselfly: lport red\/a is no remote device: it has no binding of type vtep\n$/,
    });
    t.match(await asked('probe', 'red/nobody'), { status: 1, err: /^damselfly: lport red\/nobody is not known here/ });
  });

  await t.test('where both reach it, both are heard: the smaller MTU, and a probe from each', async (t) => {
    await site.plugged('br2', 'red/c', 'c');
    await site.active('lport', 'red/db', 'c2');
    await until(
      'c1 knows of c2',
      async () => (await asked('config', 'red/db')).out.includes('dst 192.0.2.2'),
      patienceMs,
    );
    t.match((await asked('config', 'red/db')).out, /MTU 1350,/);
    t.match((await asked('config', 'red/db', '--chassis', 'c1')).out, /MTU 1450,/);
    const { status, out } = await asked('probe', 'red/db');
    t.equal(status, 1);
    t.same(out.match(/^lport red\/db from c\d: wrong: /gm), [
      'lport red/db from c1: wrong: ',
      'lport red/db from c2: wrong: ',
    ]);
  });
});
