// Counters and capabilities in multipart replies: tables, ports, queues, groups, meters. One pair of functions each.
import { parsePortStats, portStatsSize } from './fixed-structures.js';
import { readBands, writeBands } from './meter-codec.js';
import type {
  GroupStats,
  MeterConfig,
  MeterStats,
  PerGroupType,
  PortStats,
  QueueStats,
  TableFeatures,
  TableStats,
} from './multipart-types.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Writes the counters of a table. */
export function writeTableStats(w: Writer, stats: TableStats): void {
  w.u8(stats.table);
  w.zeros(3);
  w.u32(stats.activeCount);
  w.u64(stats.lookupCount);
  w.u64(stats.matchedCount);
}

/** Reads the counters of a table. */
export function readTableStats(r: Reader): TableStats {
  const table = r.u8();
  r.skip(3);
  return { table, activeCount: r.u32(), lookupCount: r.u64(), matchedCount: r.u64() };
}

const portCounters = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxDropped',
  'txDropped',
  'rxErrors',
  'txErrors',
  'rxFrameErr',
  'rxOverErr',
  'rxCrcErr',
  'collisions',
] as const;

/** Writes the counters of a port. */
export function writePortStats(w: Writer, stats: PortStats): void {
  w.u32(stats.portNo);
  w.zeros(4);
  for (const counter of portCounters) w.u64(stats[counter]);
  w.u32(stats.durationSec);
  w.u32(stats.durationNsec);
}

/** Reads the counters of a port. */
export const readPortStats = (r: Reader): PortStats => parsePortStats(r.bytes(portStatsSize));

/** Writes the counters of a queue. */
export function writeQueueStats(w: Writer, stats: QueueStats): void {
  w.u32(stats.portNo);
  w.u32(stats.queueId);
  w.u64(stats.txBytes);
  w.u64(stats.txPackets);
  w.u64(stats.txErrors);
  w.u32(stats.durationSec);
  w.u32(stats.durationNsec);
}

/** Reads the counters of a queue. */
export function readQueueStats(r: Reader): QueueStats {
  const [portNo, queueId, txBytes, txPackets, txErrors] = [r.u32(), r.u32(), r.u64(), r.u64(), r.u64()];
  return { portNo, queueId, txBytes, txPackets, txErrors, durationSec: r.u32(), durationNsec: r.u32() };
}

interface Counters {
  readonly packetCount: bigint;
  readonly byteCount: bigint;
}

function writeCounters(w: Writer, all: readonly Counters[]): void {
  for (const { packetCount, byteCount } of all) {
    w.u64(packetCount);
    w.u64(byteCount);
  }
}

function readCounters(r: Reader): Counters[] {
  const all: Counters[] = [];
  while (r.remaining > 0) all.push({ packetCount: r.u64(), byteCount: r.u64() });
  return all;
}

/** Writes the counters of a group. */
export function writeGroupStats(w: Writer, stats: GroupStats): void {
  const start = w.size;
  w.zeros(4);
  w.u32(stats.groupId);
  w.u32(stats.refCount);
  w.zeros(4);
  writeCounters(w, [stats]);
  w.u32(stats.durationSec);
  w.u32(stats.durationNsec);
  writeCounters(w, stats.buckets);
  w.patchSize(start, start);
}

/** Reads the counters of a group. */
export function readGroupStats(r: Reader): GroupStats {
  const size = r.peek16();
  if (size < 40) throw r.error(`group stats length ${size}`);
  const body = r.sub(size, 'group stats');
  body.skip(4);
  const [groupId, refCount] = [body.u32(), body.u32()];
  body.skip(4);
  const [packetCount, byteCount, durationSec, durationNsec] = [body.u64(), body.u64(), body.u32(), body.u32()];
  return { groupId, refCount, packetCount, byteCount, durationSec, durationNsec, buckets: readCounters(body) };
}

/** Writes four values, one for each type of group. */
export function writePerGroupType(w: Writer, values: PerGroupType): void {
  for (const value of values) w.u32(value);
}

/** Reads four values, one for each type of group. */
export const readPerGroupType = (r: Reader): PerGroupType => [r.u32(), r.u32(), r.u32(), r.u32()];

/** Writes the counters of a meter. */
export function writeMeterStats(w: Writer, stats: MeterStats): void {
  const start = w.size;
  w.u32(stats.meterId);
  w.u16(0);
  w.zeros(6);
  w.u32(stats.flowCount);
  w.u64(stats.packetInCount);
  w.u64(stats.byteInCount);
  w.u32(stats.durationSec);
  w.u32(stats.durationNsec);
  writeCounters(w, stats.bands);
  w.patchSize(start, start + 4);
}

/** Reads the counters of a meter. */
export function readMeterStats(r: Reader): MeterStats {
  const size = r.peek16(4);
  if (size < 40) throw r.error(`meter stats length ${size}`);
  const body = r.sub(size, 'meter stats');
  const meterId = body.u32();
  body.skip(8);
  const [flowCount, packetInCount, byteInCount] = [body.u32(), body.u64(), body.u64()];
  const [durationSec, durationNsec] = [body.u32(), body.u32()];
  return { meterId, flowCount, packetInCount, byteInCount, durationSec, durationNsec, bands: readCounters(body) };
}

/** Writes the configuration of a meter. */
export function writeMeterConfig(w: Writer, meter: MeterConfig): void {
  const start = w.size;
  w.u16(0);
  w.u16(meter.flags);
  w.u32(meter.meterId);
  writeBands(w, meter.bands);
  w.patchSize(start, start);
}

/** Reads the configuration of a meter. */
export function readMeterConfig(r: Reader): MeterConfig {
  const size = r.peek16();
  if (size < 8) throw r.error(`meter config length ${size}`);
  const body = r.sub(size, 'meter config');
  body.skip(2);
  return { flags: body.u16(), meterId: body.u32(), bands: readBands(body) };
}

const tableNameSize = 32;

/** Writes what a table can do. */
export function writeTableFeatures(w: Writer, table: TableFeatures): void {
  const start = w.size;
  w.u16(0);
  w.u8(table.table);
  w.zeros(5);
  w.text(table.name, tableNameSize);
  w.u64(table.metadataMatch);
  w.u64(table.metadataWrite);
  w.u32(table.config);
  w.u32(table.maxEntries);
  for (const { type, bytes } of table.properties) {
    const property = w.size;
    w.u16(type);
    w.u16(4 + bytes.length);
    w.bytes(bytes);
    w.pad(property);
  }
  w.patchSize(start, start);
}

/** Reads what a table can do. */
export function readTableFeatures(r: Reader): TableFeatures {
  const size = r.peek16();
  if (size < 64) throw r.error(`table features length ${size}`);
  const body = r.sub(size, 'table features');
  body.skip(2);
  const table = body.u8();
  body.skip(5);
  const name = body.text(tableNameSize);
  const [metadataMatch, metadataWrite, config, maxEntries] = [body.u64(), body.u64(), body.u32(), body.u32()];
  const properties: { type: number; bytes: Uint8Array }[] = [];
  while (body.remaining > 0) {
    const type = body.u16();
    const propertySize = body.u16();
    if (propertySize < 4) throw body.error(`property length ${propertySize}`);
    properties.push({ type, bytes: body.bytes(propertySize - 4) });
    body.align();
  }
  return { table, name, metadataMatch, metadataWrite, config, maxEntries, properties };
}
