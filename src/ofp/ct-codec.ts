// Connection tracking and address translation on the wire (ovs-actions(7): ct, nat).
import type { Action, Ct, Nat } from './action-types.js';
import { begin, finish, nicira, type NestedActions } from './nicira-header.js';
import type { Reader } from './reader.js';
import { packOffsetBits, readFieldHeader, subfieldOf, unpackOffsetBits, writeShortFieldHeader } from './subfield.js';
import type { Writer } from './writer.js';

const ctFlag = { commit: 1, force: 2 } as const;
const noTable = 0xff;

/** Writes a ct with the actions in it. */
export function writeCt(w: Writer, action: Ct, nested: NestedActions): void {
  const start = begin(w, nicira.ct);
  w.u16((action.commit ? ctFlag.commit : 0) | (action.force ? ctFlag.force : 0));
  const zone = action.zone ?? 0;
  if (typeof zone === 'number') {
    w.u32(0);
    w.u16(zone);
  } else {
    writeShortFieldHeader(w, zone);
    w.u16(packOffsetBits(zone));
  }
  w.u8(action.table ?? noTable);
  w.zeros(3);
  w.u16(action.alg ?? 0);
  nested.write(w, action.actions ?? []);
  finish(w, start);
}

/** Reads a ct; undefined if its zone is in a field unknown here. */
export function readCt(r: Reader, nested: NestedActions): Action | undefined {
  const flags = r.u16();
  const isNumber = r.peek32() === 0;
  if (isNumber) r.skip(4);
  const source = isNumber ? undefined : readFieldHeader(r);
  const zoneBits = r.u16();
  const zone = isNumber ? zoneBits : subfieldOf(source, unpackOffsetBits(zoneBits));
  if (zone === undefined || flags & ~(ctFlag.commit | ctFlag.force)) return undefined;
  const table = r.u8();
  r.skip(3);
  const alg = r.u16();
  const actions = nested.read(r);
  return {
    type: 'ct',
    ...(flags & ctFlag.commit && { commit: true }),
    ...(flags & ctFlag.force && { force: true }),
    ...(zone !== 0 && { zone }),
    ...(table !== noTable && { table }),
    ...(alg !== 0 && { alg }),
    ...(actions.length > 0 && { actions }),
  };
}

const natFlag = { src: 1, dst: 2, persistent: 4, hash: 8, random: 16 } as const;
const range = { ipv4Min: 1, ipv4Max: 2, ipv6Min: 4, ipv6Max: 8, portMin: 16, portMax: 32 } as const;

const natFlags = ({ direction, persistent, algorithm }: Nat) =>
  (direction ? natFlag[direction] : 0) | (persistent ? natFlag.persistent : 0) | (algorithm ? natFlag[algorithm] : 0);

function natRange({ address, port }: Nat): number {
  let present = 0;
  if (address) {
    const isIpv6 = typeof address.min === 'bigint';
    present |= isIpv6 ? range.ipv6Min : range.ipv4Min;
    if (address.max !== undefined) present |= isIpv6 ? range.ipv6Max : range.ipv4Max;
  }
  if (port) present |= range.portMin | (port.max === undefined ? 0 : range.portMax);
  return present;
}

function writeAddress(w: Writer, address: number | bigint | undefined): void {
  if (typeof address === 'number') w.u32(address);
  else if (address !== undefined) w.u128(address);
}

/** Writes a nat. */
export function writeNat(w: Writer, action: Nat): void {
  const start = begin(w, nicira.nat);
  w.zeros(2);
  w.u16(natFlags(action));
  w.u16(natRange(action));
  writeAddress(w, action.address?.min);
  writeAddress(w, action.address?.max);
  if (action.port) w.u16(action.port.min);
  if (action.port?.max !== undefined) w.u16(action.port.max);
  finish(w, start);
}

function readBounds<T>(present: number, min: number, max: number, read: () => T): { min: T; max?: T } | undefined {
  if (!(present & (min | max))) return undefined;
  const low = read();
  return present & max ? { min: low, max: read() } : { min: low };
}

// Ranges whose parts make no sense together are left to the bytes.
const isCoherent = (present: number) =>
  present < 64 && !(present & 3 && present & 12) && [1, 4, 16].every((min) => present & min || !(present & (min << 1)));

/** Reads a nat; undefined for flags or ranges that contradict each other. */
export function readNat(r: Reader): Action | undefined {
  r.skip(2);
  const flags = r.u16();
  const present = r.u16();
  if (flags > 31 || (flags & 3) === 3 || (flags & 24) === 24 || !isCoherent(present)) return undefined;
  const ipv4 = readBounds<number | bigint>(present, range.ipv4Min, range.ipv4Max, () => r.u32());
  const address = ipv4 ?? readBounds<number | bigint>(present, range.ipv6Min, range.ipv6Max, () => r.u128());
  const port = readBounds(present, range.portMin, range.portMax, () => r.u16());
  return {
    type: 'nat',
    ...(flags & natFlag.src && { direction: 'src' }),
    ...(flags & natFlag.dst && { direction: 'dst' }),
    ...(flags & natFlag.persistent && { persistent: true }),
    ...(flags & natFlag.hash && { algorithm: 'hash' }),
    ...(flags & natFlag.random && { algorithm: 'random' }),
    ...(address && { address }),
    ...(port && { port }),
  };
}
