// The actions that choose by a hash over the packet, as ovs-ofctl takes them: bundle, bundle_load, multipath.
import type { Action } from './action-types.js';
import { SyntaxProblem } from './parse-error.js';
import { parseSubfield } from './parse-subfield.js';
import { parseNumber, parsePort } from './parse-values.js';
import type { Word } from './text-words.js';

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

const wordList = (text: string) => text.split(/[\s,]+/).filter((part) => part !== '');

function indexOf(names: readonly string[], name: string | undefined): number {
  const index = names.indexOf(name ?? '');
  if (index < 0) throw new SyntaxProblem(name ?? '', `is none of ${names.join(', ')}`);
  return index;
}

/** bundle(…) and bundle_load(…). Throws SyntaxProblem. */
export function bundleOf(word: Word): Action {
  const [head = '', members = ''] = word.value.split(/(?:members|slaves):/);
  const [fields, basis = '', algorithm, memberType, target] = wordList(head);
  if (memberType !== 'ofport') throw new SyntaxProblem(word.text, 'members are of type ofport');
  const load = word.key === 'bundle_load' ? parseSubfield(target ?? '') : undefined;
  return {
    type: 'bundle',
    algorithm: indexOf(bundleAlgorithms, algorithm),
    fields: indexOf(hashFields, fields),
    basis: parseNumber(basis, 16),
    members: wordList(members).map(parsePort),
    ...(load && { load }),
  };
}

/** multipath(…). Throws SyntaxProblem. */
export function multipathOf(word: Word): Action {
  const [fields, basis = '', algorithm, links = '', arg = '', target = ''] = word.value
    .split(',')
    .map((part) => part.trim());
  return {
    type: 'multipath',
    fields: indexOf(hashFields, fields),
    basis: parseNumber(basis, 16),
    algorithm: indexOf(multipathAlgorithms, algorithm),
    maxLink: parseNumber(links, 17) - 1,
    arg: parseNumber(arg),
    target: parseSubfield(target),
  };
}
