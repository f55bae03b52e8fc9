// How a connection to NATS is read, against a peer that says much at once.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { connectNats, type Nats } from '../../src/sync/connect.js';
import { Backlog } from '../../src/turns/backlog.js';
import { until } from '../lab/process.js';

/** Speaks as much of NATS as a subscriber needs; `subscribed` says what each subscription hears, and on which connection. */
async function peer(t: Test, subscribed: (socket: Socket, sid: string) => void): Promise<Nats> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write('INFO {"server_id":"peer","version":"2.9.10","headers":true,"max_payload":1048576}\r\n');
    socket.on('data', (bytes) => {
      for (const line of bytes.toString().split('\r\n')) {
        if (line === 'PING') socket.write('PONG\r\n');
        const [verb, , sid = ''] = line.split(' ');
        if (verb === 'SUB') subscribed(socket, sid);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP address');
  const nats = await connectNats({ servers: `nats://127.0.0.1:${address.port}` }, { name: 'test', once: true });
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await nats.close();
  });
  return nats;
}

/** Messages of 1 kB each, of which any number are read in one piece; their texts begin with their numbers. */
function messages(sid: string, length: number): Buffer {
  const head = `MSG s ${sid} ${1024 - `MSG s ${sid} 1000\r\n\r\n`.length}\r\n`;
  return Buffer.from(Array.from({ length }, (_, i) => `${`${head}${i} `.padEnd(1022, '.')}\r\n`).join(''));
}

const numbered = (length: number) => Array.from({ length }, (_, i) => i);

/** Work that keeps the event loop for so long, in milliseconds. */
function toil(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

void t.test('what comes at once is read in pieces, in its order', async (t) => {
  const nats = await peer(t, (socket, sid) => socket.write(messages(sid, 3000)));
  const heard: number[] = [];
  let inThisTurn = 0;
  let most = 0;
  nats.connection.subscribe('s', {
    callback: (_error, message) => {
      toil(0.2);
      heard.push(Number.parseInt(message.string()));
      most = Math.max(most, ++inThisTurn);
    },
  });
  while (heard.length < 3000) {
    await new Promise((resolve) => setImmediate(resolve));
    inThisTurn = 0;
  }
  t.same(heard, numbered(3000));
  t.ok(most < 100, `${most} in one turn of the event loop`);
});

void t.test('an answer behind much else is heard before that is dealt with', async (t) => {
  const nats = await peer(t, (socket, sid) => socket.write(messages(sid, 5000)));
  const taken: number[] = [];
  const backlog = new Backlog<string>((text) => {
    toil(1);
    taken.push(Number.parseInt(text));
  });
  nats.connection.subscribe('s', {
    callback: (_error, message) => {
      backlog.push(message.string(), nats.isLate());
    },
  });
  await nats.connection.flush(); // its PONG comes behind all messages
  t.ok(taken.length > 0 && taken.length < 5000, `${taken.length} of 5000 were dealt with`);
  t.same(taken, numbered(taken.length));
  await until('it has caught up', () => Promise.resolve(!nats.isLate()));
});

void t.test('what a connection that ended has left unread is not read as the next one’s', async (t) => {
  let connections = 0;
  const nats = await peer(t, (socket, sid) => {
    connections += 1;
    if (connections > 1) socket.write(`MSG s ${sid} 5\r\nfresh\r\n`);
    else socket.end(messages(sid, 3000));
  });
  const heard: string[] = [];
  nats.connection.subscribe('s', {
    callback: (_error, message) => {
      toil(1);
      heard.push(message.string().split(' ')[0] ?? '');
    },
  });
  await until('the second connection is heard', () => Promise.resolve(heard.includes('fresh')), 20_000);
  await nats.connection.flush();
  t.equal(heard.at(-1), 'fresh', 'the first connection is heard no more');
  t.same(heard.slice(0, -1), numbered(heard.length - 1).map(String));
});
