// A private nats-server with our buckets, for one test.
import type { Test } from 'tap';
import { type Store, openStore } from '../../src/sync/buckets.js';
import { type Nats, connectNats } from '../../src/sync/connect.js';
import { NatsServer } from '../lab/nats.js';
import { needing } from '../lab/requirements.js';

/** What these tests need of the machine. */
export const natsOptions = needing('nats-server', 'setpriv');

/** A further connection. */
export async function client(server: NatsServer, t: Test): Promise<Nats> {
  const nats = await connectNats({ servers: server.url() }, { name: 'test' });
  t.teardown(() => nats.close());
  return nats;
}

/** A server with the buckets, and a connection that made them. */
export async function lab(t: Test): Promise<{ server: NatsServer; store: Store }> {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  return { server, store: (await openStore(await client(server, t))).store };
}
