// Every message in JSON: its members by their names, bigints as strings (counters decimal, the rest 0x), bytes as hex.
import type { NxPacketIn2 } from './extension-types.js';
import { action, bucket, instruction } from './json-actions.js';
import { match } from './json-fields.js';
import { groupType, meterBand, multipartReply, multipartRequest, portDesc } from './json-multipart.js';
import { big, bytes, define, list, numbers, object, oneOf, optional, schemaOf, uint, union } from './json-values.js';
import type { Json, JsonCodec, JsonSchema, Shape } from './json-values.js';
import type { AsyncMasks, Message, Role } from './messages.js';
import type { QueueConfig } from './resource-types.js';

const [u8, u16, u32] = [uint(8), uint(16), uint(32)];
const counter = big(64, 10);
const bits64 = big(64, 16);

const message: JsonCodec<Message> = define('Message', () => messages);
const role: JsonCodec<Role> = oneOf('nochange', 'equal', 'master', 'slave');
const config = { flags: u16, missSendLen: u16 };

const pair = numbers<readonly [number, number]>(2, 32);
const masks = object<AsyncMasks>({ packetIn: pair, portStatus: pair, flowRemoved: pair });

const queueConfig = object<QueueConfig>({
  queueId: u32,
  port: u32,
  minRate: optional(u16),
  maxRate: optional(u16),
  unknown: optional(list(bytes)),
});

const packetIn2: Shape<Omit<NxPacketIn2, 'type'>> = {
  packet: optional(bytes),
  fullLength: optional(u32),
  bufferId: optional(u32),
  table: optional(u8),
  cookie: optional(bits64),
  reason: optional(u8),
  match: optional(match),
  userdata: optional(bytes),
  continuation: optional(bytes),
  unknown: optional(list(object<{ readonly type: number; readonly bytes: Uint8Array }>({ type: u16, bytes }))),
};

const messages = union<Message, 'type'>('type', {
  hello: { versions: list(u8) },
  error: { errorType: u16, code: u16, experimenter: optional(u32), data: bytes },
  echo_request: { data: bytes },
  echo_reply: { data: bytes },
  experimenter: { experimenter: u32, expType: u32, data: bytes },
  features_request: {},
  features_reply: { datapathId: bits64, nBuffers: u32, nTables: u8, auxiliaryId: u8, capabilities: u32 },
  get_config_request: {},
  get_config_reply: config,
  set_config: config,
  packet_in: { bufferId: u32, totalLen: u16, reason: u8, table: u8, cookie: bits64, match, data: bytes },
  flow_removed: {
    cookie: bits64,
    priority: u16,
    reason: u8,
    table: u8,
    durationSec: u32,
    durationNsec: u32,
    idleTimeout: u16,
    hardTimeout: u16,
    packetCount: counter,
    byteCount: counter,
    match,
  },
  port_status: { reason: oneOf('add', 'delete', 'modify'), port: portDesc },
  packet_out: { bufferId: u32, inPort: u32, actions: list(action), data: bytes },
  flow_mod: {
    command: oneOf('add', 'modify', 'modify_strict', 'delete', 'delete_strict'),
    cookie: bits64,
    cookieMask: bits64,
    table: u8,
    priority: u16,
    idleTimeout: u16,
    hardTimeout: u16,
    flags: u16,
    outPort: u32,
    outGroup: u32,
    bufferId: u32,
    match,
    instructions: list(instruction),
  },
  group_mod: {
    command: oneOf('add', 'modify', 'delete', 'add_or_modify'),
    groupType,
    groupId: u32,
    buckets: list(bucket),
  },
  port_mod: { portNo: u32, hwAddr: uint(48), config: u32, mask: u32, advertise: u32 },
  table_mod: { table: u8, config: u32 },
  meter_mod: { command: oneOf('add', 'modify', 'delete'), flags: u16, meterId: u32, bands: list(meterBand) },
  multipart_request: multipartRequest,
  multipart_reply: multipartReply,
  barrier_request: {},
  barrier_reply: {},
  queue_get_config_request: { port: u32 },
  queue_get_config_reply: { port: u32, queues: list(queueConfig) },
  role_request: { role, generationId: bits64 },
  role_reply: { role, generationId: bits64 },
  get_async_request: {},
  get_async_reply: { masks },
  set_async: { masks },
  bundle_control: {
    bundleId: u32,
    ctrl: oneOf(
      'open_request',
      'open_reply',
      'close_request',
      'close_reply',
      'commit_request',
      'commit_reply',
      'discard_request',
      'discard_reply',
    ),
    flags: u16,
    properties: optional(bytes),
  },
  bundle_add: { bundleId: u32, flags: u16, message, innerXid: optional(u32) },
  flow_monitor_cancel: { monitorId: u32 },
  flow_monitor_paused: {},
  flow_monitor_resumed: {},
  nx_flow_monitor_cancel: { monitorId: u32 },
  nx_flow_monitor_paused: {},
  nx_flow_monitor_resumed: {},
  nx_set_controller_id: { controllerId: u16 },
  nx_set_packet_in_format: { format: u32 },
  nx_ct_flush_zone: { zone: u16 },
  nx_packet_in2: packetIn2,
  nx_resume: packetIn2,
  unknown: { messageType: u8, body: bytes },
});

/** A message as JSON. */
export const toJson = (value: Message): Json => message.toJson(value);

/** A message from what JSON.parse gave. Throws JsonProblem, which says where what is wrong. */
export const fromJson = (json: unknown): Message => message.fromJson(json, '');

/** The JSON schema of messages, draft 2020-12. */
export const messageSchema = (): JsonSchema => schemaOf(message);
