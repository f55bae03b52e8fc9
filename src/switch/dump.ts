// Flow and group dumps without decoding what they hold: the difference between wanted and installed is made of bytes,
// so match, instructions and buckets stay views into the frames that brought them (and keep those frames alive).
import {
  DecodeError,
  allTables,
  reservedGroup,
  reservedPort,
  type FlowSelection,
  type GroupType,
  type MultipartRequest,
} from '../ofp/index.js';

/** One group of a dump. The bytes are a view; do not write to them. */
export interface RawGroup {
  readonly groupId: number;
  readonly type: GroupType;
  readonly buckets: Uint8Array;
}

const headSize = 16; // ofp_header and the head of ofp_multipart_reply
const groupHeadSize = 8; // ofp_group_desc up to its buckets
const groupTypes: readonly GroupType[] = ['all', 'select', 'indirect', 'ff'];

/** Asks for all flows, or those selected. */
export function flowRequest(selection: Partial<FlowSelection>): MultipartRequest {
  const wild = { outPort: reservedPort.any, outGroup: reservedGroup.any, cookie: 0n, cookieMask: 0n, match: {} };
  return { type: 'multipart_request', kind: 'flow', table: allTables, ...wild, ...selection };
}

/** The groups of one part of an OFPMP_GROUP_DESC reply (OpenFlow 1.3.5, 7.3.5.10); throws DecodeError. */
export function rawGroups(frame: Uint8Array): RawGroup[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return entries(frame, view, groupHeadSize, 'group desc').map(({ start, end }) => {
    const type = groupTypes[view.getUint8(start + 2)];
    if (type === undefined) throw new DecodeError('type of group desc', start + 2, frame.subarray(start, end));
    return { groupId: view.getUint32(start + 4), type, buckets: frame.subarray(start + groupHeadSize, end) };
  });
}

/** The bounds of entries that each begin with their own 16-bit length. */
function entries(frame: Uint8Array, view: DataView, minSize: number, what: string): { start: number; end: number }[] {
  const bounds: { start: number; end: number }[] = [];
  let start = headSize;
  while (start < frame.length) {
    if (start + minSize > frame.length) throw new DecodeError(`${what} cut short`, start, frame.subarray(start));
    const end = start + view.getUint16(start);
    if (end > frame.length || end < start + minSize)
      throw new DecodeError(`length of ${what}`, start, frame.subarray(start));
    bounds.push({ start, end });
    start = end;
  }
  return bounds;
}
