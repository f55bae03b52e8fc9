// The northbound as it is now, as the program itself hands it out: objects with their unique keys, ready for `compile`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { damselfly } from './program.js';
import type { Site } from './site.js';

const compiledSchema = z.object({ ports: z.object({ keys: z.record(z.string(), z.number()) }) });

/** Every object of every tenant, as YAML. */
export function liveObjects(site: Site): Promise<string> {
  return damselfly(site.nats.url(), ['get', '--all-tenants', '-o', 'yaml']);
}

/** Unique keys by `kind tenant/id`, as `compile` reads them from the live objects. */
export async function liveKeys(site: Site): Promise<(object: string) => number> {
  const file = join(site.nats.dir, 'live.yaml');
  writeFileSync(file, await liveObjects(site));
  const text = await damselfly(site.nats.url(), ['compile', '-f', file, '--chassis', 'c1', '--format', 'json']);
  const { keys } = compiledSchema.parse(JSON.parse(text)).ports;
  return (object) => {
    const key = keys[object];
    if (key === undefined) throw new Error(`${object} has no unique key`);
    return key;
  };
}
