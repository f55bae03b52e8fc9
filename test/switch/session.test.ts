// One served connection: liveness by a hand-moved clock, requests, what comes unasked, and peers that do not read.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { encode, type Message } from '../../src/ofp/index.js';
import { pauseReadingSize } from '../../src/switch/channel.js';
import type { SwitchError } from '../../src/switch/errors.js';
import { requestMs } from '../../src/switch/requests.js';
import { behindMs, sendLimitSize, type Session } from '../../src/switch/session.js';
import { Switches } from '../../src/switch/switches.js';
import { datapathPort } from './descriptions.js';
import { FakeBridge, type FakeConnection } from './fake-switch.js';
import { nextSession, until } from './waiting.js';

interface Served {
  readonly bridge: FakeBridge;
  readonly connection: FakeConnection;
  readonly session: Session;
  /** Moves the clock on in steps of half a second, each with its tick. */
  readonly pass: (ms: number) => void;
}

async function served(t: Test, datapathId = 0x51n): Promise<Served> {
  const clock = { nowMs: 0 };
  const switches = new Switches({ nowMs: () => clock.nowMs });
  t.teardown(() => {
    switches.close();
  });
  const { address } = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const bridge = new FakeBridge(datapathId);
  const coming = nextSession(switches);
  const connection = (await bridge.connect(address)).hello();
  const session = await coming;
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.nowMs += 500;
      session.tick();
    }
  };
  return { bridge, connection, session, pass };
}

const noData = new Uint8Array(0);
const packetOut = (size: number): Message => ({
  type: 'packet_out',
  bufferId: 0xffff_ffff,
  inPort: 0xffff_fffd,
  actions: [{ type: 'output', port: 1 }],
  data: new Uint8Array(size),
});

void t.test('a silent switch is probed after 5 s and given up after 15 s', async (t) => {
  const { bridge, connection, session, pass } = await served(t);
  bridge.faults.mute.add('echo_request');
  pass(4500);
  pass(500);
  await connection.receives('echo_request');
  pass(9500);
  t.equal(session.ended, undefined);
  pass(500);
  t.equal(session.ended?.code, 'dead');
  await connection.closed;
});

void t.test('a switch that answers its probes lives on', async (t) => {
  const { connection, session, pass } = await served(t);
  for (let probe = 0; probe < 5; probe += 1) {
    pass(5000);
    await connection.receives('echo_request', probe);
    await session.echo();
  }
  pass(14_000);
  t.equal(session.ended, undefined);
});

void t.test(
  'while its ovsdb-server is away a mute switch is neither dead nor late, and nothing is sent again',
  async (t) => {
    const { bridge, connection, session, pass } = await served(t);
    bridge.faults.mute.add('echo_request').add('barrier_request');
    session.stalled(true);
    const barrier = session.barrier();
    pass(120_000);
    t.equal(session.ended, undefined);
    session.stalled(false);
    pass(10_000);
    t.equal(session.ended, undefined, 'it has the full time again');
    await connection.receives('barrier_request');
    t.equal(connection.received.filter(({ message }) => message.type === 'barrier_request').length, 1);
    const { xid } = connection.received.find(({ message }) => message.type === 'barrier_request')!;
    connection.send({ type: 'barrier_reply' }, xid);
    await barrier;
    pass(14_000);
    t.equal(session.ended, undefined, 'the reply was a sign of life');
  },
);

void t.test('a switch that is alive but leaves a request unanswered is cut off at the deadline', async (t) => {
  const { bridge, session, pass } = await served(t);
  bridge.faults.mute.add('barrier_request');
  const barrier = session.barrier();
  for (let waited = 0; waited < requestMs - 500; waited += 500) {
    pass(500);
    if (waited % 4000 === 0) await session.echo();
  }
  t.equal(session.ended, undefined);
  pass(500);
  await t.rejects(barrier, { code: 'request_timeout', reason: /barrier_request/ });
});

void t.test('a switch that reads slowly is waited for as long as it answers one request after the other', async (t) => {
  const { bridge, connection, session, pass } = await served(t);
  bridge.faults.mute.add('echo_request').add('barrier_request');
  const marks = [session.echo(), session.echo(), session.echo()];
  const barrier = session.barrier();
  await connection.receives('barrier_request');
  const asked = connection.received.filter(({ message }) => message.type === 'echo_request');
  for (const [index, mark] of marks.entries()) {
    t.equal(session.isBehind, index > 0, 'behind as soon as something was asked too long ago');
    pass(behindMs + 4000);
    connection.send({ type: 'echo_reply', data: noData }, asked[index]?.xid ?? 0);
    await mark;
    pass(500);
  }
  t.equal(session.ended, undefined, `${3 * (behindMs + 4000)} ms are more than the deadline of one request`);
  const answer = connection.received.find(({ message }) => message.type === 'barrier_request');
  connection.send({ type: 'barrier_reply' }, answer?.xid ?? 0);
  await barrier;
  pass(500);
  t.equal(session.isBehind, false);
});

void t.test('a switch that says nothing at all is silent, not slow', async (t) => {
  const { bridge, connection, session, pass } = await served(t);
  bridge.faults.mute.add('echo_request').add('barrier_request');
  const barrier = session.barrier();
  await connection.receives('barrier_request');
  pass(behindMs + 1000);
  t.equal(session.isBehind, false);
  pass(4000);
  await t.rejects(barrier, { code: 'dead' });
});

void t.test(
  'when the connection ends, every request of it fails with the reason, and later ones at once',
  async (t) => {
    const { bridge, connection, session } = await served(t);
    bridge.faults.mute.add('barrier_request').add('multipart_request');
    const waiting: Promise<unknown>[] = [session.barrier(), session.flows(), session.groups()];
    await connection.receives('multipart_request');
    connection.socket.destroy();
    for (const request of waiting)
      await t.rejects(request as Promise<void>, { name: 'SessionError', code: 'closed_by_peer' });
    await t.rejects(session.barrier(), { code: 'closed_by_peer' });
    t.equal(session.send(packetOut(60)), false);
    t.equal((await session.closed).code, 'closed_by_peer');
  },
);

void t.test('an error for a request is its answer; an error for nothing is told', async (t) => {
  const { bridge, connection, session } = await served(t);
  bridge.faults.mute.add('role_request');
  const role = session.request({ type: 'role_request', role: 'nochange', generationId: 0n });
  await connection.receives('role_request');
  const { xid } = connection.received.at(-1)!;
  connection.send({ type: 'error', errorType: 11, code: 0, data: noData }, xid);
  await t.rejects(role, { errorType: 11, code: 0, xid });
  const unclaimed: SwitchError[] = [];
  session.onError((error) => unclaimed.push(error));
  connection.send({ type: 'error', errorType: 2, code: 4, data: noData }, 0x7777);
  await session.echo();
  t.match(unclaimed, [{ errorType: 2, code: 4, xid: 0x7777 }]);
  t.equal(session.counters.unclaimedErrors, 1);
});

void t.test('ports are followed, and each change is told after it is visible', async (t) => {
  const { bridge, session } = await served(t);
  const seen: string[] = [];
  const stop = session.onPorts(({ reason, port }) =>
    seen.push(`${reason} ${port.portNo} ${String(session.ports.has(port.portNo))}`),
  );
  bridge.portStatus('add', datapathPort(7));
  bridge.portStatus('modify', datapathPort(7, 'renamed'));
  bridge.portStatus('delete', datapathPort(1));
  await session.echo();
  t.same(seen, ['add 7 true', 'modify 7 true', 'delete 1 false']);
  t.equal(session.ports.get(7)?.name, 'renamed');
  stop();
  bridge.portStatus('delete', datapathPort(7));
  await session.echo();
  t.equal(seen.length, 3);
});

void t.test('packets come up, markers do not', async (t) => {
  const { connection, session } = await served(t);
  const packets: number[] = [];
  session.onPacketIn(({ data }) => packets.push(data.length));
  const packetIn = (data: Uint8Array): Message => ({
    type: 'packet_in',
    bufferId: 0xffff_ffff,
    totalLen: data.length,
    reason: 1,
    table: 0,
    cookie: 0n,
    match: { in_port: 1 },
    data,
  });
  for (const size of [0, 13, 60]) connection.send(packetIn(new Uint8Array(size)), 0);
  await session.echo();
  t.same(packets, [0, 13, 60]);
});

void t.test('a dump that does not nest fails its request and not the connection', async (t) => {
  const { bridge, connection, session } = await served(t);
  bridge.faults.mute.add('multipart_request');
  const dump = session.flows();
  const isDump = ({ message }: { message: Message }): boolean =>
    message.type === 'multipart_request' && message.kind === 'flow';
  await until(() => connection.received.some(isDump), 'the dump is asked for');
  const reply = encode(
    { type: 'multipart_reply', kind: 'unknown', kindNumber: 1, more: false, body: Uint8Array.of(0, 3, 0, 0) },
    0,
  );
  new DataView(reply.buffer, reply.byteOffset).setUint32(4, connection.received.find(isDump)!.xid);
  connection.sendBytes(reply);
  await t.rejects(dump, { code: 'reply_garbled' });
  await session.echo();
});

void t.test('a dump answered with something else fails its request and not the connection', async (t) => {
  const { bridge, connection, session } = await served(t);
  bridge.faults.mute.add('multipart_request');
  const groups = session.groups();
  const isDump = ({ message }: { message: Message }): boolean =>
    message.type === 'multipart_request' && message.kind === 'group_desc';
  await until(() => connection.received.some(isDump), 'the groups are asked for');
  const { xid } = connection.received.find(isDump)!;
  connection.sendBytes(encode({ type: 'multipart_reply', kind: 'table', more: false, entries: [] }, xid));
  await t.rejects(groups, { code: 'reply_garbled' });
  await session.echo();
});

void t.test('a peer that does not read gets no answers without bound', async (t) => {
  const { connection, session, pass } = await served(t);
  connection.socket.pause();
  const request = encode({ type: 'echo_request', data: new Uint8Array(60_000) }, 1);
  let taken = true;
  for (let i = 0; i < 2000 && taken; i += 1) {
    taken = connection.socket.write(request) || connection.socket.writableLength < 20_000_000;
    // A little per turn, so that it is not the pace of reading that holds them back.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => session.unsentSize > pauseReadingSize, 'our answers pile up');
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(session.unsentSize < 2 * pauseReadingSize, `${session.unsentSize} bytes`);
  pass(16_000);
  t.equal(session.ended?.code, 'dead');
});

void t.test('packets for a switch that does not read are dropped and counted, not kept', async (t) => {
  const { connection, session } = await served(t);
  connection.socket.pause();
  let sent = 0;
  while (session.send(packetOut(60_000)) && sent < 1000) {
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(sent < 1000);
  t.ok(session.unsentSize < sendLimitSize + 61_000, `${session.unsentSize} bytes`);
  t.equal(session.counters.dropped, 1);
});

void t.test('no frame from a peer, however odd, hurts anybody but itself', async (t) => {
  const type = fc.integer({ min: 0, max: 40 });
  const version = fc.constantFrom(4, 4, 4, 4, 1, 6, 0, 255);
  const frame = fc
    .tuple(version, type, fc.nat(0x100), fc.uint8Array({ maxLength: 200 }))
    .map(([version, type, xid, body]) => {
      const bytes = new Uint8Array(8 + body.length);
      bytes.set([version, type, 0, bytes.length, xid >> 24, xid >> 16, xid >> 8, xid]);
      bytes.set(body, 8);
      return bytes;
    });
  const { connection: bystander, session: other } = await served(t);
  const property = fc.asyncProperty(fc.array(frame, { maxLength: 30 }), async (frames) => {
    const { connection, session } = await served(t);
    for (const bytes of frames) connection.sendBytes(bytes);
    // One of them may look like the answer to the first echo; the second is sent when all have been read.
    await session.echo().catch(() => undefined);
    await session.echo();
    connection.socket.destroy();
    await session.closed;
  });
  await fc.assert(property, { numRuns: 60 });
  await other.echo();
  t.equal(bystander.socket.destroyed, false);
});
