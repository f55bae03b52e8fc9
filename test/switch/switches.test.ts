import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { encode } from '../../src/ofp/index.js';
import type { Address } from '../../src/switch/address.js';
import { Switches, type SwitchesLimits } from '../../src/switch/switches.js';
import { datapathPort, featuresReply } from './descriptions.js';
import { FakeBridge, type FakeConnection } from './fake-switch.js';
import { next, nextSession, until } from './waiting.js';

async function listening(
  t: Test,
  limits: Partial<SwitchesLimits> = {},
): Promise<{ switches: Switches; address: Address }> {
  const switches = new Switches({ limits });
  t.teardown(() => {
    switches.close();
  });
  const { address } = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  return { switches, address };
}

async function joined(switches: Switches, bridge: FakeBridge, address: Address): Promise<FakeConnection> {
  const session = nextSession(switches);
  const connection = (await bridge.connect(address)).hello();
  await session;
  return connection;
}

void t.test('a bridge that says who it is is served, and its end is told', async (t) => {
  const { switches, address } = await listening(t);
  const connection = await joined(switches, new FakeBridge(0xd1n), address);
  const session = switches.sessions.get(0xd1n);
  t.same([...(session?.ports.values() ?? [])], [datapathPort(1), datapathPort(0xffff_fffe)]);
  const gone = next(switches, 'disconnected');
  connection.socket.destroy();
  const [datapathId, reason] = await gone;
  t.equal(datapathId, 0xd1n);
  t.equal(reason.code, 'closed_by_peer');
  t.equal(switches.sessions.size, 0);
});

void t.test('an IPv4 peer is called by its IPv4 address, on whatever we listen', async (t) => {
  const { switches } = await listening(t);
  const { address } = await switches.listen({ kind: 'tcp', host: '::', port: 0 });
  const session = nextSession(switches);
  const port = address.kind === 'tcp' ? address.port : 0;
  (await new FakeBridge(0xd1n).connect({ kind: 'tcp', host: '127.0.0.1', port })).hello();
  t.match((await session).peer, /^tcp:127\.0\.0\.1:\d+$/);
});

void t.test('the handshake does not care where the stream is cut', async (t) => {
  const { switches, address } = await listening(t);
  const bridge = new FakeBridge(0xd1n);
  for (const pieceSize of [1, 3, 7, 8, 9, 64]) {
    bridge.faults.pieceSize = pieceSize;
    const connection = await joined(switches, bridge, address);
    t.equal(switches.sessions.get(0xd1n)?.ports.size, 2, `pieces of ${pieceSize}`);
    const gone = next(switches, 'disconnected');
    connection.socket.destroy();
    await gone;
  }
});

void t.test('a connection closed without a byte is nobody’s business', async (t) => {
  const { switches, address } = await listening(t);
  const refused: string[] = [];
  switches.on('refused', (peer) => refused.push(peer));
  const bridge = new FakeBridge(1n);
  const probe = await bridge.connect(address);
  probe.socket.end();
  await probe.closed;
  await joined(switches, new FakeBridge(2n), address);
  t.same(refused, []);
});

void t.test('a peer that says nothing is closed within the deadline (DELTA 2.1.030)', async (t) => {
  const { switches, address } = await listening(t);
  const refused = next(switches, 'refused');
  const silent = await new FakeBridge(1n).connect(address);
  const [peer, reason] = await refused;
  t.match(peer, 'tcp:127.0.0.1:');
  t.equal(reason.code, 'handshake_timeout');
  await silent.closed;
});

void t.test('bytes that are no OpenFlow end their connection with a reason, and nobody else’s', async (t) => {
  const { switches, address } = await listening(t);
  const good = await joined(switches, new FakeBridge(0xd1n), address);
  // The first two say a length of 0x5420 and 0x0301 bytes that never come.
  for (const nonsense of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\x02\0\x01',
    '\x04\x00\x00\x04\x00\x00\x00\x01',
    '\0'.repeat(100),
  ]) {
    const refused = next(switches, 'refused');
    const peer = await new FakeBridge(1n).connect(address);
    peer.sendBytes(Buffer.from(nonsense, 'latin1'));
    const [, reason] = await refused;
    t.match(reason.code, /hello_failed|framing|handshake_timeout/, reason.reason);
    await peer.closed;
  }
  t.equal(good.socket.destroyed, false);
  t.equal(switches.sessions.size, 1);
});

void t.test('a frame that lies about its length costs that connection only', async (t) => {
  const { switches, address } = await listening(t);
  const bystander = await joined(switches, new FakeBridge(0xd2n), address);
  const liar = await joined(switches, new FakeBridge(0xd1n), address);
  const gone = next(switches, 'disconnected');
  liar.sendBytes(Uint8Array.of(4, 10, 0, 7, 0, 0, 0, 0));
  const [datapathId, reason] = await gone;
  t.equal(datapathId, 0xd1n);
  t.equal(reason.code, 'framing');
  t.equal(bystander.socket.destroyed, false);
});

void t.test(
  'a wrong version, an unknown type and an unreadable body are answered and counted (DELTA 2.1.010, 2.1.020)',
  async (t) => {
    const { switches, address } = await listening(t);
    const connection = await joined(switches, new FakeBridge(0xd1n), address);
    const session = switches.sessions.get(0xd1n);
    const packets: unknown[] = [];
    session?.onPacketIn((packet) => packets.push(packet));
    session?.onPorts((change) => packets.push(change));
    const status = encode({ type: 'port_status', reason: 'add', port: datapathPort(9) }, 0);
    const wrongVersion = status.slice();
    wrongVersion[0] = 1;
    const wrongType = status.slice();
    wrongType[1] = 0xcc;
    const cut = status.slice(0, 20);
    cut.set([0, 20], 2);
    for (const frame of [wrongVersion, wrongType, cut]) connection.sendBytes(frame);
    const answers = [
      await connection.receives('error'),
      await connection.receives('error', 1),
      await connection.receives('error', 2),
    ];
    t.match(answers, [
      { errorType: 1, code: 0 },
      { errorType: 1, code: 1 },
      { errorType: 1, code: 6 },
    ]);
    t.match(session?.counters, { badVersion: 1, badType: 1, badBody: 1 });
    t.same(packets, []);
    await session?.echo();
    t.equal(session?.ended, undefined);
  },
);

void t.test('an error that cannot be read is not answered with an error', async (t) => {
  const { switches, address } = await listening(t);
  const connection = await joined(switches, new FakeBridge(0xd1n), address);
  connection.sendBytes(Uint8Array.of(4, 1, 0, 10, 0, 0, 0, 1, 0, 1));
  const session = switches.sessions.get(0xd1n);
  await until(() => session?.counters.badBody === 1, 'the error is counted');
  await session?.echo();
  t.notOk(connection.received.some(({ message }) => message.type === 'error'));
});

void t.test('who only talks nonsense is cut off in the end', async (t) => {
  const { switches, address } = await listening(t);
  const connection = await joined(switches, new FakeBridge(0xd1n), address);
  const gone = next(switches, 'disconnected');
  for (let i = 0; i < 1100; i += 1) connection.sendBytes(Uint8Array.of(4, 0xcc, 0, 8, 0, 0, 0, 0));
  t.equal((await gone)[1].code, 'garbage');
});

void t.test('a flow_removed that nobody asked for changes nothing (DELTA 2.1.060)', async (t) => {
  const { switches, address } = await listening(t);
  const connection = await joined(switches, new FakeBridge(0xd1n), address);
  const session = switches.sessions.get(0xd1n);
  const seen: string[] = [];
  session?.onMessage(({ type }) => seen.push(type));
  const counts = { durationSec: 1, durationNsec: 0, idleTimeout: 0, hardTimeout: 0, packetCount: 0n, byteCount: 0n };
  connection.send({ type: 'flow_removed', cookie: 1n, priority: 1, reason: 2, table: 0, ...counts, match: {} }, 0);
  await until(() => seen.length > 0, 'it is heard of');
  t.same(seen, ['flow_removed']);
  t.equal(session?.ended, undefined);
});

void t.test('an auxiliary connection is refused (DELTA 2.1.080)', async (t) => {
  const { switches, address } = await listening(t);
  const bridge = new FakeBridge(0xd1n);
  bridge.faults.mute.add('features_request');
  const refused = next(switches, 'refused');
  const connection = (await bridge.connect(address)).hello();
  await connection.receives('features_request');
  connection.send({ ...featuresReply(0xd1n), auxiliaryId: 1 }, 2);
  t.equal((await refused)[1].code, 'auxiliary');
});

void t.test('one bridge met twice stands by, takes over, and does not flap', async (t) => {
  const { switches, address } = await listening(t);
  const bridge = new FakeBridge(0xd1n);
  const first = await joined(switches, bridge, address);
  const active = switches.sessions.get(0xd1n);
  const standby = next(switches, 'standby');
  (await bridge.connect(address)).hello();
  const [second] = await standby;
  t.equal(switches.sessions.get(0xd1n), active);
  const events: string[] = [];
  switches.on('connected', (session) => events.push(`connected ${session.peer}`));
  switches.on('disconnected', () => events.push('disconnected'));
  first.socket.destroy();
  await until(() => switches.sessions.get(0xd1n) === second, 'the second takes over');
  t.same(events, ['disconnected', `connected ${second.peer}`]);
});

void t.test(
  'another bridge with the same datapath id is refused while the first answers (DELTA 2.1.050)',
  async (t) => {
    const { switches, address } = await listening(t);
    await joined(switches, new FakeBridge(0xd1n, 'br0'), address);
    const first = switches.sessions.get(0xd1n);
    for (const local of ['other', 'br0']) {
      // The second has even the name, the address and the ports of the first; only the marker tells them apart.
      const refused = next(switches, 'refused');
      const impostor = (await new FakeBridge(0xd1n, local).connect(address)).hello();
      const [peer, reason] = await refused;
      t.equal(reason.code, 'duplicate');
      t.match(reason.reason, peer);
      t.match(reason.reason, first?.peer ?? 'none');
      await impostor.closed;
      t.equal(switches.sessions.get(0xd1n), first);
    }
  },
);

void t.test('when the first does not answer within a second, the second takes over', async (t) => {
  const { switches, address } = await listening(t);
  const dead = new FakeBridge(0xd1n);
  await joined(switches, dead, address);
  dead.faults.mute.add('echo_request');
  const gone = next(switches, 'disconnected');
  const successor = nextSession(switches);
  (await new FakeBridge(0xd1n).connect(address)).hello();
  const [, reason] = await gone;
  t.equal(reason.code, 'superseded');
  t.match(reason.reason, (await successor).peer);
  t.equal(switches.sessions.get(0xd1n), await successor);
});

void t.test('half-open connections are limited, per host too', async (t) => {
  const { switches, address } = await listening(t, { halfOpenPerHost: 3 });
  const silent = await Promise.all([1n, 2n, 3n].map((id) => new FakeBridge(id).connect(address)));
  const refused = next(switches, 'refused');
  const fourth = await new FakeBridge(4n).connect(address);
  t.equal((await refused)[1].code, 'limit');
  await fourth.closed;
  for (const { socket } of silent) socket.destroy();
  await sleep(50);
  await joined(switches, new FakeBridge(5n), address);
});

void t.test('hundreds of datapaths that come and go leave nothing behind', async (t) => {
  const { switches, address } = await listening(t);
  for (let wave = 0; wave < 3; wave += 1) {
    const bridges = Array.from({ length: 200 }, (_, i) => new FakeBridge(BigInt(1000 * wave + i)));
    const connections = await Promise.all(bridges.map((bridge) => bridge.connect(address)));
    for (const connection of connections) connection.hello();
    await until(() => switches.sessions.size === 200, '200 datapaths are served');
    for (const { socket } of connections) socket.destroy();
    await until(() => switches.sessions.size === 0, 'none is left');
  }
});

void t.test('a bridge is dialled until it is there, and said to be away only once', async (t) => {
  const switches = new Switches();
  t.teardown(() => {
    switches.close();
  });
  const path = join(tmpdir(), `damselfly-dial-${process.pid}.mgmt`);
  t.teardown(() => {
    rmSync(path, { force: true });
  });
  const away: string[] = [];
  switches.on('unreachable', (_, reason) => away.push(reason.code));
  switches.dial({ kind: 'unix', path });
  await sleep(600);
  t.same(away, ['dial_failed']);
  const bridge = new FakeBridge(0xd1n);
  const session = nextSession(switches);
  const server = await bridge.listen(path);
  t.teardown(() => {
    server.close();
  });
  await until(() => bridge.connections.size > 0, 'it is dialled');
  for (const connection of bridge.connections) connection.hello();
  t.equal((await session).datapathId, 0xd1n);
});

void t.test('an address in use is named', async (t) => {
  const { switches, address } = await listening(t);
  await t.rejects(switches.listen(address), {
    name: 'SessionError',
    code: 'address_in_use',
    reason: /tcp:127\.0\.0\.1:\d+ is in use/,
  });
});

void t.test(
  'the file of a dead process does not keep a unix socket from being listened on, a living one does',
  async (t) => {
    const path = join(tmpdir(), `damselfly-listen-${process.pid}.sock`);
    t.teardown(() => {
      rmSync(path, { force: true });
    });
    const { switches } = await listening(t);
    await switches.listen({ kind: 'unix', path });
    await t.rejects(switches.listen({ kind: 'unix', path }), { code: 'address_in_use' });
    const client = connect(path);
    t.teardown(() => {
      client.destroy();
    });
    t.ok(
      await new Promise((resolve) => {
        client.once('connect', () => {
          resolve(true);
        });
      }),
    );
  },
);

void t.test('close ends every connection and every attempt', async (t) => {
  const { switches, address } = await listening(t);
  const connection = await joined(switches, new FakeBridge(0xd1n), address);
  const half = await new FakeBridge(2n).connect(address);
  const gone = next(switches, 'disconnected');
  switches.close();
  t.equal((await gone)[1].code, 'closed');
  await connection.closed;
  await half.closed;
});
