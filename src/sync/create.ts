// Writing a key that nobody else may write at the same time: created once, or replaced exactly as it was seen.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bucket, Entry } from './bucket.js';
import { ConflictError, SyncError } from './errors.js';

const lagPauseMs = 20;
const maxLagMs = 5000;

/** What came of `create`: written by us, or what somebody else has there. */
export type Created =
  { readonly isOurs: true; readonly revision: number } | { readonly isOurs: false; readonly entry: Entry };

/** Creates a key that was never written; otherwise resolves to what it holds, a tombstone included. */
export async function create(bucket: Bucket, key: string, value: unknown): Promise<Created> {
  try {
    return { isOurs: true, revision: await bucket.put(key, value, 0) };
  } catch (error) {
    if (error instanceof ConflictError) return { isOurs: false, entry: await readFrom(bucket, key, error.revision) };
    throw error;
  }
}

/** Reads a key as it is at `revision` or later: whoever answers may lag behind the server that told us the revision. */
async function readFrom(bucket: Bucket, key: string, revision: number): Promise<Entry> {
  for (let waitedMs = 0; waitedMs < maxLagMs; waitedMs += lagPauseMs) {
    const entry = await bucket.read(key);
    if (entry !== undefined && entry.revision >= revision) return entry;
    await delay(lagPauseMs);
  }
  throw new SyncError('NATS_DEADLINE', `${key}: revision ${revision} cannot be read; is a server of the cluster away?`);
}

/**
 * Creates a key, or replaces it where `mayReplace` says so of what it holds. Resolves to undefined when it is ours, else to
 * what stands in the way.
 */
export async function take(
  bucket: Bucket,
  key: string,
  value: unknown,
  mayReplace: (entry: Entry) => boolean,
): Promise<Entry | undefined> {
  const created = await create(bucket, key, value);
  if (created.isOurs) return undefined;
  let { entry } = created;
  while (mayReplace(entry)) {
    try {
      await bucket.put(key, value, entry.revision);
      return undefined;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      entry = await readFrom(bucket, key, error.revision);
    }
  }
  return entry;
}
