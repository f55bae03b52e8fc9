// Random messages of every type and every multipart kind, by name: the compiler sees to it that none is missing.
import {
  encode,
  formatMac,
  noBuffer,
  type FlowSelection,
  type FlowStats,
  type FlowUpdate,
  type GroupDesc,
  type Message,
  type MeterBand,
  type MultipartReply,
  type MultipartRequest,
  type PortDesc,
} from '../../../src/ofp/index.js';
import type { Chance } from './chance.js';
import { randomFlowMod, randomGroupMod } from './flows.js';
import { randomPacketOut } from './packet-out.js';
import { isRight } from './right.js';
import { isStandard } from './standard.js';

type RequestOf<K extends MultipartRequest['kind']> = Extract<MultipartRequest, { kind: K }>;
type ReplyOf<K extends MultipartReply['kind']> = Extract<MultipartReply, { kind: K }>;

// Numbers that are not likely to stand in a text by accident, so that a reader that shows them has read them.
const u8 = (chance: Chance) => 100 + chance.below(150);
const u16 = (chance: Chance) => 0x1000 + chance.below(0xe000);
const u32 = (chance: Chance) => 0x10_0000 + chance.below(0x7000_0000);
const u64 = (chance: Chance) => BigInt(u32(chance)) * 0x1_0000_0000n + BigInt(u32(chance));
const portNo = (chance: Chance) => 1 + chance.below(0xfeff);
const mac = (chance: Chance) => 0xfa16_0000_0000 + u32(chance);
const times = (chance: Chance) => ({ durationSec: u32(chance), durationNsec: 1 + chance.below(999_999_999) });
const counts = (chance: Chance) => ({ packetCount: u64(chance), byteCount: u64(chance) });
const word = (chance: Chance) => `w${formatMac(mac(chance)).replaceAll(':', '')}`;

const match = (chance: Chance) => rightFlow(chance).match;

// An Ethernet frame of an ethertype for experiments, so that readers look no further into it.
function packet(chance: Chance): Uint8Array {
  const bytes = chance.bytes(60);
  bytes.set([0x88, 0xb5], 12);
  return bytes;
}

/** A flow that Open vSwitch would take. */
export function rightFlow(chance: Chance) {
  const mustBeStandard = chance.oneIn(2);
  for (;;) {
    const flow = randomFlowMod(chance, 0);
    if (isRight(flow) && (!mustBeStandard || isStandard(flow))) return { ...flow, cookie: u64(chance) };
  }
}

function rightGroup(chance: Chance) {
  const mustBeStandard = chance.oneIn(2);
  for (;;) {
    const group = randomGroupMod(chance, 0);
    if (isRight(group) && (!mustBeStandard || isStandard(group))) return group;
  }
}

function rightPacketOut(chance: Chance) {
  for (;;) {
    const message = { ...randomPacketOut(chance, 0), data: packet(chance) };
    if (isRight(message)) return message;
  }
}

const port = (chance: Chance): PortDesc => ({
  portNo: portNo(chance),
  hwAddr: mac(chance),
  name: word(chance),
  config: chance.pick([0, 1, 4, 32, 64]),
  state: chance.pick([0, 1, 2, 4]),
  curr: chance.below(0x1_0000),
  advertised: chance.below(0x1_0000),
  supported: chance.below(0x1_0000),
  peer: chance.below(0x1_0000),
  currSpeed: u32(chance),
  maxSpeed: u32(chance),
});

const band = (chance: Chance): MeterBand =>
  chance.oneIn(2)
    ? { type: 'drop', rate: u32(chance), burstSize: u32(chance) }
    : { type: 'dscp_remark', rate: u32(chance), burstSize: u32(chance), precLevel: 1 + chance.below(7) };

const selection = (chance: Chance): FlowSelection => ({
  table: chance.below(254),
  outPort: portNo(chance),
  outGroup: u32(chance),
  cookie: u64(chance),
  cookieMask: u64(chance),
  match: match(chance),
});

function flowStats(chance: Chance): FlowStats {
  const { table, priority, match, instructions } = rightFlow(chance);
  const rest = { idleTimeout: u16(chance), hardTimeout: u16(chance), flags: chance.pick([0, 1]), cookie: u64(chance) };
  return { table, priority, match, instructions, ...rest, ...times(chance), ...counts(chance) };
}

const groupDesc = (chance: Chance): GroupDesc => {
  const { groupType, groupId, buckets } = rightGroup(chance);
  return { groupType, groupId, buckets };
};

function flowUpdate(chance: Chance, isNicira: boolean): FlowUpdate {
  if (chance.oneIn(5)) return { event: 'abbrev', xid: u32(chance) };
  const { instructions, priority, table } = rightFlow(chance);
  const applied = instructions.filter(({ type }) => type === 'apply_actions');
  return {
    event: chance.pick(['added', 'deleted', 'modified'] as const),
    reason: chance.below(4),
    priority,
    idleTimeout: u16(chance),
    hardTimeout: u16(chance),
    table,
    cookie: u64(chance),
    match: match(chance),
    instructions: isNicira ? applied : instructions,
  };
}

const monitors = (chance: Chance) =>
  chance.some(1, 3, () => ({
    monitorId: u32(chance),
    flags: 2 | chance.below(0x40),
    outPort: portNo(chance),
    table: chance.below(254),
    match: match(chance),
  }));

const role = (chance: Chance) => chance.pick(['nochange', 'equal', 'master', 'slave'] as const);
const pair = (chance: Chance): [number, number] => [chance.below(8), chance.below(8)];
const masks = (chance: Chance) => ({ packetIn: pair(chance), portStatus: pair(chance), flowRemoved: pair(chance) });
const perType = (chance: Chance): [number, number, number, number] => [
  u32(chance),
  u32(chance),
  u32(chance),
  u32(chance),
];
const more = (chance: Chance) => chance.oneIn(4) && { more: true };

const requests: {
  readonly [K in MultipartRequest['kind']]: (chance: Chance) => Omit<RequestOf<K>, 'type' | 'kind' | 'more'>;
} = {
  desc: () => ({}),
  flow: selection,
  aggregate: selection,
  table: () => ({}),
  port_stats: (chance) => ({ port: portNo(chance) }),
  queue: (chance) => ({ port: portNo(chance), queueId: u32(chance) }),
  group: (chance) => ({ groupId: u32(chance) }),
  group_desc: () => ({}),
  group_features: () => ({}),
  meter: (chance) => ({ meterId: u16(chance) }),
  meter_config: (chance) => ({ meterId: u16(chance) }),
  meter_features: () => ({}),
  table_features: () => ({ entries: [] }),
  port_desc: () => ({}),
  flow_monitor: (chance) => ({ monitors: monitors(chance) }),
  nx_flow_monitor: (chance) => ({ monitors: monitors(chance) }),
  experimenter: (chance) => ({ experimenter: u32(chance), expType: u32(chance), data: chance.bytes(8) }),
  unknown: (chance) => ({ kindNumber: 0x4000 + chance.below(99), body: chance.bytes(8) }),
};

const replies: {
  readonly [K in MultipartReply['kind']]: (chance: Chance) => Omit<ReplyOf<K>, 'type' | 'kind' | 'more'>;
} = {
  desc: (chance) => ({
    manufacturer: word(chance),
    hardware: word(chance),
    software: word(chance),
    serial: word(chance),
    datapath: word(chance),
  }),
  flow: (chance) => ({ entries: chance.some(1, 3, () => flowStats(chance)) }),
  aggregate: (chance) => ({ ...counts(chance), flowCount: u32(chance) }),
  table: (chance) => ({
    entries: chance.some(1, 3, () => ({
      table: u8(chance),
      activeCount: u32(chance),
      lookupCount: u64(chance),
      matchedCount: u64(chance),
    })),
  }),
  port_stats: (chance) => ({
    entries: chance.some(1, 3, () => ({
      portNo: portNo(chance),
      rxPackets: u64(chance),
      txPackets: u64(chance),
      rxBytes: u64(chance),
      txBytes: u64(chance),
      rxDropped: u64(chance),
      txDropped: u64(chance),
      rxErrors: u64(chance),
      txErrors: u64(chance),
      rxFrameErr: u64(chance),
      rxOverErr: u64(chance),
      rxCrcErr: u64(chance),
      collisions: u64(chance),
      ...times(chance),
    })),
  }),
  queue: (chance) => ({
    entries: chance.some(1, 3, () => ({
      portNo: portNo(chance),
      queueId: u32(chance),
      txBytes: u64(chance),
      txPackets: u64(chance),
      txErrors: u64(chance),
      ...times(chance),
    })),
  }),
  group: (chance) => ({
    entries: chance.some(1, 3, () => ({
      groupId: u32(chance),
      refCount: u32(chance),
      ...counts(chance),
      ...times(chance),
      buckets: chance.some(0, 3, () => counts(chance)),
    })),
  }),
  group_desc: (chance) => ({ entries: chance.some(1, 3, () => groupDesc(chance)) }),
  group_features: (chance) => ({
    types: 15,
    capabilities: chance.below(16),
    maxGroups: perType(chance),
    actions: [chance.below(4096), chance.below(4096), chance.below(4096), chance.below(4096)],
  }),
  meter: (chance) => ({
    entries: chance.some(1, 3, () => ({
      meterId: u16(chance),
      flowCount: u32(chance),
      packetInCount: u64(chance),
      byteInCount: u64(chance),
      ...times(chance),
      bands: chance.some(0, 3, () => counts(chance)),
    })),
  }),
  meter_config: (chance) => ({
    entries: chance.some(1, 3, () => ({
      flags: 5,
      meterId: u16(chance),
      bands: chance.some(1, 3, () => band(chance)),
    })),
  }),
  meter_features: (chance) => ({
    maxMeter: u32(chance),
    bandTypes: 2 * chance.below(4),
    capabilities: chance.below(16),
    maxBands: u8(chance),
    maxColor: u8(chance),
  }),
  table_features: (chance) => ({
    entries: chance.some(1, 3, () => ({
      table: u8(chance),
      name: word(chance),
      metadataMatch: u64(chance),
      metadataWrite: u64(chance),
      config: chance.below(4),
      maxEntries: u32(chance),
      properties: [],
    })),
  }),
  port_desc: (chance) => ({ entries: chance.some(1, 3, () => port(chance)) }),
  flow_monitor: (chance) => ({ entries: chance.some(1, 3, () => flowUpdate(chance, false)) }),
  nx_flow_monitor: (chance) => ({ entries: chance.some(1, 3, () => flowUpdate(chance, true)) }),
  experimenter: (chance) => ({ experimenter: u32(chance), expType: u32(chance), data: chance.bytes(8) }),
  unknown: (chance) => ({ kindNumber: 0x4000 + chance.below(99), body: chance.bytes(8) }),
};

// Properties within the property, behind four bytes of padding: the one that names the bridge, without which there is none.
function continuation(chance: Chance): Uint8Array {
  const bytes = new Uint8Array(28);
  bytes.set([0x80, 0, 0, 20], 4);
  bytes.set(chance.bytes(16), 8);
  return bytes;
}

const packetIn2 = (chance: Chance) => ({
  packet: packet(chance),
  fullLength: u16(chance),
  table: chance.below(254),
  cookie: u64(chance),
  reason: chance.below(6),
  match: { in_port: portNo(chance), reg3: u32(chance) },
  ...(chance.oneIn(2) && { userdata: chance.bytes(9) }),
});

type PlainType = Exclude<Message['type'], 'multipart_request' | 'multipart_reply'>;
const plain: { readonly [T in PlainType]: (chance: Chance) => Message & { readonly type: T } } = {
  hello: (chance) => ({ type: 'hello', versions: chance.pick([[4], [1, 4], [4, 5, 6]]) }),
  error: (chance) => ({
    type: 'error',
    errorType: chance.pick([1, 2, 3, 5]),
    code: chance.below(6),
    data: encode({ type: 'role_request', role: role(chance), generationId: u64(chance) }, u32(chance)),
  }),
  echo_request: (chance) => ({ type: 'echo_request', data: chance.bytes(chance.below(40)) }),
  echo_reply: (chance) => ({ type: 'echo_reply', data: chance.bytes(chance.below(40)) }),
  experimenter: (chance) => ({
    type: 'experimenter',
    experimenter: u32(chance),
    expType: u32(chance),
    data: chance.bytes(8),
  }),
  features_request: () => ({ type: 'features_request' }),
  features_reply: (chance) => ({
    type: 'features_reply',
    datapathId: u64(chance),
    nBuffers: u32(chance),
    nTables: u8(chance),
    auxiliaryId: u8(chance),
    capabilities: 0x4f,
  }),
  get_config_request: () => ({ type: 'get_config_request' }),
  get_config_reply: (chance) => ({ type: 'get_config_reply', flags: chance.below(3), missSendLen: u16(chance) }),
  set_config: (chance) => ({ type: 'set_config', flags: chance.below(3), missSendLen: u16(chance) }),
  packet_in: (chance) => ({
    type: 'packet_in',
    bufferId: noBuffer,
    totalLen: 60,
    reason: chance.below(3),
    table: chance.below(254),
    cookie: u64(chance),
    match: { in_port: portNo(chance), metadata: u32(chance), ...(chance.oneIn(2) && { reg7: u32(chance) }) },
    data: packet(chance),
  }),
  flow_removed: (chance) => ({
    type: 'flow_removed',
    cookie: u64(chance),
    priority: u16(chance),
    reason: chance.below(4),
    table: chance.below(254),
    ...times(chance),
    idleTimeout: u16(chance),
    hardTimeout: u16(chance),
    ...counts(chance),
    match: match(chance),
  }),
  port_status: (chance) => ({
    type: 'port_status',
    reason: chance.pick(['add', 'delete', 'modify'] as const),
    port: port(chance),
  }),
  packet_out: rightPacketOut,
  flow_mod: rightFlow,
  group_mod: rightGroup,
  port_mod: (chance) => ({
    type: 'port_mod',
    portNo: portNo(chance),
    hwAddr: mac(chance),
    config: chance.pick([0, 1, 64]),
    mask: chance.pick([1, 64]),
    advertise: 0,
  }),
  table_mod: (chance) => ({ type: 'table_mod', table: chance.below(254), config: 0 }),
  meter_mod: (chance) => ({
    type: 'meter_mod',
    command: chance.pick(['add', 'modify'] as const),
    flags: chance.pick([5, 6, 13]),
    meterId: u16(chance),
    bands: chance.some(1, 3, () => band(chance)),
  }),
  barrier_request: () => ({ type: 'barrier_request' }),
  barrier_reply: () => ({ type: 'barrier_reply' }),
  queue_get_config_request: (chance) => ({ type: 'queue_get_config_request', port: portNo(chance) }),
  queue_get_config_reply: (chance) => {
    const at = portNo(chance);
    const queue = () => ({ queueId: u32(chance), port: at, minRate: chance.below(1000), maxRate: chance.below(1000) });
    return { type: 'queue_get_config_reply', port: at, queues: chance.some(1, 3, queue) };
  },
  role_request: (chance) => ({
    type: 'role_request',
    role: chance.pick(['equal', 'master', 'slave'] as const),
    generationId: u64(chance),
  }),
  role_reply: (chance) => ({ type: 'role_reply', role: role(chance), generationId: u64(chance) }),
  get_async_request: () => ({ type: 'get_async_request' }),
  get_async_reply: (chance) => ({ type: 'get_async_reply', masks: masks(chance) }),
  set_async: (chance) => ({ type: 'set_async', masks: masks(chance) }),
  bundle_control: (chance) => ({
    type: 'bundle_control',
    bundleId: u32(chance),
    ctrl: chance.pick(['open_request', 'open_reply', 'close_request', 'commit_request', 'discard_reply'] as const),
    flags: chance.below(4),
  }),
  bundle_add: (chance) => ({
    type: 'bundle_add',
    bundleId: u32(chance),
    flags: 3,
    message: chance.oneIn(2) ? rightFlow(chance) : rightGroup(chance),
  }),
  flow_monitor_cancel: (chance) => ({ type: 'flow_monitor_cancel', monitorId: u32(chance) }),
  flow_monitor_paused: () => ({ type: 'flow_monitor_paused' }),
  flow_monitor_resumed: () => ({ type: 'flow_monitor_resumed' }),
  nx_flow_monitor_cancel: (chance) => ({ type: 'nx_flow_monitor_cancel', monitorId: u32(chance) }),
  nx_flow_monitor_paused: () => ({ type: 'nx_flow_monitor_paused' }),
  nx_flow_monitor_resumed: () => ({ type: 'nx_flow_monitor_resumed' }),
  nx_set_controller_id: (chance) => ({ type: 'nx_set_controller_id', controllerId: u16(chance) }),
  nx_set_packet_in_format: (chance) => ({ type: 'nx_set_packet_in_format', format: chance.below(3) }),
  nx_ct_flush_zone: (chance) => ({ type: 'nx_ct_flush_zone', zone: u16(chance) }),
  nx_packet_in2: (chance) => ({ type: 'nx_packet_in2', ...packetIn2(chance) }),
  nx_resume: (chance) => ({ type: 'nx_resume', ...packetIn2(chance), continuation: continuation(chance) }),
  unknown: (chance) => ({ type: 'unknown', messageType: 0x40 + chance.below(99), body: chance.bytes(8) }),
};

/** By name (`flow_mod`, `multipart_request flow`, …) how a random message of each type and kind is made. */
export const randomMessages: ReadonlyMap<string, (chance: Chance) => Message> = new Map([
  ...Object.entries(plain),
  // A mapped type's rows give what belongs to their kind, which Object.entries forgets.
  ...Object.entries(requests).map(
    ([kind, make]) =>
      [
        `multipart_request ${kind}`,
        (chance: Chance) => ({ type: 'multipart_request', kind, ...more(chance), ...make(chance) }) as Message,
      ] as const,
  ),
  ...Object.entries(replies).map(
    ([kind, make]) =>
      [
        `multipart_reply ${kind}`,
        (chance: Chance) => ({ type: 'multipart_reply', kind, more: chance.oneIn(4), ...make(chance) }) as Message,
      ] as const,
  ),
]);
