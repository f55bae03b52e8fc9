// Flow dumps: the entries of an OFPMP_FLOW reply, decoded, or walked over as raw bytes without decoding.
import { readInstructions, writeInstructions } from './instruction-codec.js';
import { readMatch, writeMatch } from './match-codec.js';
import type { FlowSelection, FlowStats } from './multipart-types.js';
import { Reader } from './reader.js';
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

function readFixed(r: Reader) {
  const table = r.u8();
  r.skip(1);
  const [durationSec, durationNsec] = [r.u32(), r.u32()];
  const [priority, idleTimeout, hardTimeout, flags] = [r.u16(), r.u16(), r.u16(), r.u16()];
  r.skip(4);
  const [cookie, packetCount, byteCount] = [r.u64(), r.u64(), r.u64()];
  const times = { durationSec, durationNsec, idleTimeout, hardTimeout };
  return { table, ...times, priority, flags, cookie, packetCount, byteCount };
}

/** Reads one flow of a dump. */
export function readFlowStats(r: Reader): FlowStats {
  const body = entry(r);
  const fixed = readFixed(body);
  return { ...fixed, match: readMatch(body), instructions: readInstructions(body) };
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

/** The flows of one OFPMP_FLOW reply (the whole frame) without decoding matches and instructions. Throws DecodeError. */
export function* rawFlowStats(frame: Uint8Array): Generator<RawFlowStats, void> {
  const r = new Reader(frame, 'flow stats reply');
  const type = r.peek16() & 0xff;
  r.skip(8);
  if (type !== multipartReply || r.u16() !== multipartFlow) throw r.error('not an OFPMP_FLOW reply');
  r.skip(6);
  while (r.remaining > 0) {
    const body = entry(r);
    const fixed = readFixed(body);
    const matchSize = body.peek16(2);
    yield { ...fixed, match: body.bytes(matchSize + (-matchSize & 7)), instructions: body.rest() };
  }
}
