// What Open vSwitch asks of an action, one row per type: of the action by itself, and of the packets that it gets.
import type { Action, Ct, Nat, Subfield } from './action-types.js';
import { reservedPort } from './constants.js';
import { field } from './fields.js';
import { checkLearn, fitsLearn } from './learn-rules.js';
import { ethType, ipProto, isInvalid, isIp, isMpls, meets, payloadType, type PacketFacts } from './packet-facts.js';
import { firstOf, refuse, type Refusal } from './refusal.js';
import { afterSetField, checkLoad, checkSetField, fitsSetField } from './set-field-rules.js';
import { refuseUnknownAction } from './validate-unknown.js';
import { checkShort, checkSource, checkTarget, fitsPart } from './validate-subfield.js';

type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

/** What is asked of actions of one type. */
export interface ActionRule<A> {
  /** Whether it may stand in an action set. */
  readonly inSet?: true;
  /** What is wrong with it, whatever the packets. */
  readonly check?: (action: A) => Refusal | undefined;
  /** Whether the packets are what it is for; an action set is not held to it. */
  readonly suits?: (facts: PacketFacts) => boolean;
  /** What else is wrong with it for these packets. */
  readonly fits?: (action: A, facts: PacketFacts) => Refusal | undefined;
  /** What is known of the packets after it. */
  readonly after?: (action: A, facts: PacketFacts) => PacketFacts;
}

const firstSpecialPort = 0xff00;
const outPorts: ReadonlySet<number> = new Set([
  reservedPort.inPort,
  reservedPort.table,
  reservedPort.normal,
  reservedPort.flood,
  reservedPort.all,
  reservedPort.controller,
  reservedPort.local,
]);

/** A port that actions put out to. */
export const checkOutPort = (port: number) =>
  port < firstSpecialPort || outPorts.has(port)
    ? undefined
    : refuse('OFPBAC_BAD_OUT_PORT', `${port} is no port to put out to`);

const argument = (isGood: boolean, why: string) => (isGood ? undefined : refuse('OFPBAC_BAD_ARGUMENT', why));
const isVlan = (type: number) => type === 0x8100 || type === 0x88a8;
const maxVlanTags = 2;
const unknownType = 0xffff;
const unknownPacket = 0x1_ffff;
const packetTypes: ReadonlySet<number> = new Set([0, 0x1_894f, 0x1_8847, 0x1_8848]);

const hashFields = 7;
const bundleAlgorithms = 2;
const multipathAlgorithms = 4;

function checkNat({ address, port }: Nat): Refusal | undefined {
  const isOrdered = [address, port].every((range) => range?.max === undefined || range.min <= range.max);
  const isWhole = address === undefined ? port === undefined : Number(address.min) > 0;
  return argument(isOrdered && isWhole, 'nat to ports without an address, to address 0, or to a range upside down');
}

function fitsNat({ address }: Nat, facts: PacketFacts): Refusal | undefined {
  if (!address || payloadType(facts) === (typeof address.min === 'bigint' ? ethType.ipv6 : ethType.ipv4))
    return undefined;
  return refuse('OFPBAC_MATCH_INCONSISTENT', 'nat to addresses of the other IP version');
}

const gateways: ReadonlyMap<number, number> = new Map([
  [21, ipProto.tcp],
  [69, ipProto.udp],
]);
const zoneBits = 16;

function checkCt({ commit, force, zone }: Ct): Refusal | undefined {
  if (force && !commit) return refuse('OFPBAC_BAD_ARGUMENT', 'ct has force without commit');
  if (typeof zone !== 'object') return undefined;
  const refusal = checkShort(zone) ?? checkSource(zone);
  if (refusal) return refusal;
  return zone.bits === zoneBits ? undefined : refuse('OFPBAC_BAD_SET_LEN', 'the zone of ct has 16 bits');
}

function fitsCt({ commit, zone, alg }: Ct, facts: PacketFacts): Refusal | undefined {
  const proto = alg === undefined ? undefined : gateways.get(alg);
  const isWrong = (proto !== undefined && proto !== facts.ipProto) || (commit && isInvalid(facts));
  if (!isIp(payloadType(facts)) || isWrong)
    return refuse(
      'OFPBAC_MATCH_INCONSISTENT',
      'ct needs IP packets, its alg the right protocol, its commit valid ones',
    );
  return typeof zone === 'object' ? fitsPart(zone, facts) : undefined;
}

const checkConjunction = ({ clause, clauses }: ActionOf<'conjunction'>) =>
  clauses >= 2 && clauses <= 64 && clause < clauses
    ? undefined
    : refuse('NXBAC_BAD_CONJUNCTION', `conjunction ${clause + 1}/${clauses}`);

function checkMember(port: number): Refusal | undefined {
  if (port === reservedPort.any) return undefined;
  return port === reservedPort.controller
    ? refuse('OFPBAC_BAD_OUT_PORT', 'the controller in a bundle')
    : checkOutPort(port);
}

// Open vSwitch takes a bundle_load of any fields and algorithm, and ends at the first packet: that one we do not send.
function checkBundle({ fields, algorithm, members, load }: ActionOf<'bundle'>): Refusal | undefined {
  return (
    argument(fields < hashFields && algorithm < bundleAlgorithms, 'bundle of no such fields or algorithm') ??
    (load && (checkShort(load) ?? checkTarget(load) ?? argument(load.bits >= 16, 'bundle_load needs 16 bits'))) ??
    firstOf(members, checkMember)
  );
}

function checkMultipath({ fields, algorithm, maxLink, target }: ActionOf<'multipath'>): Refusal | undefined {
  const fits = target.bits >= 16 || maxLink < 2 ** target.bits;
  return (
    argument(fields < hashFields && algorithm < multipathAlgorithms, 'multipath of no such fields or algorithm') ??
    argument(fits, 'multipath has more links than its target can hold') ??
    checkShort(target) ??
    checkTarget(target)
  );
}

const fitsResubmit = ({ ct }: ActionOf<'resubmit'>, facts: PacketFacts) =>
  ct && !meets.ct(facts) ? refuse('OFPBAC_MATCH_INCONSISTENT', 'resubmit(…,ct) of untracked packets') : undefined;

const packetAfterDecap = (facts: PacketFacts): PacketFacts =>
  facts.packetType === 0
    ? { ...facts, packetType: 0x1_0000 + facts.ethType }
    : { ...facts, packetType: unknownPacket, ethType: unknownType };

const encapsulated = (packetType: number, facts: PacketFacts): PacketFacts => ({
  ...facts,
  packetType,
  ...(packetType !== 0 && { ethType: packetType & 0xffff, ipProto: 0 }),
});

const source = ({ source: part }: { readonly source: Subfield }) => checkSource(part);
const target = ({ target: part }: { readonly target: Subfield }) => checkTarget(part);
const outTo = ({ port }: { readonly port: number }) => checkOutPort(port);
const refused = (why: string) => () => refuse('OFPBAC_BAD_TYPE', why);

/** The rows. */
export const actionRules: { readonly [T in Action['type']]: ActionRule<ActionOf<T>> } = {
  output: { inSet: true, check: outTo },
  output_trunc: {
    check: ({ maxLen }) => argument(maxLen >= 14, 'output of less than an Ethernet header'),
    fits: outTo,
  },
  output_reg: { check: source, fits: ({ source: part }, facts) => fitsPart(part, facts) },
  group: { inSet: true },
  set_queue: { inSet: true },
  pop_queue: {},
  push_vlan: {
    inSet: true,
    check: ({ ethertype }) => argument(isVlan(ethertype), 'push_vlan of an ethertype that is no VLAN tag'),
    fits: (_, { vlanTags }) =>
      vlanTags < maxVlanTags ? undefined : refuse('OFPBAC_BAD_TAG', `more than ${maxVlanTags} VLAN tags`),
    after: (_, facts) => ({ ...facts, vlanTags: facts.vlanTags + 1 }),
  },
  pop_vlan: {
    inSet: true,
    suits: ({ vlanTags }) => vlanTags > 0,
    after: (_, facts) => ({ ...facts, vlanTags: Math.max(0, facts.vlanTags - 1) }),
  },
  push_mpls: {
    inSet: true,
    check: ({ ethertype }) => argument(isMpls(ethertype), 'push_mpls of an ethertype that is not MPLS'),
    suits: meets.eth,
    after: ({ ethertype }, facts) => ({ ...facts, ethType: ethertype, ipProto: 0 }),
  },
  pop_mpls: {
    inSet: true,
    suits: (facts) => meets.eth(facts) && meets.mpls(facts),
    after: ({ ethertype }, facts) => ({ ...facts, ethType: ethertype }),
  },
  push_pbb: { check: refused('Open vSwitch has no PBB') },
  pop_pbb: { check: refused('Open vSwitch has no PBB') },
  set_mpls_ttl: { inSet: true, suits: meets.mpls },
  dec_mpls_ttl: { inSet: true, suits: meets.mpls },
  set_nw_ttl: { inSet: true, suits: meets.ip },
  dec_nw_ttl: { inSet: true, suits: meets.ip },
  copy_ttl_out: { check: refused('Open vSwitch copies no TTL') },
  copy_ttl_in: { check: refused('Open vSwitch copies no TTL') },
  dec_nsh_ttl: { inSet: true, suits: meets.nsh },
  set_field: { inSet: true, check: checkSetField, fits: fitsSetField, after: afterSetField },
  reg_load: { inSet: true, check: checkLoad, fits: fitsSetField, after: afterSetField },
  reg_move: {
    inSet: true,
    check: ({ src, dst }) => checkSource(src) ?? checkTarget(dst),
    fits: ({ src, dst }, facts) => fitsPart(src, facts) ?? fitsPart(dst, facts),
  },
  stack_push: { check: source, fits: ({ source: part }, facts) => fitsPart(part, facts) },
  stack_pop: { check: target, fits: ({ target: part }, facts) => fitsPart(part, facts) },
  set_tunnel: { inSet: true },
  resubmit: { inSet: true, fits: fitsResubmit },
  ct: { inSet: true, check: checkCt, fits: fitsCt },
  nat: { check: checkNat, fits: fitsNat },
  ct_clear: { inSet: true },
  clone: {},
  controller: {},
  learn: { check: checkLearn, fits: fitsLearn },
  conjunction: { check: checkConjunction },
  note: {},
  exit: {},
  fin_timeout: { suits: (facts) => facts.ipProto === ipProto.tcp },
  check_pkt_larger: { check: target },
  encap: {
    inSet: true,
    check: ({ packetType }) =>
      packetTypes.has(packetType) ? undefined : refuse('NXBAC_BAD_HEADER_TYPE', 'encap of an unknown packet type'),
    after: ({ packetType }, facts) => encapsulated(packetType, facts),
  },
  decap: { inSet: true, after: (_, facts) => packetAfterDecap(facts) },
  debug_recirc: {},
  debug_slow: {},
  delete_field: {
    check: ({ field: name }) => argument(field(name).size === 0, `delete_field of ${name}, which is no tunnel option`),
  },
  bundle: { check: checkBundle, fits: ({ load }, facts) => load && fitsPart(load, facts) },
  multipath: { check: checkMultipath, fits: ({ target: part }, facts) => fitsPart(part, facts) },
  sample: { check: ({ probability }) => argument(probability > 0, 'sample with probability 0') },
  unknown: { check: refuseUnknownAction },
};
