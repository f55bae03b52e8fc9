// What is watched, by the server's own list of consumers.
import { jetstreamManager } from '@nats-io/jetstream';
import type { Store } from '../../src/sync/buckets.js';

/** The tenants whose objects somebody is watching, as `red.>`; `*.lport.vm` is the search of an iface-id. */
export async function watchedFilters({ nats, nb }: Store): Promise<string[]> {
  const jsm = await jetstreamManager(nats.connection);
  const filters: string[] = [];
  for await (const { config } of jsm.consumers.list(nb.stream))
    filters.push(config.filter_subject?.replace(nb.subject(''), '') ?? 'everything');
  return filters.sort();
}
