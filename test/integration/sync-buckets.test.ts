// The buckets on a real nats-server: made as they must be, never altered, and refused where they are dangerous.
import t from 'tap';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { headers } from '@nats-io/transport-node';
import { openStore } from '../../src/sync/buckets.js';
import { connectNats } from '../../src/sync/connect.js';
import { NatsServer } from '../lab/nats.js';
import { client, natsOptions as options } from './sync-lab.js';

t.setTimeout(60_000);

void t.test('the streams are made as the contract says, once, and stay as they are', options, async (t) => {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  const nats = await client(server, t);
  const others = await Promise.all([client(server, t), client(server, t)]);
  const opened = await Promise.all([nats, ...others].map((each) => openStore(each)));
  const [first] = opened;
  if (first === undefined) throw new Error('nothing was opened');
  const second = await openStore(nats);
  t.strictSame(second.created, []);
  t.strictSame([...new Set(opened.flatMap(({ created }) => created))].sort(), [
    'damselfly_alloc',
    'damselfly_nb',
    'damselfly_status',
  ]);
  t.strictSame([...first.notes, ...second.notes], []);
  const jsm = await jetstreamManager(nats.connection);
  for (const bucket of ['nb', 'alloc', 'status']) {
    const { config } = await jsm.streams.info(`KV_damselfly_${bucket}`);
    t.match(config, {
      subjects: [`$KV.damselfly_${bucket}.>`],
      storage: 'file',
      max_msgs_per_subject: 1,
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
    });
    t.not(config.allow_rollup_hdrs, true);
    t.equal(config.republish?.dest, bucket === 'nb' ? 'damselfly.nb.>' : undefined);
  }
  const rollup = headers();
  rollup.set('Nats-Rollup', 'all');
  await first.store.nb.put('red.lswitch.net', {});
  const answer = await nats.connection.request('$KV.damselfly_nb.blue.lswitch.net', '{}', {
    headers: rollup,
    timeout: 2000,
  });
  t.match(answer.json(), { error: { description: /rollup/ } });
  t.type((await first.store.nb.read('red.lswitch.net'))?.text, 'string', 'a roll-up erases nothing');
  await t.rejects(jsm.streams.purge('KV_damselfly_nb'), /purge/);
});

void t.test(
  'a bucket that somebody else made is refused by name, with the way out, and not altered',
  options,
  async (t) => {
    const server = await NatsServer.start();
    t.teardown(() => server.close());
    const nats = await client(server, t);
    await new Kvm(nats.connection).create('damselfly_nb');
    await t.rejects(openStore(nats), {
      code: 'NATS_BUCKET_UNSAFE',
      message: /bucket damselfly_nb: it allows roll-ups.*nats stream rm KV_damselfly_nb.*--prefix/,
    });
    const jsm = await jetstreamManager(nats.connection);
    t.equal((await jsm.streams.info('KV_damselfly_nb')).config.allow_rollup_hdrs, true);
    const other = await openStore(nats, { prefix: 'other' });
    t.equal(other.store.nb.stream, 'KV_other_nb');
    await t.rejects(openStore(nats, { prefix: 'a.b' }), /letters, digits/);
  },
);

void t.test('what is odd but not dangerous is noted', options, async (t) => {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  const nats = await client(server, t);
  const jsm = await jetstreamManager(nats.connection);
  await jsm.streams.add({
    name: 'KV_damselfly_alloc',
    subjects: ['$KV.damselfly_alloc.>'],
    max_msgs_per_subject: 1,
    allow_direct: true,
  });
  const { notes, created } = await openStore(nats);
  t.strictSame(created, ['damselfly_nb', 'damselfly_status']);
  t.strictSame(notes, ['bucket damselfly_alloc: it can be purged (deny_purge, deny_delete)']);
});

void t.test('a server without JetStream, and no server at all, are one line each', options, async (t) => {
  const server = await NatsServer.start({ jetstream: false });
  t.teardown(() => server.close());
  const nats = await client(server, t);
  await t.rejects(openStore(nats), { code: 'NATS_NO_JETSTREAM', message: /start it with -js/ });
  await t.rejects(connectNats({ servers: '127.0.0.1:1' }, { name: 'test', once: true }), {
    code: 'NATS_UNREACHABLE',
    message: /no NATS at nats:\/\/127\.0\.0\.1:1/,
  });
  await t.rejects(connectNats({ servers: server.url(), credentials: '/nowhere.creds' }, { name: 'test', once: true }), {
    code: 'NATS_NOT_PERMITTED',
    message: '/nowhere.creds: the credentials file cannot be read',
  });
});
