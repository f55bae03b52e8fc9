// The part of a database's schema that we need: which columns there are, and what shape their values have
// (RFC 7047, 3.2). It decides which columns may be asked for and how differences are to be read.
import { malformed } from './errors.js';
import { isMembers } from './json.js';

/** The base types of OVSDB (RFC 7047, 3.2). */
export const atomTypes = ['integer', 'real', 'boolean', 'string', 'uuid'] as const;
/** One of the base types. */
export type AtomType = (typeof atomTypes)[number];

/** A column's type: a set of keys, or a map when there is a value type. */
export interface ColumnType {
  readonly key: AtomType;
  readonly value?: AtomType;
  readonly min: number;
  /** Infinity = unlimited. */
  readonly max: number;
}

/** The columns of one table. */
export type TableSchema = ReadonlyMap<string, ColumnType>;
/** The tables of a database. */
export type Schema = ReadonlyMap<string, TableSchema>;

/** The schema in a get_schema reply. Throws OVSDB_PEER_MALFORMED. */
export function parseSchema(reply: unknown): Schema {
  return new Map(
    members(reply, 'tables').map(([table, body]) => [
      table,
      new Map(members(body, 'columns').map(([column, spec]) => [column, columnType(spec, `${table}.${column}`)])),
    ]),
  );
}

/** The tables and columns of `wanted` that the schema has, the rest left out. */
export function narrowed(schema: Schema, wanted: Readonly<Record<string, readonly string[]>>): Schema {
  const tables = Object.entries(wanted).flatMap(([table, columns]): [string, TableSchema][] => {
    const held = schema.get(table);
    if (!held) return [];
    const known = columns.flatMap((column): [string, ColumnType][] => {
      const type = held.get(column);
      return type ? [[column, type]] : [];
    });
    return [[table, new Map(known)]];
  });
  return new Map(tables);
}

function members(value: unknown, name: string): [string, unknown][] {
  const inner = isMembers(value) ? value[name] : undefined;
  if (!isMembers(inner)) throw malformed(`a schema without ${name}`);
  return Object.entries(inner);
}

function columnType(spec: unknown, where: string): ColumnType {
  const type = isMembers(spec) ? spec['type'] : undefined;
  if (typeof type === 'string') return { key: atomType(type, where), min: 1, max: 1 };
  if (!isMembers(type)) throw malformed(`${where}: a column without a type`);
  const { key, value, min = 1, max = 1 } = type;
  const shape = { key: atomType(key, where), min: bound(min, where), max: bound(max, where) };
  return value === undefined ? shape : { ...shape, value: atomType(value, where) };
}

function bound(value: unknown, where: string): number {
  if (value === 'unlimited') return Infinity;
  if (typeof value === 'number') return value;
  throw malformed(`${where}: a size that is no number`);
}

function atomType(base: unknown, where: string): AtomType {
  const name = isMembers(base) ? base['type'] : base;
  const found = atomTypes.find((type) => type === name);
  if (!found) throw malformed(`${where}: an unknown type`);
  return found;
}
