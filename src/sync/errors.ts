// The errors of the sync room, with the codes that callers act on; every message is one line that says what to change.

/** What went wrong between us and NATS. */
export type SyncErrorCode =
  /** No server answers, or the connection is closed. */
  | 'NATS_UNREACHABLE'
  /** The server answers without JetStream, or our account has none. */
  | 'NATS_NO_JETSTREAM'
  /** The server is older than the oldest that we run on. */
  | 'NATS_TOO_OLD'
  /** The credentials do not permit it. */
  | 'NATS_NOT_PERMITTED'
  /** A bucket is not there. */
  | 'NATS_BUCKET_MISSING'
  /** A bucket is set up so that we do not run on it. */
  | 'NATS_BUCKET_UNSAFE'
  /** A compare-and-set lost: somebody wrote the key since the revision that was named. */
  | 'NATS_CONFLICT'
  /** Something that should have ended in time did not. */
  | 'NATS_DEADLINE'
  /** A space has no number left, or the number belongs to another object. */
  | 'NATS_NUMBER_TAKEN'
  /** The program nats-server is not installed, or does not start. */
  | 'NATS_SERVER_PROGRAM'
  /** The server refused for another reason, given in its own words. */
  | 'NATS_REFUSED';

/** An error of the sync room; `cause` holds the client's or the server's own words where there are any. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;
  constructor(code: SyncErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A compare-and-set that lost, with the revision that the key has now. */
export class ConflictError extends SyncError {
  readonly revision: number;
  constructor(key: string, revision: number, cause?: unknown) {
    super('NATS_CONFLICT', `${key} was written in the meantime (revision ${revision}); read it again`, cause);
    this.revision = revision;
  }
}
