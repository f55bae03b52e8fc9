// Multipart requests and replies in JSON, and the descriptions of ports and meters.
import { bucket, instruction } from './json-actions.js';
import { match } from './json-fields.js';
import { big, bytes, define, flag, list, numbers, object, oneOf, optional, text, uint, union } from './json-values.js';
import type { JsonCodec, Shape } from './json-values.js';
import type {
  FlowMonitor,
  FlowSelection,
  FlowStats,
  FlowUpdate,
  GroupDesc,
  GroupStats,
  MeterConfig,
  MeterStats,
  MultipartReply,
  MultipartRequest,
  PerGroupType,
  PortStats,
  QueueStats,
  TableFeatures,
  TableStats,
} from './multipart-types.js';
import type { GroupType, MeterBand, PortDesc } from './resource-types.js';

const [u8, u16, u32] = [uint(8), uint(16), uint(32)];
const counter = big(64, 10);
const bits64 = big(64, 16);

/** How a group chooses. */
export const groupType: JsonCodec<GroupType> = oneOf('all', 'select', 'indirect', 'ff');

/** A port's description. */
export const portDesc: JsonCodec<PortDesc> = define('PortDesc', () =>
  object<PortDesc>({
    portNo: u32,
    hwAddr: uint(48),
    name: text,
    config: u32,
    state: u32,
    curr: u32,
    advertised: u32,
    supported: u32,
    peer: u32,
    currSpeed: u32,
    maxSpeed: u32,
  }),
);

const rates = { rate: u32, burstSize: u32 };

/** A meter's band. */
export const meterBand: JsonCodec<MeterBand> = union<MeterBand, 'type'>('type', {
  drop: rates,
  dscp_remark: { ...rates, precLevel: u8 },
  unknown: { bytes },
});

const selection: Shape<FlowSelection> = {
  table: u8,
  outPort: u32,
  outGroup: u32,
  cookie: bits64,
  cookieMask: bits64,
  match,
};

const duration = { durationSec: u32, durationNsec: u32 };
const counts = { packetCount: counter, byteCount: counter };
const countsOf = object<{ readonly packetCount: bigint; readonly byteCount: bigint }>(counts);

const flowStats = object<FlowStats>({
  table: u8,
  ...duration,
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  flags: u16,
  cookie: bits64,
  ...counts,
  match,
  instructions: list(instruction),
});

const groupDesc = object<GroupDesc>({ groupType, groupId: u32, buckets: list(bucket) });
const groupStats = object<GroupStats>({
  groupId: u32,
  refCount: u32,
  ...counts,
  ...duration,
  buckets: list(countsOf),
});
const tableStats = object<TableStats>({ table: u8, activeCount: u32, lookupCount: counter, matchedCount: counter });
const portStats = object<PortStats>({
  portNo: u32,
  rxPackets: counter,
  txPackets: counter,
  rxBytes: counter,
  txBytes: counter,
  rxDropped: counter,
  txDropped: counter,
  rxErrors: counter,
  txErrors: counter,
  rxFrameErr: counter,
  rxOverErr: counter,
  rxCrcErr: counter,
  collisions: counter,
  ...duration,
});
const queueStats = object<QueueStats>({
  portNo: u32,
  queueId: u32,
  txBytes: counter,
  txPackets: counter,
  txErrors: counter,
  ...duration,
});
const meterStats = object<MeterStats>({
  meterId: u32,
  flowCount: u32,
  packetInCount: counter,
  byteInCount: counter,
  ...duration,
  bands: list(countsOf),
});
const meterConfig = object<MeterConfig>({ flags: u16, meterId: u32, bands: list(meterBand) });
const tableFeatures = object<TableFeatures>({
  table: u8,
  name: text,
  metadataMatch: bits64,
  metadataWrite: bits64,
  config: u32,
  maxEntries: u32,
  properties: list(object<TableFeatures['properties'][number]>({ type: u16, bytes })),
});
const flowMonitor = object<FlowMonitor>({ monitorId: u32, flags: u16, outPort: u32, table: u8, match });

const flowEvent = {
  reason: u16,
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  table: u8,
  cookie: bits64,
  match,
  instructions: list(instruction),
};
const flowUpdate = union<FlowUpdate, 'event'>('event', {
  added: flowEvent,
  deleted: flowEvent,
  modified: flowEvent,
  abbrev: { xid: u32 },
  unknown: { bytes },
});

const perGroupType = numbers<PerGroupType>(4, 32);
const experimenter = { experimenter: u32, expType: u32, data: bytes };
const unknownKind = { kindNumber: u16, body: bytes };
const inRequest = { type: oneOf('multipart_request'), more: optional(flag) };
const inReply = { type: oneOf('multipart_reply'), more: flag };

/** Multipart requests. */
export const multipartRequest = union<MultipartRequest, 'kind'>('kind', {
  desc: inRequest,
  table: inRequest,
  group_desc: inRequest,
  group_features: inRequest,
  meter_features: inRequest,
  port_desc: inRequest,
  flow: { ...inRequest, ...selection },
  aggregate: { ...inRequest, ...selection },
  port_stats: { ...inRequest, port: u32 },
  queue: { ...inRequest, port: u32, queueId: u32 },
  group: { ...inRequest, groupId: u32 },
  meter: { ...inRequest, meterId: u32 },
  meter_config: { ...inRequest, meterId: u32 },
  table_features: { ...inRequest, entries: list(tableFeatures) },
  flow_monitor: { ...inRequest, monitors: list(flowMonitor) },
  nx_flow_monitor: { ...inRequest, monitors: list(flowMonitor) },
  experimenter: { ...inRequest, ...experimenter },
  unknown: { ...inRequest, ...unknownKind },
});

/** Multipart replies. */
export const multipartReply = union<MultipartReply, 'kind'>('kind', {
  desc: { ...inReply, manufacturer: text, hardware: text, software: text, serial: text, datapath: text },
  flow: { ...inReply, entries: list(flowStats) },
  aggregate: { ...inReply, ...counts, flowCount: u32 },
  table: { ...inReply, entries: list(tableStats) },
  port_stats: { ...inReply, entries: list(portStats) },
  queue: { ...inReply, entries: list(queueStats) },
  group: { ...inReply, entries: list(groupStats) },
  group_desc: { ...inReply, entries: list(groupDesc) },
  group_features: { ...inReply, types: u32, capabilities: u32, maxGroups: perGroupType, actions: perGroupType },
  meter: { ...inReply, entries: list(meterStats) },
  meter_config: { ...inReply, entries: list(meterConfig) },
  meter_features: { ...inReply, maxMeter: u32, bandTypes: u32, capabilities: u32, maxBands: u8, maxColor: u8 },
  table_features: { ...inReply, entries: list(tableFeatures) },
  port_desc: { ...inReply, entries: list(portDesc) },
  flow_monitor: { ...inReply, entries: list(flowUpdate) },
  nx_flow_monitor: { ...inReply, entries: list(flowUpdate) },
  experimenter: { ...inReply, ...experimenter },
  unknown: { ...inReply, ...unknownKind },
});
