// The controller action on the wire (ovs-actions(7): controller): Nicira's short form, and the one with properties.
import type { Action, Controller } from './action-types.js';
import { begin, finish, nicira } from './nicira-header.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

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

/** Writes a controller action, in the short form where that says all. */
export function writeController(w: Writer, action: Controller): void {
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

/** Reads the short form. */
export function readController(r: Reader): Action {
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

/** Reads the form with properties; undefined if one of them is unknown here. */
export function readController2(r: Reader): Action | undefined {
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
