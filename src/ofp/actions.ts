// Actions, instructions and messages as programs write them.
import type { Action, Instruction, SetField } from './action-types.js';
import { allTables, noBuffer, reservedGroup, reservedPort } from './constants.js';
import { field, type FieldName, type FieldValue, type WritableField } from './fields.js';
import type { Match } from './match.js';
import type { FlowMod } from './messages.js';
import type { FlowSelection } from './multipart-types.js';
import type { InRange, MatchInRange } from './range-types.js';

const plain = (value: number | bigint) =>
  typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** Loads a value into a whole field of at most 64 bits. */
export const load = (name: WritableField, value: number | bigint): Action =>
  loadBits(name, 0, Math.min(64, field(name).bits), value);

/** Loads a value into `bits` bits of a field, from bit `start` up. */
export const loadBits = (name: WritableField, start: number, bits: number, value: number | bigint): Action => ({
  type: 'reg_load',
  field: name,
  start,
  bits,
  value: plain(value),
});

/** Copies a whole field into another; the shorter one says how many bits. */
export function move(from: FieldName, to: WritableField): Action {
  const bits = Math.min(field(from).bits, field(to).bits);
  return moveBits(from, 0, to, 0, bits);
}

/** Copies `bits` bits from one field into another. */
export const moveBits = (
  from: FieldName,
  fromStart: number,
  to: WritableField,
  toStart: number,
  bits: number,
): Action => ({
  type: 'reg_move',
  src: { field: from, start: fromStart, bits },
  dst: { field: to, start: toStart, bits },
});

/** Looks the packet up in another table, and comes back. */
export const resubmit = (table: number): Action => ({ type: 'resubmit', table });
/** Sends the packet out of a port. */
export const output = (port: number): Action => ({ type: 'output', port });
/** Puts a VLAN tag around the packet; its VID is zero until set_field says otherwise. */
export const pushVlan = (ethertype = 0x8100): Action => ({ type: 'push_vlan', ethertype });
/** Takes the outermost VLAN tag away. */
export const popVlan = (): Action => ({ type: 'pop_vlan' });
/** Hands the packet to a group. */
export const group = (groupId: number): Action => ({ type: 'group', groupId });

/** Sets a whole field. A literal that the field cannot hold does not compile. */
export const setField = <F extends WritableField, const V extends FieldValue<F>>(
  name: F,
  value: V & InRange<F, V>,
): Action =>
  // The type parameter ties the value to its field, which the union cannot follow.
  ({ type: 'set_field', field: name, value }) as unknown as SetField;

/** Carries out actions at once, in order. */
export const apply = (...actions: readonly Action[]): Instruction => ({ type: 'apply_actions', actions });
/** Goes on in a later table. */
export const goto = (table: number): Instruction => ({ type: 'goto_table', table });

/**
 * A flow_mod; what is not given is what it would be if nobody had thought of it. A literal in the match that its field cannot hold does
 * not compile.
 */
export const flowMod = <const M extends Match>(
  given: Partial<Omit<FlowMod, 'type' | 'match'>> &
    Pick<FlowMod, 'table' | 'priority' | 'instructions'> & { readonly match: M & MatchInRange<M> },
): FlowMod => ({
  type: 'flow_mod',
  command: 'add',
  cookie: 0n,
  cookieMask: 0n,
  idleTimeout: 0,
  hardTimeout: 0,
  flags: 0,
  outPort: reservedPort.any,
  outGroup: reservedGroup.any,
  bufferId: noBuffer,
  ...given,
});

/** Which flows a dump means; every flow if nothing is said. */
export const flowSelection = (given: Partial<FlowSelection> = {}): FlowSelection => ({
  table: allTables,
  outPort: reservedPort.any,
  outGroup: reservedGroup.any,
  cookie: 0n,
  cookieMask: 0n,
  match: {},
  ...given,
});
