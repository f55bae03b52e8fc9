// OpenFlow 1.0's names for actions, and what ovs-ofctl makes of them over 1.3.
import type { Action } from './action-types.js';
import type { FieldName, WritableField } from './fields.js';
import { SyntaxProblem } from './parse-error.js';
import { fieldByName, type Protocol } from './parse-match.js';
import { parseIpv4, parseMac, parseNumber, parsePort, parseWide } from './parse-values.js';
import type { Word } from './text-words.js';

/** What is known of the packet where an action stands. */
export interface ActionContext extends Protocol {
  readonly hasVlan: boolean;
}

const presentBit = 0x1000;
const wholePacket = 0xffff;

const set = (name: FieldName, value: number | bigint): Action =>
  // The names below are writable fields with numbers as values.
  ({ type: 'set_field', field: name as WritableField, value }) as Action;

const pushIfNone = ({ hasVlan }: ActionContext): Action[] =>
  hasVlan ? [] : [{ type: 'push_vlan', ethertype: 0x8100 }];

function transportPort(word: Word, context: ActionContext): Action[] {
  const row = fieldByName(word.key === 'mod_tp_src' ? 'tp_src' : 'tp_dst', context);
  if (!row) throw new SyntaxProblem(word.text, 'the flow does not match TCP, UDP or SCTP');
  return [set(row.name, parseNumber(word.value, 16))];
}

function enqueue(word: Word): Action[] {
  const [port = '', queue = ''] = word.value.split(/[:,]/);
  return [
    { type: 'set_queue', queueId: parseNumber(queue) },
    { type: 'output', port: parsePort(port), maxLen: wholePacket },
    { type: 'pop_queue' },
  ];
}

const tunnel = (word: Word) => [set('tun_id', parseWide(word.value))];

/** The old names, each with what it stands for. */
export const flowModActions: readonly (readonly [string, (word: Word, context: ActionContext) => Action[]])[] = [
  [
    'mod_vlan_vid',
    (word, context) => [...pushIfNone(context), set('vlan_vid', parseNumber(word.value, 12) | presentBit)],
  ],
  ['mod_vlan_pcp', (word, context) => [...pushIfNone(context), set('vlan_pcp', parseNumber(word.value, 3))]],
  ['set_vlan_vid', (word) => [set('vlan_vid', parseNumber(word.value, 12) | presentBit)]],
  ['set_vlan_pcp', (word) => [set('vlan_pcp', parseNumber(word.value, 3))]],
  ['mod_dl_src', (word) => [set('eth_src', parseMac(word.value))]],
  ['mod_dl_dst', (word) => [set('eth_dst', parseMac(word.value))]],
  ['mod_nw_src', (word) => [set('ipv4_src', parseIpv4(word.value))]],
  ['mod_nw_dst', (word) => [set('ipv4_dst', parseIpv4(word.value))]],
  ['mod_nw_tos', (word) => [set('ip_dscp', parseNumber(word.value, 8) >>> 2)]],
  ['mod_nw_ecn', (word) => [set('ip_ecn', parseNumber(word.value, 2))]],
  ['mod_tp_src', transportPort],
  ['mod_tp_dst', transportPort],
  ['set_mpls_label', (word) => [set('mpls_label', parseNumber(word.value, 20))]],
  ['set_mpls_tc', (word) => [set('mpls_tc', parseNumber(word.value, 3))]],
  ['set_tunnel', tunnel],
  ['set_tunnel64', tunnel],
  ['enqueue', enqueue],
];
