// Flows and groups as `ovs-ofctl -O OpenFlow13 --no-stats --no-names` dumps them, and as add-flows and add-groups take them.
import type { Bucket, Instruction } from './action-types.js';
import { allTables, flowFlag, reservedGroup, reservedPort } from './constants.js';
import type { Match } from './match.js';
import type { FlowMod, GroupMod } from './messages.js';
import type { GroupDesc } from './multipart-types.js';
import { formatActions, formatInstructions } from './text-actions.js';
import { formatMatch } from './text-match.js';
import { formatPort, hex } from './text-values.js';

/** What the text of a flow says. */
export interface FlowText {
  readonly table: number;
  readonly priority: number;
  readonly cookie?: bigint;
  readonly idleTimeout?: number;
  readonly hardTimeout?: number;
  readonly flags?: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

const defaultPriority = 0x8000;
const flagNames = [
  [flowFlag.sendFlowRem, 'send_flow_rem'],
  [flowFlag.checkOverlap, 'check_overlap'],
  [flowFlag.resetCounts, 'reset_counts'],
  [flowFlag.noPktCounts, 'no_packet_counts'],
  [flowFlag.noBytCounts, 'no_byte_counts'],
] as const;

const flagsText = (flags: number) =>
  flagNames
    .filter(([flag]) => flags & flag)
    .map(([, name]) => `${name} `)
    .join('');

/** A flow as a dump without statistics prints it, without the leading space. */
export function formatFlow(flow: FlowText): string {
  const { cookie = 0n, idleTimeout = 0, hardTimeout = 0, flags = 0 } = flow;
  const match = formatMatch(flow.match);
  const criteria = [
    ...(flow.priority === defaultPriority ? [] : [`priority=${flow.priority}`]),
    ...(match ? [match] : []),
  ];
  return (
    (cookie ? `cookie=${hex(cookie)}, ` : '') +
    (flow.table ? `table=${flow.table}, ` : '') +
    (idleTimeout ? `idle_timeout=${idleTimeout}, ` : '') +
    (hardTimeout ? `hard_timeout=${hardTimeout}, ` : '') +
    flagsText(flags) +
    (criteria.length > 0 ? `${criteria.join(',')} ` : '') +
    `actions=${formatInstructions(flow.instructions)}`
  );
}

const commandNames = {
  add: 'ADD',
  modify: 'MOD',
  modify_strict: 'MOD_STRICT',
  delete: 'DEL',
  delete_strict: 'DEL_STRICT',
} as const;

/** A flow_mod as `ovs-ofctl ofp-print` prints it after its first words. */
export function formatFlowMod(message: FlowMod): string {
  const { cookie, cookieMask, table, idleTimeout, hardTimeout, flags, outPort, outGroup } = message;
  const match = formatMatch(message.match);
  const isDelete = message.command.startsWith('delete');
  const criteria = [
    ...(message.priority === defaultPriority || (message.priority === 0 && isDelete)
      ? []
      : [`priority=${message.priority}`]),
    ...(match ? [match] : []),
  ];
  const words = [
    commandNames[message.command],
    ...(table === 0 ? [] : [`table:${table === allTables ? '255' : table}`]),
    ...(criteria.length > 0 ? [criteria.join(',')] : []),
    ...(cookie || cookieMask ? [`cookie:${hex(cookie)}${cookieMask ? `/${hex(cookieMask)}` : ''}`] : []),
    ...(idleTimeout ? [`idle:${idleTimeout}`] : []),
    ...(hardTimeout ? [`hard:${hardTimeout}`] : []),
    ...(outPort === reservedPort.any ? [] : [`out_port:${formatPort(outPort)}`]),
    ...(outGroup === reservedGroup.any ? [] : [`out_group:${outGroup}`]),
  ];
  return `${words.join(' ')} ${flagsText(flags)}actions=${formatInstructions(message.instructions)}`;
}

function bucketText(bucket: Bucket, type: GroupDesc['groupType']): string {
  const { weight = 0, watchPort = reservedPort.any, watchGroup = reservedGroup.any } = bucket;
  const words = [
    ...(weight === (type === 'select' ? 1 : 0) ? [] : [`weight:${weight}`]),
    ...(watchPort === reservedPort.any ? [] : [`watch_port:${formatPort(watchPort)}`]),
    ...(watchGroup === reservedGroup.any ? [] : [`watch_group:${watchGroup}`]),
    `actions=${formatActions(bucket.actions)}`,
  ];
  return `bucket=${words.join(',')}`;
}

/** A group as a dump prints it, without the leading space. */
export function formatGroup(group: Pick<GroupMod | GroupDesc, 'groupId' | 'groupType' | 'buckets'>): string {
  const buckets = group.buckets.map((bucket) => bucketText(bucket, group.groupType));
  return [`group_id=${group.groupId}`, `type=${group.groupType}`, ...buckets].join(',');
}
