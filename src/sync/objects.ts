// The write side: what commands put into the northbound, and what they read back.
import { idOf, type Ref, tenantOf } from '../model/ids.js';
import type { Kind } from '../model/kinds.js';
import { parseObject, schemaVersion } from '../model/parse.js';
import type { Store } from './buckets.js';
import { nbKey, tenantFilter } from './keys.js';
import { type NbRecord, fieldsOf, parseJson, readNb, without } from './records.js';
import { snapshot } from './snapshot.js';

/** An object as it is stored: the fields as somebody wrote them, and what we read in them. */
export interface StoredObject {
  readonly key: string;
  readonly revision: number;
  /** The fields as written, without `schema`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly record: NbRecord;
}

/**
 * Writes an object and resolves to its revision; with `expected` only if that is the revision it has (0: it was never there).
 * Throws NbError for one that the kind's schema refuses, ConflictError, SyncError.
 */
export async function putObject(
  store: Store,
  kind: Kind,
  ref: Ref,
  fields: object,
  expected?: number,
): Promise<number> {
  parseObject(kind, tenantOf(ref), idOf(ref), fields);
  return store.nb.put(nbKey(kind, ref), { schema: schemaVersion, ...fields }, expected);
}

/** Deletes an object, leaving a tombstone; resolves to the tombstone's revision. Throws ConflictError, SyncError. */
export const removeObject = (store: Store, kind: Kind, ref: Ref, expected?: number): Promise<number> =>
  store.nb.remove(nbKey(kind, ref), expected);

/** The objects of a tenant, or with `tenant` undefined of all tenants, which only an operator may ask. Throws SyncError. */
export async function listObjects(store: Store, tenant: string | undefined): Promise<readonly StoredObject[]> {
  const entries = await snapshot(store.nb, tenant === undefined ? '>' : tenantFilter(tenant));
  return entries.map((entry) => {
    const text = entry.text ?? '';
    const fields = without(fieldsOf(parseJson(text)), 'schema');
    return { key: entry.key, revision: entry.revision, fields, record: readNb(entry, text) };
  });
}
