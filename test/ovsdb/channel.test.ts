// Real sockets, and a peer that behaves as badly as the test wants.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { type Channel, dial, maxQueuedSize, readTurnSize, socketChannel } from '../../src/ovsdb/channel.js';
import { processClock } from '../../src/ovsdb/clock.js';
import type { OvsdbError } from '../../src/ovsdb/errors.js';
import { OvsdbClient } from '../../src/ovsdb/client.js';
import type { Remote } from '../../src/ovsdb/remote.js';

interface Peer {
  remote: Remote;
  server: Server;
  /** The next connection, from the peer's side. */
  accepted: Promise<Socket>;
}

async function listen(t: Test, where: 'unix' | 'tcp'): Promise<Peer> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  if (where === 'unix') {
    const dir = mkdtempSync(join(tmpdir(), 'damselfly-channel-'));
    t.teardown(() => {
      rmSync(dir, { recursive: true, force: true });
    });
    const path = join(dir, 's');
    await once(server.listen(path), 'listening');
    return { remote: { type: 'unix', path }, server, accepted };
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return { remote: { type: 'tcp', host: '127.0.0.1', port: address.port }, server, accepted };
}

interface Heard {
  channel: Channel;
  messages: unknown[];
  opened: Promise<void>;
  closed: Promise<OvsdbError>;
}

function call(t: Test, remote: Remote): Heard {
  const messages: unknown[] = [];
  const [opened, closed] = [resolvers<undefined>(), resolvers<OvsdbError>()];
  const channel = dial(remote, {
    opened: () => {
      opened.resolve(undefined);
    },
    activity: () => undefined,
    message: (message) => messages.push(message),
    closed: closed.resolve,
  });
  t.teardown(() => {
    channel.close();
  });
  return { channel, messages, opened: opened.promise, closed: closed.promise };
}

for (const where of ['unix', 'tcp'] as const) {
  void t.test(`messages go both ways over ${where}, in whatever pieces they come`, async (t) => {
    const peer = await listen(t, where);
    const { channel, messages, opened, closed } = call(t, peer.remote);
    await opened;
    const socket = await peer.accepted;
    channel.send({ id: 1, method: 'echo', params: ['é'] });
    const [received] = (await once(socket, 'data')) as [Buffer];
    t.same(JSON.parse(received.toString()), { id: 1, method: 'echo', params: ['é'] });
    for (const byte of Buffer.from('{"a":"é"}{"b":2}')) {
      socket.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    socket.end();
    t.match(await closed, { code: 'OVSDB_UNREACHABLE', message: /closed by the peer/ });
    t.same(messages, [{ a: 'é' }, { b: 2 }]);
  });
}

void t.test('however much comes in one turn of the event loop, others have theirs in between', async (t) => {
  const socket = new Socket();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let heard = 0;
  const ignored = () => undefined;
  const message = () => heard++;
  socketChannel(socket, 'peer', { opened: ignored, activity: ignored, message, closed: ignored });
  await turn();
  const [chunks, valueSize] = [32, 1024]; // as many as come without a pause
  const chunk = Buffer.from(`["${'x'.repeat(valueSize - 4)}"]`.repeat(64));
  for (let i = 0; i < chunks; i++) socket.push(chunk);
  let [before, most] = [0, 0];
  while (before < chunks * 64) {
    await turn();
    most = Math.max(most, heard - before);
    before = heard;
  }
  t.ok(most * valueSize <= 3 * readTurnSize, `${most} values of 1 kB in one turn`);
});

void t.test('a peer that does not speak JSON is cut off, named, and not heard any more', async (t) => {
  const peer = await listen(t, 'unix');
  const { messages, closed } = call(t, peer.remote);
  const socket = await peer.accepted;
  socket.write('{"a":1}HTTP/1.1 400 Bad Request{"b":2}');
  const reason = await closed;
  t.match(reason, { code: 'OVSDB_PEER_MALFORMED', message: /^unix:.*0x48 where a JSON object should begin/ });
  t.same(messages, [{ a: 1 }]);
  t.ok(socket.destroyed || (await once(socket, 'close')));
});

void t.test('nobody there, or nobody allowed: the reason is the system’s', async (t) => {
  const { closed } = call(t, { type: 'unix', path: '/nowhere/db.sock' });
  t.match(await closed, {
    code: 'OVSDB_UNREACHABLE',
    message: /unix:\/nowhere\/db.sock: .*ENOENT/,
    cause: { code: 'ENOENT' },
  });
});

void t.test('a peer that does not read is given up before it fills the memory', async (t) => {
  const peer = await listen(t, 'unix');
  const { channel, opened, closed } = call(t, peer.remote);
  await opened;
  (await peer.accepted).pause();
  const large = 'x'.repeat(4 * 1024 * 1024);
  for (let sent = 0; sent < 2 * maxQueuedSize; sent += large.length) channel.send({ large });
  t.match(await closed, { code: 'OVSDB_UNREACHABLE', message: /does not read/ });
});

void t.test('an answer that already lies in the buffer keeps a late timer from calling the peer silent', async (t) => {
  const peer = await listen(t, 'unix');
  const client = new OvsdbClient({
    remotes: [peer.remote],
    database: 'db',
    tables: {},
    reconnect: { minBackoffMs: 1000, maxBackoffMs: 1000, probeIntervalMs: 150, freeTries: 0 },
  });
  t.teardown(() => {
    client.close();
  });
  client.start();
  const socket = await peer.accepted;
  let probes = 0;
  const answering = new Promise<void>((resolve) => {
    socket.on('data', (data: Buffer) => {
      if (!data.includes('"echo"')) return;
      // The answer is sent, then the process stands still for longer than the probe's patience.
      socket.write(`{"id":${/"id":(\d+),"method":"echo"/.exec(data.toString())?.[1] ?? 0},"result":[],"error":null}`);
      const end = processClock.nowMs() + 250;
      while (processClock.nowMs() < end);
      if (++probes === 3) resolve();
    });
  });
  await answering;
  t.equal(client.state.type, 'down', 'there was never a snapshot');
  t.notOk(client.state.type === 'down' && client.state.reason, 'but the connection was not given up');
});

function resolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
