import t from 'tap';
import type { Message, PortDesc } from '../../src/ofp/index.js';
import {
  handshakeMessage,
  handshakeStart,
  handshakeTick,
  handshakeUnreadable,
  type HandshakeStep,
} from '../../src/switch/handshake.js';
import { datapathPort, descReply, featuresReply } from './descriptions.js';

/** One event of a script: a message under an xid (and a header version), the time, or a frame that cannot be read. */
type Event = { xid: number; message: Message; version?: number } | { atMs: number } | { unreadable: string };

interface Course {
  readonly last: HandshakeStep;
  readonly sent: readonly string[];
}

/** Plays a script and lists what was sent as `xid type`. */
function play(events: readonly Event[]): Course {
  let step = handshakeStart(0);
  const sent = step.send.map(spelt);
  for (const event of events) {
    t.notOk(step.failure, 'the script goes on after a failure');
    if ('atMs' in event) step = handshakeTick(step.handshake, event.atMs);
    else if ('unreadable' in event) step = handshakeUnreadable(step.handshake, event.unreadable);
    else step = handshakeMessage(step.handshake, event.xid, event.message, event.version ?? 4);
    sent.push(...step.send.map(spelt));
  }
  return { last: step, sent };
}

function spelt({ xid, message }: { xid: number; message: Message }): string {
  const kind = message.type === 'multipart_request' ? ` ${message.kind}` : '';
  return `${xid} ${message.type}${kind}`;
}

const hello: Event = { xid: 9, message: { type: 'hello', versions: [4] } };
const features: Event = { xid: 2, message: featuresReply(0xabcn) };
const config: Event = { xid: 3, message: { type: 'get_config_reply', flags: 1, missSendLen: 0 } };
const desc: Event = { xid: 6, message: descReply };
const ports = (more: boolean, ...entries: PortDesc[]): Event => ({
  xid: 5,
  message: { type: 'multipart_reply', kind: 'port_desc', more, entries },
});
const status = (reason: 'add' | 'delete' | 'modify', port: PortDesc): Event => ({
  xid: 0,
  message: { type: 'port_status', reason, port },
});

void t.test('HELLO, FEATURES, configuration and descriptions make an introduction', (t) => {
  const { last, sent } = play([
    hello,
    features,
    config,
    ports(true, datapathPort(1)),
    desc,
    ports(false, datapathPort(2)),
  ]);
  t.same(sent, [
    '1 hello',
    '2 features_request',
    '3 get_config_request',
    '4 set_config',
    '5 multipart_request port_desc',
    '6 multipart_request desc',
  ]);
  t.equal(last.introduction?.features.datapathId, 0xabcn);
  t.equal(last.introduction?.description.software, '3.1.0');
  t.same([...(last.introduction?.ports.keys() ?? [])], [1, 2]);
  t.end();
});

void t.test('SET_CONFIG asks for whole packets and leaves the treatment of fragments alone', (t) => {
  const { last } = play([hello, config, features]);
  t.same(last.send[0]?.message, { type: 'set_config', flags: 1, missSendLen: 0xffff });
  t.end();
});

void t.test('ports that change during the handshake end up as they are at its end', (t) => {
  const { last } = play([
    hello,
    features,
    config,
    ports(true, datapathPort(1), datapathPort(2)),
    status('delete', datapathPort(1)),
    status('add', datapathPort(3)),
    status('modify', { ...datapathPort(2), state: 1 }),
    ports(false),
    desc,
  ]);
  t.same([...(last.introduction?.ports.values() ?? [])], [{ ...datapathPort(2), state: 1 }, datapathPort(3)]);
  t.end();
});

void t.test('a peer without OpenFlow 1.3 is told both versions', (t) => {
  const cases = [
    { versions: [1], version: 1, theirs: '1.0' },
    { versions: [1, 2, 3], version: 3, theirs: '1.0, 1.1, 1.2' },
    { versions: [5, 6], version: 6, theirs: '1.4, 1.5' },
  ];
  for (const { versions, version, theirs } of cases) {
    const { last } = play([{ xid: 1, message: { type: 'hello', versions }, version }]);
    t.equal(last.failure?.code, 'version');
    t.match(last.failure?.reason, `speaks OpenFlow ${theirs}, this controller speaks 1.3 only`);
    const [answer] = last.send;
    t.match(answer?.message, { type: 'error', errorType: 0, code: 0 });
    t.match(
      answer?.message.type === 'error' && Buffer.from(answer.message.data).toString(),
      last.failure?.reason ?? 'none',
    );
  }
  t.end();
});

void t.test('a later version agrees to 1.3 by its bitmap, or by having none', (t) => {
  for (const versions of [[4, 6], [6], []]) {
    const { last } = play([{ xid: 1, message: { type: 'hello', versions }, version: 6 }]);
    t.equal(last.handshake.state, 'features', versions.join());
  }
  t.end();
});

void t.test('a message before HELLO is answered with HELLO_FAILED and ends the connection (DELTA 2.1.040)', (t) => {
  const early: Message[] = [
    { type: 'echo_request', data: new Uint8Array(0) },
    { type: 'port_status', reason: 'add', port: datapathPort(1) },
    featuresReply(1n),
  ];
  for (const message of early) {
    const { last } = play([{ xid: 1, message }]);
    t.equal(last.failure?.code, 'hello_failed', message.type);
    t.match(last.send[0]?.message, { type: 'error', errorType: 0 });
  }
  const { last } = play([{ unreadable: 'nonsense' }]);
  t.equal(last.failure?.code, 'hello_failed');
  t.match(last.send[0]?.message, { type: 'error', errorType: 0 });
  t.end();
});

void t.test('a peer that refuses our HELLO is quoted and not answered', (t) => {
  const data = new TextEncoder().encode('we speak 1.0\nonly');
  const { last } = play([{ xid: 1, message: { type: 'error', errorType: 0, code: 0, data }, version: 1 }]);
  t.equal(last.failure?.code, 'hello_failed');
  t.match(last.failure?.reason, 'we speak 1.0.only');
  t.same(last.send, []);
  t.end();
});

void t.test('an auxiliary connection is refused (DELTA 2.1.080)', (t) => {
  const { last } = play([hello, { xid: 2, message: { ...featuresReply(1n), auxiliaryId: 1 } }]);
  t.equal(last.failure?.code, 'auxiliary');
  t.end();
});

void t.test('whatever is missing after 5 s is named (DELTA 2.1.030)', (t) => {
  const cases: [Event[], string][] = [
    [[], 'HELLO'],
    [[hello], 'FEATURES_REPLY'],
    [[hello, features], 'GET_CONFIG_REPLY'],
    [[hello, features, config, desc], 'PORT_DESC reply'],
    [[hello, features, config, ports(true)], 'PORT_DESC reply'],
    [[hello, features, config, ports(false)], 'DESC reply'],
  ];
  for (const [events, missing] of cases) {
    t.equal(play([...events, { atMs: 4999 }]).last.failure, undefined);
    const { last } = play([...events, { atMs: 5000 }]);
    t.equal(last.failure?.code, 'handshake_timeout');
    t.match(last.failure?.reason, `no ${missing} within`);
  }
  t.end();
});

void t.test('an error for a request of the handshake ends it, another one does not', (t) => {
  const error: Message = { type: 'error', errorType: 1, code: 5, data: new Uint8Array(0) };
  t.equal(play([hello, { xid: 3, message: error }]).last.failure?.code, 'handshake_refused');
  t.match(play([hello, features, config, { xid: 4, message: error }]).last.failure?.reason, 'setConfig');
  t.equal(play([hello, { xid: 77, message: error }]).last.failure, undefined);
  t.end();
});

void t.test('echoes are answered, and replies to nothing we asked are not taken', (t) => {
  const data = Uint8Array.of(1, 2);
  const { last } = play([hello, { xid: 77, message: { type: 'echo_request', data } }]);
  t.same(last.send, [{ xid: 77, message: { type: 'echo_reply', data } }]);
  const strange: Event = {
    xid: 99,
    message: { type: 'multipart_reply', kind: 'port_desc', more: false, entries: [datapathPort(9)] },
  };
  const { last: done } = play([hello, features, config, strange, desc, ports(false, datapathPort(1))]);
  t.same([...(done.introduction?.ports.keys() ?? [])], [1]);
  t.end();
});
