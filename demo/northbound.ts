// The northbound as it is now, as `damselfly get` hands it out: the stored objects, with the unique keys that were allocated to
// them (no stored object has them, and `compile` would number a closed set of files its own way), and what the chassis say of them.
import { z } from 'zod';
import { damselfly } from './program.js';
import type { Site } from './site.js';

const objectsSchema = z.array(
  z.object({
    kind: z.string(),
    tenant: z.string(),
    id: z.string(),
    value: z.record(z.string(), z.unknown()),
    unique_key: z.number().optional(),
    statuses: z.array(z.looseObject({ chassis: z.string(), state: z.string() })),
  }),
);

/** The northbound at one moment. */
export interface Northbound {
  /** Every object of every tenant as a file for `compile`, with its unique key where its kind has one. */
  readonly file: string;
  /** The unique key of an object, `kind tenant/id`; throws for one that has none. */
  readonly keyOf: (object: string) => number;
  /** How many statuses the chassis have written. */
  readonly reported: number;
  /** The statuses that are not ACTIVE. */
  readonly faulty: readonly string[];
}

/** Reads the northbound. */
export async function readNorthbound(site: Site): Promise<Northbound> {
  const text = await damselfly(site.nats.url(), ['get', '--all-tenants', '-o', 'json']);
  const stored = objectsSchema.parse(JSON.parse(text));
  const objects = stored.map(({ kind, tenant, id, value, unique_key }) => ({
    ...value,
    kind,
    tenant,
    id,
    ...(unique_key === undefined ? {} : { unique_key }),
  }));
  const keys = new Map(stored.map((it) => [`${it.kind} ${it.tenant}/${it.id}`, it.unique_key]));
  const statuses = stored.flatMap(({ kind, tenant, id, statuses }) =>
    statuses.map(({ chassis, state }) => ({ name: `${kind} ${tenant}/${id} on ${chassis}: ${state}`, state })),
  );
  return {
    file: JSON.stringify({ objects }),
    keyOf: (object) => {
      const key = keys.get(object);
      if (key === undefined) throw new Error(`${object} has no unique key`);
      return key;
    },
    reported: statuses.length,
    faulty: statuses.filter(({ state }) => state !== 'ACTIVE').map(({ name }) => name),
  };
}
