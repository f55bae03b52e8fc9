// The commands as a tenant uses them: with an account of its own, made from `nb accounts`, and no way to anybody else's objects.
import t from 'tap';
import { NatsServer } from '../lab/nats.js';
import { trunk } from '../cli/given.js';
import { parties, Shell } from './cli-lab.js';
import { natsOptions } from './sync-lab.js';

t.setTimeout(120_000);

void t.test(
  'a tenant applies, reads, watches and deletes its own objects, and nobody else’s',
  natsOptions,
  async (t) => {
    const shell = new Shell(t, {});
    const printed = await shell.pipe(parties, 'nb', 'accounts', '-');
    const server = await NatsServer.start({
      settings: { accounts: JSON.parse(printed.out.replace(/^accounts: /, '')) as unknown },
    });
    t.teardown(() => server.close());
    const as = (user: string, password: string) =>
      new Shell(t, {
        NATS_URL: server.url().replace('//', `//${user}:${password}@`),
        ...(user === 'op' ? {} : { NATS_PARTY: user }),
      });
    const [operator, red, blue] = [as('op', 'o'), as('red', 'r'), as('blue', 'b')];
    const network = '{kind: lswitch, tenant: blue, id: net, shared_with: [red]}';
    t.match(await operator.pipe(network, 'apply', '-f', '-'), { status: 0 }, 'the operator makes the buckets');

    const file = red.file('trunk.yaml', trunk);
    const applied = await red.run('apply', '-f', file);
    t.match(applied, { status: 0, err: '', out: /^created {4}lport red\/vm1$/m });
    t.match((await red.run('get', 'lport', '-t', 'red')).out, /^vm1 +net1 /m);
    const foreign = await red.pipe('{kind: lport, id: guest, lswitch: blue/net}', 'apply', '-f', '-', '-t', 'red');
    t.match(foreign, { status: 0 }, 'what it may not read is left to the chassis to judge');
    for (const refused of [
      await blue.run('get', '-t', 'red'),
      await blue.run('get', '--all-tenants'),
      await blue.run('delete', 'lport', 'red/vm1'),
      await blue.run('watch', '-t', 'red'),
      await blue.pipe('{kind: lswitch, tenant: red, id: evil}', 'apply', '-f', '-'),
    ]) {
      t.equal(refused.status, 1);
      t.match(refused.err, /^damselfly: .*(permit|credentials).*\n$/);
    }
    t.match((await operator.run('get', 'lport', '-t', 'red')).out, /^vm1 /m);
    t.match(await red.run('delete', '-f', file), { status: 0, out: /^deleted {4}lport red\/vm1$/m });
  },
);

void t.test('a list of parties that is wrong is refused with the field', natsOptions, async (t) => {
  const shell = new Shell(t, {});
  const bad = await shell.pipe(parties.replace('[c1]', '[]'), 'nb', 'accounts', '-');
  t.match(bad, { status: 2, out: '', err: /^damselfly: standard input: controllers\.0\.chassis: / });
});
