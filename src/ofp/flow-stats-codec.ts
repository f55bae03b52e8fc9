// Flow dumps: the request, and the entries of the reply, decoded. Reading them as bytes is in raw-flow-stats.ts.
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
