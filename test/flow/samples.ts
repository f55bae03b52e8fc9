// Owners, flows and groups for tests of the flow table, and how all of its changes get to a switch.
import fc from 'fast-check';
import { flowItem, groupItem, type Item } from '../../src/flow/item.js';
import type { FlowTable } from '../../src/flow/table.js';
import { apply, load, output } from '../../src/ofp/index.js';
import type { MemorySwitch } from './memory-switch.js';

/** The app that wants them. */
export const author = { id: 1, name: 'test' } as const;

export const owner = (object: string) => ({ name: object, object });

export const flow = (priority: number, port: number, table = 0): Item =>
  flowItem(author, { table, priority, match: { in_port: 1 }, instructions: [apply(output(port))] });

export const group = (id: number, key: number): Item =>
  groupItem(author, { groupId: 0xd0000000 + id, type: 'all', buckets: [{ actions: [load('reg7', key)] }] });

/** Sends everything there is to send; gives how many messages that took. */
export function settle(table: FlowTable, to: MemorySwitch): number {
  const { waiting } = table.counts();
  let sent = 0;
  for (let batch = table.next(3); batch !== undefined; batch = table.next(3)) {
    to.take(batch);
    table.committed(batch);
    sent += batch.changes.length;
  }
  if (sent > 0 && sent !== waiting) throw new Error(`${waiting} were said to wait, and ${sent} were sent`);
  return sent;
}

/** That an owner wants flows, each of a priority to a port, and groups. */
export interface Want {
  readonly kind: 'want';
  readonly owner: number;
  readonly flows: readonly (readonly [number, number])[];
  readonly groups: readonly number[];
}

/** So few that histories meet the same again and again. */
export const small = fc.integer({ min: 0, max: 4 });

export const anyWant: fc.Arbitrary<Want> = fc.record({
  kind: fc.constant('want' as const),
  owner: small,
  flows: fc.array(fc.tuple(small, small), { maxLength: 4 }),
  groups: fc.array(small, { maxLength: 2 }),
});

/** The items of a want, of which the last of each identity counts. */
export function itemsOf({ flows, groups, owner: of }: Want): Item[] {
  const items = [...flows.map(([priority, port]) => flow(priority, port)), ...groups.map((id) => group(id, of))];
  return [...new Map(items.map((item) => [item.identity, item])).values()];
}

/** What a switch holds of ours, and of others. */
export const holds = ({ flows, groups }: MemorySwitch): string =>
  JSON.stringify([
    [...flows].map(([key, { cookie, instructions }]) => [key, String(cookie), [...instructions]]).sort(),
    [...groups].map(([key, { buckets }]) => [key, [...buckets]]).sort(),
  ]);
