// Transactions (RFC 7047, 5.2): the operations that we use, and what an answer to them means.
import { OvsdbError, malformed } from './errors.js';
import { isList, isMembers, type Json, type Members } from './json.js';

/** `[column, function, value]`, for instance `['name', '==', 'br-int']`. */
export type Condition = readonly [column: string, is: '==' | '!=' | 'includes' | 'excludes', value: Json];

/** `[column, mutator, value]`. */
export type Mutation = readonly [column: string, mutator: 'insert' | 'delete' | '+=' | '-=', value: Json];

/** One operation of a transaction. */
export type Operation =
  | {
      readonly op: 'select';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns: readonly string[];
    }
  | {
      readonly op: 'insert';
      readonly table: string;
      readonly row: Readonly<Record<string, Json>>;
      readonly 'uuid-name'?: string;
    }
  | {
      readonly op: 'update';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly row: Readonly<Record<string, Json>>;
    }
  | {
      readonly op: 'mutate';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly mutations: readonly Mutation[];
    }
  | {
      readonly op: 'wait';
      readonly table: string;
      readonly where: readonly Condition[];
      readonly columns: readonly string[];
      readonly until: '==' | '!=';
      readonly rows: readonly Readonly<Record<string, Json>>[];
      readonly timeout: number;
    };

/** What one operation answered: `count`, `uuid` or `rows`. */
export type OperationResult = Members;

/** A map's wire form. */
export const wireMap = (entries: Iterable<readonly [string, string]>): Json => ['map', [...entries]];
/** A set's wire form. */
export const wireSet = (atoms: readonly Json[]): Json => ['set', atoms];
/** A reference to a row. */
export const wireUuid = (uuid: string): Json => ['uuid', uuid];
/** A reference to a row that the same transaction inserts. */
export const namedUuid = (name: string): Json => ['named-uuid', name];

// Errors after which the same transaction may succeed if what it was based on is read again (RFC 7047, 5.2.6 and 5.2.9;
// "not leader" is ovsdb-server's own).
const tryAgain: readonly string[] = ['timed out', 'not owner', 'not leader'];

/** The results of a transaction's operations, in their order. Throws the error of the first that failed, or of the commit. */
export function parseResults(reply: unknown, length: number): OperationResult[] {
  if (!isList(reply)) throw malformed('a transaction answered by no list');
  // An error of the commit itself comes as one more element; after an error the rest are null.
  for (const [index, result] of reply.entries()) {
    const error = isMembers(result) ? result['error'] : undefined;
    if (error !== undefined && error !== null) throw refusal(result, index < length ? `operation ${index}` : 'commit');
  }
  const results = reply.filter(isMembers);
  if (results.length !== length) throw malformed(`${length} operations, ${results.length} results`);
  return results;
}

/** The server's refusal as an error of ours. */
export function refusal(error: unknown, where: string): OvsdbError {
  const { error: kind, details } = isMembers(error) ? error : { error, details: undefined };
  const name = typeof kind === 'string' ? kind : JSON.stringify(kind);
  const message = typeof details === 'string' ? `${where}: ${name}: ${details}` : `${where}: ${name}`;
  if (name === 'cluster error') return new OvsdbError('OVSDB_OUTCOME_UNKNOWN', message, error);
  return new OvsdbError(tryAgain.includes(name) ? 'OVSDB_TRY_AGAIN' : 'OVSDB_REFUSED', message, error);
}
