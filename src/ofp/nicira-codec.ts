// Nicira's actions on the wire (ovs-actions(7)): one writer and one reader per subtype.
import type { Action } from './action-types.js';
import { reservedPort } from './constants.js';
import { writeCopyField } from './copy-field-codec.js';
import { readController, readController2, writeController } from './controller-codec.js';
import { readCt, readNat, writeCt, writeNat } from './ct-codec.js';
import { readLearn, writeLearn } from './learn-codec.js';
import {
  readFieldAction,
  writeBundle,
  writeCheckPktLarger,
  writeDeleteField,
  writeMaskedSetField,
  writeMultipath,
  writeOutputReg,
  writeRegLoad,
  writeRegMove,
  writeStack,
} from './nicira-fields.js';
import {
  begin,
  finish,
  maxActionDepth,
  nicira,
  port16,
  port32,
  writeHead,
  type NestedActions,
} from './nicira-header.js';
import type { Reader } from './reader.js';
import { readSample, writeSample } from './sample-codec.js';
import type { Writer } from './writer.js';

type ActionOf<Type extends Action['type']> = Extract<Action, { type: Type }>;

const anyTable = 0xff;

function writeResubmit(w: Writer, { port = reservedPort.inPort, table, ct }: ActionOf<'resubmit'>): void {
  const isPlain = table === undefined && !ct;
  const subtype = isPlain ? nicira.resubmit : ct ? nicira.resubmit_table_ct : nicira.resubmit_table;
  writeHead(w, subtype, 16, port16(port));
  w.u8(isPlain ? 0 : (table ?? anyTable));
  w.zeros(3);
}

function writeDecTtlIds(w: Writer, ids: readonly number[]): void {
  const start = begin(w, nicira.dec_ttl_cnt_ids);
  w.u16(ids.length);
  w.zeros(4);
  for (const id of ids) w.u16(id);
  finish(w, start);
}

function writeTunnel(w: Writer, { tunId, wide }: ActionOf<'set_tunnel'>): void {
  const start = begin(w, wide ? nicira.set_tunnel64 : nicira.set_tunnel);
  w.zeros(wide ? 6 : 2);
  if (wide) w.u64(tunId);
  else w.u32(Number(tunId));
  finish(w, start);
}

/** What OpenFlow itself has; the other types of actions are Nicira's, and so are some forms of set_field and dec_nw_ttl. */
type StandardType =
  | 'output'
  | 'group'
  | 'set_queue'
  | 'push_vlan'
  | 'pop_vlan'
  | 'push_mpls'
  | 'pop_mpls'
  | 'push_pbb'
  | 'pop_pbb'
  | 'set_mpls_ttl'
  | 'dec_mpls_ttl'
  | 'set_nw_ttl'
  | 'copy_ttl_out'
  | 'copy_ttl_in'
  | 'unknown';
/** An action that Nicira's header carries. */
export type NiciraAction = Exclude<Action, { type: StandardType }>;
type NiciraType = NiciraAction['type'];
type Write<A> = (w: Writer, action: A, nested: NestedActions) => void;

// An action of a fixed layout: header, body, padding.
const plain =
  <A>(subtype: number, body: Write<A> = () => undefined): Write<A> =>
  (w, action, nested) => {
    const start = begin(w, subtype);
    body(w, action, nested);
    finish(w, start);
  };

const writers: { readonly [T in NiciraType]: Write<ActionOf<T>> } = {
  reg_load: writeRegLoad,
  reg_move: (w, action) => {
    if (action.onf) writeCopyField(w, action);
    else writeRegMove(w, action);
  },
  resubmit: writeResubmit,
  set_field: writeMaskedSetField,
  stack_push: (w, { source }) => {
    writeStack(w, nicira.stack_push, source);
  },
  stack_pop: (w, { target }) => {
    writeStack(w, nicira.stack_pop, target);
  },
  output_reg: writeOutputReg,
  ct: writeCt,
  nat: writeNat,
  ct_clear: plain(nicira.ct_clear),
  learn: writeLearn,
  controller: writeController,
  bundle: writeBundle,
  multipath: writeMultipath,
  check_pkt_larger: writeCheckPktLarger,
  delete_field: writeDeleteField,
  sample: writeSample,
  dec_nw_ttl: (w, { controllerIds = [0] }) => {
    writeDecTtlIds(w, controllerIds);
  },
  set_tunnel: writeTunnel,
  exit: plain(nicira.exit),
  pop_queue: plain(nicira.pop_queue),
  dec_nsh_ttl: plain(nicira.dec_nsh_ttl),
  debug_recirc: plain(nicira.debug_recirc),
  debug_slow: plain(nicira.debug_slow),
  conjunction: plain(nicira.conjunction, (w, { clause, clauses, id }) => {
    w.u8(clause);
    w.u8(clauses);
    w.u32(id);
  }),
  fin_timeout: plain(nicira.fin_timeout, (w, { idleTimeout, hardTimeout }) => {
    w.u16(idleTimeout);
    w.u16(hardTimeout);
  }),
  note: plain(nicira.note, (w, { bytes }) => {
    w.bytes(bytes);
  }),
  clone: plain(nicira.clone, (w, { actions }, nested) => {
    w.zeros(6);
    nested.write(w, actions);
  }),
  output_trunc: plain(nicira.output_trunc, (w, { port, maxLen }) => {
    w.u16(port16(port));
    w.u32(maxLen);
  }),
  encap: plain(nicira.encap, (w, { headerSize, packetType, properties }) => {
    w.u16(headerSize);
    w.u32(packetType);
    w.bytes(properties);
  }),
  decap: plain(nicira.decap, (w, { packetType }) => {
    w.zeros(2);
    w.u32(packetType);
  }),
};

/** Writes an action in Nicira's form. */
export function writeNicira(w: Writer, action: NiciraAction, nested: NestedActions): void {
  // The row is that of the action's own type.
  const write = writers[action.type] as Write<NiciraAction>;
  write(w, action, nested);
}

function readResubmit(r: Reader, subtype: number): Action {
  const port = port32(r.u16());
  const table = r.u8();
  return {
    type: 'resubmit',
    ...(port !== reservedPort.inPort && { port }),
    ...(subtype !== nicira.resubmit && { table }),
    ...(subtype === nicira.resubmit_table_ct && { ct: true }),
  };
}

function readDecTtlIds(r: Reader): Action | undefined {
  const count = r.u16();
  r.skip(4);
  if (count * 2 > r.remaining) return undefined;
  return { type: 'dec_nw_ttl', controllerIds: Array.from({ length: count }, () => r.u16()) };
}

function readTunnel(r: Reader, wide: boolean): Action {
  r.skip(wide ? 6 : 2);
  return { type: 'set_tunnel', tunId: wide ? r.wide() : r.u32(), wide };
}

function readDecap(r: Reader): Action {
  r.skip(2);
  return { type: 'decap', packetType: r.u32() };
}

type ReadSubtype = (r: Reader, subtype: number, nested: NestedActions) => Action | undefined;

function readClone(r: Reader, nested: NestedActions): Action {
  r.skip(6);
  return { type: 'clone', actions: nested.read(r) };
}

const fixed =
  (type: 'ct_clear' | 'exit' | 'pop_queue' | 'dec_nsh_ttl' | 'debug_recirc' | 'debug_slow'): ReadSubtype =>
  (r) =>
    r.remaining === 6 ? { type } : undefined;

const readers: ReadonlyMap<number, ReadSubtype> = new Map<number, ReadSubtype>([
  [nicira.resubmit, readResubmit],
  [nicira.resubmit_table, readResubmit],
  [nicira.resubmit_table_ct, readResubmit],
  [nicira.set_tunnel, (r) => readTunnel(r, false)],
  [nicira.set_tunnel64, (r) => readTunnel(r, true)],
  [nicira.note, (r) => ({ type: 'note', bytes: r.rest() })],
  [nicira.ct, (r, _, nested) => (r.depth < maxActionDepth ? readCt(r, nested) : undefined)],
  [nicira.nat, readNat],
  [nicira.ct_clear, fixed('ct_clear')],
  [nicira.exit, fixed('exit')],
  [nicira.pop_queue, fixed('pop_queue')],
  [nicira.dec_nsh_ttl, fixed('dec_nsh_ttl')],
  [nicira.debug_recirc, fixed('debug_recirc')],
  [nicira.debug_slow, fixed('debug_slow')],
  [nicira.learn, (r) => readLearn(r, false)],
  [nicira.learn2, (r) => readLearn(r, true)],
  [nicira.conjunction, (r) => ({ type: 'conjunction', clause: r.u8(), clauses: r.u8(), id: r.u32() })],
  [nicira.fin_timeout, (r) => ({ type: 'fin_timeout', idleTimeout: r.u16(), hardTimeout: r.u16() })],
  [nicira.controller, readController],
  [nicira.controller2, readController2],
  [nicira.dec_ttl_cnt_ids, readDecTtlIds],
  [nicira.sample, readSample],
  [nicira.sample2, readSample],
  [nicira.sample3, readSample],
  [nicira.output_trunc, (r) => ({ type: 'output_trunc', port: port32(r.u16()), maxLen: r.u32() })],
  [nicira.clone, (r, _, nested) => (r.depth < maxActionDepth ? readClone(r, nested) : undefined)],
  [nicira.encap, (r) => ({ type: 'encap', headerSize: r.u16(), packetType: r.u32(), properties: r.rest() })],
  [nicira.decap, readDecap],
]);

/** Reads a Nicira action from its subtype on; undefined for one that is unknown here. */
export function readNicira(r: Reader, nested: NestedActions): Action | undefined {
  const subtype = r.u16();
  const read = readers.get(subtype);
  return read ? read(r, subtype, nested) : readFieldAction(r, subtype);
}
