// Values of columns, in one form for scalars, sets and maps: the texts of the keys, each with the text of its value in maps.
// Column types tell texts of different types apart, so nothing is lost but integers beyond 2^53, which no column that we
// read can hold.
import { malformed } from './errors.js';
import { isList } from './json.js';
import type { AtomType, ColumnType } from './schema.js';

/** A column's value: keys with their values in maps, keys with undefined in sets and scalars. */
export type Datum = ReadonlyMap<string, string | undefined>;

/** An all-zero UUID, the default of a uuid column. */
const zeroUuid = '00000000-0000-0000-0000-000000000000';
const defaultAtoms: Readonly<Record<AtomType, string>> = {
  integer: '0',
  real: '0',
  boolean: 'false',
  string: '',
  uuid: zeroUuid,
};

/** A value from the wire (RFC 7047, 5.1). Throws OVSDB_PEER_MALFORMED when it does not have the column's type. */
export function parseDatum(wire: unknown, type: ColumnType): Datum {
  const [tag, items] = isList(wire) ? wire : [];
  if (type.value !== undefined) {
    if (tag !== 'map' || !isList(items)) throw malformed(`not a map: ${shown(wire)}`);
    const { key, value } = type;
    return items.length === 0 ? nothing : new Map(items.map((pair) => pairOf(pair, key, value)));
  }
  if (tag !== 'set') return single(atomText(wire, type.key));
  if (!isList(items)) throw malformed(`not a set: ${shown(wire)}`);
  return items.length === 0 ? nothing : new Map(items.map((atom) => [atomText(atom, type.key), undefined]));
}

const nothing: Datum = new Map();

/** A scalar. Short words such as `up` come again in row after row, which share them: a map for each would be most of a snapshot. */
function single(text: string): Datum {
  if (text.length > longestShared) return new Map([[text, undefined]]);
  let datum = shared.get(text);
  if (datum === undefined) {
    if (shared.size >= mostShared) shared.clear();
    shared.set(text, (datum = new Map([[text, undefined]])));
  }
  return datum;
}

const shared = new Map<string, Datum>();
const longestShared = 8;
const mostShared = 1000;

/** What a row holds in a column that was never set (RFC 7047, 5.2.1). */
export function defaultDatum(type: ColumnType): Datum {
  const known = defaults.get(type);
  if (known) return known;
  const { min, key, value } = type;
  const made = new Map(min === 0 ? [] : [[defaultAtoms[key], value === undefined ? undefined : defaultAtoms[value]]]);
  defaults.set(type, made);
  return made;
}

// Most columns of most rows hold it, so all of them hold the same one.
const defaults = new WeakMap<ColumnType, Datum>();

/**
 * The value after a difference of update2 (ovsdb-server(7), 4.1.14): columns of at most one element are replaced; in sets
 * what is in both leaves and what is new comes; in maps an equal pair leaves, any other pair is put.
 */
export function datumAfter(old: Datum, difference: Datum, type: ColumnType): Datum {
  if (type.max === 1) return difference;
  const after = new Map(old);
  for (const [key, value] of difference) {
    if (old.has(key) && old.get(key) === value) after.delete(key);
    else after.set(key, value);
  }
  return after;
}

/** Whether two values are the same, in whatever order they came. */
export function isSameDatum(a: Datum, b: Datum): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || b.get(key) !== value) return false;
  return true;
}

function pairOf(pair: unknown, key: AtomType, value: AtomType): [string, string] {
  if (!isList(pair) || pair.length !== 2) throw malformed(`not a pair: ${shown(pair)}`);
  return [atomText(pair[0], key), atomText(pair[1], value)];
}

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
