// The errors of the OVSDB room, with the codes that callers act on.

/** What went wrong between us and an ovsdb-server; the code says whether trying again can help and what is known. */
export type OvsdbErrorCode =
  /** A remote's address cannot be read, or names a transport that is not supported. */
  | 'OVSDB_ADDRESS'
  /** There is no connection, so nothing was sent. */
  | 'OVSDB_UNREACHABLE'
  /** The connection ended before the answer; the question changed nothing. */
  | 'OVSDB_CLOSED'
  /** A transaction was sent and its answer never came: read again before repeating it. */
  | 'OVSDB_OUTCOME_UNKNOWN'
  /** The peer sent something that is not the protocol; the connection is ended. */
  | 'OVSDB_PEER_MALFORMED'
  /** The database moved under the transaction; nothing was changed: read again, then repeat. */
  | 'OVSDB_TRY_AGAIN'
  /** The server refused for good: a constraint, a reference, the syntax. */
  | 'OVSDB_REFUSED'
  /** The row to be changed is not there. */
  | 'OVSDB_NO_SUCH_ROW'
  /** The row to be changed carries nobody's tag, or another owner's. */
  | 'OVSDB_NOT_OURS'
  /** What was waited for did not come in time. */
  | 'OVSDB_DEADLINE';

/** An error of the OVSDB room; `cause` holds the system's or the server's own words where there are any. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly code: OvsdbErrorCode;
  constructor(code: OvsdbErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A complaint about the peer's bytes or messages. */
export const malformed = (message: string, cause?: unknown): OvsdbError =>
  new OvsdbError('OVSDB_PEER_MALFORMED', message, cause);
