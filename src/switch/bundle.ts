// The bytes of an ONF bundle (experimenter 0x4f4e4600, types 2300 and 2301, which Open vSwitch speaks over OpenFlow
// 1.3): encoded messages in, slabs to write out. Messages are stamped with consecutive xids, so that an error names its
// message.
import { bundleFlag, encode, experimenterId, openFlow13 } from '../ofp/index.js';

/** Atomic and ordered: all or nothing, in the order given. Open vSwitch wants the same flags on every message of a bundle. */
const flags = bundleFlag.atomic | bundleFlag.ordered;
const experimenterType = 4;
const bundleAddType = 2301;
/** ofp_header, experimenter, type, bundle id, padding, flags. */
const addHeadSize = 24;
/** The largest message that still fits into a bundle_add, whose own length has 16 bits. */
export const bundledLimitSize = 0xffff - addHeadSize;
/** Slabs are about this large: an ECHO after each of them tells how far the switch has read. */
export const slabSize = 1 << 15;

/** OFPBCT_OPEN_REQUEST under `xid`. */
export function bundleOpen(bundleId: number, xid: number): Uint8Array {
  return encode({ type: 'bundle_control', bundleId, ctrl: 'open_request', flags }, xid);
}

/** OFPBCT_COMMIT_REQUEST under `xid`. */
export function bundleCommit(bundleId: number, xid: number): Uint8Array {
  return encode({ type: 'bundle_control', bundleId, ctrl: 'commit_request', flags }, xid);
}

/** bundle_adds of all messages, the i-th under xid `firstXid + i`, in slabs of about `slabSize` bytes. */
export function* bundleAdds(
  bundleId: number,
  firstXid: number,
  messages: readonly Uint8Array[],
): Generator<Uint8Array> {
  let first = 0;
  while (first < messages.length) {
    const { end, size } = slabFrom(messages, first);
    const slab = new Uint8Array(size);
    const view = new DataView(slab.buffer);
    let offset = 0;
    for (const [i, message] of messages.slice(first, end).entries()) {
      putAdd(slab, view, offset, bundleId, firstXid + first + i, message);
      offset += addHeadSize + message.length;
    }
    yield slab;
    first = end;
  }
}

/** How far a slab that begins with message `first` goes, and its size. */
function slabFrom(messages: readonly Uint8Array[], first: number): { end: number; size: number } {
  let end = first;
  let size = 0;
  while (end < messages.length && size < slabSize) {
    size += addHeadSize + (messages[end]?.length ?? 0);
    end += 1;
  }
  return { end, size };
}

function putAdd(
  slab: Uint8Array,
  view: DataView,
  at: number,
  bundleId: number,
  xid: number,
  message: Uint8Array,
): void {
  view.setUint8(at, openFlow13);
  view.setUint8(at + 1, experimenterType);
  view.setUint16(at + 2, addHeadSize + message.length);
  view.setUint32(at + 4, xid);
  view.setUint32(at + 8, experimenterId.onf);
  view.setUint32(at + 12, bundleAddType);
  view.setUint32(at + 16, bundleId);
  view.setUint16(at + 22, flags);
  slab.set(message, at + addHeadSize);
  view.setUint32(at + addHeadSize + 4, xid);
}
