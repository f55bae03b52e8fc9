// Owners, flows and groups for tests of the flow table, and how all of its changes get to a switch.
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
