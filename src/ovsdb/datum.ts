// Values of columns as texts: one, a set of them, or a map. Column types tell texts of different types apart, so nothing is lost but
// integers beyond 2^53, which no column that we read can hold.
import { malformed } from './errors.js';
import { isList } from './json.js';
import type { AtomType, ColumnType } from './schema.js';

/** A map's keys with their values. */
export type TextMap = ReadonlyMap<string, string>;

/** A column's value: for columns of at most one element its text, or undefined without one; else the texts of a set, or a map. */
export type Datum = string | undefined | ReadonlySet<string> | TextMap;

/** An all-zero UUID, the default of a uuid column. */
const zeroUuid = '00000000-0000-0000-0000-000000000000';
const defaultAtoms: Readonly<Record<AtomType, string>> = {
  integer: '0',
  real: '0',
  boolean: 'false',
  string: '',
  uuid: zeroUuid,
};

const noTexts: ReadonlySet<string> = new Set();
const noPairs: TextMap = new Map();

/** A value from the wire (RFC 7047, 5.1). Throws OVSDB_PEER_MALFORMED when it does not have the column's type. */
export function parseDatum(wire: unknown, type: ColumnType): Datum {
  if (type.value !== undefined) return parseMap(wire, type.key, type.value);
  if (!isList(wire) || wire[0] !== 'set') {
    const text = atomText(wire, type.key);
    return type.max === 1 ? text : new Set([text]);
  }
  const [, items] = wire;
  if (!isList(items)) throw malformed(`not a set: ${shown(wire)}`);
  if (type.max !== 1) return items.length === 0 ? noTexts : new Set(items.map((atom) => atomText(atom, type.key)));
  if (items.length > 1) throw malformed(`more than one ${type.key}: ${shown(wire)}`);
  return items.length === 0 ? undefined : atomText(items[0], type.key);
}

function parseMap(wire: unknown, key: AtomType, value: AtomType): TextMap {
  const [tag, items] = isList(wire) ? wire : [];
  if (tag !== 'map' || !isList(items)) throw malformed(`not a map: ${shown(wire)}`);
  if (items.length === 0) return noPairs;
  const map = new Map<string, string>();
  for (const pair of items) {
    if (!isList(pair) || pair.length !== 2) throw malformed(`not a pair: ${shown(pair)}`);
    map.set(atomText(pair[0], key), atomText(pair[1], value));
  }
  return map;
}

/** What a row holds in a column that was never set (RFC 7047, 5.2.1). */
export function defaultDatum({ min, max, key, value }: ColumnType): Datum {
  if (value !== undefined) return min === 0 ? noPairs : new Map([[defaultAtoms[key], defaultAtoms[value]]]);
  if (max === 1) return min === 0 ? undefined : defaultAtoms[key];
  return min === 0 ? noTexts : new Set([defaultAtoms[key]]);
}

/**
 * The value after a difference of update2 (ovsdb-server(7), 4.1.14): columns of at most one element are replaced; in sets
 * what is in both leaves and what is new comes; in maps an equal pair leaves, any other pair is put.
 */
export function datumAfter(old: Datum, difference: Datum, type: ColumnType): Datum {
  if (type.max === 1) return difference;
  if (difference instanceof Map) return mapAfter(pairsOf(old), difference);
  const after = new Set(textsOf(old));
  for (const text of textsOf(difference)) if (!after.delete(text)) after.add(text);
  return after;
}

function mapAfter(old: TextMap, difference: TextMap): TextMap {
  const after = new Map(old);
  for (const [key, value] of difference) {
    if (old.get(key) === value) after.delete(key);
    else after.set(key, value);
  }
  return after;
}

/** Whether two values are the same, in whatever order they came. */
export function isSameDatum(a: Datum, b: Datum): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a.size !== b.size) return false;
  if (a instanceof Map) {
    const pairs = pairsOf(b);
    for (const [key, value] of pairsOf(a)) if (pairs.get(key) !== value) return false;
    return true;
  }
  for (const text of a.keys()) if (!b.has(text)) return false;
  return true;
}

/** The texts of a set; none of anything else. */
export const textsOf = (datum: Datum): ReadonlySet<string> => (datum instanceof Set ? datum : noTexts);

/** The pairs of a map; none of anything else. */
export const pairsOf = (datum: Datum): TextMap => (datum instanceof Map ? datum : noPairs);

function atomText(atom: unknown, type: AtomType): string {
  switch (type) {
    case 'string':
      if (typeof atom === 'string') return atom;
      break;
    case 'integer':
    case 'real':
      if (typeof atom === 'number') return String(atom);
      break;
    case 'boolean':
      if (typeof atom === 'boolean') return String(atom);
      break;
    case 'uuid':
      if (isList(atom) && atom[0] === 'uuid' && typeof atom[1] === 'string') return atom[1];
  }
  throw malformed(`not a ${type}: ${shown(atom)}`);
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 80);
