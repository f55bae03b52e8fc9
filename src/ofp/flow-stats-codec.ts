// Flow dumps: the entries of an OFPMP_FLOW reply, decoded, or walked over as raw bytes without decoding.
import { DecodeError } from './decode-error.js';
import { readInstructions, writeInstructions } from './instruction-codec.js';
import { readMatch, writeMatch } from './match-codec.js';
import type { FlowSelection, FlowStats } from './multipart-types.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const fixedSize = 48;

/** Writes which flows a request means. */
export function writeFlowSelection(w: Writer, selection: FlowSelection): void {
  w.u8(selection.table);
  w.zeros(3);
  w.u32(selection.outPort);
  w.u32(selection.outGroup);
  w.zeros(4);
  w.u64(selection.cookie);
  w.u64(selection.cookieMask);
  writeMatch(w, selection.match);
}

/** Reads which flows a request means. */
export function readFlowSelection(r: Reader): FlowSelection {
  const table = r.u8();
  r.skip(3);
  const [outPort, outGroup] = [r.u32(), r.u32()];
  r.skip(4);
  return { table, outPort, outGroup, cookie: r.u64(), cookieMask: r.u64(), match: readMatch(r) };
}

/** Writes one flow of a dump. */
export function writeFlowStats(w: Writer, flow: FlowStats): void {
  const start = w.size;
  w.u16(0);
  w.u8(flow.table);
  w.u8(0);
  w.u32(flow.durationSec);
  w.u32(flow.durationNsec);
  for (const value of [flow.priority, flow.idleTimeout, flow.hardTimeout, flow.flags]) w.u16(value);
  w.zeros(4);
  w.u64(flow.cookie);
  w.u64(flow.packetCount);
  w.u64(flow.byteCount);
  writeMatch(w, flow.match);
  writeInstructions(w, flow.instructions);
  w.patchSize(start, start);
}

function entry(r: Reader): Reader {
  const size = r.peek16();
  if (size < fixedSize) throw r.error(`flow stats length ${size}`);
  const body = r.sub(size, 'flow stats');
  body.skip(2);
  return body;
}

/** Reads one flow of a dump. */
export function readFlowStats(r: Reader): FlowStats {
  const body = entry(r);
  const table = body.u8();
  body.skip(1);
  const [durationSec, durationNsec] = [body.u32(), body.u32()];
  const [priority, idleTimeout, hardTimeout, flags] = [body.u16(), body.u16(), body.u16(), body.u16()];
  body.skip(4);
  return {
    table,
    durationSec,
    durationNsec,
    priority,
    idleTimeout,
    hardTimeout,
    flags,
    cookie: body.u64(),
    packetCount: body.u64(),
    byteCount: body.u64(),
    match: readMatch(body),
    instructions: readInstructions(body),
  };
}

/** One flow of a dump whose match and instructions are the switch's own bytes: views, valid as long as the frame is. */
export interface RawFlowStats {
  readonly table: number;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly priority: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly flags: number;
  readonly cookie: bigint;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  /** The ofp_match with its padding, as encodeMatch gives it. */
  readonly match: Uint8Array;
  /** As encodeInstructions gives them. */
  readonly instructions: Uint8Array;
}

const multipartFlow = 1;
const multipartReply = 19;
const replyHeadSize = 16; // ofp_header and the head of ofp_multipart_reply
const matchHeadSize = 4;

/**
 * The flows of one OFPMP_FLOW reply (the whole frame) without decoding matches and instructions. Throws DecodeError.
 * A dump of a full switch is walked over by this alone, so it reads at offsets instead of through a Reader.
 */
export function* rawFlowStats(frame: Uint8Array): Generator<RawFlowStats, void> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < replyHeadSize || frame[1] !== multipartReply || view.getUint16(8) !== multipartFlow)
    throw new DecodeError('not an OFPMP_FLOW reply', 0, frame);
  for (let at = replyHeadSize; at < frame.length;) {
    const [end, matchEnd] = bounds(frame, view, at);
    yield rawFlow(frame, view, at, matchEnd, end);
    at = end;
  }
}

/** Where an entry ends, and its match with its padding. */
function bounds(frame: Uint8Array, view: DataView, at: number): readonly [end: number, matchEnd: number] {
  const left = frame.length - at;
  if (left < fixedSize + matchHeadSize) throw new DecodeError(`flow stats of ${left} bytes`, at, frame.subarray(at));
  const size = view.getUint16(at);
  const matchSize = view.getUint16(at + fixedSize + 2);
  const matchEnd = at + fixedSize + matchSize + (-matchSize & 7);
  if (size > left || matchSize < matchHeadSize || matchEnd > at + size)
    throw new DecodeError(`flow stats length ${size} with a match of ${matchSize} bytes`, at, frame.subarray(at));
  return [at + size, matchEnd];
}

/** One entry, read at the offsets of ofp_flow_stats (OpenFlow 1.3.5, 7.3.5.2). */
const rawFlow = (frame: Uint8Array, view: DataView, at: number, matchEnd: number, end: number): RawFlowStats => ({
  table: view.getUint8(at + 2),
  durationSec: view.getUint32(at + 4),
  durationNsec: view.getUint32(at + 8),
  priority: view.getUint16(at + 12),
  idleTimeout: view.getUint16(at + 14),
  hardTimeout: view.getUint16(at + 16),
  flags: view.getUint16(at + 18),
  cookie: view.getBigUint64(at + 24),
  packetCount: view.getBigUint64(at + 32),
  byteCount: view.getBigUint64(at + 40),
  match: frame.subarray(at + fixedSize, matchEnd),
  instructions: frame.subarray(matchEnd, end),
});
