// Programs' objects become the bytes that ovs-ofctl makes of the same flow's text.
import t from 'tap';
import {
  apply,
  encode,
  encodeInstructions,
  encodeMatch,
  EncodeError,
  flowMod,
  goto,
  hexOf,
  load,
  move,
  output,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  type Action,
  type Message,
} from '../../src/ofp/index.js';
import { vectors } from './vectors.js';

// Numbers whose values the compiler does not see: it would refuse them.
const negative: number = -1;
const tooLarge: number = 65536;

const recorded = (argument: string) => {
  const found = [...vectors('ovs-ofctl-flows'), ...vectors('ovs-ofctl-messages')].find(
    (row) => row.argument === argument,
  );
  return found?.frames.at(-1);
};

const cases: readonly (readonly [text: string, message: Message])[] = [
  [
    'table=0,priority=150,in_port=183,dl_vlan=100,actions=pop_vlan,load:0x168->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[],resubmit(,5)',
    flowMod({
      table: 0,
      priority: 150,
      match: { vlan_vid: 0x1064, in_port: 183 },
      instructions: [apply(popVlan(), load('reg6', 0x168), load('metadata', 2n), resubmit(5))],
    }),
  ],
  [
    'table=115,priority=100,reg7=0x168,actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:183',
    flowMod({
      table: 115,
      priority: 100,
      match: { reg7: 0x168 },
      instructions: [apply(pushVlan(), setField('vlan_vid', 4196), output(183))],
    }),
  ],
  [
    'actions=load:0xffff->NXM_OF_IN_PORT[],load:0x168->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[]',
    flowMod({
      table: 0,
      priority: 0x8000,
      match: {},
      instructions: [apply(load('nxm_in_port', 0xffff), load('reg6', 0x168), load('metadata', 2))],
    }),
  ],
  [
    'priority=4,vlan_tci=0x0000/0x1fff,actions=drop',
    flowMod({ table: 0, priority: 4, match: { vlan_tci: { value: 0, mask: 0x1fff } }, instructions: [apply()] }),
  ],
  [
    'priority=4,xreg0=5,xxreg1=0x7000000000000000,actions=drop',
    flowMod({ table: 0, priority: 4, match: { xxreg1: 0x7000000000000000n, xreg0: 5 }, instructions: [] }),
  ],
  [
    'actions=meter:5,output:1,clear_actions,write_actions(output:2,group:3),write_metadata:5/7,goto_table:6',
    flowMod({
      table: 0,
      priority: 0x8000,
      match: {},
      instructions: [
        goto(6),
        { type: 'write_metadata', value: 5, mask: 7n },
        { type: 'write_actions', actions: [output(2), { type: 'group', groupId: 3 }] },
        { type: 'clear_actions' },
        apply(output(1)),
        { type: 'meter', meterId: 5 },
      ],
    }),
  ],
  [
    'group_id=1,type=all,bucket=output:1,bucket=load:1->NXM_NX_REG7[],resubmit(,105)',
    {
      type: 'group_mod',
      command: 'add',
      groupType: 'all',
      groupId: 1,
      buckets: [{ actions: [output(1)] }, { actions: [load('reg7', 1), resubmit(105)] }],
    },
  ],
];

void t.test('encoded bytes stay as they are, whatever is encoded after them, small and large', (t) => {
  const messages = cases.map(([, message]) => message);
  const large = { type: 'echo_request', data: new Uint8Array(5000).fill(7) } as const;
  const kept: (readonly [frame: Uint8Array, hex: string])[] = [];
  for (let i = 0; i < 300; i++)
    for (const message of [...messages, large]) {
      const frame = encode(message, i);
      kept.push([frame, hexOf(frame)]);
    }
  t.same(
    kept.filter(([frame, hex]) => hexOf(frame) !== hex),
    [],
  );
  t.end();
});

void t.test('a message that cannot be encoded spoils none after it', (t) => {
  const wrong = flowMod({ table: 0, priority: 0, match: { in_port: negative }, instructions: [] });
  const [, right] = cases[0] ?? [];
  if (right === undefined) throw new Error('no case');
  const before = hexOf(encode(right, 0));
  t.throws(() => encode(wrong, 0), EncodeError);
  t.equal(hexOf(encode(right, 0)), before);
  t.end();
});

for (const [text, message] of cases) {
  void t.test(`${text} is encoded as ovs-ofctl encodes it`, (t) => {
    t.equal(hexOf(encode(message, 0)), recorded(text));
    t.end();
  });
}

void t.test('a move copies as many bits as the shorter field has', (t) => {
  t.match(move('eth_src', 'eth_dst'), { src: { bits: 48 }, dst: { bits: 48 } });
  t.match(move('reg0', 'nxm_in_port'), { src: { bits: 16 }, dst: { bits: 16 } });
  t.end();
});

void t.test('a value that its field cannot hold is refused and leaves no bytes behind', (t) => {
  t.throws(() => encode(flowMod({ table: 0, priority: 1, match: { tcp_dst: tooLarge }, instructions: [] }), 0), {
    name: 'EncodeError',
  });
  t.end();
});

void t.test('a number of too many bits is refused wherever it stands, not cut off', (t) => {
  const rest = { table: 0, priority: 1, match: {}, instructions: [] };
  const wrong: readonly Message[] = [
    flowMod({ ...rest, priority: 0x1_0000 }),
    flowMod({ ...rest, priority: -1 }),
    flowMod({ ...rest, priority: 1.5 }),
    flowMod({ ...rest, priority: NaN }),
    flowMod({ ...rest, table: 256 }),
    flowMod({ ...rest, flags: 0x1_0000 }),
    flowMod({ ...rest, cookie: 1n << 64n }),
    flowMod({ ...rest, cookie: -1n }),
    flowMod({ ...rest, outGroup: 0x1_0000_0000 }),
    flowMod({ ...rest, instructions: [goto(256)] }),
    flowMod({ ...rest, instructions: [apply(output(0x1_0000_0000))] }),
    flowMod({ ...rest, instructions: [apply({ type: 'output', port: 1, maxLen: 0x1_0000 })] }),
    flowMod({ ...rest, instructions: [apply(resubmit(256))] }),
    flowMod({ ...rest, match: { tun_metadata0: new Uint8Array(125) } }),
    flowMod({ ...rest, match: { tun_metadata0: { value: new Uint8Array(4), mask: new Uint8Array(8) } } }),
    { type: 'role_request', role: 'equal', generationId: 1n << 64n },
    { type: 'set_config', flags: 0, missSendLen: 0x1_0000 },
  ];
  for (const message of wrong) t.throws(() => encode(message, 0), { name: 'EncodeError' });
  t.throws(() => encode({ type: 'barrier_request' }, 0x1_0000_0000), { name: 'EncodeError' });
  t.end();
});

void t.test('what an action has no room to say is refused, not cut off', (t) => {
  const wrong: readonly Action[] = [
    { type: 'bundle', algorithm: 0, fields: 0, basis: 0, members: [0x1_0000] },
    { type: 'ct', zone: { field: 'tun_erspan_idx', start: 0, bits: 16 } },
    {
      type: 'multipath',
      algorithm: 0,
      fields: 0,
      basis: 0,
      maxLink: 1,
      arg: 0,
      target: { field: 'nsh_c1', start: 0, bits: 9 },
    },
  ];
  for (const action of wrong)
    t.throws(
      () => encode(flowMod({ table: 0, priority: 1, match: {}, instructions: [apply(action)] }), 0),
      EncodeError,
    );
  t.end();
});

void t.test("OpenFlow 1.0's fields are written as those of 1.3", (t) => {
  t.same(encodeMatch({ nxm_in_port: 0xfffe }), encodeMatch({ in_port: 0xffff_fffe }));
  t.same(encodeMatch({ eth_type: 0x0800, nw_tos: 0x24 }), encodeMatch({ eth_type: 0x0800, ip_dscp: 9 }));
  t.end();
});

void t.test(
  'what does nothing is not written: empty lists of actions, an Ethernet type of packet beside its fields',
  (t) => {
    const nothing = { type: 'set_field', field: 'reg0', value: 1, mask: 0 } as const;
    t.equal(encodeInstructions([{ type: 'write_actions', actions: [nothing] }, apply(nothing), apply()]).length, 0);
    t.same(encodeMatch({ packet_type: 0, eth_src: 1 }), encodeMatch({ eth_src: 1 }));
    t.notSame(encodeMatch({ packet_type: 0, reg0: 1 }), encodeMatch({ reg0: 1 }));
    t.end();
  },
);

void t.test('hello carries its versions in a bitmap, as ovs-ofctl encode-hello 0x10 prints it', (t) => {
  t.equal(hexOf(encode({ type: 'hello', versions: [4] }, 1)), '04000010000000010001000800000010');
  t.end();
});
