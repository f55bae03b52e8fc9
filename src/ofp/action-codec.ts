// Actions on the wire: OpenFlow's own (1.3.5, 7.2.5); those of Nicira are in nicira-codec.ts.
import type { Action } from './action-types.js';
import { experimenterId } from './constants.js';
import { readOnfAction } from './copy-field-codec.js';
import { field } from './fields.js';
import { allOnes } from './match-codec.js';
import { readNicira, writeNicira, type NiciraAction } from './nicira-codec.js';
import type { NestedActions } from './nicira-header.js';
import { readOxm, writeOxm } from './oxm.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const code = {
  output: 0,
  copy_ttl_out: 11,
  copy_ttl_in: 12,
  set_mpls_ttl: 15,
  dec_mpls_ttl: 16,
  push_vlan: 17,
  pop_vlan: 18,
  push_mpls: 19,
  pop_mpls: 20,
  set_queue: 21,
  group: 22,
  set_nw_ttl: 23,
  dec_nw_ttl: 24,
  set_field: 25,
  push_pbb: 26,
  pop_pbb: 27,
  experimenter: 0xffff,
} as const;

const actionHeaderSize = 4;
const nested: NestedActions = { write: writeActions, read: readActions };

function header(w: Writer, type: keyof typeof code, size: number): void {
  w.u16Pair(code[type], size);
}

function writeSmall(w: Writer, type: keyof typeof code, value: number, bytes: 0 | 1 | 2 | 4): void {
  header(w, type, 8);
  if (bytes === 4) w.u32(value);
  else if (bytes === 2) w.u16(value);
  else if (bytes === 1) w.u8(value);
  w.zeros(4 - bytes);
}

function writeOutput(w: Writer, port: number, maxLen: number): void {
  header(w, 'output', 16);
  w.u32(port);
  w.u16Pair(maxLen, 0);
  w.u32(0);
}

function writeSetField(w: Writer, action: Extract<Action, { type: 'set_field' }>): void {
  const start = w.size;
  header(w, 'set_field', 0);
  writeOxm(w, field(action.field), action.value);
  w.pad(start);
  w.patchSize(start);
}

/** Writes one action. */
export function writeAction(w: Writer, action: Action): void {
  switch (action.type) {
    case 'output':
      writeOutput(w, action.port, action.maxLen ?? 0);
      return;
    case 'group':
      writeSmall(w, 'group', action.groupId, 4);
      return;
    case 'set_queue':
      writeSmall(w, 'set_queue', action.queueId, 4);
      return;
    case 'push_vlan':
    case 'push_mpls':
    case 'pop_mpls':
    case 'push_pbb':
      writeSmall(w, action.type, action.ethertype, 2);
      return;
    case 'set_mpls_ttl':
    case 'set_nw_ttl':
      writeSmall(w, action.type, action.ttl, 1);
      return;
    case 'pop_vlan':
    case 'pop_pbb':
    case 'dec_mpls_ttl':
    case 'copy_ttl_out':
    case 'copy_ttl_in':
      writeSmall(w, action.type, 0, 0);
      return;
    case 'unknown':
      w.bytes(action.bytes);
      return;
    default:
      writeSpecial(w, action);
  }
}

function isWhole({ field: name, mask }: Extract<Action, { type: 'set_field' }>): boolean {
  const row = field(name);
  // A field of an experimenter keeps its mask: a load of the whole field is such a set_field.
  return (
    mask === undefined || (!(mask instanceof Uint8Array) && row.experimenter === 0 && BigInt(mask) === allOnes(row))
  );
}

// Actions that are standard in one form and Nicira's in another.
function writeSpecial(w: Writer, action: NiciraAction): void {
  if (action.type === 'set_field' && isWhole(action)) writeSetField(w, action);
  else if (action.type === 'dec_nw_ttl' && !action.controllerIds) writeSmall(w, 'dec_nw_ttl', 0, 0);
  else writeNicira(w, action, nested);
}

/** Writes a list of actions. */
export function writeActions(w: Writer, actions: readonly Action[]): void {
  for (const action of actions) writeAction(w, action);
}

function readSetField(r: Reader): Action | undefined {
  const oxm = readOxm(r);
  if (!oxm.row || oxm.mask !== undefined || oxm.row.access === 'ro') return undefined;
  // readOxm returns the value type of the row's field, and the row is writable.
  return { type: 'set_field', field: oxm.row.name, value: oxm.value } as Action;
}

function readOutput(r: Reader, size: number): Action | undefined {
  if (size !== 16) return undefined;
  const port = r.u32();
  const maxLen = r.u16();
  return maxLen === 0 ? { type: 'output', port } : { type: 'output', port, maxLen };
}

const nameOf: ReadonlyMap<number, keyof typeof code> = new Map(
  // Object.entries forgets the key type of a constant table.
  Object.entries(code).map(([name, number]) => [number, name as keyof typeof code]),
);

function readSmall(r: Reader, name: keyof typeof code): Action | undefined {
  switch (name) {
    case 'group':
      return { type: 'group', groupId: r.u32() };
    case 'set_queue':
      return { type: 'set_queue', queueId: r.u32() };
    case 'push_vlan':
    case 'push_mpls':
    case 'pop_mpls':
    case 'push_pbb':
      return { type: name, ethertype: r.u16() };
    case 'set_mpls_ttl':
    case 'set_nw_ttl':
      return { type: name, ttl: r.u8() };
    case 'pop_vlan':
    case 'pop_pbb':
    case 'dec_mpls_ttl':
    case 'dec_nw_ttl':
    case 'copy_ttl_out':
    case 'copy_ttl_in':
      return { type: name };
    default:
      return undefined;
  }
}

function readKnown(r: Reader, type: number, size: number): Action | undefined {
  const name = nameOf.get(type);
  if (name === undefined) return undefined;
  if (name === 'output') return readOutput(r, size);
  if (name === 'set_field') return readSetField(r);
  if (name !== 'experimenter') return size === 8 ? readSmall(r, name) : undefined;
  if (r.remaining < 6) return undefined;
  const experimenter = r.u32();
  if (experimenter === experimenterId.onf) return readOnfAction(r);
  return experimenter === experimenterId.nicira ? readNicira(r, nested) : undefined;
}

function readAction(r: Reader): Action {
  const size = r.peek16(2);
  if (size < 8 || size % 8 !== 0) throw r.error(`action length ${size}`);
  const body = r.sub(size, 'action');
  const type = body.u16();
  body.skip(actionHeaderSize - 2);
  return readKnown(body, type, size) ?? { type: 'unknown', bytes: body.whole() };
}

/** Reads actions until the reader is empty. */
export function readActions(r: Reader): Action[] {
  const actions: Action[] = [];
  while (r.remaining > 0) actions.push(readAction(r));
  return actions;
}
