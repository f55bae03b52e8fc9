// Nicira's actions on the wire (ovs-actions(7)): one writer and one reader per subtype.
import type { Action, Controller, Sample } from './action-types.js';
import { reservedPort } from './constants.js';
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
import { begin, finish, maxActionDepth, nicira, port16, port32, type NestedActions } from './nicira-header.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

type ActionOf<Type extends Action['type']> = Extract<Action, { type: Type }>;

const anyTable = 0xff;

function writeResubmit(w: Writer, { port = reservedPort.inPort, table, ct }: ActionOf<'resubmit'>): void {
  const plain = table === undefined && !ct;
  const start = begin(w, plain ? nicira.resubmit : ct ? nicira.resubmit_table_ct : nicira.resubmit_table);
  w.u16(port16(port));
  w.u8(plain ? 0 : (table ?? anyTable));
  finish(w, start);
}

const property = { maxLen: 0, controllerId: 1, reason: 2, userdata: 3, pause: 4, meterId: 5 } as const;
const reasonAction = 1;

function writeProperty(w: Writer, type: number, write: () => void): void {
  const start = w.size;
  w.u16(type);
  w.u16(0);
  write();
  w.patchSize(start);
  w.pad(start);
}

function writeController2(w: Writer, action: Controller): void {
  const { maxLen = 0xffff, controllerId = 0, reason = reasonAction, userdata, pause, meterId } = action;
  const start = begin(w, nicira.controller2);
  w.zeros(6);
  if (maxLen !== 0xffff)
    writeProperty(w, property.maxLen, () => {
      w.u16(maxLen);
      w.zeros(2);
    });
  if (controllerId !== 0)
    writeProperty(w, property.controllerId, () => {
      w.u16(controllerId);
      w.zeros(2);
    });
  if (reason !== reasonAction)
    writeProperty(w, property.reason, () => {
      w.u8(reason);
    });
  if (userdata?.length)
    writeProperty(w, property.userdata, () => {
      w.bytes(userdata);
    });
  if (pause) writeProperty(w, property.pause, () => undefined);
  if (meterId !== undefined)
    writeProperty(w, property.meterId, () => {
      w.u32(meterId);
    });
  finish(w, start);
}

function writeController(w: Writer, action: Controller): void {
  if (action.userdata || action.pause || action.meterId !== undefined) {
    writeController2(w, action);
    return;
  }
  const start = begin(w, nicira.controller);
  w.u16(action.maxLen ?? 0xffff);
  w.u16(action.controllerId ?? 0);
  w.u8(action.reason ?? reasonAction);
  finish(w, start);
}

const directions = [undefined, 'ingress', 'egress'] as const;

function writeSample(w: Writer, action: Sample): void {
  const { samplingPort, direction } = action;
  const subtype = direction ? nicira.sample3 : samplingPort === undefined ? nicira.sample : nicira.sample2;
  const start = begin(w, subtype);
  w.u16(action.probability);
  w.u32(action.collectorSetId);
  w.u32(action.obsDomainId);
  w.u32(action.obsPointId);
  if (subtype !== nicira.sample) {
    w.u16(port16(samplingPort ?? reservedPort.any));
    w.u8(directions.indexOf(direction));
    w.zeros(5);
  }
  finish(w, start);
}

function writeDecTtlIds(w: Writer, ids: readonly number[]): void {
  const start = begin(w, nicira.dec_ttl_cnt_ids);
  w.u16(ids.length);
  w.zeros(4);
  for (const id of ids) w.u16(id);
  finish(w, start);
}

function writeBytesAction(w: Writer, subtype: number, write: () => void): void {
  const start = begin(w, subtype);
  write();
  finish(w, start);
}

function writeTunnel(w: Writer, { tunId, wide }: ActionOf<'set_tunnel'>): void {
  const start = begin(w, wide ? nicira.set_tunnel64 : nicira.set_tunnel);
  w.zeros(wide ? 6 : 2);
  if (wide) w.u64(tunId);
  else w.u32(Number(tunId));
  finish(w, start);
}

/** Writes an action that only Nicira has. */
export function writeNicira(w: Writer, action: Action, nested: NestedActions): void {
  switch (action.type) {
    case 'reg_load':
      writeRegLoad(w, action);
      return;
    case 'reg_move':
      writeRegMove(w, action);
      return;
    case 'resubmit':
      writeResubmit(w, action);
      return;
    case 'set_field':
      writeMaskedSetField(w, action);
      return;
    case 'stack_push':
      writeStack(w, nicira.stack_push, action.source);
      return;
    case 'stack_pop':
      writeStack(w, nicira.stack_pop, action.target);
      return;
    case 'output_reg':
      writeOutputReg(w, action);
      return;
    case 'ct':
      writeCt(w, action, nested);
      return;
    case 'nat':
      writeNat(w, action);
      return;
    case 'learn':
      writeLearn(w, action);
      return;
    default:
      writeRare(w, action, nested);
  }
}

function writeRare(w: Writer, action: Action, nested: NestedActions): void {
  switch (action.type) {
    case 'controller':
      writeController(w, action);
      return;
    case 'bundle':
      writeBundle(w, action);
      return;
    case 'multipath':
      writeMultipath(w, action);
      return;
    case 'check_pkt_larger':
      writeCheckPktLarger(w, action);
      return;
    case 'delete_field':
      writeDeleteField(w, action);
      return;
    case 'sample':
      writeSample(w, action);
      return;
    case 'dec_nw_ttl':
      writeDecTtlIds(w, action.controllerIds ?? [0]);
      return;
    case 'set_tunnel':
      writeTunnel(w, action);
      return;
    default:
      writeFixed(w, action, nested);
  }
}

function writeFixed(w: Writer, action: Action, nested: NestedActions): void {
  switch (action.type) {
    case 'ct_clear':
    case 'exit':
    case 'pop_queue':
    case 'dec_nsh_ttl':
    case 'debug_recirc':
    case 'debug_slow':
      writeBytesAction(w, nicira[action.type], () => undefined);
      return;
    case 'conjunction':
      writeBytesAction(w, nicira.conjunction, () => {
        w.u8(action.clause);
        w.u8(action.clauses);
        w.u32(action.id);
      });
      return;
    case 'fin_timeout':
      writeBytesAction(w, nicira.fin_timeout, () => {
        w.u16(action.idleTimeout);
        w.u16(action.hardTimeout);
      });
      return;
    case 'note':
      writeBytesAction(w, nicira.note, () => {
        w.bytes(action.bytes);
      });
      return;
    default:
      writeContaining(w, action, nested);
  }
}

function writeContaining(w: Writer, action: Action, nested: NestedActions): void {
  switch (action.type) {
    case 'clone':
      writeBytesAction(w, nicira.clone, () => {
        w.zeros(6);
        nested.write(w, action.actions);
      });
      return;
    case 'output_trunc':
      writeBytesAction(w, nicira.output_trunc, () => {
        w.u16(port16(action.port));
        w.u32(action.maxLen);
      });
      return;
    case 'encap':
      writeBytesAction(w, nicira.encap, () => {
        w.u16(action.headerSize);
        w.u32(action.packetType);
        w.bytes(action.properties);
      });
      return;
    case 'decap':
      writeBytesAction(w, nicira.decap, () => {
        w.zeros(2);
        w.u32(action.packetType);
      });
      return;
    default:
      throw new Error(`no writer for ${action.type}`);
  }
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

function readController(r: Reader): Action {
  return { type: 'controller', maxLen: r.u16(), controllerId: r.u16(), reason: r.u8() };
}

function readProperty(r: Reader, type: number): Partial<Controller> | undefined {
  switch (type) {
    case property.maxLen:
      return { maxLen: r.u16() };
    case property.controllerId:
      return { controllerId: r.u16() };
    case property.reason:
      return { reason: r.u8() };
    case property.userdata:
      return { userdata: r.rest() };
    case property.pause:
      return { pause: true };
    case property.meterId:
      return { meterId: r.u32() };
    default:
      return undefined;
  }
}

function readController2(r: Reader): Action | undefined {
  r.skip(6);
  let action: Controller = { type: 'controller', userdata: new Uint8Array(0) };
  while (r.remaining >= 4) {
    const size = r.peek16(2);
    if (size < 4) throw r.error(`property length ${size}`);
    const body = r.sub(size, 'controller property');
    const type = body.u16();
    body.skip(2);
    const read = readProperty(body, type);
    if (!read) return undefined;
    action = { ...action, ...read };
    r.align();
  }
  return action;
}

function readSample(r: Reader, subtype: number): Action | undefined {
  const [probability, collectorSetId, obsDomainId, obsPointId] = [r.u16(), r.u32(), r.u32(), r.u32()];
  const base = { type: 'sample', probability, collectorSetId, obsDomainId, obsPointId } as const;
  if (subtype === nicira.sample) return base;
  const samplingPort = port32(r.u16());
  if (subtype === nicira.sample2) return { ...base, samplingPort };
  const direction = directions[r.u8()];
  return direction && { ...base, samplingPort, direction };
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
