// The northbound as one value, and back: objects, allocations and claims, so that every number survives a lost store.
import { isDeepStrictEqual } from 'node:util';
import { inBatches } from './batches.js';
import type { Bucket } from './bucket.js';
import type { Store } from './buckets.js';
import { create } from './create.js';
import { SyncError } from './errors.js';
import { parseJson } from './records.js';
import { snapshot } from './snapshot.js';

const version = 1;
/** A northbound, key by key. */
export interface Backup {
  readonly version: number;
  readonly objects: Readonly<Record<string, unknown>>;
  readonly allocations: Readonly<Record<string, unknown>>;
}

/** What came of an import; `kept` are keys that hold something else, which stays. */
export interface Imported {
  readonly written: number;
  readonly unchanged: number;
  readonly kept: readonly string[];
}

async function valuesOf(bucket: Bucket): Promise<Record<string, unknown>> {
  const entries = await snapshot(bucket, '>', 60_000);
  const values = entries.map(({ key, text = '' }): readonly [string, unknown] => [key, parseJson(text) ?? { text }]);
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Everything that the northbound and the allocations hold. Throws SyncError. */
export async function exportBackup(store: Store): Promise<Backup> {
  const objects = await valuesOf(store.nb);
  return { version, objects, allocations: await valuesOf(store.alloc) };
}

/**
 * Writes a backup into a store, allocations first. What is there already stays: a number or a claim because it is newer, an
 * object unless `overwrite` says otherwise. Throws SyncError.
 */
export async function importBackup(store: Store, backup: Backup, overwrite = false): Promise<Imported> {
  if (backup.version !== version)
    throw new SyncError('NATS_REFUSED', `a backup of version ${backup.version}; this release reads version ${version}`);
  let written = 0;
  let unchanged = 0;
  const kept: string[] = [];
  const restore = async (bucket: Bucket, key: string, value: unknown, mayReplace: boolean) => {
    const created = await create(bucket, key, value);
    if (created.isOurs) written += 1;
    else if (isDeepStrictEqual(parseJson(created.entry.text ?? ''), value)) unchanged += 1;
    else if (mayReplace) {
      await bucket.put(key, value, created.entry.revision);
      written += 1;
    } else kept.push(key);
  };
  for (const [bucket, values, mayReplace] of [
    [store.alloc, backup.allocations, false],
    [store.nb, backup.objects, overwrite],
  ] as const)
    await inBatches(Object.entries(values), ([key, value]) => restore(bucket, key, value, mayReplace));
  return { written, unchanged, kept: kept.sort() };
}
