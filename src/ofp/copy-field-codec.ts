// The ONF's copy_field on the wire (experimenter 0x4f4e4600, type 3200, over OpenFlow 1.3): what Nicira's reg_move is, in other bytes.
import type { Action } from './action-types.js';
import { experimenterId } from './constants.js';
import { begin, finish } from './nicira-header.js';
import type { Reader } from './reader.js';
import { readFieldHeader, subfieldOf, writableSubfield, writeFieldHeader } from './subfield.js';
import type { Writer } from './writer.js';

const copyField = 3200;

/** Writes a copy_field. */
export function writeCopyField(w: Writer, { src, dst }: Extract<Action, { type: 'reg_move' }>): void {
  const start = begin(w, copyField, experimenterId.onf);
  w.zeros(2);
  w.u16(src.bits);
  w.u16(src.start);
  w.u16(dst.start);
  w.zeros(2);
  writeFieldHeader(w, src);
  writeFieldHeader(w, dst);
  finish(w, start);
}

/** Reads an action of the ONF's from its type on; undefined for one that is unknown here. */
export function readOnfAction(r: Reader): Action | undefined {
  if (r.u16() !== copyField) return undefined;
  r.skip(2);
  const [bits, srcStart, dstStart] = [r.u16(), r.u16(), r.u16()];
  r.skip(2);
  const src = subfieldOf(readFieldHeader(r), { start: srcStart, bits });
  const dst = src && writableSubfield(readFieldHeader(r), { start: dstStart, bits });
  return src && dst && { type: 'reg_move', src, dst, onf: true };
}
