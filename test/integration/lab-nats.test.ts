// The private nats-server that other tests stand on: permissions hold, the store survives a kill, nothing is left.
import { existsSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import t from 'tap';
import { NatsServer } from '../lab/nats.js';
import { needing } from '../lab/requirements.js';

const options = needing('nats-server', 'setpriv');

void t.test('a bucket survives a kill and a restart on the same port', options, async (t) => {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  const first = await connect({ servers: server.url() });
  const revision = await (await new Kvm(first).create('lab')).put('red.lport.vm1', '{"a":1}');
  await first.close();
  const { port } = server;
  await server.stop('SIGKILL');
  await server.start();
  t.equal(server.port, port);
  const second = await connect({ servers: server.url() });
  const entry = await (await new Kvm(second).open('lab')).get('red.lport.vm1');
  t.equal(entry?.string(), '{"a":1}');
  t.equal(entry?.revision, revision);
  await second.close();
});

void t.test('an erased store is a server that knows nothing', options, async (t) => {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  const first = await connect({ servers: server.url() });
  await new Kvm(first).create('lab');
  await first.close();
  await server.stop('SIGKILL');
  server.eraseStore();
  await server.start();
  const second = await connect({ servers: server.url() });
  t.strictSame(await (await jetstreamManager(second)).streams.names().next(), []);
  await second.close();
});

void t.test('a user does what it may and nothing else', options, async (t) => {
  const server = await NatsServer.start({
    users: [
      { user: 'operator', password: 'o' },
      { user: 'blue', password: 'b', publish: ['nb.blue.>'], subscribe: ['_INBOX.>'] },
    ],
  });
  t.teardown(() => server.close());
  const operator = await connect(server.login('operator'));
  const blue = await connect(server.login('blue'));
  const seen: string[] = [];
  operator.subscribe('nb.>', { callback: (_error, message) => void seen.push(message.subject) });
  await operator.flush();
  blue.publish('nb.red.x');
  blue.publish('nb.blue.x');
  await blue.flush();
  await operator.flush();
  t.strictSame(seen, ['nb.blue.x']);
  await t.rejects(connect({ ...server.login('blue'), pass: 'wrong', reconnect: false }));
  await Promise.all([operator.close(), blue.close()]);
});

void t.test('without JetStream it says so, and a closed server has left its folder', options, async (t) => {
  const server = await NatsServer.start({ jetstream: false });
  const client = await connect({ servers: server.url() });
  await t.rejects(jetstreamManager(client));
  await client.close();
  await server.close();
  t.notOk(existsSync(server.dir));
});
