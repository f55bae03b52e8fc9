// Our copy of the monitored rows. Updates come in, real differences come out: a snapshot that repeats what is known
// changes nothing, and an update that cannot be right changes nothing either.
import { type Datum, datumAfter, defaultDatum, isSameDatum, parseDatum } from './datum.js';
import { malformed } from './errors.js';
import { isMembers, type Members } from './json.js';
import type { Schema, TableSchema } from './schema.js';
import { steps } from '../turns/slices.js';

/** The monitored columns of a row; a row that changes becomes another object, one that does not stays the same. */
export type Row = Readonly<Record<string, Datum>>;

/** One row's difference: without `before` it is new, without `after` it is gone. */
export interface RowChange {
  readonly table: string;
  readonly uuid: string;
  readonly before?: Row | undefined;
  readonly after?: Row | undefined;
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

  /** Takes a whole snapshot for everything there is, a few rows in a step; returns what really differs from before. Throws OVSDB_PEER_MALFORMED. */
  *replace(schema: Schema, snapshot: unknown, format: UpdateFormat): Generator<void, RowChange[]> {
    const changes: RowChange[] = [];
    const tables = new Map([...schema.keys()].map((table) => [table, new Map<string, Row>()]));
    yield* eachRow(schema, snapshot, (table, columns, uuid, body) => {
      const before = this.rows(table).get(uuid);
      const after = keptOr(before, snapshotRow(body, columns, format));
      if (after !== before) changes.push({ table, uuid, before, after });
      tables.get(table)?.set(uuid, after);
    });
    const isStep = steps();
    for (const [table, rows] of this.#tables)
      for (const [uuid, before] of rows) {
        if (isStep()) yield;
        if (tables.get(table)?.has(uuid) !== true) changes.push({ table, uuid, before, after: undefined });
      }
    this.#schema = schema;
    this.#tables = tables;
    return changes;
  }

  /** Takes an update, a few rows in a step; returns what changed. Throws OVSDB_PEER_MALFORMED, having changed nothing. */
  *apply(updates: unknown, format: UpdateFormat): Generator<void, RowChange[]> {
    const changes: RowChange[] = [];
    yield* eachRow(this.#schema, updates, (table, columns, uuid, body) => {
      const before = this.rows(table).get(uuid);
      const after =
        format === 'update'
          ? rowAfterUpdate(body, columns)
          : rowAfterUpdate2(body, columns, before, `${table} ${uuid}`);
      const kept = after && keptOr(before, after);
      if (kept !== before) changes.push({ table, uuid, before, after: kept });
    });
    for (const { table, uuid, after } of changes) {
      const rows = this.#tables.get(table);
      if (after) rows?.set(uuid, after);
      else rows?.delete(uuid);
    }
    return changes;
  }
}

/** A row as it is now: the one that it was before where nothing differs. */
const keptOr = (before: Row | undefined, after: Row): Row => (before && isSameRow(before, after) ? before : after);

function isSameRow(a: Row, b: Row): boolean {
  const columns = Object.keys(a);
  return columns.length === Object.keys(b).length && columns.every((column) => isSameDatum(a[column], b[column]));
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
  const after = { ...before };
  for (const [column, wire] of Object.entries(difference)) {
    const type = columns.get(column);
    if (type) after[column] = datumAfter(before[column], parseDatum(wire, type), type);
  }
  return after;
}

function fullRow(content: Members, columns: TableSchema): Row {
  const row: Record<string, Datum> = {};
  for (const [column, type] of columns) {
    const wire = content[column];
    row[column] = wire === undefined ? defaultDatum(type) : parseDatum(wire, type);
  }
  return row;
}

/** Has each row of the tables that we know taken. */
function* eachRow(
  schema: Schema,
  updates: unknown,
  take: (table: string, columns: TableSchema, uuid: string, body: Members) => void,
): Generator<void> {
  if (!isMembers(updates)) throw malformed('table updates that are no object');
  const isStep = steps();
  for (const [table, rows] of Object.entries(updates)) {
    if (!isMembers(rows)) throw malformed(`updates of ${table} that are no object`);
    const columns = schema.get(table);
    if (!columns) continue;
    for (const uuid of Object.keys(rows)) {
      if (isStep()) yield;
      const body = rows[uuid];
      if (!isMembers(body)) throw malformed(`${table} ${uuid}: an update that is no object`);
      take(table, columns, uuid, body);
    }
  }
}
