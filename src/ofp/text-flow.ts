// Flows and groups as `ovs-ofctl -O OpenFlow13 --no-stats --no-names` dumps them, and as add-flows and add-groups take them.
import type { Bucket, Instruction } from './action-types.js';
import { flowFlag, noBuffer, reservedGroup, reservedPort } from './constants.js';
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
const noCookie = 0xffff_ffff_ffff_ffffn;
const flagNames = [
  [flowFlag.sendFlowRem, 'send_flow_rem'],
  [flowFlag.checkOverlap, 'check_overlap'],
  [flowFlag.resetCounts, 'reset_counts'],
  [flowFlag.noPktCounts, 'no_packet_counts'],
  [flowFlag.noBytCounts, 'no_byte_counts'],
] as const;

/** The flags of a flow, each followed by a space. */
export const flagsText = (flags: number): string =>
  flagNames
    .filter(([flag]) => flags & flag)
    .map(([, name]) => `${name} `)
    .join('');

/** Priority and match of a flow; empty for a match of everything at the default priority. */
export function formatCriteria(priority: number, match: Match): string {
  const text = formatMatch(match);
  return [...(priority === defaultPriority ? [] : [`priority=${priority}`]), ...(text ? [text] : [])].join(',');
}

/** A flow as a dump without statistics prints it, without the leading space. */
export function formatFlow(flow: FlowText): string {
  const { cookie = 0n, idleTimeout = 0, hardTimeout = 0, flags = 0 } = flow;
  const criteria = formatCriteria(flow.priority, flow.match);
  return (
    (cookie ? `cookie=${hex(cookie)}, ` : '') +
    (flow.table ? `table=${flow.table}, ` : '') +
    (idleTimeout ? `idle_timeout=${idleTimeout}, ` : '') +
    (hardTimeout ? `hard_timeout=${hardTimeout}, ` : '') +
    flagsText(flags) +
    (criteria ? `${criteria} ` : '') +
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

// An add sets the cookie, and has none that is all ones; the other commands select by cookie and mask.
function cookieText({ command, cookie, cookieMask }: FlowMod): string[] {
  if (command === 'add') return cookie === 0n || cookie === noCookie ? [] : [`cookie:${hex(cookie)}`];
  return cookieMask ? [`cookie:0x${cookie.toString(16)}/${hex(cookieMask)}`] : [];
}

/** A flow_mod as `ovs-ofctl ofp-print` prints it after its first words; of an out_group it says nothing. */
export function formatFlowMod(message: FlowMod): string {
  const { table, idleTimeout, hardTimeout, bufferId, flags, outPort } = message;
  const criteria = formatCriteria(message.priority, message.match);
  const words = [
    commandNames[message.command],
    ...(table === 0 ? [] : [`table:${table}`]),
    ...(criteria ? [criteria] : []),
    ...cookieText(message),
    ...(idleTimeout ? [`idle:${idleTimeout}`] : []),
    ...(hardTimeout ? [`hard:${hardTimeout}`] : []),
    ...(bufferId === noBuffer ? [] : [`buf:0x${bufferId.toString(16)}`]),
    ...(outPort === reservedPort.any ? [] : [`out_port:${formatPort(outPort)}`]),
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
