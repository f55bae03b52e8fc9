// Whole messages as text: what ovs-ofctl prints, and one line of our own where it prints several.
import t from 'tap';
import { decode, encode, formatMessage, parseFlow, type Message } from '../../src/ofp/index.js';
import { bytesOf, dumps } from './vectors.js';

void t.test('flows, groups, errors and bundles are printed as ovs-ofctl prints them', (t) => {
  const printed = dumps('ovs-print');
  t.ok(printed.length > 70);
  for (const { argument, text, frame } of printed) {
    const { message, xid } = decode(bytesOf(frame));
    t.equal(`${formatMessage(message, xid)}\n`, text, argument);
  }
  t.end();
});

const packet = bytesOf('ffffffffffff0000000000010800');
const port = { portNo: 1, hwAddr: 0xfa163e000001, name: 'p 1', config: 1, state: 4, curr: 0, advertised: 0 };

const others: readonly (readonly [Message, string])[] = [
  [{ type: 'hello', versions: [1, 4] }, 'OFPT_HELLO (OF1.3) (xid=0x9):\n version bitmap: 0x01, 0x04'],
  [
    {
      type: 'packet_in',
      bufferId: 0xffff_ffff,
      totalLen: 14,
      reason: 1,
      table: 3,
      cookie: 0x5n,
      match: { in_port: 1, tun_id: 7 },
      data: packet,
    },
    'OFPT_PACKET_IN (OF1.3) (xid=0x9): buffer_id=none total_len=14 reason=action table=3 cookie=0x5 match={tun_id=0x7,in_port=1} data=ffffffffffff0000000000010800',
  ],
  [
    {
      type: 'packet_out',
      bufferId: 0xffff_ffff,
      inPort: 0xffff_fffd,
      actions: [{ type: 'output', port: 1 }],
      data: new Uint8Array(65),
    },
    `OFPT_PACKET_OUT (OF1.3) (xid=0x9): buffer_id=none in_port=CONTROLLER actions={output:1} data=${'00'.repeat(64)}… (65 bytes)`,
  ],
  [
    {
      type: 'port_status',
      reason: 'add',
      port: { ...port, supported: 0, peer: 0, currSpeed: 10, maxSpeed: 0 },
    },
    'OFPT_PORT_STATUS (OF1.3) (xid=0x9): reason=add port={port_no=1 hw_addr=fa:16:3e:00:00:01 name="p 1" config=0x1 state=0x4 curr=0x0 advertised=0x0 supported=0x0 peer=0x0 curr_speed=10 max_speed=0}',
  ],
  [
    { type: 'multipart_reply', kind: 'table', more: true, entries: [] },
    'OFPST_TABLE reply (OF1.3) (xid=0x9): flags=[more] entries=[]',
  ],
  [
    {
      type: 'meter_mod',
      command: 'add',
      flags: 5,
      meterId: 2,
      bands: [{ type: 'drop', rate: 1000, burstSize: 0 }],
    },
    'OFPT_METER_MOD (OF1.3) (xid=0x9): command=add flags=0x5 meter_id=2 bands=[{type=drop rate=1000 burst_size=0}]',
  ],
  [{ type: 'nx_ct_flush_zone', zone: 3 }, 'NXT_CT_FLUSH_ZONE (OF1.3) (xid=0x9): zone=3'],
  [{ type: 'unknown', messageType: 99, body: Uint8Array.of(1) }, 'OFPT_UNKNOWN 99 (OF1.3) (xid=0x9): body=01'],
];

void t.test('any other message is one line', (t) => {
  for (const [message, text] of others) t.equal(formatMessage(message, 9), text, message.type);
  t.end();
});

void t.test('messages within messages are printed as far as somebody reads them', (t) => {
  let message: Message = parseFlow('actions=drop');
  for (let depth = 0; depth < 1000; depth++)
    message = { type: 'error', errorType: 1, code: 5, data: encode(message, 1) };
  const text = formatMessage(message, 1);
  t.ok(text.split('\n').length < 10);
  t.match(text, /message within messages/);
  t.end();
});
