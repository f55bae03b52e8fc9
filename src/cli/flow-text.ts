// Compiled messages as the text that ovs-ofctl takes and writes.
import { decode, formatFlow, formatGroup } from '../ofp/index.js';

/** A FLOW_MOD as one line of a dump, a GROUP_MOD as one line of a group dump. */
export function frameText(frame: Uint8Array): string {
  const { message } = decode(frame);
  if (message.type === 'flow_mod') return formatFlow(message).trim();
  if (message.type === 'group_mod') return formatGroup(message).trim();
  throw new Error(`a ${message.type} is neither a flow nor a group`);
}

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
