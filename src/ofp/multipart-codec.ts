// Multipart requests and replies (OpenFlow 1.3.5, 7.3.5): the frame around the bodies, one row per kind.
import { experimenterId } from './constants.js';
import { readFlowMonitor, readFlowUpdate, writeFlowMonitor, writeFlowUpdate } from './flow-monitor-codec.js';
import { readFlowSelection, readFlowStats, writeFlowSelection, writeFlowStats } from './flow-stats-codec.js';
import { readGroupDesc, writeGroupDesc } from './group-codec.js';
import type { BodyCodec } from './message-codec.js';
import type { MultipartReply, MultipartRequest } from './multipart-types.js';
import { readPortDesc, writePortDesc } from './port-codec.js';
import type { Reader } from './reader.js';
import * as stats from './stats-codec.js';
import type { Writer } from './writer.js';

type Kind = MultipartRequest['kind'];
type RequestOf<K extends Kind> = Extract<MultipartRequest, { kind: K }>;
type ReplyOf<K extends Kind> = Extract<MultipartReply, { kind: K }>;
type Frame = 'type' | 'kind' | 'more';
type Body<M> = M extends unknown ? Omit<M, Frame> : never;

interface Side<M> {
  readonly write: (w: Writer, message: M) => void;
  readonly read: (r: Reader) => Body<M>;
}
interface KindRow<K extends Kind> {
  readonly number: number;
  readonly request: Side<RequestOf<K>>;
  readonly reply: Side<ReplyOf<K>>;
}

const experimenterKind = 0xffff;
const moreFlag = 1;
const onfFlowMonitor = 1870;
const niciraFlowMonitor = 2;

const empty = { write: () => undefined, read: () => ({}) };

function readAll<T>(r: Reader, read: (r: Reader) => T): T[] {
  const all: T[] = [];
  while (r.remaining > 0) all.push(read(r));
  return all;
}

const listing = <T>(write: (w: Writer, entry: T) => void, read: (r: Reader) => T) => ({
  write(w: Writer, { entries }: { readonly entries: readonly T[] }) {
    for (const entry of entries) write(w, entry);
  },
  read: (r: Reader) => ({ entries: readAll(r, read) }),
});

const meterRequest = {
  write(w: Writer, { meterId }: { readonly meterId: number }) {
    w.u32(meterId);
    w.zeros(4);
  },
  read: (r: Reader) => ({ meterId: r.u32() }),
};

const textSize = 256;
const serialSize = 32;

const desc: Side<ReplyOf<'desc'>> = {
  write(w, message) {
    for (const text of [message.manufacturer, message.hardware, message.software]) w.text(text, textSize);
    w.text(message.serial, serialSize);
    w.text(message.datapath, textSize);
  },
  read: (r) => ({
    manufacturer: r.text(textSize),
    hardware: r.text(textSize),
    software: r.text(textSize),
    serial: r.text(serialSize),
    datapath: r.text(textSize),
  }),
};

const aggregate: Side<ReplyOf<'aggregate'>> = {
  write(w, message) {
    w.u64(message.packetCount);
    w.u64(message.byteCount);
    w.u32(message.flowCount);
    w.zeros(4);
  },
  read: (r) => ({ packetCount: r.u64(), byteCount: r.u64(), flowCount: r.u32() }),
};

const groupFeatures: Side<ReplyOf<'group_features'>> = {
  write(w, message) {
    w.u32(message.types);
    w.u32(message.capabilities);
    stats.writePerGroupType(w, message.maxGroups);
    stats.writePerGroupType(w, message.actions);
  },
  read: (r) => ({
    types: r.u32(),
    capabilities: r.u32(),
    maxGroups: stats.readPerGroupType(r),
    actions: stats.readPerGroupType(r),
  }),
};

const meterFeatures: Side<ReplyOf<'meter_features'>> = {
  write(w, message) {
    w.u32(message.maxMeter);
    w.u32(message.bandTypes);
    w.u32(message.capabilities);
    w.u8(message.maxBands);
    w.u8(message.maxColor);
    w.zeros(2);
  },
  read: (r) => ({
    maxMeter: r.u32(),
    bandTypes: r.u32(),
    capabilities: r.u32(),
    maxBands: r.u8(),
    maxColor: r.u8(),
  }),
};

const monitorOf = (flavour: 'onf' | 'nicira') => ({
  request: {
    write(w: Writer, { monitors }: RequestOf<'flow_monitor' | 'nx_flow_monitor'>) {
      for (const monitor of monitors) writeFlowMonitor(w, monitor, flavour);
    },
    read: (r: Reader) => ({ monitors: readAll(r, (at) => readFlowMonitor(at, flavour)) }),
  },
  reply: {
    write(w: Writer, { entries }: ReplyOf<'flow_monitor' | 'nx_flow_monitor'>) {
      for (const update of entries) writeFlowUpdate(w, update, flavour);
    },
    read: (r: Reader) => ({ entries: readAll(r, (at) => readFlowUpdate(at, flavour)) }),
  },
});

const raw = {
  write(w: Writer, message: { readonly experimenter: number; readonly expType: number; readonly data: Uint8Array }) {
    w.u32(message.experimenter);
    w.u32(message.expType);
    w.bytes(message.data);
  },
  read: (r: Reader) => ({ experimenter: r.u32(), expType: r.u32(), data: r.rest() }),
};

const portStatsRequest: Side<RequestOf<'port_stats'>> = {
  write(w, { port }) {
    w.u32(port);
    w.zeros(4);
  },
  read: (r) => ({ port: r.u32() }),
};

const queueRequest: Side<RequestOf<'queue'>> = {
  write(w, { port, queueId }) {
    w.u32(port);
    w.u32(queueId);
  },
  read: (r) => ({ port: r.u32(), queueId: r.u32() }),
};

const groupRequest: Side<RequestOf<'group'>> = {
  write(w, { groupId }) {
    w.u32(groupId);
    w.zeros(4);
  },
  read: (r) => ({ groupId: r.u32() }),
};

const selection = { write: writeFlowSelection, read: readFlowSelection };
const tableFeatures = listing(stats.writeTableFeatures, stats.readTableFeatures);

const rows: { readonly [K in Exclude<Kind, 'unknown'>]: KindRow<K> } = {
  desc: { number: 0, request: empty, reply: desc },
  flow: { number: 1, request: selection, reply: listing(writeFlowStats, readFlowStats) },
  aggregate: { number: 2, request: selection, reply: aggregate },
  table: { number: 3, request: empty, reply: listing(stats.writeTableStats, stats.readTableStats) },
  port_stats: { number: 4, request: portStatsRequest, reply: listing(stats.writePortStats, stats.readPortStats) },
  queue: { number: 5, request: queueRequest, reply: listing(stats.writeQueueStats, stats.readQueueStats) },
  group: { number: 6, request: groupRequest, reply: listing(stats.writeGroupStats, stats.readGroupStats) },
  group_desc: { number: 7, request: empty, reply: listing(writeGroupDesc, readGroupDesc) },
  group_features: { number: 8, request: empty, reply: groupFeatures },
  meter: { number: 9, request: meterRequest, reply: listing(stats.writeMeterStats, stats.readMeterStats) },
  meter_config: { number: 10, request: meterRequest, reply: listing(stats.writeMeterConfig, stats.readMeterConfig) },
  meter_features: { number: 11, request: empty, reply: meterFeatures },
  table_features: { number: 12, request: tableFeatures, reply: tableFeatures },
  port_desc: { number: 13, request: empty, reply: listing(writePortDesc, readPortDesc) },
  flow_monitor: { number: experimenterKind, ...monitorOf('onf') },
  nx_flow_monitor: { number: experimenterKind, ...monitorOf('nicira') },
  experimenter: { number: experimenterKind, request: raw, reply: raw },
};

interface AnySide {
  readonly write: (w: Writer, message: never) => void;
  readonly read: (r: Reader) => object;
}
interface AnyRow {
  readonly number: number;
  readonly request: AnySide;
  readonly reply: AnySide;
}

const rowOf = (kind: Exclude<Kind, 'unknown'>): AnyRow => rows[kind];
const kindOf: ReadonlyMap<number, Exclude<Kind, 'unknown'>> = new Map(
  // Object.entries forgets the key type of a constant table; experimenters are told apart by their id.
  Object.entries(rows).map(([kind, row]) => [row.number, kind as Exclude<Kind, 'unknown'>]),
);

const experimenterKinds = {
  flow_monitor: { experimenter: experimenterId.onf, expType: onfFlowMonitor },
  nx_flow_monitor: { experimenter: experimenterId.nicira, expType: niciraFlowMonitor },
} as const;

/** The kind that a number stands for, with an experimenter's id and type; undefined if that does not say. */
export function multipartKindOf(
  number: number,
  id: readonly [experimenter: number, expType: number] | undefined,
): Exclude<Kind, 'unknown'> | undefined {
  if (number !== experimenterKind) return kindOf.get(number);
  if (!id) return undefined;
  for (const kind of ['flow_monitor', 'nx_flow_monitor'] as const) {
    const known = experimenterKinds[kind];
    if (known.experimenter === id[0] && known.expType === id[1]) return kind;
  }
  return 'experimenter';
}

function readKind(r: Reader, number: number): Exclude<Kind, 'unknown'> | undefined {
  const hasId = number === experimenterKind && r.remaining >= 8;
  const kind = multipartKindOf(number, hasId ? [r.peek32(0), r.peek32(4)] : undefined);
  if (kind === 'flow_monitor' || kind === 'nx_flow_monitor') r.skip(8);
  return kind;
}

function writeMultipart(w: Writer, message: MultipartRequest | MultipartReply): void {
  const { kind } = message;
  w.u16(kind === 'unknown' ? message.kindNumber : rowOf(kind).number);
  w.u16(message.more ? moreFlag : 0);
  w.zeros(4);
  if (kind === 'unknown') {
    w.bytes(message.body);
    return;
  }
  if (kind === 'flow_monitor' || kind === 'nx_flow_monitor') {
    w.u32(experimenterKinds[kind].experimenter);
    w.u32(experimenterKinds[kind].expType);
  }
  // The row is that of the message's own kind.
  rowOf(kind)[message.type === 'multipart_request' ? 'request' : 'reply'].write(w, message as never);
}

function readMultipart(r: Reader, side: 'request' | 'reply'): { more: boolean; kind: Kind } {
  const number = r.u16();
  const more = (r.u16() & moreFlag) !== 0;
  r.skip(4);
  const kind = readKind(r, number);
  if (!kind) return { kind: 'unknown', more, ...{ kindNumber: number, body: r.rest() } };
  return { kind, more, ...rowOf(kind)[side].read(r) };
}

/** OFPT_MULTIPART_REQUEST. */
export const multipartRequest: BodyCodec<MultipartRequest> = {
  number: 18,
  write: writeMultipart,
  read(r) {
    const { more, ...rest } = readMultipart(r, 'request');
    // The row that read it is that of its kind.
    return { type: 'multipart_request', ...rest, ...(more && { more }) } as MultipartRequest;
  },
};

/** OFPT_MULTIPART_REPLY: one part. */
export const multipartReply: BodyCodec<MultipartReply> = {
  number: 19,
  write: writeMultipart,
  // The row that read it is that of its kind.
  read: (r) => ({ type: 'multipart_reply', ...readMultipart(r, 'reply') }) as unknown as MultipartReply,
};
