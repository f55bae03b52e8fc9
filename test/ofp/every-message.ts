// One message of every type and kind; the compiler sees to it that none is missing.
import {
  apply,
  flowMod,
  flowSelection,
  goto,
  output,
  type Action,
  type Message,
  type MultipartReply,
  type MultipartRequest,
} from '../../src/ofp/index.js';

const bytes = Uint8Array.of(0, 1, 0xfe, 0xff);
const flow = flowMod({
  table: 3,
  priority: 7,
  cookie: 0xffff_ffff_ffff_fffen,
  match: { in_port: 1, eth_dst: { value: 0x0100_0000_0000, mask: 0x0100_0000_0000 }, tun_id: 0xffff_ffff_ffff_ffffn },
  instructions: [apply(output(2)), goto(9)],
});
const stats = {
  table: 3,
  durationSec: 1,
  durationNsec: 2,
  priority: 4,
  idleTimeout: 5,
  hardTimeout: 6,
  flags: 1,
  cookie: 5n,
  packetCount: 0xffff_ffff_ffff_ffffn,
  byteCount: 8n,
  match: { eth_type: 0x86dd, ipv6_src: { value: 0xfe80n << 112n, mask: 0xffc0n << 112n } },
  instructions: flow.instructions,
};
const port = {
  portNo: 0xffff_fffe,
  hwAddr: 0xfa163e000001,
  name: 'br0',
  config: 1,
  state: 2,
  curr: 3,
  advertised: 4,
  supported: 5,
  peer: 6,
  currSpeed: 7,
  maxSpeed: 8,
};
const reg0 = { field: 'reg0', start: 0, bits: 32 } as const;
const metadata0 = { field: 'tun_metadata0', start: 0, bits: 32, size: 4 } as const;

// Actions whose members are of types that no other has. */
const oddActions: readonly Action[] = [
  { type: 'set_field', field: 'ipv6_src', value: 1n },
  { type: 'set_field', field: 'xxreg0', value: 1n << 127n },
  { type: 'set_field', field: 'tun_metadata0', value: bytes },
  { type: 'reg_load', ...metadata0, value: 0xffff_ffff_ffff_ffffn },
  {
    type: 'ct',
    commit: true,
    zone: reg0,
    table: 3,
    actions: [{ type: 'nat', direction: 'src', address: { min: 5n } }],
  },
  { type: 'ct', zone: 3, actions: [{ type: 'nat', direction: 'dst', address: { min: 1, max: 2 }, port: { min: 3 } }] },
  {
    type: 'learn',
    idleTimeout: 0,
    hardTimeout: 0,
    priority: 1,
    cookie: 2n,
    flags: 0,
    table: 3,
    finIdleTimeout: 0,
    finHardTimeout: 0,
    specs: [
      {
        kind: 'match',
        bits: 48,
        source: { subfield: { field: 'eth_src', start: 0, bits: 48 } },
        target: { field: 'eth_dst', start: 0, bits: 48 },
      },
      { kind: 'load', bits: 32, source: { value: 7 }, target: reg0 },
      { kind: 'output', bits: 32, source: { subfield: reg0 } },
    ],
  },
  { type: 'clone', actions: [{ type: 'controller', userdata: bytes, pause: true }] },
  { type: 'note', bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
];

type Type = Exclude<Message['type'], 'multipart_request' | 'multipart_reply'>;
type Of<T extends Type> = Omit<Extract<Message, { type: T }>, 'type'>;

const plain: { readonly [T in Type]: T extends 'nx_packet_in2' | 'nx_resume' ? object : Of<T> } = {
  hello: { versions: [1, 4] },
  error: { errorType: 0xffff, code: 9, experimenter: 0x2320, data: bytes },
  echo_request: { data: bytes },
  echo_reply: { data: new Uint8Array() },
  experimenter: { experimenter: 5, expType: 6, data: bytes },
  features_request: {},
  features_reply: { datapathId: 0xffff_ffff_ffff_ffffn, nBuffers: 1, nTables: 254, auxiliaryId: 0, capabilities: 0x4f },
  get_config_request: {},
  get_config_reply: { flags: 0, missSendLen: 128 },
  set_config: { flags: 0, missSendLen: 0xffff },
  packet_in: {
    bufferId: 0xffff_ffff,
    totalLen: 4,
    reason: 1,
    table: 2,
    cookie: 3n,
    match: { in_port: 4 },
    data: bytes,
  },
  flow_removed: {
    cookie: 1n,
    priority: 5,
    reason: 0,
    table: 2,
    durationSec: 3,
    durationNsec: 4,
    idleTimeout: 5,
    hardTimeout: 6,
    packetCount: 7n,
    byteCount: 8n,
    match: { in_port: 3 },
  },
  port_status: { reason: 'modify', port },
  packet_out: { bufferId: 0xffff_ffff, inPort: 0xffff_fffd, actions: oddActions, data: bytes },
  flow_mod: flow,
  group_mod: {
    command: 'add_or_modify',
    groupType: 'ff',
    groupId: 5,
    buckets: [{ weight: 1, watchPort: 2, watchGroup: 3, actions: [output(4)] }],
  },
  port_mod: { portNo: 3, hwAddr: 5, config: 1, mask: 1, advertise: 0 },
  table_mod: { table: 3, config: 0 },
  meter_mod: {
    command: 'add',
    flags: 5,
    meterId: 2,
    bands: [
      { type: 'drop', rate: 1000, burstSize: 0 },
      { type: 'dscp_remark', rate: 1, burstSize: 2, precLevel: 3 },
    ],
  },
  barrier_request: {},
  barrier_reply: {},
  queue_get_config_request: { port: 3 },
  queue_get_config_reply: { port: 3, queues: [{ queueId: 1, port: 3, minRate: 5 }] },
  role_request: { role: 'master', generationId: 0xffff_ffff_ffff_ffffn },
  role_reply: { role: 'equal', generationId: 0n },
  get_async_request: {},
  get_async_reply: { masks: { packetIn: [1, 2], portStatus: [3, 4], flowRemoved: [5, 6] } },
  set_async: { masks: { packetIn: [0, 0], portStatus: [0, 0], flowRemoved: [0, 0] } },
  bundle_control: { bundleId: 5, ctrl: 'open_request', flags: 3 },
  bundle_add: { bundleId: 5, flags: 3, message: flow, innerXid: 77 },
  flow_monitor_cancel: { monitorId: 3 },
  flow_monitor_paused: {},
  flow_monitor_resumed: {},
  nx_flow_monitor_cancel: { monitorId: 3 },
  nx_flow_monitor_paused: {},
  nx_flow_monitor_resumed: {},
  nx_set_controller_id: { controllerId: 3 },
  nx_set_packet_in_format: { format: 2 },
  nx_ct_flush_zone: { zone: 3 },
  nx_packet_in2: { packet: bytes, table: 3, cookie: 5n, reason: 1, match: { in_port: 1 }, userdata: bytes },
  nx_resume: { packet: bytes, continuation: bytes, unknown: [{ type: 0x8001, bytes }] },
  unknown: { messageType: 99, body: bytes },
};

type Part<M extends { readonly kind: string }, K> = Omit<Extract<M, { kind: K }>, 'type' | 'kind' | 'more'>;
const experimenter = { experimenter: 5, expType: 6, data: bytes };
const unknownKind = { kindNumber: 77, body: bytes };
const monitors = [
  { monitorId: 1, flags: 0x3f, outPort: 0xffff_ffff, table: 0xff, match: { reg0: { value: 1, mask: 3 } } },
];
const features = {
  table: 3,
  name: 'classifier',
  metadataMatch: 0xffff_ffff_ffff_ffffn,
  metadataWrite: 0n,
  config: 0,
  maxEntries: 1_000_000,
  properties: [{ type: 0, bytes }],
};

const requests: { readonly [K in MultipartRequest['kind']]: Part<MultipartRequest, K> } = {
  desc: {},
  table: {},
  group_desc: {},
  group_features: {},
  meter_features: {},
  port_desc: {},
  flow: flowSelection({ match: { in_port: 1 } }),
  aggregate: flowSelection(),
  port_stats: { port: 0xffff_ffff },
  queue: { port: 3, queueId: 4 },
  group: { groupId: 7 },
  meter: { meterId: 3 },
  meter_config: { meterId: 3 },
  table_features: { entries: [features] },
  flow_monitor: { monitors },
  nx_flow_monitor: { monitors },
  experimenter,
  unknown: unknownKind,
};

const counted = { packetCount: 1n, byteCount: 2n };
const lasted = { durationSec: 3, durationNsec: 4 };
const updates = [
  { event: 'abbrev', xid: 7 },
  {
    event: 'added',
    reason: 0,
    priority: 1,
    idleTimeout: 2,
    hardTimeout: 3,
    table: 4,
    cookie: 5n,
    match: { in_port: 1 },
    instructions: flow.instructions,
  },
] as const;

// Nicira's updates carry actions alone.
const nxUpdates = [updates[0], { ...updates[1], instructions: [apply(output(2))] }];

const replies: { readonly [K in MultipartReply['kind']]: Part<MultipartReply, K> } = {
  desc: { manufacturer: '0x12', hardware: 'ff', software: '3.1.0', serial: 'None', datapath: '' },
  flow: { entries: [stats] },
  aggregate: { ...counted, flowCount: 3 },
  table: { entries: [{ table: 1, activeCount: 2, lookupCount: 3n, matchedCount: 4n }] },
  port_stats: {
    entries: [
      {
        portNo: 1,
        rxPackets: 1n,
        txPackets: 2n,
        rxBytes: 3n,
        txBytes: 4n,
        rxDropped: 5n,
        txDropped: 6n,
        rxErrors: 7n,
        txErrors: 8n,
        rxFrameErr: 9n,
        rxOverErr: 10n,
        rxCrcErr: 11n,
        collisions: 0xffff_ffff_ffff_ffffn,
        ...lasted,
      },
    ],
  },
  queue: { entries: [{ portNo: 1, queueId: 2, txBytes: 3n, txPackets: 4n, txErrors: 5n, ...lasted }] },
  group: { entries: [{ groupId: 5, refCount: 1, ...counted, ...lasted, buckets: [counted] }] },
  group_desc: { entries: [{ groupType: 'select', groupId: 5, buckets: [{ weight: 1, actions: [output(1)] }] }] },
  group_features: { types: 15, capabilities: 7, maxGroups: [1, 2, 3, 4], actions: [5, 6, 7, 8] },
  meter: {
    entries: [{ meterId: 1, flowCount: 2, packetInCount: 3n, byteInCount: 4n, ...lasted, bands: [counted] }],
  },
  meter_config: { entries: [{ flags: 1, meterId: 2, bands: [{ type: 'drop', rate: 3, burstSize: 4 }] }] },
  meter_features: { maxMeter: 1, bandTypes: 2, capabilities: 3, maxBands: 4, maxColor: 5 },
  table_features: { entries: [features] },
  port_desc: { entries: [port] },
  flow_monitor: { entries: updates },
  nx_flow_monitor: { entries: nxUpdates },
  experimenter,
  unknown: unknownKind,
};

const parts = (type: string, kinds: object, more?: boolean) =>
  Object.entries(kinds).map(
    ([kind, body]) => ({ type, kind, ...(more !== undefined && { more }), ...body }) as Message,
  );

/** One message of every type and kind. */
export const everyMessage: readonly Message[] = [
  // The keys are the types of what they lead to.
  ...Object.entries(plain).map(([type, body]) => ({ ...body, type }) as Message),
  ...parts('multipart_request', requests),
  ...parts('multipart_reply', replies, true),
];
