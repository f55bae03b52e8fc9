// Deleted objects leave tombstones, and a bucket whose messages nobody can purge keeps them. So its stream is made anew from
// what lives. Nothing written meanwhile is lost: the old stream is sealed first, and a sealed stream acknowledges no write.
// Revisions go on where they were: for a controller that has seen higher ones the northbound would have gone back in time.
import type { JetStreamManager, StreamConfig, StreamInfo, StreamUpdateConfig } from '@nats-io/jetstream';
import { type Backup, exportBackup } from './backup.js';
import { inBatches } from './batches.js';
import { type Bucket, type Entry, managerOf, syncError } from './bucket.js';
import type { Store } from './buckets.js';
import { ConflictError } from './errors.js';
import { isLastKey } from './keys.js';
import { snapshot } from './snapshot.js';

/** How long the largest bucket may take to be read, in milliseconds. */
const readMs = 60_000;

/** How many messages are sent before we look how many have come. */
const countedAtOnce = 10_000;

/** What a bucket holds. */
export interface Compaction {
  readonly bucket: string;
  readonly values: number;
  readonly tombstones: number;
}

/** What the buckets hold, nothing changed. Throws SyncError. */
export async function tombstones(store: Store): Promise<Compaction[]> {
  const jsm = await managerOf(store.nats);
  const found: Compaction[] = [];
  for (const bucket of bucketsOf(store)) {
    const info = await described(jsm, bucket);
    found.push(await heldBy(bucket, info, await snapshot(bucket, '>', readMs)));
  }
  return found;
}

/**
 * Takes the tombstones out of all buckets. While it lasts, writers are refused. `keep` is given everything that lives before the
 * first stream is deleted; from then on `importBackup` brings it back whatever stops us. Before, an interrupted compaction is
 * ended by another one. Throws SyncError.
 */
export async function compact(store: Store, keep: (backup: Backup) => void): Promise<Compaction[]> {
  const jsm = await managerOf(store.nats);
  const all: { readonly bucket: Bucket; readonly old: StreamInfo }[] = [];
  for (const bucket of bucketsOf(store)) all.push({ bucket, old: await sealed(jsm, bucket) });
  keep(await exportBackup(store));
  const done: Compaction[] = [];
  for (const { bucket, old } of all) {
    const entries = await snapshot(bucket, '>', readMs);
    done.push(await heldBy(bucket, old, entries));
    await remade(jsm, bucket, old);
    await advanced(jsm, bucket, old.state.last_seq);
    // Where numbers go on comes first: what is allocated meanwhile gets none that was ever given out.
    for (const isLast of [true, false])
      await inBatches(
        entries.filter(({ key }) => isLastKey(key) === isLast),
        (entry) => restored(bucket, entry),
      );
  }
  return done;
}

/** Allocations first, as in a restore: an object without its number would be given a new one. */
const bucketsOf = ({ alloc, nb, status }: Store): Bucket[] => [alloc, nb, status];

/** What a bucket holds by its stream and its values; the key that revisions are counted on with is no object's tombstone. */
async function heldBy(bucket: Bucket, { state }: StreamInfo, entries: readonly Entry[]): Promise<Compaction> {
  const { length: values } = entries;
  return { bucket: bucket.name, values, tombstones: state.messages - values - (await bucket.countingKeys()) };
}

async function described(jsm: JetStreamManager, bucket: Bucket): Promise<StreamInfo> {
  try {
    return await jsm.streams.info(bucket.stream);
  } catch (error) {
    throw syncError(error, `bucket ${bucket.name}`);
  }
}

/** Seals a stream, for good: what it holds can be read and not added to. Gives what it was before. */
async function sealed(jsm: JetStreamManager, bucket: Bucket): Promise<StreamInfo> {
  const found = await described(jsm, bucket);
  try {
    // The server takes the whole configuration; the client's type has only what is usually changed.
    const sealing: Partial<StreamUpdateConfig> & Pick<StreamConfig, 'sealed'> = { sealed: true };
    if (!found.config.sealed) await jsm.streams.update(bucket.stream, sealing);
  } catch (error) {
    throw syncError(error, `bucket ${bucket.name} cannot be sealed`);
  }
  return described(jsm, bucket); // what was written until it was sealed is in it
}

/** Deletes a sealed stream and makes it again as it was. A controller that sees none may be faster, and makes the same. */
async function remade(jsm: JetStreamManager, bucket: Bucket, { config }: StreamInfo): Promise<void> {
  try {
    await jsm.streams.delete(bucket.stream);
    await jsm.streams.add({ ...config, sealed: false });
  } catch (error) {
    throw syncError(error, `bucket ${bucket.name} cannot be made anew`);
  }
}

/** Has a new stream go on behind a revision, by as many messages on one key; a server of 2.9 knows no other way. */
async function advanced(jsm: JetStreamManager, bucket: Bucket, revision: number): Promise<void> {
  for (;;) {
    const missing = revision - (await described(jsm, bucket)).state.last_seq;
    if (missing <= 0) return;
    await bucket.countOn(Math.min(missing, countedAtOnce));
  }
}

/** Writes a value back, unless somebody has written that key meanwhile. */
async function restored(bucket: Bucket, { key, text = '' }: Entry): Promise<void> {
  try {
    await bucket.putFirst(key, text);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
