// What a peer sends is decoded, kept as bytes, or refused with what, where and which bytes.
import t from 'tap';
import {
  decode,
  DecodeError,
  encode,
  hexOf,
  headerOf,
  FlowCursor,
  rawFlowStats,
  encodeMatch,
  encodeInstructions,
} from '../../src/ofp/index.js';
import { bytesOf, ofctlFrames } from './vectors.js';

void t.test('every truncation of every frame is refused with a DecodeError or decodes', (t) => {
  let refused = 0;
  for (const hex of ofctlFrames()) {
    const frame = bytesOf(hex);
    for (let size = 0; size < frame.length; size++) {
      const cut = frame.slice(0, size);
      if (size >= 4) new DataView(cut.buffer).setUint16(2, size);
      try {
        decode(cut);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        refused++;
      }
    }
  }
  t.ok(refused > 1000);
  t.end();
});

void t.test('the hello on which os-ken hangs is refused', (t) => {
  t.throws(() => decode(bytesOf('0400000c980d000001050000')), { name: 'DecodeError', what: /hello element/ });
  t.end();
});

void t.test('another version is refused, except in hello and error', (t) => {
  t.throws(() => decode(bytesOf('010c000800000001')), { name: 'DecodeError', what: 'version 1', offset: 0 });
  t.same(decode(bytesOf('0600001000000001000100080000007e')).message, { type: 'hello', versions: [1, 2, 3, 4, 5, 6] });
  t.same(decode(bytesOf('0100000800000001')).message, { type: 'hello', versions: [1] });
  t.match(headerOf(bytesOf('010c000800000001')), { version: 1, type: 12, length: 8, xid: 1 });
  t.end();
});

void t.test('a message that is not whole is refused', (t) => {
  t.throws(() => decode(bytesOf('040200100000000100')), { name: 'DecodeError', offset: 2 });
  t.throws(() => decode(bytesOf('0402')), DecodeError);
  t.end();
});

void t.test('what is unknown survives: types, experimenters, OXM fields, actions, instructions', (t) => {
  const unknown = [
    '04cc000c00000001deadbeef',
    '0404001400000001cafebabe00000001deadbeef',
    '040e004000000000000000000000000000000000000000000000000000000001ffffffffffffffffffffffff000000000001000c9000fe040102030400000000',
    '040e005000000000000000000000000000000000000000000000000000000001ffffffffffffffffffffffff0000000000010004000000000004001800000000ffff001000002320eeee000000000000',
    '040e004800000000000000000000000000000000000000000000000000000001ffffffffffffffffffffffff000000000001000400000000ffff0010cafebabe0102030405060708',
  ].map((hex) => hex.slice(0, 4) + (hex.length / 2).toString(16).padStart(4, '0') + hex.slice(8));
  for (const hex of unknown) {
    const { xid, message } = decode(bytesOf(hex));
    t.equal(hexOf(encode(message, xid)), hex);
  }
  t.end();
});

void t.test('a bundle in a bundle and a thousand clones in each other are bytes, not recursion', (t) => {
  const clones = (depth: number): string => {
    let inner = '';
    for (let i = 0; i < depth; i++) {
      const size = 16 + inner.length / 2;
      inner = `ffff${size.toString(16).padStart(4, '0')}00002320002a000000000000${inner}`;
    }
    return inner;
  };
  const actions = clones(3000);
  const body =
    `ffffffff0000000100`.slice(0, 16) + (actions.length / 2).toString(16).padStart(4, '0') + '000000000000' + actions;
  const frame = `040d${(8 + body.length / 2).toString(16).padStart(4, '0')}00000001${body}`;
  const { xid, message } = decode(bytesOf(frame));
  t.equal(hexOf(encode(message, xid)), frame);
  t.end();
});

void t.test('raw flow stats are the bytes that we would encode', (t) => {
  const flow = {
    table: 3,
    durationSec: 1,
    durationNsec: 2,
    priority: 4,
    idleTimeout: 5,
    hardTimeout: 6,
    flags: 1,
    cookie: (0xd5f1n << 48n) | 0x1234n,
    packetCount: 7n,
    byteCount: 8n,
    match: { in_port: 1, eth_type: 0x800 },
    instructions: [{ type: 'goto_table', table: 9 }],
  } as const;
  const frame = encode({ type: 'multipart_reply', kind: 'flow', more: false, entries: [flow, flow] }, 1);
  const raw = [...rawFlowStats(frame)];
  t.equal(raw.length, 2);
  t.match(raw[0], { table: 3, priority: 4, cookie: flow.cookie, packetCount: 7n });
  t.equal(hexOf(raw[0]?.match ?? new Uint8Array()), hexOf(encodeMatch(flow.match)));
  t.equal(hexOf(raw[0]?.instructions ?? new Uint8Array()), hexOf(encodeInstructions(flow.instructions)));
  const cursor = new FlowCursor(frame);
  t.ok(cursor.next() && cursor.next());
  t.match(cursor, { table: 3, priority: 4, cookieHigh: 0xd5f1_0000, cookieLow: 0x1234 });
  t.notOk(cursor.next());
  for (let size = 0; size < frame.length; size++) {
    if (size === 16 || size === 16 + (frame.length - 16) / 2) continue; // whole entries, and none is left
    t.throws(() => [...rawFlowStats(frame.slice(0, size))], DecodeError, `${size} bytes`);
  }
  for (const [at, value] of [
    [17, 0], // the entry's length
    [17, 255],
    [67, 0], // its match's length
    [67, 255],
    [9, 0], // the kind of multipart
  ] as const) {
    const wrong = frame.slice();
    wrong[at] = value;
    t.throws(() => [...rawFlowStats(wrong)], DecodeError, `byte ${at} is ${value}`);
  }
  t.end();
});

void t.test("the ONF's copy_field is read as a move, and written back as it was", (t) => {
  // Header, buffer, port, length of actions; then experimenter, type 3200, bits, offsets, in_port and vlan_tci by their NXM headers.
  const action = 'ffff00204f4e46000c8000000010000000000000000000020000080200000000';
  const hex = `040d003800000001fffffffffffffffd0020000000000000${action}`;
  const { xid, message } = decode(bytesOf(hex));
  if (message.type !== 'packet_out') throw new Error(message.type);
  t.match(message.actions, [
    { type: 'reg_move', src: { field: 'nxm_in_port' }, dst: { field: 'vlan_tci' }, onf: true },
  ]);
  t.equal(hexOf(encode(message, xid)), hex);
  t.end();
});

void t.test('properties of a packet_in2 that was paused come in the order of Open vSwitch', (t) => {
  const message = {
    type: 'nx_packet_in2',
    packet: Uint8Array.of(1),
    userdata: Uint8Array.of(2),
    continuation: Uint8Array.of(3),
  } as const;
  const types = ['0000', '0008', '0007'].map((type) => hexOf(encode(message, 1)).indexOf(`${type}0005`));
  t.same(
    types,
    [...types].sort((a, b) => a - b),
  );
  t.end();
});

void t.test('a field that comes again in other words stays as bytes, and is no field on the way back', (t) => {
  const flow = (oxms: string) => {
    const head = '040eLLLL00000000' + '00'.repeat(40) + '0001MMMM';
    const size = oxms.length / 2 + 4;
    const padding = '00'.repeat((8 - (size % 8)) % 8);
    const length = (48 + size + padding.length / 2).toString(16).padStart(4, '0');
    return bytesOf(head.replace('LLLL', length).replace('MMMM', size.toString(16).padStart(4, '0')) + oxms + padding);
  };
  const twice = {
    'in_port and nxm_in_port': '8000000400000018' + '000000020000',
    'nxm_in_port twice': '000000020018' + '000000020000',
    'vlan_tci twice': '000008021007' + '000008021008',
    'xreg0 and reg1': '80010008' + '0000000100000002' + '0001020400000003',
  };
  for (const [what, oxms] of Object.entries(twice)) {
    const { message } = decode(flow(oxms));
    const once = encode(message, 0);
    t.equal(hexOf(encode(decode(once).message, 0)), hexOf(once), what);
  }
  t.end();
});
