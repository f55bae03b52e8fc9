// What a real ovs-vswitchd sends, of as many kinds as it can be brought to send: each must be encoded again to its bytes.
import { connect, type Socket } from 'node:net';
import {
  decode,
  encode,
  flowSelection,
  Framer,
  hexOf,
  parseFlow,
  parseGroup,
  type Message,
} from '../../src/ofp/index.js';
import { until } from '../lab/process.js';
import type { SwitchOracle } from './vswitchd.js';

/** A message of the switch, by its kind. */
export interface Sent {
  readonly kind: string;
  readonly frame: Uint8Array;
}

/** What a switch sent, and the kinds of what it was asked and took without an error. */
export interface Replies {
  readonly sent: readonly Sent[];
  readonly answered: readonly string[];
}

const firstXid = 0x1000;
/** What a switch is told before it is asked. */
export const setup: readonly Message[] = [
  { type: 'nx_set_packet_in_format', format: 2 },
  { type: 'set_config', flags: 0, missSendLen: 0xffff },
  parseGroup('group_id=7,type=select,bucket=weight:5,actions=output:1,bucket=weight:6,actions=output:2'),
  parseFlow('table=0,priority=9,in_port=1,actions=controller(userdata=01.02.03,pause),output:2'),
  parseFlow('table=1,priority=8,tcp,tp_dst=80,idle_timeout=1,send_flow_rem,actions=ct(commit,table=2),group:7'),
];

const everyTable = 0xff;
const anyPort = 0xffff_ffff;
/** Everything that a switch can be asked. */
export const questions: readonly Message[] = [
  { type: 'echo_request', data: Uint8Array.of(1, 2, 3) },
  { type: 'features_request' },
  { type: 'get_config_request' },
  { type: 'get_async_request' },
  { type: 'role_request', role: 'nochange', generationId: 0n },
  { type: 'queue_get_config_request', port: 1 },
  { type: 'bundle_control', bundleId: 1, ctrl: 'open_request', flags: 1 },
  { type: 'barrier_request' },
  { type: 'multipart_request', kind: 'desc' },
  { type: 'multipart_request', kind: 'flow', ...flowSelection() },
  { type: 'multipart_request', kind: 'aggregate', ...flowSelection() },
  { type: 'multipart_request', kind: 'table' },
  { type: 'multipart_request', kind: 'port_stats', port: anyPort },
  { type: 'multipart_request', kind: 'queue', port: anyPort, queueId: anyPort },
  { type: 'multipart_request', kind: 'group', groupId: 0xffff_fffc },
  { type: 'multipart_request', kind: 'group_desc' },
  { type: 'multipart_request', kind: 'group_features' },
  { type: 'multipart_request', kind: 'meter', meterId: anyPort },
  { type: 'multipart_request', kind: 'meter_config', meterId: anyPort },
  { type: 'multipart_request', kind: 'meter_features' },
  { type: 'multipart_request', kind: 'table_features', entries: [] },
  { type: 'multipart_request', kind: 'port_desc' },
  {
    type: 'multipart_request',
    kind: 'flow_monitor',
    monitors: [{ monitorId: 1, flags: 0x1f, outPort: anyPort, table: everyTable, match: {} }],
  },
  { type: 'table_mod', table: 200, config: 0xff00 },
  { type: 'unknown', messageType: 0x77, body: new Uint8Array(0) },
];

/** The kind of a message as tables name it. */
const kindOf = (message: Message): string => ('kind' in message ? `${message.type} ${message.kind}` : message.type);

function listen(socket: Socket, sent: Sent[]): void {
  const framer = new Framer();
  socket.on('data', (chunk) => {
    for (const frame of framer.push(chunk)) {
      const { message, xid } = decode(frame);
      sent.push({ kind: kindOf(message), frame: frame.slice() });
      // A packet that was paused goes on, with what the switch said about it.
      if (message.type === 'nx_packet_in2') socket.write(encode({ ...message, type: 'nx_resume' }, xid));
    }
  });
}

/** Asks a switch everything that can be asked, and has it notice what it tells unasked. Two packets and a port come and go. */
export async function switchReplies(oracle: SwitchOracle): Promise<Replies> {
  const { ovs } = oracle;
  const sent: Sent[] = [];
  const socket = connect(ovs.management('br0').replace('unix:', ''));
  const has = (kind: string) => () => sent.some((message) => message.kind === kind);
  try {
    listen(socket, sent);
    socket.write(encode({ type: 'hello', versions: [4] }, 1));
    await until('hello', has('hello'));
    for (const [i, message] of [...setup, ...questions].entries()) socket.write(encode(message, firstXid + i));
    await until('an answer to the last question', has('error'));
    await ovs.appctl(
      'netdev-dummy/receive',
      'p1',
      'in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),eth_type(0x88b5)',
    );
    await ovs.addPort('br0', 'p9', { type: 'dummy', ofport: 9 });
    await ovs.vsctl('del-port', 'br0', 'p9');
    socket.write(encode(parseFlow('delete table=1'), 0x1235));
    for (const kind of ['nx_packet_in2', 'port_status', 'flow_removed', 'multipart_reply flow_monitor'])
      await until(kind, has(kind));
  } finally {
    socket.destroy();
  }
  const refused = new Set(sent.filter(({ kind }) => kind === 'error').map(({ frame }) => decode(frame).xid));
  const answered = [...setup, ...questions].filter((_, i) => !refused.has(firstXid + i)).map(kindOf);
  return { sent, answered };
}

/** Whether decoding and encoding give the same bytes. */
export function comesBack(frame: Uint8Array): boolean {
  const { xid, message } = decode(frame);
  return hexOf(encode(message, xid)) === hexOf(frame);
}
