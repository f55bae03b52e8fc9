// The actions whose text is a language of its own: ct, nat, controller, learn, sample.
import type { Action, Controller, Ct, Learn, LearnSpec, Nat, Sample, Subfield } from './action-types.js';
import { reservedPort } from './constants.js';
import { field } from './fields.js';
import { learnFlag } from './learn-codec.js';
import { SyntaxProblem } from './parse-error.js';
import { fieldByName } from './parse-match.js';
import { parseSubfield, writablePart } from './parse-subfield.js';
import {
  asNumber,
  parseBig,
  parseBig64,
  parseHexBytes,
  parseIpv4,
  parseIpv6,
  parseNumber,
  parsePort,
  parseValue,
} from './parse-values.js';
import { reasonNames } from './text-actions.js';
import { optionsOf, wordsOf, type Word } from './text-words.js';

const gateways: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['tftp', 69],
]);

const zoneOf = (text: string) => (/^(\d|0x)/.test(text) ? parseNumber(text, 16) : parseSubfield(text));

/** The inside of ct(…); `actionsIn` parses the actions in its exec(…). */
export function parseCt(text: string, actionsIn: (text: string) => readonly Action[]): Ct {
  let ct: Ct = { type: 'ct' };
  const actions: Action[] = [];
  for (const { key, value, text: word } of wordsOf(text)) {
    if (key === 'commit') ct = { ...ct, commit: true };
    else if (key === 'force') ct = { ...ct, force: true };
    else if (key === 'table') ct = { ...ct, table: parseNumber(value, 8) };
    else if (key === 'zone') ct = { ...ct, ...(value !== '0' && { zone: zoneOf(value) }) };
    else if (key === 'alg') ct = { ...ct, alg: gateways.get(value) ?? parseNumber(value, 16) };
    else if (key === 'nat') actions.push(parseNat(value));
    else if (key === 'exec') actions.push(...actionsIn(value));
    else throw new SyntaxProblem(word, 'is no option of ct');
  }
  return actions.length > 0 ? { ...ct, actions } : ct;
}

const addressOf = (text: string) => (text.includes(':') ? parseIpv6(text) : parseIpv4(text));

function bounds<T>(text: string, parse: (text: string) => T): { min: T; max?: T } {
  const [min = '', max] = text.split('-');
  return max === undefined ? { min: parse(min) } : { min: parse(min), max: parse(max) };
}

// 1.2.3.4-1.2.3.9:80-90, [fe80::1]-[fe80::9]:80, fe80::1, :80
function natRange(text: string): Pick<Nat, 'address' | 'port'> {
  const bracketed = /^(\[[^\]]*\](?:-\[[^\]]*\])?)(?::(.*))?$/.exec(text);
  const isIpv6 = !bracketed && /:.*:/.test(text);
  const [, addresses = '', ports] = bracketed ?? (isIpv6 ? [text, text] : (/^([^:]*)(?::(.*))?$/.exec(text) ?? []));
  const plain = addresses.replaceAll(/[[\]]/g, '');
  return {
    ...(plain !== '' && { address: bounds<number | bigint>(plain, addressOf) }),
    ...(ports !== undefined && { port: bounds(ports, (port) => parseNumber(port, 16)) }),
  };
}

/** The inside of nat(…). */
export function parseNat(text: string): Nat {
  let nat: Nat = { type: 'nat' };
  for (const { key, value, text: word } of wordsOf(text)) {
    if (key === 'src' || key === 'dst') nat = { ...nat, direction: key, ...(value !== '' && natRange(value)) };
    else if (key === 'persistent') nat = { ...nat, persistent: true };
    else if (key === 'hash' || key === 'random') nat = { ...nat, algorithm: key };
    else throw new SyntaxProblem(word, 'is no option of nat');
  }
  return nat;
}

const wholePacket = 0xffff;
const reasonAction = 1;

function controllerOptions(text: string): Controller {
  let action: Controller = { type: 'controller' };
  for (const { key, value, text: word } of wordsOf(text)) {
    if (key === 'max_len') action = { ...action, maxLen: parseNumber(value, 16) };
    else if (key === 'id') action = { ...action, controllerId: parseNumber(value, 16) };
    else if (key === 'reason') action = { ...action, reason: reasonNames.findIndex((name) => name === value) };
    else if (key === 'userdata') action = { ...action, userdata: parseHexBytes(value) };
    else if (key === 'pause') action = { ...action, pause: true };
    else if (key === 'meter_id') action = { ...action, meterId: parseNumber(value) };
    else throw new SyntaxProblem(word, 'is no option of controller');
  }
  if (action.reason === -1) throw new SyntaxProblem(text, `reason is none of ${reasonNames.join(', ')}`);
  return action;
}

/** controller:LEN or controller(…), which is a plain output where it says no more than that. */
export function parseController(word: Word): Action {
  const plain = (maxLen: number): Action => ({ type: 'output', port: reservedPort.controller, maxLen });
  if (word.delimiter === ':') return plain(parseNumber(word.value, 16));
  const action = controllerOptions(word.value);
  const { maxLen = wholePacket, controllerId = 0, reason = reasonAction, userdata, pause, meterId } = action;
  if (controllerId === 0 && reason === reasonAction && !userdata && !pause && meterId === undefined)
    return plain(maxLen);
  return action;
}

const sampleNumbers = ['probability', 'collector_set_id', 'obs_domain_id', 'obs_point_id'] as const;

/** The inside of sample(…). */
export function parseSample(text: string): Sample {
  const options = optionsOf(text, ...sampleNumbers, 'sampling_port', 'ingress', 'egress');
  const number = (key: (typeof sampleNumbers)[number], bits = 32) => parseNumber(options.get(key) ?? '0', bits);
  const port = options.get('sampling_port');
  const direction = options.has('ingress') ? 'ingress' : options.has('egress') ? 'egress' : undefined;
  return {
    type: 'sample',
    probability: number('probability', 16),
    collectorSetId: number('collector_set_id'),
    obsDomainId: number('obs_domain_id'),
    obsPointId: number('obs_point_id'),
    ...(port !== undefined ? { samplingPort: parsePort(port) } : direction && { samplingPort: reservedPort.any }),
    ...(direction && { direction }),
  };
}

// A part of a field that goes where there are so many bits.
function ofSize(bits: number, text: string): Subfield {
  const part = parseSubfield(text);
  if (part.bits !== bits) throw new SyntaxProblem(text, `${part.bits} bits do not go into ${bits}`);
  return part;
}

function learnLoad(text: string): LearnSpec {
  const [source = '', target = ''] = text.split('->');
  const to = writablePart(parseSubfield(target));
  if (/^(\d|0x)/.test(source))
    return { kind: 'load', bits: to.bits, source: { value: asNumber(parseBig(source)) }, target: to };
  return { kind: 'load', bits: to.bits, source: { subfield: ofSize(to.bits, source) }, target: to };
}

function learnMatch(word: Word): LearnSpec {
  const target = parseSubfield(word.key);
  const { bits } = target;
  if (word.delimiter === '') return { kind: 'match', bits, source: { subfield: target }, target };
  if (fieldByName(word.value.replace(/\[.*/, '')))
    return { kind: 'match', bits, source: { subfield: ofSize(bits, word.value) }, target };
  const row = field(target.field);
  const isWhole = target.start === 0 && bits === row.bits;
  const { value, mask } = isWhole ? parseValue(word.value, row) : { value: parseBig(word.value) };
  if (value instanceof Uint8Array) throw new SyntaxProblem(word.text, 'has no constant of this field');
  if (mask !== undefined) throw new SyntaxProblem(word.text, 'a constant has no mask');
  if (BigInt(value) >> BigInt(bits)) throw new SyntaxProblem(word.text, `the value does not fit in ${bits} bits`);
  return { kind: 'match', bits, source: { value: asNumber(BigInt(value)) }, target };
}

const learnNumbers = {
  idle_timeout: ['idleTimeout', 16],
  hard_timeout: ['hardTimeout', 16],
  fin_idle_timeout: ['finIdleTimeout', 16],
  fin_hard_timeout: ['finHardTimeout', 16],
  priority: ['priority', 16],
  table: ['table', 8],
  limit: ['limit', 32],
} as const;
const isLearnNumber = (key: string): key is keyof typeof learnNumbers => key in learnNumbers;

function learnOption(learn: Learn, word: Word): Learn {
  const { key, value } = word;
  if (isLearnNumber(key)) {
    const [member, bits] = learnNumbers[key];
    return { ...learn, [member]: parseNumber(value, bits) };
  }
  if (key === 'cookie') return { ...learn, cookie: parseBig64(value) };
  if (key === 'send_flow_rem') return { ...learn, flags: learn.flags | learnFlag.sendFlowRem };
  if (key === 'delete_learned') return { ...learn, flags: learn.flags | learnFlag.deleteLearned };
  if (key === 'result_dst')
    return { ...learn, flags: learn.flags | learnFlag.writeResult, resultBit: parseSubfield(value) };
  const from = key === 'output' ? parseSubfield(value) : undefined;
  const spec: LearnSpec = from
    ? { kind: 'output', bits: from.bits, source: { subfield: from } }
    : key === 'load'
      ? learnLoad(value)
      : learnMatch(word);
  return { ...learn, specs: [...learn.specs, spec] };
}

/** The inside of learn(…). */
export function parseLearn(text: string): Learn {
  const times = { idleTimeout: 0, hardTimeout: 0, finIdleTimeout: 0, finHardTimeout: 0 };
  const start: Learn = { type: 'learn', ...times, priority: 0x8000, cookie: 0n, flags: 0, table: 1, specs: [] };
  return wordsOf(text).reduce(learnOption, start);
}
