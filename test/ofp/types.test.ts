// Programs that are wrong do not compile: each line below an @ts-expect-error would otherwise fail the build.
import t from 'tap';
import { load, setField, type Action, type FieldName, type Match } from '../../src/ofp/index.js';

void t.test('the compiler refuses what the switch would refuse', (t) => {
  // @ts-expect-error ct_state is read-only
  setField('ct_state', 1);
  // @ts-expect-error eth_type is read-only
  load('eth_type', 1);
  // @ts-expect-error an IPv6 address is a bigint
  setField('ipv6_src', 1);
  // @ts-expect-error a MAC address is a number
  setField('eth_src', '00:00:00:00:00:01');
  // @ts-expect-error no action is called fly
  const fly: Action = { type: 'fly' };
  // @ts-expect-error in_port has no mask
  const masked: Match = { in_port: { value: 1, mask: 1 } };
  // @ts-expect-error no field is called reg16
  const name: FieldName = 'reg16';
  // @ts-expect-error an output names a port
  const nowhere: Action = { type: 'output' };
  t.ok([fly, masked, name, nowhere]);
  t.end();
});
