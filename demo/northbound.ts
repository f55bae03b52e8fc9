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

/** Every object of every tenant. */
async function stored(site: Site): Promise<z.infer<typeof objectsSchema>> {
  return objectsSchema.parse(JSON.parse(await damselfly(site.nats.url(), ['get', '--all-tenants', '-o', 'json'])));
}

/** Every object of every tenant as a file for `compile`, with its unique key where its kind has one. */
export async function liveObjects(site: Site): Promise<string> {
  const objects = (await stored(site)).map(({ kind, tenant, id, value, unique_key }) => ({
    ...value,
    kind,
    tenant,
    id,
    ...(unique_key === undefined ? {} : { unique_key }),
  }));
  return JSON.stringify({ objects });
}

/** The unique key of each object by `kind tenant/id`; throws for one that has none. */
export async function liveKeys(site: Site): Promise<(object: string) => number> {
  const keys = new Map((await stored(site)).map((it) => [`${it.kind} ${it.tenant}/${it.id}`, it.unique_key]));
  return (object) => {
    const key = keys.get(object);
    if (key === undefined) throw new Error(`${object} has no unique key`);
    return key;
  };
}

/** What the chassis say: how many statuses there are, and those that are not ACTIVE. */
export async function standing(site: Site): Promise<{ readonly reported: number; readonly faulty: readonly string[] }> {
  const statuses = (await stored(site)).flatMap(({ kind, tenant, id, statuses }) =>
    statuses.map(({ chassis, state }) => ({ name: `${kind} ${tenant}/${id} on ${chassis}: ${state}`, state })),
  );
  return { reported: statuses.length, faulty: statuses.filter(({ state }) => state !== 'ACTIVE').map((it) => it.name) };
}
