// Flow monitors: ONF's over OpenFlow 1.3 (matches as ofp_match, instructions) and Nicira's (bare OXM fields, actions).
import { readActions, writeActions } from './action-codec.js';
import { reservedPort } from './constants.js';
import { readInstructions, writeInstructions } from './instruction-codec.js';
import { readMatch, readOxms, writeMatch, writeOxms } from './match-codec.js';
import type { Match } from './match.js';
import type { FlowMonitor, FlowUpdate } from './multipart-types.js';
import { port16, port32 } from './nicira-header.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Whose flow monitor. */
export type MonitorFlavour = 'onf' | 'nicira';

// The length of a match leaves its padding out.
function writeSizedMatch(w: Writer, match: Match, flavour: MonitorFlavour, sizeAt: number): void {
  const start = w.size;
  if (flavour === 'nicira') {
    writeOxms(w, match);
    w.patch16(sizeAt, w.size - start);
    w.pad(start);
    return;
  }
  writeMatch(w, match);
  const [high = 0, low = 0] = w.peek(start + 2);
  w.patch16(sizeAt, (high << 8) | low);
}

function readSizedMatch(r: Reader, size: number, flavour: MonitorFlavour): Match {
  // An ofp_match has a length of its own; Open vSwitch does not look at the other one.
  if (flavour === 'onf') return readMatch(r);
  const padded = r.sub(size + (-size & 7), 'flow monitor match');
  return readOxms(padded.sub(size, 'nx_match'));
}

/** Writes what to watch. */
export function writeFlowMonitor(w: Writer, monitor: FlowMonitor, flavour: MonitorFlavour): void {
  w.u32(monitor.monitorId);
  w.u16(monitor.flags);
  const nicira = flavour === 'nicira';
  if (nicira) w.u16(port16(monitor.outPort));
  const sizeAt = w.size;
  w.u16(0);
  if (!nicira) w.u32(monitor.outPort);
  w.u8(monitor.table);
  w.zeros(nicira ? 5 : 3);
  writeSizedMatch(w, monitor.match, flavour, sizeAt);
}

/** Reads what to watch. */
export function readFlowMonitor(r: Reader, flavour: MonitorFlavour): FlowMonitor {
  const [monitorId, flags] = [r.u32(), r.u16()];
  const nicira = flavour === 'nicira';
  const early = nicira ? port32(r.u16()) : reservedPort.any;
  const matchSize = r.u16();
  const outPort = nicira ? early : r.u32();
  const table = r.u8();
  r.skip(nicira ? 5 : 3);
  return { monitorId, flags, outPort, table, match: readSizedMatch(r, matchSize, flavour) };
}

const events = ['added', 'deleted', 'modified', 'abbrev'] as const;

/** Writes one event. */
export function writeFlowUpdate(w: Writer, update: FlowUpdate, flavour: MonitorFlavour): void {
  if (update.event === 'unknown') {
    w.bytes(update.bytes);
    return;
  }
  const start = w.size;
  w.u16(0);
  w.u16(events.indexOf(update.event));
  if (update.event === 'abbrev') w.u32(update.xid);
  else {
    for (const value of [update.reason, update.priority, update.idleTimeout, update.hardTimeout]) w.u16(value);
    const sizeAt = w.size;
    w.u16(0);
    w.u8(update.table);
    w.u8(0);
    w.u64(update.cookie);
    writeSizedMatch(w, update.match, flavour, sizeAt);
    if (flavour === 'onf') writeInstructions(w, update.instructions);
    else
      for (const instruction of update.instructions) if ('actions' in instruction) writeActions(w, instruction.actions);
  }
  w.patchSize(start, start);
}

function readNiciraActions(r: Reader) {
  return r.remaining > 0 ? [{ type: 'apply_actions', actions: readActions(r) } as const] : [];
}

/** Reads one event. Nicira's actions come as an apply_actions instruction. */
export function readFlowUpdate(r: Reader, flavour: MonitorFlavour): FlowUpdate {
  const size = r.peek16();
  if (size < 8) throw r.error(`flow update length ${size}`);
  const body = r.sub(size, 'flow update');
  body.skip(2);
  const event = events[body.u16()];
  if (!event) return { event: 'unknown', bytes: body.whole() };
  if (event === 'abbrev') return { event, xid: body.u32() };
  const [reason, priority, idleTimeout, hardTimeout] = [body.u16(), body.u16(), body.u16(), body.u16()];
  const [matchSize, table] = [body.u16(), body.u8()];
  body.skip(1);
  const cookie = body.u64();
  const match = readSizedMatch(body, matchSize, flavour);
  const instructions = flavour === 'onf' ? readInstructions(body) : readNiciraActions(body);
  return { event, reason, priority, idleTimeout, hardTimeout, table, cookie, match, instructions };
}
