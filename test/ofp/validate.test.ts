// The validator names what is wrong as ovs-vswitchd 3.1 names it; that it does so of anything random is test/integration/ofp-validate.
import t from 'tap';
import {
  apply,
  flowMod,
  goto,
  group,
  load,
  loadBits,
  move,
  output,
  parseFlow,
  popVlan,
  pushVlan,
  setField,
  validate,
  type Action,
  type GroupMod,
  type Instruction,
  type Match,
  type Message,
} from '../../src/ofp/index.js';

const flow = (match: Match, ...instructions: readonly Instruction[]) =>
  flowMod({ table: 5, priority: 1, match, instructions });
const ip = { eth_type: 0x0800 };
const tcp = { ...ip, ip_proto: 6 };
const tagged = { vlan_vid: 0x1064 };
const groupOf = (changes: Partial<GroupMod>): GroupMod => ({
  type: 'group_mod',
  command: 'add',
  groupType: 'all',
  groupId: 1,
  buckets: [],
  ...changes,
});

// A program that goes past the compiler.
const smuggled = (action: object) => action as Action;

const refused: readonly (readonly [what: string, message: Message, error: string])[] = [
  ['a port without its protocol', flow({ tcp_dst: 80 }), 'OFPBMC_BAD_PREREQ'],
  ['an address of the other IP version', flow({ ...ip, ipv6_src: 1n }), 'OFPBMC_BAD_PREREQ'],
  ['a PCP without a tag', flow({ vlan_pcp: 1 }), 'OFPBMC_BAD_PREREQ'],
  ['a value that the field has not', flow({ ...ip, ip_dscp: 64 }), 'OFPBMC_BAD_VALUE'],
  ['a VID with more than its present bit', flow({ vlan_vid: 0x3064 }), 'OFPBMC_BAD_VALUE'],
  ['an ARP operation beyond a byte', flow({ eth_type: 0x0806, arp_op: 256 }), 'OFPBMC_BAD_VALUE'],
  ['a mask where none may be', flow({ eth_type: { value: 0x0800, mask: 0xff00 } as never }), 'OFPBMC_BAD_MASK'],
  [
    'a field that nobody knows',
    flow({ unknown: [{ header: 0x8000_fe04, body: new Uint8Array(4) }] }),
    'OFPBMC_BAD_FIELD',
  ],
  ['a match of the switch itself', flow({ recirc_id: 1 }), 'OFPBRC_EPERM'],
  ['every table, except to delete', flowMod({ ...flow({}), table: 255 }), 'OFPFMFC_BAD_TABLE_ID'],
  ['the table of the switch itself', flowMod({ ...flow({}), table: 254 }), 'OFPBRC_EPERM'],
  ['flags that are none', flowMod({ ...flow({}), flags: 32 }), 'OFPFMFC_BAD_FLAGS'],
  ['goto to the same table', flow({}, goto(5)), 'OFPBIC_BAD_TABLE_ID'],
  ['goto backwards', flow({}, goto(4)), 'OFPBIC_BAD_TABLE_ID'],
  ['an instruction twice', flow({}, goto(6), goto(7)), 'OFPBIC_DUP_INST'],
  ['meter 0', flow({}, { type: 'meter', meterId: 0 }), 'OFPMMFC_INVALID_METER'],
  [
    'set_field of a read-only field',
    flow({}, apply(smuggled({ type: 'set_field', field: 'eth_type', value: 1 }))),
    'OFPBAC_BAD_SET_ARGUMENT',
  ],
  [
    'load of a read-only field',
    flow({}, apply(smuggled({ ...load('reg0', 1), field: 'conj_id' }))),
    'OFPBAC_BAD_SET_ARGUMENT',
  ],
  ['set_field of a field that the packet lacks', flow(ip, apply(setField('tcp_dst', 80))), 'OFPBAC_MATCH_INCONSISTENT'],
  ['set_field of a VID without a tag', flow({}, apply(setField('vlan_vid', 0x1064))), 'OFPBAC_MATCH_INCONSISTENT'],
  [
    'set_field of a VID without its present bit',
    flow(tagged, apply(setField('vlan_vid', 100))),
    'OFPBAC_BAD_SET_ARGUMENT',
  ],
  ['load beyond the field', flow({}, apply(loadBits('reg0', 30, 4, 1))), 'OFPBAC_BAD_SET_LEN'],
  ['load of a value that the bits cannot hold', flow({}, apply(loadBits('reg0', 0, 4, 16))), 'OFPBAC_BAD_ARGUMENT'],
  ['move from a field that the packet lacks', flow({}, apply(move('arp_spa', 'reg0'))), 'OFPBAC_MATCH_INCONSISTENT'],
  ['pop_vlan without a tag', flow({}, apply(popVlan())), 'OFPBAC_MATCH_INCONSISTENT'],
  ['pop_vlan twice of one tag', flow(tagged, apply(popVlan(), popVlan())), 'OFPBAC_MATCH_INCONSISTENT'],
  ['a third tag', flow(tagged, apply(pushVlan(), pushVlan())), 'OFPBAC_BAD_TAG'],
  ['a tag that is none', flow({}, apply(pushVlan(0x0800))), 'OFPBAC_BAD_ARGUMENT'],
  ['output to no port', flow({}, apply(output(0xff00))), 'OFPBAC_BAD_OUT_PORT'],
  ['nat outside of ct', flow(ip, apply({ type: 'nat' })), 'OFPBAC_BAD_SET_ARGUMENT'],
  ['ct_mark outside of ct', flow(ip, apply(load('ct_mark', 1))), 'OFPBAC_BAD_SET_ARGUMENT'],
  [
    'a register in ct',
    flow(ip, apply({ type: 'ct', commit: true, actions: [load('reg0', 1)] })),
    'OFPBAC_BAD_ARGUMENT',
  ],
  ['ct of what is not IP', flow({}, apply({ type: 'ct' })), 'OFPBAC_MATCH_INCONSISTENT'],
  [
    'conjunction beside others',
    flow(ip, apply({ type: 'conjunction', id: 1, clause: 0, clauses: 2 }, output(1))),
    'NXBAC_BAD_CONJUNCTION',
  ],
  [
    'resubmit in an action set is taken, learn is not',
    flow({}, { type: 'write_actions', actions: [{ type: 'exit' }] }),
    'OFPBAC_BAD_TYPE',
  ],
  [
    'an action that nobody knows',
    flow({}, apply({ type: 'unknown', bytes: Uint8Array.of(0x40, 0, 0, 8, 0, 0, 0, 0) })),
    'OFPBAC_BAD_TYPE',
  ],
  ['an indirect group of no bucket', groupOf({ groupType: 'indirect' }), 'OFPGMFC_INVALID_GROUP'],
  ['a weight where none counts', groupOf({ buckets: [{ weight: 1, actions: [] }] }), 'OFPGMFC_INVALID_GROUP'],
  [
    'fast failover that watches nothing',
    groupOf({ groupType: 'ff', buckets: [{ actions: [] }] }),
    'OFPGMFC_INVALID_GROUP',
  ],
  ['a bucket with a wrong action', groupOf({ buckets: [{ actions: [output(0xff00)] }] }), 'OFPBAC_BAD_OUT_PORT'],
  [
    'a packet from nowhere',
    { type: 'packet_out', bufferId: 0xffff_ffff, inPort: 0xffff_fffb, actions: [], data: new Uint8Array(14) },
    'OFPBRC_BAD_PORT',
  ],
  [
    'a truncated output to no port, in a clone',
    {
      type: 'packet_out',
      bufferId: 0xffff_ffff,
      inPort: 1,
      actions: [{ type: 'clone', actions: [{ type: 'output_trunc', port: 0xffff_fff7, maxLen: 64 }] }],
      data: new Uint8Array(14),
    },
    'OFPBAC_BAD_OUT_PORT',
  ],
  ['a meter in no unit', { type: 'meter_mod', command: 'add', flags: 0, meterId: 1, bands: [] }, 'OFPMMFC_BAD_FLAGS'],
  [
    'what is in a bundle',
    { type: 'bundle_add', bundleId: 1, flags: 0, message: flow({ tcp_dst: 1 }) },
    'OFPBMC_BAD_PREREQ',
  ],
  // Open vSwitch takes these, and ends at the first packet.
  [
    'bundle_load of an unknown algorithm',
    flow(
      {},
      apply({
        type: 'bundle',
        algorithm: 9,
        fields: 0,
        basis: 0,
        members: [1],
        load: { field: 'reg0', start: 0, bits: 16 },
      }),
    ),
    'OFPBAC_BAD_ARGUMENT',
  ],
  [
    'learn with a cookie of all ones',
    parseFlow('actions=learn(table=1,cookie=0xffffffffffffffff)'),
    'OFPBAC_BAD_ARGUMENT',
  ],
];

for (const [what, message, error] of refused)
  void t.test(`refused as ${error}: ${what}`, (t) => {
    t.equal(validate(message)?.error, error);
    t.end();
  });

const tci = (value: number, mask: number): Action => ({ type: 'set_field', field: 'vlan_tci', value, mask });

void t.test('a tag control word written in parts says what its last part says', (t) => {
  t.equal(validate(flow({}, apply(tci(0x1001, 0x1001), popVlan()))), undefined);
  t.equal(validate(flow({}, apply(tci(0x9001, 0x9001), popVlan())))?.error, 'OFPBAC_MATCH_INCONSISTENT');
  t.end();
});

const taken: readonly (readonly [what: string, message: Message])[] = [
  ['a tag pushed, then its VID', flow({}, apply(pushVlan(), setField('vlan_vid', 0x1064), output(1)))],
  ['a tag taken, then another', flow(tagged, apply(popVlan(), pushVlan(), setField('vlan_vid', 0x1005)))],
  ['a port of a protocol that the flow matches', flow({ ...tcp, tcp_dst: 80 }, apply(setField('tcp_dst', 81)))],
  ['goto forwards', flow({}, goto(6))],
  ['deletion from every table', flowMod({ ...flow({}), command: 'delete', table: 255 })],
  ['pop_vlan without a tag in an action set', flow({}, { type: 'write_actions', actions: [popVlan(), group(1)] })],
  ['a copy of the packet changed on its own', flow(tagged, apply({ type: 'clone', actions: [popVlan()] }, popVlan()))],
  ['messages that nothing is known of', { type: 'hello', versions: [4] }],
];

for (const [what, message] of taken)
  void t.test(`taken: ${what}`, (t) => {
    t.equal(validate(message), undefined);
    t.end();
  });
