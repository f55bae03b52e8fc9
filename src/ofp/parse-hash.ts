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
  const [head = '', members] = word.value.split(/[\s,](?:members|slaves):/);
  const [fields, basis = '', algorithm, memberType, ...rest] = wordList(head);
  if (memberType !== 'ofport') throw new SyntaxProblem(word.text, 'members are of type ofport');
  const load = word.key === 'bundle_load' ? parseSubfield(rest.shift() ?? '') : undefined;
  if (members === undefined || rest.length > 0) throw new SyntaxProblem(word.text, 'lacks members:');
  return {
    type: 'bundle',
    algorithm: indexOf(bundleAlgorithms, algorithm),
    fields: indexOf(hashFields, fields),
    basis: parseNumber(basis, 16),
    members: wordList(members).map(parsePort),
    ...(load && { load }),
  };
}

const mostLinks = 65_536;

function linksOf(text: string): number {
  const links = parseNumber(text);
  if (links < 1 || links > mostLinks) throw new SyntaxProblem(text, `is no number of links from 1 to ${mostLinks}`);
  return links;
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
    maxLink: linksOf(links) - 1,
    arg: parseNumber(arg),
    target: parseSubfield(target),
  };
}
