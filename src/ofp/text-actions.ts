// Actions and instructions as ovs-ofctl prints them.
import type {
  Action,
  BundleAction,
  Controller,
  Ct,
  Instruction,
  Multipath,
  Nat,
  Sample,
  Subfield,
} from './action-types.js';
import { hexOf } from './decode-error.js';
import { reservedPort } from './constants.js';
import { field } from './fields.js';
import { formatLearn } from './text-learn.js';
import { formatSubfield } from './text-subfield.js';
import { formatIpv4, formatIpv6, formatPort, formatValue, hex, padded, reservedPortName } from './text-values.js';

const dotted = (bytes: Uint8Array) => hexOf(bytes).replace(/..(?=.)/g, '$&.');

/** Why a packet went to the controller, by number. */
export const reasonNames = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const;
const reasonAction = 1;
const wholePacket = 0xffff;

function controllerText(action: Controller): string {
  const { maxLen = wholePacket, controllerId = 0, reason = reasonAction, userdata, pause, meterId } = action;
  const options = [
    ...(reason === reasonAction ? [] : [`reason=${reasonNames[reason] ?? reason.toString()}`]),
    ...(maxLen === wholePacket ? [] : [`max_len=${maxLen}`]),
    ...(controllerId === 0 ? [] : [`id=${controllerId}`]),
    ...(userdata?.length ? [`userdata=${dotted(userdata)}`] : []),
    ...(pause ? ['pause'] : []),
    ...(meterId === undefined ? [] : [`meter_id=${meterId}`]),
  ];
  const isPlain = options.every((option) => option.startsWith('max_len'));
  return isPlain ? `CONTROLLER:${maxLen}` : `controller(${options.join(',')})`;
}

function outputText(port: number, maxLen: number): string {
  const reserved = reservedPortName(port);
  if (port === reservedPort.controller) return `CONTROLLER:${maxLen}`;
  return reserved ?? `output:${port}`;
}

function resubmitText({ port, table = 0xff, ct }: Extract<Action, { type: 'resubmit' }>): string {
  // Open vSwitch leaves out ct where there is no table.
  if (port !== undefined && table === 0xff) return `resubmit:${formatPort(port)}`;
  const parts = [
    port === undefined ? '' : formatPort(port),
    table === 0xff ? '' : table.toString(),
    ...(ct ? ['ct'] : []),
  ];
  return `resubmit(${parts.join(',')})`;
}

const address = (value: number | bigint) => (typeof value === 'number' ? formatIpv4(value) : formatIpv6(value));

function natText(nat: Nat): string {
  if (!nat.direction) return 'nat';
  let range = '';
  if (nat.address) {
    const { min, max } = nat.address;
    const bracket = typeof min === 'bigint' && nat.port !== undefined;
    const one = (value: number | bigint) => (bracket ? `[${address(value)}]` : address(value));
    range += one(min) + (max === undefined || max === min ? '' : `-${one(max)}`);
  }
  if (nat.port) {
    const { min, max } = nat.port;
    range += `:${min}${max === undefined || max === min ? '' : `-${max}`}`;
  }
  const words = [nat.direction + (range ? `=${range}` : ''), ...(nat.persistent ? ['persistent'] : [])];
  return `nat(${[...words, ...(nat.algorithm ? [nat.algorithm] : [])].join(',')})`;
}

const gateways: ReadonlyMap<number, string> = new Map([
  [21, 'ftp'],
  [69, 'tftp'],
]);

function ctText(ct: Ct): string {
  const [first, ...others] = ct.actions ?? [];
  const outside = first?.type === 'nat' ? first : undefined;
  const inside = outside ? others : (ct.actions ?? []);
  const zone = typeof ct.zone === 'object' ? formatSubfield(ct.zone) : ct.zone?.toString();
  const words = [
    ...(ct.commit ? ['commit'] : []),
    ...(ct.force ? ['force'] : []),
    ...(ct.table === undefined ? [] : [`table=${ct.table}`]),
    ...(zone === undefined ? [] : [`zone=${zone}`]),
    ...(outside ? [natText(outside)] : []),
    ...(inside.length > 0 ? [`exec(${formatActions(inside)})`] : []),
    ...(ct.alg === undefined ? [] : [`alg=${gateways.get(ct.alg) ?? ct.alg.toString()}`]),
  ];
  return `ct(${words.join(',')})`;
}

const hashFields = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
];
const bundleAlgorithms = ['active_backup', 'hrw'];
const multipathAlgorithms = ['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'];
const nameOf = (names: readonly string[], index: number) => names[index] ?? '<unknown>';

function bundleText(action: BundleAction): string {
  const choice = `${nameOf(hashFields, action.fields)},${action.basis},${nameOf(bundleAlgorithms, action.algorithm)},ofport`;
  const load = action.load ? `,${formatSubfield(action.load)}` : '';
  return `${action.load ? 'bundle_load' : 'bundle'}(${choice}${load},members:${action.members.map(formatPort).join(',')})`;
}

function multipathText(action: Multipath): string {
  const algorithm = nameOf(multipathAlgorithms, action.algorithm);
  const numbers = `${algorithm},${action.maxLink + 1},${action.arg}`;
  return `multipath(${nameOf(hashFields, action.fields)},${action.basis},${numbers},${formatSubfield(action.target)})`;
}

function sampleText(action: Sample): string {
  const port = action.samplingPort === undefined ? reservedPort.any : action.samplingPort;
  const words = [
    `probability=${action.probability}`,
    `collector_set_id=${action.collectorSetId}`,
    `obs_domain_id=${action.obsDomainId}`,
    `obs_point_id=${action.obsPointId}`,
    ...(port === reservedPort.any ? [] : [`sampling_port=${formatPort(port)}`]),
    ...(action.direction ? [action.direction] : []),
  ];
  return `sample(${words.join(',')})`;
}

function finTimeoutText({ idleTimeout, hardTimeout }: Extract<Action, { type: 'fin_timeout' }>): string {
  const words = [
    ...(idleTimeout ? [`idle_timeout=${idleTimeout}`] : []),
    ...(hardTimeout ? [`hard_timeout=${hardTimeout}`] : []),
  ];
  return `fin_timeout(${words.join(',')})`;
}

const wholeField = (name: Subfield['field']) => field(name).text;
const defaultDecap = 0xfffe;

function decapText(packetType: number): string {
  if (packetType === defaultDecap) return 'decap()';
  return `decap(packet_type(ns=${packetType >>> 16},type=${hex(packetType & 0xffff)}))`;
}

/** One action as ovs-ofctl prints it; one that is unknown as `unknown(hex)`, which ovs-ofctl does not take. */
export function formatAction(action: Action): string {
  switch (action.type) {
    case 'output':
      return outputText(action.port, action.maxLen ?? 0);
    case 'output_trunc':
      return `output(port=${formatPort(action.port)},max_len=${action.maxLen})`;
    case 'output_reg':
      return `output:${formatSubfield(action.source)}`;
    case 'group':
      return `group:${action.groupId}`;
    case 'set_queue':
      return `set_queue:${action.queueId}`;
    case 'push_vlan':
    case 'push_mpls':
    case 'pop_mpls':
    case 'push_pbb':
      return `${action.type}:${padded(action.ethertype, 4)}`;
    case 'set_mpls_ttl':
      return `set_mpls_ttl(${action.ttl})`;
    case 'set_nw_ttl':
      return `mod_nw_ttl:${action.ttl}`;
    case 'dec_nw_ttl':
      return action.controllerIds ? `dec_ttl(${action.controllerIds.join(',')})` : 'dec_ttl';
    case 'set_field':
      return `set_field:${formatValue(field(action.field), action.value, action.mask)}->${wholeField(action.field)}`;
    case 'reg_load':
      return `load:${hex(action.value)}->${formatSubfield(action)}`;
    case 'reg_move':
      return `move:${formatSubfield(action.src)}->${formatSubfield(action.dst)}`;
    case 'stack_push':
      return `push:${formatSubfield(action.source)}`;
    case 'stack_pop':
      return `pop:${formatSubfield(action.target)}`;
    case 'resubmit':
      return resubmitText(action);
    default:
      return rareText(action);
  }
}

function rareText(action: Action): string {
  switch (action.type) {
    case 'set_tunnel':
      return `set_tunnel${action.wide ? '64' : ''}:${hex(action.tunId)}`;
    case 'ct':
      return ctText(action);
    case 'nat':
      return natText(action);
    case 'clone':
      return `clone(${formatActions(action.actions)})`;
    case 'controller':
      return controllerText(action);
    case 'learn':
      return formatLearn(action);
    case 'conjunction':
      return `conjunction(${action.id},${action.clause + 1}/${action.clauses})`;
    case 'note':
      return `note:${dotted(action.bytes)}`;
    case 'fin_timeout':
      return finTimeoutText(action);
    case 'check_pkt_larger':
      return `check_pkt_larger(${action.length})->${formatSubfield(action.target)}`;
    case 'delete_field':
      return `delete_field:${wholeField(action.field)}`;
    case 'bundle':
      return bundleText(action);
    case 'multipath':
      return multipathText(action);
    case 'sample':
      return sampleText(action);
    case 'encap':
      return encapText(action);
    case 'decap':
      return decapText(action.packetType);
    case 'unknown':
      return `unknown(${hexOf(action.bytes)})`;
    default:
      return action.type;
  }
}

const encapNames: ReadonlyMap<number, string> = new Map([
  [0, 'ethernet'],
  [0x1_8847, 'mpls'],
  [0x1_8848, 'mpls_mc'],
]);
const encapNsh = 0x1_894f;
const nshClass = 0x0004;
const nshMdType = 1;
const nshTlv = 2;

function nshProperties(bytes: Uint8Array): string[] {
  const words: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = view.getUint8(at + 3);
    if (size < 4 || at + size > bytes.length) break;
    const isNsh = view.getUint16(at) === nshClass;
    const kind = view.getUint8(at + 2);
    if (isNsh && kind === nshMdType && size > 4) words.push(`md_type=${view.getUint8(at + 4)}`);
    if (isNsh && kind === nshTlv && size >= 8) {
      const value = hexOf(bytes.subarray(at + 8, Math.min(at + 8 + view.getUint8(at + 7), at + size)));
      words.push(`tlv(${padded(view.getUint16(at + 4), 4)},${view.getUint8(at + 6)},0x${value})`);
    }
    at += size + (-size & 7);
  }
  return words;
}

function encapText({ packetType, properties }: Extract<Action, { type: 'encap' }>): string {
  const nsh = packetType === encapNsh ? nshProperties(properties).join(',') : '';
  if (packetType === encapNsh) return nsh ? `encap(nsh(${nsh}))` : 'encap(nsh)';
  return `encap(${encapNames.get(packetType) ?? hex(packetType)})`;
}

/** A list of actions as ovs-ofctl prints it; `drop` if it is empty. */
export const formatActions = (actions: readonly Action[]): string => actions.map(formatAction).join(',') || 'drop';

const allMetadata = 0xffff_ffff_ffff_ffffn;

function instructionText(instruction: Instruction): string {
  switch (instruction.type) {
    case 'apply_actions':
      return instruction.actions.map(formatAction).join(',');
    case 'write_actions':
      return `write_actions(${formatActions(instruction.actions)})`;
    case 'clear_actions':
      return 'clear_actions';
    case 'goto_table':
      return `goto_table:${instruction.table}`;
    case 'meter':
      return `meter:${instruction.meterId}`;
    case 'write_metadata': {
      const mask = BigInt(instruction.mask) === allMetadata ? '' : `/${hex(instruction.mask)}`;
      return `write_metadata:${hex(instruction.value)}${mask}`;
    }
    case 'unknown':
      return `unknown(${hexOf(instruction.bytes)})`;
  }
}

/** A flow's instructions as ovs-ofctl prints them after `actions=`. */
export const formatInstructions = (instructions: readonly Instruction[]): string =>
  instructions
    .map(instructionText)
    .filter((text) => text !== '')
    .join(',') || 'drop';
