// Keeps a replica true over one connection after another: reads the schema, asks for the monitored columns in the best
// notation that the server knows, and takes the updates.
import type { Connection, Reply } from './connection.js';
import { malformed } from './errors.js';
import { isList, type Json } from './json.js';
import type { Replica, RowChange, UpdateFormat } from './replica.js';
import { narrowed, parseSchema, type Schema } from './schema.js';
import { refusal } from './transaction.js';

/** What is monitored, and who is told. */
export interface MonitorPlan {
  readonly database: string;
  /** Columns by table; what an older schema lacks is left out. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** What is to be done after the replica has taken a snapshot or an update, in small steps. */
  readonly applied: (changes: readonly RowChange[]) => Generator<void>;
}

/** The ways to ask, best first (ovsdb-server(7), 4.1.15 and 4.1.12; RFC 7047, 4.1.5). */
const methods = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const;
type Method = (typeof methods)[number];

const noTransaction = '00000000-0000-0000-0000-000000000000';
const formats: Readonly<Record<string, UpdateFormat>> = { update: 'update', update2: 'update2', update3: 'update2' };

/** The monitor of one database. */
export class Monitor {
  readonly #plan: MonitorPlan;
  readonly #replica: Replica;
  #schema: Schema = new Map();
  #count = 0;
  #id = '';
  // The last transaction that the replica has seen whole; none while anything is doubtful.
  #lastTransaction = noTransaction;

  constructor(plan: MonitorPlan, replica: Replica) {
    this.#plan = plan;
    this.#replica = replica;
  }

  /** Starts on a connection that has just opened. A server that refuses ends the connection. */
  begin(connection: Connection): void {
    this.#id = '';
    // Without this a server that converts its schema closes the connection instead of cancelling the monitor.
    connection.request('set_db_change_aware', [true], () => undefined);
    connection.request('get_schema', [this.#plan.database], (reply) => {
      if (reply.type === 'closed') return;
      if (reply.type === 'error') throw refusal(reply.error, `schema of ${this.#plan.database}`);
      const schema = narrowed(parseSchema(reply.result), this.#plan.tables);
      if (!isSameSchema(schema, this.#schema)) this.#lastTransaction = noTransaction;
      this.#schema = schema;
      this.#ask(connection, 0);
    });
  }

  /** Takes a notification; those that are unknown, or of a monitor that is no more, are ignored. */
  notified(connection: Connection, method: string, params: readonly unknown[]): void {
    if (params[0] !== this.#id) return;
    if (method === 'monitor_canceled') {
      this.begin(connection);
      return;
    }
    const format = Object.hasOwn(formats, method) ? formats[method] : undefined;
    if (format === undefined) return;
    const [transaction, updates] = method === 'update3' ? params.slice(1) : [undefined, params[1]];
    connection.work(this.#take(transaction, this.#replica.apply(updates, format)));
  }

  #ask(connection: Connection, choice: number): void {
    const method = methods[choice] ?? 'monitor';
    const id = `damselfly-${++this.#count}`;
    const since = method === 'monitor_cond_since' ? [this.#lastTransaction] : [];
    connection.request(method, [this.#plan.database, id, requests(this.#schema), ...since], (reply) => {
      if (reply.type === 'closed') return;
      if (reply.type === 'error') {
        if (choice + 1 >= methods.length) throw refusal(reply.error, method);
        this.#ask(connection, choice + 1);
        return;
      }
      this.#id = id;
      connection.work(this.#begun(method, reply));
    });
  }

  #begun(method: Method, { result }: Extract<Reply, { type: 'result' }>): Generator<void> {
    const schema = this.#schema;
    if (method !== 'monitor_cond_since')
      return this.#take(undefined, this.#replica.replace(schema, result, method === 'monitor' ? 'update' : 'update2'));
    if (!isList(result)) throw malformed('monitor_cond_since answered by no list');
    const [isFound, transaction, updates] = result;
    return this.#take(
      transaction,
      isFound === true ? this.#replica.apply(updates, 'update2') : this.#replica.replace(schema, updates, 'update2'),
    );
  }

  *#take(transaction: unknown, changing: Generator<void, RowChange[]>): Generator<void> {
    this.#lastTransaction = noTransaction;
    const changes = yield* changing;
    if (typeof transaction === 'string') this.#lastTransaction = transaction;
    yield* this.#plan.applied(changes);
  }
}

const requests = (schema: Schema): Json =>
  Object.fromEntries([...schema].map(([table, columns]) => [table, [{ columns: [...columns.keys()] }]]));

const isSameSchema = (a: Schema, b: Schema): boolean => schemaText(a) === schemaText(b);

const schemaText = (schema: Schema): string =>
  JSON.stringify(
    [...schema].map(([table, columns]) => [
      table,
      [...columns].map(([name, type]) => [name, { ...type, max: String(type.max) }]),
    ]),
  );
