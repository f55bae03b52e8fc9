// Programs that are wrong do not compile: each line below an @ts-expect-error would otherwise fail the build.
import t from 'tap';
import {
  apply,
  flowMod,
  load,
  move,
  setField,
  type Action,
  type FieldName,
  type Instruction,
  type Match,
  type Message,
} from '../../src/ofp/index.js';

const rest = { table: 0, priority: 1, instructions: [] } as const;

void t.test('the compiler refuses actions that a switch would refuse', (t) => {
  // @ts-expect-error ct_state is read-only
  setField('ct_state', 1);
  // @ts-expect-error eth_type is read-only
  load('eth_type', 1);
  // @ts-expect-error conj_id is read-only
  move('reg0', 'conj_id');
  // @ts-expect-error an IPv6 address is a bigint
  setField('ipv6_src', 1);
  // @ts-expect-error a MAC address is a number
  setField('eth_src', '00:00:00:00:00:01');
  // @ts-expect-error a DSCP has six bits
  setField('ip_dscp', 64);
  // @ts-expect-error a port has sixteen bits
  setField('tcp_dst', 65536);
  // @ts-expect-error no action is called fly
  const fly: Action = { type: 'fly' };
  // @ts-expect-error an output names a port
  const nowhere: Action = { type: 'output' };
  // @ts-expect-error a set_field of a read-only field, written out
  const readOnly: Action = { type: 'set_field', field: 'eth_type', value: 1 };
  // @ts-expect-error goto_table is an instruction
  apply({ type: 'goto_table', table: 5 });
  // @ts-expect-error pop_vlan is an action
  const misplaced: Instruction = { type: 'pop_vlan' };
  t.ok([fly, nowhere, readOnly, misplaced]);
  t.end();
});

void t.test('the compiler refuses matches that a switch would refuse', (t) => {
  // @ts-expect-error in_port has no mask
  const masked: Match = { in_port: { value: 1, mask: 1 } };
  // @ts-expect-error no field is called reg16
  const name: FieldName = 'reg16';
  // @ts-expect-error no field is called vlan
  const unknown: Match = { vlan: 5 };
  // @ts-expect-error an ethertype has sixteen bits
  flowMod({ ...rest, match: { eth_type: 0x10000 } });
  // @ts-expect-error a PCP has three bits
  flowMod({ ...rest, match: { vlan_vid: 0x1005, vlan_pcp: 8 } });
  // @ts-expect-error a VID has thirteen bits, with the one that says that there is a tag
  flowMod({ ...rest, match: { vlan_vid: 0x2000 } });
  // @ts-expect-error a register has 32 bits
  flowMod({ ...rest, match: { reg0: 0x1_0000_0000 } });
  // @ts-expect-error nothing is negative
  flowMod({ ...rest, match: { in_port: -1 } });
  // @ts-expect-error a MAC address has 48 bits
  flowMod({ ...rest, match: { eth_dst: 0x1_0000_0000_0000 } });
  // @ts-expect-error the mask of a port has sixteen bits
  flowMod({ ...rest, match: { tcp_dst: { value: 80, mask: 0x10000 } } });
  t.ok([masked, name, unknown]);
  t.end();
});

void t.test('the compiler refuses messages that are none', (t) => {
  // @ts-expect-error there is no such command
  const command: Message = { ...flowMod({ ...rest, match: {} }), command: 'replace' };
  // @ts-expect-error a role is one of four
  const role: Message = { type: 'role_request', role: 'boss', generationId: 0n };
  // @ts-expect-error a hello says its versions
  const hello: Message = { type: 'hello' };
  t.ok([command, role, hello]);
  t.end();
});

void t.test('what fits compiles, literals and what only runs are numbers', (t) => {
  const port: number = 80;
  const wide: Match = { tcp_dst: port };
  t.ok([
    flowMod({ ...rest, match: { eth_type: 0xffff, vlan_vid: 0x1fff, vlan_pcp: 7, reg0: 0xffff_ffff } }),
    flowMod({ ...rest, match: { eth_dst: { value: 0xffff_ffff_ffff, mask: 0xffff_ffff_ffff }, tun_id: 2n ** 63n } }),
    flowMod({ ...rest, match: { tcp_dst: port, ipv6_src: 1n } }),
    flowMod({ ...rest, match: wide }),
    setField('ip_dscp', 63),
    setField('tcp_dst', port),
    setField('ipv6_src', 1n),
  ]);
  t.end();
});
