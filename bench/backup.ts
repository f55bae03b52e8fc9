// Generated objects as a backup of a northbound, in which they have their numbers and are where they should be.
import type { Backup } from '../src/sync/backup.js';
import { keyOf, type PlainObject } from './workload.js';

/** The backup; `numbers` by `numberName`, `claims` by reference with the chassis of each. */
export function backupOf(
  objects: readonly PlainObject[],
  numbers: Readonly<Record<string, number>>,
  claims: Readonly<Record<string, string>>,
): Backup {
  const allocations: Record<string, unknown> = {};
  for (const [name, number] of Object.entries(numbers)) {
    const [kind = '', ref = ''] = name.split(' ');
    const [owner = '', id = ''] = ref.split('/');
    for (const space of kind === 'lswitch' ? ['lswitch', 'vni'] : [kind]) {
      allocations[`${space}.${number}`] = { kind, object: ref };
      if (space === kind) allocations[`${space}.${owner}.${kind}.${id}`] = { number };
    }
  }
  for (const [ref, where] of Object.entries(claims))
    allocations[`claim.${ref.replace('/', '.')}`] = { chassis: where, sinceMs: Date.now() };
  const entries = objects.map((object) => [keyOf(object), { schema: 1, ...object.value }] as const);
  return { version: 1, objects: Object.fromEntries(entries), allocations };
}
