// Compiled messages in the order in which they are read.
import { decode } from '../ofp/index.js';

/** Dump lines in reading order: table, then priority from the highest, then text. */
export function inReadingOrder<T extends { readonly frame: Uint8Array; readonly text: string }>(
  items: readonly T[],
): T[] {
  const rank = ({ frame }: T): [number, number] => {
    const { message } = decode(frame);
    return message.type === 'flow_mod'
      ? [message.table, -message.priority]
      : [message.type === 'group_mod' ? message.groupId : 0, 0];
  };
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || (a.item.text < b.item.text ? -1 : 1))
    .map(({ item }) => item);
}
