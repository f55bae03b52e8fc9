// Actions as ovs-ofctl takes them.
import { flowModActions, type ActionContext } from './parse-openflow10.js';
import type { Action, Subfield } from './action-types.js';
import { reservedPort } from './constants.js';
import type { FieldRow, WritableField } from './fields.js';
import { allOnes } from './match-codec.js';
import { parseController, parseCt, parseLearn, parseNat, parseSample } from './parse-complex.js';
import { SyntaxProblem } from './parse-error.js';
import { fieldByName } from './parse-match.js';
import { parseDecap, parseEncap } from './parse-encap.js';
import { bundleOf, multipathOf } from './parse-hash.js';
import { parseSubfield, writablePart } from './parse-subfield.js';
import { asNumber, parseBig, parseHexBytes, parseNumber, parsePort, parseValue, portByName } from './parse-values.js';
import { optionsOf, wordsOf, type Word } from './text-words.js';

const wholePacket = 0xffff;

const arrow = (text: string): [string, string] => {
  const at = text.lastIndexOf('->');
  if (at < 0) throw new SyntaxProblem(text, 'lacks "->" and a field');
  return [text.slice(0, at), text.slice(at + 2)];
};

function writable(name: string, context: ActionContext): FieldRow {
  const row =
    name === 'in_port'
      ? fieldByName('nxm_in_port')
      : name === 'nw_tos'
        ? fieldByName('NXM_OF_IP_TOS')
        : fieldByName(name, context);
  if (!row) throw new SyntaxProblem(name, 'is no field');
  if (row.access === 'ro') throw new SyntaxProblem(name, 'is read-only');
  return row;
}

function setFieldOf(text: string, context: ActionContext): Action {
  const [valueText, name] = arrow(text);
  const row = writable(name.replace(/\[\]$/, ''), context);
  const parsed = parseValue(valueText, row);
  const { value } = parsed;
  const isWhole =
    parsed.mask !== undefined && !(parsed.mask instanceof Uint8Array) && BigInt(parsed.mask) === allOnes(row);
  const mask = row.format === 'tun_flags' || isWhole ? undefined : parsed.mask;
  // parseValue gives the type of value of the row's field, and the row is writable.
  return { type: 'set_field', field: row.name, value, ...(mask !== undefined && { mask }) } as Action;
}

const loadBits = 64;

// A load of more bits than one action carries is several, the lowest bits first.
function loadOf(text: string): Action[] {
  const [valueText, target] = arrow(text);
  const wide = parseBig(valueText);
  const part = writablePart(parseSubfield(target));
  if (wide >> BigInt(part.bits)) throw new SyntaxProblem(text, `the value does not fit in ${part.bits} bits`);
  const loads: Action[] = [];
  for (let done = 0; done < part.bits; done += loadBits) {
    const bits = Math.min(loadBits, part.bits - done);
    const value = BigInt.asUintN(bits, wide >> BigInt(done));
    loads.push({ type: 'reg_load', ...part, start: part.start + done, bits, value: asNumber(value) });
  }
  return loads;
}

function moveOf(text: string): Action {
  const [from, to] = arrow(text);
  const src = parseSubfield(from);
  const dst = writablePart(parseSubfield(to));
  if (src.bits !== dst.bits) throw new SyntaxProblem(text, `${src.bits} bits do not go into ${dst.bits}`);
  return { type: 'reg_move', src, dst };
}

function outputTo(text: string): Action {
  const reserved = portByName(text);
  if (reserved === reservedPort.controller) return { type: 'output', port: reserved, maxLen: wholePacket };
  if (reserved !== undefined || /^\d|^0x/.test(text)) return { type: 'output', port: parsePort(text) };
  return { type: 'output_reg', source: parseSubfield(text), maxLen: wholePacket };
}

function outputOf(word: Word): Action {
  if (word.delimiter !== '(') return outputTo(word.value);
  if (!/\bport\b/.test(word.value)) return outputTo(word.value.trim());
  const options = optionsOf(word.value, 'port', 'max_len');
  return {
    type: 'output_trunc',
    port: parsePort(options.get('port') ?? ''),
    maxLen: parseNumber(options.get('max_len') ?? ''),
  };
}

function resubmitOf(word: Word): Action {
  if (word.delimiter === ':') return { type: 'resubmit', port: parsePort(word.value), table: 0xff };
  const [port = '', table = '', ct] = word.value.split(',');
  if (ct !== undefined && ct !== 'ct') throw new SyntaxProblem(word.text, 'only "ct" may stand third');
  if (port === '' && table === '') throw new SyntaxProblem(word.text, 'names neither port nor table');
  const to = port === '' ? undefined : parsePort(port.trimStart());
  return {
    type: 'resubmit',
    ...(to !== undefined && to !== reservedPort.inPort && { port: to }),
    table: table === '' ? 0xff : parseNumber(table.trimStart(), 8),
    ...(ct && { ct: true }),
  };
}

function noteOf(text: string): Action {
  const given = parseHexBytes(text);
  // The wire pads a note to six bytes more than a multiple of eight.
  const bytes = new Uint8Array(given.length + ((6 - (given.length % 8) + 8) % 8));
  bytes.set(given);
  return { type: 'note', bytes };
}

function conjunctionOf(word: Word): Action {
  const [, id = '', clause = '', clauses = ''] = /^\s*(\w+)\s*,\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(word.value) ?? [];
  return {
    type: 'conjunction',
    id: parseNumber(id),
    clause: parseNumber(clause, 8) - 1,
    clauses: parseNumber(clauses, 8),
  };
}

function finTimeoutOf(word: Word): Action {
  const options = optionsOf(word.value, 'idle_timeout', 'hard_timeout');
  return {
    type: 'fin_timeout',
    idleTimeout: parseNumber(options.get('idle_timeout') ?? '0', 16),
    hardTimeout: parseNumber(options.get('hard_timeout') ?? '0', 16),
  };
}

function checkPktLargerOf(word: Word): Action {
  const target: Subfield<WritableField> = writablePart(parseSubfield(word.tail));
  if (target.bits !== 1) throw new SyntaxProblem(word.text, 'the answer is one bit');
  return { type: 'check_pkt_larger', length: parseNumber(word.value, 16), target };
}

type Parse = (word: Word, context: ActionContext) => Action | readonly Action[];
const bare =
  (
    type:
      | 'pop_vlan'
      | 'dec_mpls_ttl'
      | 'ct_clear'
      | 'exit'
      | 'pop_queue'
      | 'dec_nsh_ttl'
      | 'copy_ttl_in'
      | 'copy_ttl_out'
      | 'pop_pbb'
      | 'debug_recirc'
      | 'debug_slow',
  ): Parse =>
  () => ({ type });
const tagged =
  (type: 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb'): Parse =>
  (word) => ({ type, ethertype: parseNumber(word.value, 16) });

const parsers: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['output', outputOf],
  ['group', (word) => ({ type: 'group', groupId: parseNumber(word.value) })],
  ['set_queue', (word) => ({ type: 'set_queue', queueId: parseNumber(word.value) })],
  ['pop_queue', bare('pop_queue')],
  ['push_vlan', tagged('push_vlan')],
  ['pop_vlan', bare('pop_vlan')],
  ['strip_vlan', bare('pop_vlan')],
  ['push_mpls', tagged('push_mpls')],
  ['pop_mpls', tagged('pop_mpls')],
  ['push_pbb', tagged('push_pbb')],
  ['pop_pbb', bare('pop_pbb')],
  ['set_mpls_ttl', (word) => ({ type: 'set_mpls_ttl', ttl: parseNumber(word.value, 8) })],
  ['dec_mpls_ttl', bare('dec_mpls_ttl')],
  ['mod_nw_ttl', (word) => ({ type: 'set_nw_ttl', ttl: parseNumber(word.value, 8) })],
  ['dec_ttl', decTtlOf],
  ['dec_nsh_ttl', bare('dec_nsh_ttl')],
  ['set_field', (word, context) => setFieldOf(word.value, context)],
  ['load', (word) => loadOf(word.value)],
  ['move', (word) => moveOf(word.value)],
  ['push', (word) => ({ type: 'stack_push', source: parseSubfield(word.value) })],
  ['pop', (word) => ({ type: 'stack_pop', target: writablePart(parseSubfield(word.value)) })],
  ['resubmit', resubmitOf],
  ['ct', (word, context) => parseCt(word.value, (text) => parseActions(text, context))],
  ['nat', (word) => parseNat(word.value)],
  ['ct_clear', bare('ct_clear')],
  ['clone', (word, context) => ({ type: 'clone', actions: parseActions(word.value, context) })],
  ['controller', parseController],
  ['learn', (word) => parseLearn(word.value)],
  ['conjunction', conjunctionOf],
  ['note', (word) => noteOf(word.value)],
  ['exit', bare('exit')],
  ['fin_timeout', finTimeoutOf],
  ['sample', (word) => parseSample(word.value)],
  ['check_pkt_larger', checkPktLargerOf],
  ['bundle', bundleOf],
  ['bundle_load', bundleOf],
  ['multipath', multipathOf],
  ['delete_field', (word) => ({ type: 'delete_field', field: writablePart(parseSubfield(word.value)).field })],
  ['encap', (word) => parseEncap(word.value)],
  ['decap', (word) => parseDecap(word.value)],
  ['debug_recirc', bare('debug_recirc')],
  ['debug_slow', bare('debug_slow')],
  ...flowModActions,
]);

function decTtlOf(word: Word): Action {
  if (word.delimiter === '') return { type: 'dec_nw_ttl' };
  return { type: 'dec_nw_ttl', controllerIds: wordsOf(word.value).map(({ key }) => parseNumber(key, 16)) };
}

function parseAction(word: Word, context: ActionContext): readonly Action[] {
  const name = word.key.toLowerCase();
  const parse = parsers.get(name);
  if (parse && !(name === 'controller' && word.delimiter === '')) {
    const parsed = parse(word, context);
    return Array.isArray(parsed) ? (parsed as readonly Action[]) : [parsed as Action]; // Array.isArray does not narrow readonly arrays
  }
  if (word.delimiter === '' && (portByName(name) !== undefined || /^\d/.test(name))) return [outputTo(word.key)];
  throw new SyntaxProblem(word.text, 'is no action');
}

const pushesTag = (action: Action) =>
  action.type === 'push_vlan' || (action.type === 'set_field' && action.field === 'vlan_vid');

/** The actions that words say. Throws SyntaxProblem. */
export function actionsOf(words: readonly Word[], start: ActionContext): Action[] {
  const actions: Action[] = [];
  let context = start;
  for (const word of words) {
    if (word.key === 'drop' && words.length === 1) break;
    const parsed = parseAction(word, context);
    actions.push(...parsed);
    if (parsed.some(pushesTag)) context = { ...context, hasVlan: true };
    if (parsed.some(({ type }) => type === 'pop_vlan')) context = { ...context, hasVlan: false };
  }
  return actions;
}

/** The context of actions that no match stands before. */
export const plainContext: ActionContext = { ethType: undefined, ipProto: undefined, hasVlan: false };

/** A list of actions, e.g. of a bucket. Throws SyntaxProblem. */
export const parseActions = (text: string, context: ActionContext = plainContext): Action[] =>
  actionsOf(wordsOf(text), context);
