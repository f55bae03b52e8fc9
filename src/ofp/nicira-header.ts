// What all Nicira actions have in common: their subtypes, their header, and 16-bit port numbers.
import { experimenterId } from './constants.js';
import type { Action } from './action-types.js';
import type { Reader } from './reader.js';
import { EncodeError, type Writer } from './writer.js';

/** Subtypes of Nicira actions. */
export const nicira = {
  resubmit: 1,
  set_tunnel: 2,
  set_queue: 4,
  pop_queue: 5,
  reg_move: 6,
  reg_load: 7,
  note: 8,
  set_tunnel64: 9,
  multipath: 10,
  bundle: 12,
  bundle_load: 13,
  resubmit_table: 14,
  output_reg: 15,
  learn: 16,
  exit: 17,
  fin_timeout: 19,
  controller: 20,
  dec_ttl_cnt_ids: 21,
  stack_push: 27,
  stack_pop: 28,
  sample: 29,
  output_reg2: 32,
  reg_load2: 33,
  conjunction: 34,
  ct: 35,
  nat: 36,
  controller2: 37,
  sample2: 38,
  output_trunc: 39,
  sample3: 41,
  clone: 42,
  ct_clear: 43,
  resubmit_table_ct: 44,
  learn2: 45,
  encap: 46,
  decap: 47,
  dec_nsh_ttl: 48,
  check_pkt_larger: 49,
  delete_field: 50,
  debug_slow: 254,
  debug_recirc: 255,
} as const;

const experimenterAction = 0xffff_0000; // the length follows
/** Bytes of type, length, experimenter and subtype. */
export const niciraHeaderSize = 10;

/** Begins an action; `finish` fills in its length. */
export function begin(w: Writer, subtype: number, experimenter: number = experimenterId.nicira): number {
  const start = w.size;
  w.u32Pair(experimenterAction, experimenter);
  w.u16(subtype);
  return start;
}

/** Begins an action of a size that is known, up to the two bytes behind the subtype. */
export function writeHead(w: Writer, subtype: number, size: number, next: number): void {
  w.u32Pair(experimenterAction + size, experimenterId.nicira);
  w.u16Pair(subtype, next);
}

/** Pads an action to a multiple of eight and fills in its length. */
export function finish(w: Writer, start: number): void {
  w.pad(start);
  w.patchSize(start);
}

const firstReserved16 = 0xff00;
const reservedOffset = 0xffff_0000;

/** A 32-bit port number as OpenFlow 1.0's 16 bits. Throws EncodeError for one that has none. */
export function port16(port: number): number {
  if (port < firstReserved16) return port;
  if (port < firstReserved16 + reservedOffset) throw new EncodeError(`port ${port} has no number of 16 bits`);
  return port - reservedOffset;
}
/** The inverse of port16. */
export const port32 = (port: number) => (port >= firstReserved16 ? port + reservedOffset : port);

/** How actions within an action are written and read: the list's codec, handed down. */
export interface NestedActions {
  readonly write: (w: Writer, actions: readonly Action[]) => void;
  readonly read: (r: Reader) => Action[];
}

/** Actions nested deeper than this stay bytes; Open vSwitch refuses them long before. */
export const maxActionDepth = 32;
