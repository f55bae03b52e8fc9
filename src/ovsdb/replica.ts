// Our copy of the monitored rows. Updates come in, real differences come out: a snapshot that repeats what is known
// changes nothing, and an update that cannot be right changes nothing either.
import { type Datum, datumAfter, defaultDatum, isSameDatum, parseDatum } from './datum.js';
import { malformed } from './errors.js';
import { isMembers, type Members } from './json.js';
import type { ColumnType, Schema, TableSchema } from './schema.js';

/** The monitored columns of a row; a row that changes becomes another object, one that does not stays the same. */
export type Row = ReadonlyMap<string, Datum>;

/** One row's difference: without `before` it is new, without `after` it is gone. */
export interface RowChange {
  readonly table: string;
  readonly uuid: string;
  readonly before?: Row;
  readonly after?: Row;
}

/** The notations of updates: `update` of RFC 7047, `update2` of ovsdb-server, which sends differences. */
export type UpdateFormat = 'update' | 'update2';

const noRows: ReadonlyMap<string, Row> = new Map();

/** The rows of one database, as monitored. */
export class Replica {
  #schema: Schema = new Map();
  #tables = new Map<string, Map<string, Row>>();

  /** The rows of a table by UUID. */
  rows(table: string): ReadonlyMap<string, Row> {
    return this.#tables.get(table) ?? noRows;
  }

  /** Takes a whole snapshot for everything there is, row by row; returns what really differs from before. Throws OVSDB_PEER_MALFORMED. */
  *replace(schema: Schema, snapshot: unknown, format: UpdateFormat): Generator<void, RowChange[]> {
    const changes: RowChange[] = [];
    const seen = new Set<string>();
    for (const { table, uuid, body } of rowUpdates(snapshot)) {
      yield;
      const columns = schema.get(table);
      if (!columns) continue;
      seen.add(uuid);
      changes.push(changeOf(table, uuid, this.rows(table).get(uuid), snapshotRow(body, columns, format)));
    }
    for (const [table, rows] of this.#tables)
      for (const [uuid, before] of rows) {
        yield;
        if (!seen.has(uuid)) changes.push({ table, uuid, before });
      }
    this.#schema = schema;
    return this.#commit(changes);
  }

  /** Takes an update, row by row; returns what changed. Throws OVSDB_PEER_MALFORMED, having changed nothing. */
  *apply(updates: unknown, format: UpdateFormat): Generator<void, RowChange[]> {
    const changes: RowChange[] = [];
    for (const { table, uuid, body } of rowUpdates(updates)) {
      yield;
      const columns = this.#schema.get(table);
      if (!columns) continue;
      const before = this.rows(table).get(uuid);
      const after =
        format === 'update'
          ? rowAfterUpdate(body, columns)
          : rowAfterUpdate2(body, columns, before, `${table} ${uuid}`);
      changes.push(changeOf(table, uuid, before, after));
    }
    return this.#commit(changes);
  }

  #commit(changes: readonly RowChange[]): RowChange[] {
    const real = changes.filter(({ before, after }) => before !== after);
    for (const { table, uuid, after } of real) {
      const rows = this.#tables.get(table) ?? new Map<string, Row>();
      this.#tables.set(table, rows);
      if (after) rows.set(uuid, after);
      else rows.delete(uuid);
    }
    return real;
  }
}

/** One change, with the old row kept as the new one when nothing differs. */
function changeOf(table: string, uuid: string, before: Row | undefined, after: Row | undefined): RowChange {
  const kept = before && after && isSameRow(before, after) ? before : after;
  return { table, uuid, ...(before && { before }), ...(kept && { after: kept }) };
}

function isSameRow(a: Row, b: Row): boolean {
  if (a.size !== b.size) return false;
  for (const [column, datum] of a) {
    const other = b.get(column);
    if (!other || !isSameDatum(datum, other)) return false;
  }
  return true;
}

function snapshotRow(body: Members, columns: TableSchema, format: UpdateFormat): Row {
  const content = format === 'update' ? body['new'] : (body['initial'] ?? body['insert']);
  if (!isMembers(content)) throw malformed('a snapshot with a row that has no content');
  return fullRow(content, columns);
}

// RFC 7047, 4.1.6: `new` holds every monitored column, and is absent when the row is gone.
function rowAfterUpdate(body: Members, columns: TableSchema): Row | undefined {
  const content = body['new'];
  return isMembers(content) ? fullRow(content, columns) : undefined;
}

function rowAfterUpdate2(body: Members, columns: TableSchema, before: Row | undefined, name: string): Row | undefined {
  if ('delete' in body) return undefined;
  const content = body['initial'] ?? body['insert'];
  if (isMembers(content)) return fullRow(content, columns);
  const difference = body['modify'];
  if (!isMembers(difference)) throw malformed(`${name}: neither initial, insert, modify nor delete`);
  if (!before) throw malformed(`${name}: modified, but never seen`);
  const after = new Map(before);
  for (const [column, wire, type] of known(difference, columns))
    after.set(column, datumAfter(before.get(column) ?? defaultDatum(type), parseDatum(wire, type), type));
  return after;
}

function fullRow(content: Members, columns: TableSchema): Row {
  const row = new Map<string, Datum>();
  for (const [column, type] of columns) {
    const wire = content[column];
    row.set(column, wire === undefined ? defaultDatum(type) : parseDatum(wire, type));
  }
  return row;
}

function known(content: Members, columns: TableSchema): [string, unknown, ColumnType][] {
  return Object.entries(content).flatMap(([column, wire]): [string, unknown, ColumnType][] => {
    const type = columns.get(column);
    return type ? [[column, wire, type]] : [];
  });
}

function* rowUpdates(updates: unknown): Generator<{ table: string; uuid: string; body: Members }> {
  if (!isMembers(updates)) throw malformed('table updates that are no object');
  for (const [table, rows] of Object.entries(updates)) {
    if (!isMembers(rows)) throw malformed(`updates of ${table} that are no object`);
    for (const uuid of Object.keys(rows)) {
      const body = rows[uuid];
      if (!isMembers(body)) throw malformed(`${table} ${uuid}: an update that is no object`);
      yield { table, uuid, body };
    }
  }
}
