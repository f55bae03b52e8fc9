// Random actions of every type, mostly such as fit the subject of their flow.
import {
  field,
  fields,
  reservedPort,
  type Action,
  type FieldName,
  type LearnSpec,
  type Nat,
  type Subfield,
  type WritableField,
} from '../../../src/ofp/index.js';
import type { Chance } from './chance.js';
import { randomMasked, randomValue } from './field-values.js';
import { randomField, type Subject } from './match.js';

/** What random actions are made from: `wildness` as for matches, `depth` for how far they may nest. */
export interface Setting {
  readonly chance: Chance;
  readonly subject: Subject;
  readonly wildness: number;
  readonly depth: number;
}

const isWild = ({ chance, wildness }: Setting) => wildness > 0 && chance.oneIn(wildness);
const ports = [1, 2, 3, 0xfeff, ...Object.values(reservedPort).filter((port) => port > reservedPort.unset)];
const wildPorts = [0, 0xff00, 0xfff7, 0x1_0000, reservedPort.unset, reservedPort.any];
const port = (setting: Setting) =>
  isWild(setting) ? setting.chance.pick(wildPorts) : setting.chance.pick(ports.filter((p) => p !== reservedPort.any));

const registers = fields.filter(({ name }) => name.startsWith('reg'));

function fieldNamed(setting: Setting, writable: boolean): FieldName {
  const { chance } = setting;
  for (let tries = 0; tries < 20; tries++) {
    const row = chance.oneIn(3) ? chance.pick(registers) : randomField(chance, setting.subject, setting.wildness);
    // What the switch keeps to itself outside of ct.
    const isFit = row.name !== 'ct_mark' && row.name !== 'ct_label' && !row.name.startsWith('ct_');
    if ((row.access === 'rw' || !writable || isWild(setting)) && (isFit || isWild(setting))) return row.name;
  }
  return 'reg0';
}

function part(setting: Setting, writable: boolean, mostBits = 64): Subfield {
  const { chance } = setting;
  const name = fieldNamed(setting, writable);
  const has = Math.min(field(name).bits, isWild(setting) ? 2047 : 1024);
  const bits = Math.min(has, mostBits, 1 + (chance.oneIn(2) ? has - 1 : chance.below(has)));
  const start = chance.below(has - bits + 1);
  return isWild(setting) ? { field: name, start: start + chance.below(9), bits } : { field: name, start, bits };
}

// A field that actions may not write can only be named by a program that lies to the compiler: that is what wild is.
const target = (setting: Setting, mostBits?: number) => part(setting, true, mostBits) as Subfield<WritableField>;
const ofSize = (setting: Setting, writable: boolean, bits: number): Subfield => {
  for (let tries = 0; tries < 30; tries++) {
    const found = part(setting, writable, bits);
    if (found.bits === bits) return found;
  }
  return { field: bits > 32 ? 'xxreg0' : 'reg3', start: 0, bits };
};

function setField(setting: Setting): Action {
  const { chance } = setting;
  const row = field(fieldNamed(setting, true));
  const wild = isWild(setting);
  const hasMask = (row.masking === 'mask' || wild) && chance.oneIn(3);
  const given = hasMask ? randomMasked(chance, row, wild) : { value: randomValue(chance, row, wild) };
  return { type: 'set_field', field: row.name, ...given } as Action; // the values are of the row's type
}

function load(setting: Setting): Action {
  const to = target(setting);
  const bits = setting.chance.bits(isWild(setting) ? 64 : to.bits);
  return { type: 'reg_load', ...to, value: bits <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bits) : bits };
}

function move(setting: Setting): Action {
  const dst = target(setting, 1024);
  const src = ofSize(setting, false, dst.bits);
  return { type: 'reg_move', src, dst: src.bits === dst.bits ? dst : { field: 'reg1', start: 0, bits: src.bits } };
}

const natKinds: readonly Nat[] = [
  { type: 'nat' },
  { type: 'nat', direction: 'src' },
  { type: 'nat', direction: 'src', address: { min: 0x0a000001 } },
  { type: 'nat', direction: 'dst', address: { min: 0x0a000001, max: 0x0a0000ff }, persistent: true },
  { type: 'nat', direction: 'src', address: { min: 0x0a000001 }, port: { min: 1000, max: 2000 }, algorithm: 'random' },
  { type: 'nat', direction: 'dst', port: { min: 80 } },
  { type: 'nat', direction: 'src', address: { min: 0xfe80n << 112n, max: (0xfe80n << 112n) + 9n }, algorithm: 'hash' },
];
const wildNats: readonly Nat[] = [
  { type: 'nat', address: { min: 1 } },
  { type: 'nat', direction: 'src', address: { min: 9, max: 1 } },
  { type: 'nat', direction: 'src', port: { min: 9, max: 1 } },
  { type: 'nat', persistent: true },
  { type: 'nat', algorithm: 'hash' },
];

function ct(setting: Setting): Action {
  const { chance } = setting;
  const inside = (): Action => {
    if (isWild(setting)) return randomAction({ ...setting, depth: setting.depth - 1 });
    if (chance.oneIn(3)) return chance.pick(isWild(setting) ? wildNats : natKinds);
    const name = chance.pick(['ct_mark', 'ct_label'] as const);
    return { type: 'set_field', field: name, ...randomMasked(chance, field(name), false) } as Action; // values of the row
  };
  const commit = chance.oneIn(2);
  const actions = commit || isWild(setting) ? chance.some(0, 2, inside) : [];
  return {
    type: 'ct',
    ...(commit && { commit }),
    ...((commit || isWild(setting)) && chance.oneIn(4) && { force: true }),
    ...(chance.oneIn(2) && {
      zone: chance.oneIn(2)
        ? 1 + chance.below(65535)
        : isWild(setting)
          ? part(setting, false)
          : ofSize(setting, false, 16),
    }),
    ...(chance.oneIn(2) && { table: chance.below(255) }),
    ...(commit && chance.oneIn(6) && { alg: isWild(setting) ? chance.below(100) : chance.pick([21, 69]) }),
    ...(actions.length > 0 && { actions }),
  };
}

function learnSpec(setting: Setting): LearnSpec {
  const { chance } = setting;
  const kind = chance.pick(['match', 'load', 'output'] as const);
  if (kind === 'output') {
    const subfield = part(setting, false, 16);
    return { kind, bits: subfield.bits, source: { subfield } };
  }
  const to = kind === 'load' ? target(setting) : part(setting, false);
  const source = chance.oneIn(2)
    ? { subfield: ofSize(setting, false, to.bits) }
    : { value: Number(chance.bits(Math.min(to.bits, 32))) };
  const bits = 'subfield' in source ? source.subfield.bits : to.bits;
  return { kind, bits, source, target: { ...to, bits } };
}

function learn(setting: Setting): Action {
  const { chance } = setting;
  const specs = chance.some(0, 4, () => learnSpec(setting));
  const limited = chance.oneIn(4);
  return {
    type: 'learn',
    idleTimeout: chance.pick([0, 60]),
    hardTimeout: chance.pick([0, 300]),
    priority: chance.below(65536),
    cookie: chance.bits(64),
    flags: chance.below(4) | (isWild(setting) ? 8 : 0),
    table: isWild(setting) ? 255 : chance.below(254),
    finIdleTimeout: chance.pick([0, 5]),
    finHardTimeout: chance.pick([0, 6]),
    ...(limited && { limit: 1 + chance.below(100) }),
    specs,
  };
}

const conjunction = (setting: Setting): Action => {
  const { chance } = setting;
  const clauses = isWild(setting) ? chance.below(70) : 2 + chance.below(63);
  return {
    type: 'conjunction',
    id: Number(chance.bits(32)),
    clause: isWild(setting) ? chance.below(70) : chance.below(clauses),
    clauses,
  };
};

const controller = (setting: Setting): Action => {
  const { chance } = setting;
  const extended = chance.oneIn(2);
  return {
    type: 'controller',
    maxLen: chance.pick([0, 128, 0xffff]),
    controllerId: extended || chance.oneIn(2) ? chance.below(65536) : 7,
    reason: isWild(setting) ? chance.below(9) : chance.below(6),
    ...(extended && chance.oneIn(2) && { userdata: chance.bytes(1 + chance.below(9)) }),
    ...(extended && chance.oneIn(3) && { pause: true }),
    ...(extended && chance.oneIn(9) && { meterId: 5 }),
  };
};

const sample = (setting: Setting): Action => {
  const { chance } = setting;
  const kind = chance.below(3);
  return {
    type: 'sample',
    probability: isWild(setting) ? 0 : 1 + chance.below(65535),
    collectorSetId: Number(chance.bits(32)),
    obsDomainId: Number(chance.bits(32)),
    obsPointId: Number(chance.bits(32)),
    ...(kind > 0 && { samplingPort: chance.pick([1, 2, reservedPort.local]) }),
    ...(kind === 2 && { direction: chance.pick(['ingress', 'egress'] as const) }),
  };
};

const bundle = (setting: Setting): Action => {
  const { chance } = setting;
  const to = target(setting, 32);
  return {
    type: 'bundle',
    algorithm: chance.below(isWild(setting) ? 4 : 2),
    fields: chance.below(isWild(setting) ? 9 : 7),
    basis: chance.below(65536),
    members: chance.some(0, 4, () => port(setting)),
    ...(chance.oneIn(2) && to.bits >= 16 && { load: to }),
  };
};

const multipath = (setting: Setting): Action => {
  const { chance } = setting;
  const to = target(setting, 32);
  return {
    type: 'multipath',
    algorithm: chance.below(isWild(setting) ? 6 : 4),
    fields: chance.below(isWild(setting) ? 9 : 7),
    basis: chance.below(65536),
    maxLink: isWild(setting) ? chance.below(65536) : chance.below(Math.min(2 ** to.bits, 65536)),
    arg: chance.below(100),
    target: to,
  };
};

const tag = (setting: Setting, usual: readonly number[]) =>
  isWild(setting) ? setting.chance.below(65536) : setting.chance.pick(usual);
const u16 = ({ chance }: Setting) => chance.below(65536);
const u8 = ({ chance }: Setting) => chance.below(256);

/** How an action of each type is made up. */
const makers: { readonly [T in Action['type']]: (setting: Setting) => Action } = {
  output: (s) => {
    const to = port(s);
    return to === reservedPort.controller ? { type: 'output', port: to, maxLen: u16(s) } : { type: 'output', port: to };
  },
  output_trunc: (s) => ({
    type: 'output_trunc',
    port: isWild(s) ? port(s) : s.chance.pick([1, 2, reservedPort.inPort, reservedPort.local]),
    maxLen: isWild(s) ? s.chance.below(15) : 14 + s.chance.below(2000),
  }),
  output_reg: (s) => ({ type: 'output_reg', source: part(s, false, 32), maxLen: 0xffff }),
  group: ({ chance }) => ({ type: 'group', groupId: 1 + chance.below(3) }),
  set_queue: ({ chance }) => ({ type: 'set_queue', queueId: Number(chance.bits(32)) }),
  pop_queue: () => ({ type: 'pop_queue' }),
  push_vlan: (s) => ({ type: 'push_vlan', ethertype: tag(s, [0x8100, 0x88a8]) }),
  pop_vlan: () => ({ type: 'pop_vlan' }),
  push_mpls: (s) => ({ type: 'push_mpls', ethertype: tag(s, [0x8847, 0x8848]) }),
  pop_mpls: (s) => ({ type: 'pop_mpls', ethertype: tag(s, [0x0800, 0x86dd, 0x8847]) }),
  push_pbb: (s) => ({ type: 'push_pbb', ethertype: tag(s, [0x88e7]) }),
  pop_pbb: () => ({ type: 'pop_pbb' }),
  set_mpls_ttl: (s) => ({ type: 'set_mpls_ttl', ttl: u8(s) }),
  dec_mpls_ttl: () => ({ type: 'dec_mpls_ttl' }),
  set_nw_ttl: (s) => ({ type: 'set_nw_ttl', ttl: u8(s) }),
  dec_nw_ttl: (s) => ({
    type: 'dec_nw_ttl',
    ...(s.chance.oneIn(2) && { controllerIds: s.chance.some(isWild(s) ? 0 : 1, 4, () => u16(s)) }),
  }),
  copy_ttl_out: () => ({ type: 'copy_ttl_out' }),
  copy_ttl_in: () => ({ type: 'copy_ttl_in' }),
  dec_nsh_ttl: () => ({ type: 'dec_nsh_ttl' }),
  set_field: setField,
  reg_load: load,
  reg_move: move,
  stack_push: (s) => ({ type: 'stack_push', source: part(s, false, 1024) }),
  stack_pop: (s) => ({ type: 'stack_pop', target: target(s, 1024) }),
  set_tunnel: ({ chance }) => {
    const wide = chance.oneIn(2);
    return { type: 'set_tunnel', tunId: Number(chance.bits(wide ? 53 : 32)), wide };
  },
  resubmit: (s) => {
    const port = s.chance.oneIn(2) && { port: s.chance.pick([1, 2, reservedPort.local]) };
    const table = u8(s);
    const ct = s.chance.oneIn(5) && { ct: true };
    // Text has no ct where there is a port and no table: Open vSwitch's own does not come back either.
    return { type: 'resubmit', ...port, table, ...(port && table === 0xff ? {} : ct) };
  },
  ct,
  nat: (s) => (isWild(s) ? s.chance.pick(wildNats) : s.chance.pick(natKinds)),
  ct_clear: () => ({ type: 'ct_clear' }),
  clone: (s) => ({ type: 'clone', actions: randomActions({ ...s, depth: s.depth - 1 }, 3) }),
  controller,
  learn,
  conjunction,
  note: ({ chance }) => ({ type: 'note', bytes: chance.bytes(6 + 8 * chance.below(3)) }),
  exit: () => ({ type: 'exit' }),
  fin_timeout: (s) => ({ type: 'fin_timeout', idleTimeout: u16(s), hardTimeout: u16(s) }),
  check_pkt_larger: (s) => ({ type: 'check_pkt_larger', length: u16(s), target: target(s, 1) }),
  encap: (s) => ({
    type: 'encap',
    packetType: isWild(s) ? Number(s.chance.bits(32)) : s.chance.pick([0, 0x1_894f, 0x1_8847]),
    headerSize: 0,
    properties: new Uint8Array(0),
  }),
  decap: (s) => ({ type: 'decap', packetType: isWild(s) ? Number(s.chance.bits(32)) : 0x1_fffe }),
  debug_recirc: () => ({ type: 'debug_recirc' }),
  debug_slow: () => ({ type: 'debug_slow' }),
  delete_field: ({ chance }) => ({ type: 'delete_field', field: chance.pick(['tun_metadata0', 'tun_metadata1']) }),
  bundle,
  multipath,
  sample,
  unknown: ({ chance }) => ({ type: 'unknown', bytes: unknownAction(chance) }),
};

// A type that nobody knows, with a length that nests.
function unknownAction(chance: Chance): Uint8Array {
  const bytes = chance.bytes(8 * (1 + chance.below(3)));
  new DataView(bytes.buffer).setUint32(0, (0x4000 + chance.below(99)) * 0x1_0000 + bytes.length);
  return bytes;
}

// What Open vSwitch does not know, or what stands only inside of something else, is left to the wild.
const everyType = Object.keys(makers) as readonly Action['type'][]; // the keys of a mapped type
const foreign: ReadonlySet<Action['type']> = new Set([
  'push_pbb',
  'pop_pbb',
  'copy_ttl_out',
  'copy_ttl_in',
  'unknown',
  'nat',
  'conjunction',
  'delete_field',
]);
const usualTypes = everyType.filter((type) => !foreign.has(type));

/** An action of any type. */
export function randomAction(setting: Setting): Action {
  const type = setting.chance.pick(isWild(setting) ? everyType : usualTypes);
  if ((type === 'ct' || type === 'clone') && setting.depth <= 0) return makers.output(setting);
  return makers[type](setting);
}

/** Up to so many actions; now and then a conjunction, which stands alone. */
export function randomActions(setting: Setting, most: number): Action[] {
  const { chance } = setting;
  if (chance.oneIn(20)) return chance.some(1, 2, () => conjunction(setting));
  return chance.some(0, most, () => randomAction(setting));
}
