// One JetStream key-value bucket, as its protocol is: a message per key, compare-and-set by the last sequence of the
// subject, a tombstone for what is deleted. Nothing here asks for the stream's description, so that fenced credentials work.
import {
  type JetStreamClient,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type Msg, errors, headers } from '@nats-io/transport-node';
import type { Nats } from './connect.js';
import { ConflictError, SyncError } from './errors.js';

const requestDeadlineMs = 5000;
/** The header that makes a message a tombstone. */
const operationHeader = 'KV-Operation';
const wrongLastSequence = 10071;
const streamNotFound = 10059;

/** A key's value at one revision; without `text` it is a tombstone. */
export interface Entry {
  readonly key: string;
  readonly text: string | undefined;
  readonly revision: number;
  /** When the server stored it, in milliseconds since 1970 by its own clock. */
  readonly storedMs: number;
}

/** A key that is no object's: it has one token. */
const countingKey = 'counted';

function tombstoneHeaders() {
  const tombstone = headers();
  tombstone.set(operationHeader, 'DEL');
  return tombstone;
}

/** Whether a message is a tombstone: its headers say so, and it is empty; to read the headers of any other would take longer than to read it. */
export const isTombstone = (message: Pick<Msg, 'headers' | 'data'>): boolean =>
  message.data.length === 0 && ['DEL', 'PURGE'].includes(message.headers?.get(operationHeader) ?? '');

/** What a client's error means to us, with the subject in question. */
export function syncError(error: unknown, what: string): SyncError {
  if (error instanceof SyncError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  const denied = [error, cause].find((each) => each instanceof errors.PermissionViolationError);
  if (denied !== undefined)
    return new SyncError(
      'NATS_NOT_PERMITTED',
      `${what}: our credentials do not permit ${denied.operation === 'publish' ? 'publishing to' : 'subscribing to'} ${denied.subject}`,
      error,
    );
  if (error instanceof JetStreamApiError) {
    if (error.code === streamNotFound)
      return new SyncError(
        'NATS_BUCKET_MISSING',
        `${what}: the bucket is not there; start a controller that may create it`,
        error,
      );
    return new SyncError('NATS_REFUSED', `${what}: ${error.message}`, error);
  }
  if (error instanceof errors.TimeoutError || cause instanceof errors.TimeoutError)
    return new SyncError('NATS_DEADLINE', `${what}: no answer within ${requestDeadlineMs} ms`, error);
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError)
    return new SyncError('NATS_UNREACHABLE', `${what}: the connection is closed`, error);
  const isSilent =
    error instanceof errors.RequestError ||
    // The client does not export this class.
    (error instanceof Error && error.name === 'JetStreamNotEnabled') ||
    cause instanceof errors.NoRespondersError;
  if (isSilent)
    return new SyncError(
      'NATS_BUCKET_MISSING',
      `${what}: nobody answers; is JetStream on, and the bucket there?`,
      error,
    );
  return new SyncError('NATS_REFUSED', `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
}

/** What creates and describes streams and consumers; it asks nothing by itself. */
export const managerOf = ({ connection, jetStreamApi }: Nats): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false, apiPrefix: jetStreamApi });

/** One bucket, bound without asking whether it exists. */
export class Bucket {
  readonly name: string;
  readonly nats: Nats;
  readonly #js: JetStreamClient;

  constructor(nats: Nats, name: string) {
    this.nats = nats;
    this.name = name;
    this.#js = jetstream(nats.connection, { timeout: requestDeadlineMs, apiPrefix: nats.jetStreamApi });
  }

  /** The stream behind the bucket. */
  get stream(): string {
    return `KV_${this.name}`;
  }

  /** The subject of a key, or of a filter. */
  subject(key: string): string {
    return `$KV.${this.name}.${key}`;
  }

  /** The key of a subject of this bucket. */
  keyOf(subject: string): string {
    return subject.slice(this.subject('').length);
  }

  /**
   * Writes a value and resolves to its revision. With `expected` only if that is the key's revision, 0 = there was never one.
   * Throws ConflictError when it is not.
   */
  put(key: string, value: unknown, expected?: number): Promise<number> {
    return this.#publish(key, JSON.stringify(value), undefined, expected);
  }

  /** Writes a value as the text that it is stored as, if the key was never written. Throws ConflictError if it was. */
  putFirst(key: string, text: string): Promise<number> {
    return this.#publish(key, text, undefined, 0);
  }

  /** Writes a tombstone and resolves to its revision; `expected` as for `put`. */
  remove(key: string, expected?: number): Promise<number> {
    return this.#publish(key, '', tombstoneHeaders(), expected);
  }

  /** Writes so many tombstones to a key of nobody's, one over the other: the revisions of the bucket go on by as many. Not acknowledged. */
  async countOn(times: number): Promise<void> {
    for (let i = 0; i < times; i++)
      this.nats.connection.publish(this.subject(countingKey), '', { headers: tombstoneHeaders() });
    await this.nats.connection.flush();
  }

  /** How many tombstones of the bucket are there to count on: one or none. */
  async countingKeys(): Promise<number> {
    return (await this.read(countingKey)) === undefined ? 0 : 1;
  }

  async #publish(key: string, text: string, header: ReturnType<typeof headers> | undefined, expected?: number) {
    try {
      const ack = await this.#js.publish(this.subject(key), text, {
        ...(header === undefined ? {} : { headers: header }),
        ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      });
      return ack.seq;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === wrongLastSequence)
        throw new ConflictError(key, Number(/\d+$/.exec(error.message)?.[0] ?? 0), error);
      throw syncError(error, key);
    }
  }

  /** The highest revision of a filter's keys as the leader of the replicas has it; 0 where nothing is there or we may not ask. */
  async newest(filter: string): Promise<number> {
    const question = { last_by_subj: this.subject(filter) };
    const subject = `${this.nats.jetStreamApi}.STREAM.MSG.GET.${this.stream}`;
    const answer = await this.nats.connection
      .request(subject, JSON.stringify(question), { timeout: requestDeadlineMs })
      .catch(() => undefined);
    return answer?.json<{ message?: { seq?: number } }>().message?.seq ?? 0;
  }

  /** Reads a key, tombstones included, from whichever server answers first: it may lag, so it is a hint unless it cannot change. */
  async read(key: string): Promise<Entry | undefined> {
    try {
      const subject = `${this.nats.jetStreamApi}.DIRECT.GET.${this.stream}.${this.subject(key)}`;
      const answer = await this.nats.connection.request(subject, '', { timeout: requestDeadlineMs });
      if (answer.headers?.code === 404) return undefined;
      return {
        key,
        text: isTombstone(answer) ? undefined : answer.string(),
        revision: Number(answer.headers?.get('Nats-Sequence')),
        storedMs: Date.parse(answer.headers?.get('Nats-Time-Stamp') ?? ''),
      };
    } catch (error) {
      throw syncError(error, key);
    }
  }
}
