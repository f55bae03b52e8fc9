// What Open vSwitch would say of bytes that this codec kept as they came.
import { experimenterId } from './constants.js';
import type { ErrorName } from './error-table.js';
import { nicira } from './nicira-header.js';
import { refuse, type Refusal } from './refusal.js';

const experimenter = 0xffff;
const subtypes: ReadonlySet<number> = new Set(Object.values(nicira));
/** Types of OpenFlow 1.3 that Open vSwitch has, whose length or contents must be what was not understood. */
const actionTypes: ReadonlySet<number> = new Set([0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
const instructionTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);
const setField = 25;

function nameAction(bytes: Uint8Array): ErrorName {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(0);
  if (type === setField) return 'OFPBAC_BAD_SET_TYPE';
  if (type !== experimenter) return actionTypes.has(type) ? 'OFPBAC_BAD_LEN' : 'OFPBAC_BAD_TYPE';
  if (view.getUint32(4) !== experimenterId.nicira) return 'OFPBAC_BAD_VENDOR';
  return bytes.length >= 10 && subtypes.has(view.getUint16(8)) ? 'OFPBAC_BAD_ARGUMENT' : 'OFPBAC_BAD_VENDOR_TYPE';
}

/** Why an action that is kept as bytes would be refused. */
export const refuseUnknownAction = ({ bytes }: { readonly bytes: Uint8Array }): Refusal =>
  refuse(nameAction(bytes), 'the action is unknown');

/** Why an instruction that is kept as bytes would be refused. */
export function refuseUnknownInstruction({ bytes }: { readonly bytes: Uint8Array }): Refusal {
  const type = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(0);
  if (type === experimenter) return refuse('OFPBIC_BAD_EXPERIMENTER', 'the instruction is an experimenter’s');
  const name = instructionTypes.has(type) ? 'OFPBIC_BAD_LEN' : 'OFPBIC_UNKNOWN_INST';
  return refuse(name, 'the instruction is unknown');
}
