// Actions, instructions and buckets in JSON.
import type { Action, Bucket, Instruction, LearnSource, LearnSpec, Nat } from './action-types.js';
import { setField, subfield, writableField, writableSubfield } from './json-fields.js';
import {
  big,
  bytes,
  define,
  flag,
  list,
  object,
  objectAt,
  oneOf,
  optional,
  uint,
  union,
  whole,
} from './json-values.js';
import type { JsonCodec } from './json-values.js';

const [u8, u16, u32] = [uint(8), uint(16), uint(32)];

/** One action. */
export const action: JsonCodec<Action> = define('Action', () => actions);
const actionList = list(action);

const tagged = { ethertype: u16 };

// A number, or the 16 bits that hold one.
const zone: JsonCodec<NonNullable<Extract<Action, { type: 'ct' }>['zone']>> = {
  schema: () => ({ anyOf: [u16.schema(), subfield.schema()] }),
  toJson: (value) => (typeof value === 'number' ? value : subfield.toJson(value)),
  fromJson: (json, path) => (typeof json === 'number' ? u16.fromJson(json, path) : subfield.fromJson(json, path)),
};

/** A learned value has a length of 11 bits. */
const learnedBits = 2 ** 11 - 1;
const fromField = object<Extract<LearnSource, { subfield: unknown }>>({ subfield });
const fromValue = object<Extract<LearnSource, { value: unknown }>>({ value: whole(learnedBits) });
const source: JsonCodec<LearnSource> = {
  schema: () => ({ oneOf: [fromField.schema(), fromValue.schema()] }),
  toJson: (value) => ('subfield' in value ? fromField.toJson(value) : fromValue.toJson(value)),
  fromJson: (json, path) =>
    'subfield' in objectAt(json, path) ? fromField.fromJson(json, path) : fromValue.fromJson(json, path),
};
const learnTarget = { bits: u16, source, target: subfield };
const learnSpec = union<LearnSpec, 'kind'>('kind', {
  match: learnTarget,
  load: learnTarget,
  output: { bits: u16, source },
});

type Range<Name extends 'address' | 'port'> = NonNullable<Nat[Name]>;

const actions = union<Action, 'type'>('type', {
  output: { port: u32, maxLen: optional(u16) },
  output_trunc: { port: u32, maxLen: u32 },
  output_reg: { source: subfield, maxLen: optional(u16) },
  group: { groupId: u32 },
  set_queue: { queueId: u32 },
  pop_queue: {},
  push_vlan: tagged,
  pop_vlan: {},
  push_mpls: tagged,
  pop_mpls: tagged,
  push_pbb: tagged,
  pop_pbb: {},
  set_mpls_ttl: { ttl: u8 },
  dec_mpls_ttl: {},
  set_nw_ttl: { ttl: u8 },
  dec_nw_ttl: { controllerIds: optional(list(u16)) },
  copy_ttl_out: {},
  copy_ttl_in: {},
  dec_nsh_ttl: {},
  set_field: setField,
  reg_load: { field: writableField, start: u16, bits: u16, size: optional(u8), value: whole(64) },
  reg_move: { src: subfield, dst: writableSubfield, onf: optional(flag) },
  stack_push: { source: subfield },
  stack_pop: { target: writableSubfield },
  set_tunnel: { tunId: whole(64), wide: flag },
  resubmit: { port: optional(u32), table: optional(u8), ct: optional(flag) },
  ct: {
    commit: optional(flag),
    force: optional(flag),
    zone: optional(zone),
    table: optional(u8),
    alg: optional(u16),
    actions: optional(actionList),
  },
  nat: {
    direction: optional(oneOf('src', 'dst')),
    persistent: optional(flag),
    algorithm: optional(oneOf('hash', 'random')),
    address: optional(object<Range<'address'>>({ min: whole(128), max: optional(whole(128)) })),
    port: optional(object<Range<'port'>>({ min: u16, max: optional(u16) })),
  },
  ct_clear: {},
  clone: { actions: actionList },
  controller: {
    maxLen: optional(u16),
    controllerId: optional(u16),
    reason: optional(u8),
    userdata: optional(bytes),
    pause: optional(flag),
    meterId: optional(u32),
  },
  learn: {
    idleTimeout: u16,
    hardTimeout: u16,
    priority: u16,
    cookie: big(64, 16),
    flags: u16,
    table: u8,
    finIdleTimeout: u16,
    finHardTimeout: u16,
    limit: optional(u32),
    resultBit: optional(subfield),
    specs: list(learnSpec),
  },
  conjunction: { id: u32, clause: u8, clauses: u8 },
  note: { bytes },
  exit: {},
  fin_timeout: { idleTimeout: u16, hardTimeout: u16 },
  check_pkt_larger: { length: u16, target: writableSubfield },
  encap: { packetType: u32, headerSize: u16, properties: bytes },
  decap: { packetType: u32 },
  debug_recirc: {},
  debug_slow: {},
  delete_field: { field: writableField, size: optional(u8) },
  bundle: {
    algorithm: u16,
    fields: u16,
    basis: u16,
    load: optional(subfield),
    members: list(u32),
  },
  multipath: { fields: u16, basis: u16, algorithm: u16, maxLink: u16, arg: u32, target: subfield },
  sample: {
    probability: u16,
    collectorSetId: u32,
    obsDomainId: u32,
    obsPointId: u32,
    samplingPort: optional(u32),
    direction: optional(oneOf('ingress', 'egress')),
  },
  unknown: { bytes },
});

/** One instruction. */
export const instruction: JsonCodec<Instruction> = define('Instruction', () => instructions);

const instructions = union<Instruction, 'type'>('type', {
  meter: { meterId: u32 },
  apply_actions: { actions: actionList },
  clear_actions: {},
  write_actions: { actions: actionList },
  write_metadata: { value: whole(64), mask: whole(64) },
  goto_table: { table: u8 },
  unknown: { bytes },
});

/** One bucket of a group. */
export const bucket: JsonCodec<Bucket> = define('Bucket', () =>
  object<Bucket>({
    weight: optional(u16),
    watchPort: optional(u32),
    watchGroup: optional(u32),
    actions: actionList,
  }),
);
