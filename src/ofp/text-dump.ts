// What ovs-ofctl prints of flow and group dumps, requests for them, and bundles.
import { allTables, bundleFlag, reservedPort } from './constants.js';
import type { Message } from './messages.js';
import type { FlowSelection, FlowStats, GroupStats } from './multipart-types.js';
import { formatInstructions } from './text-actions.js';
import { flagsText, formatCriteria } from './text-flow.js';
import { formatMatch } from './text-match.js';
import { formatPort, hex } from './text-values.js';

const uncounted = 0xffff_ffff_ffff_ffffn;
const counter = (value: bigint) => (value === uncounted ? '?' : value.toString());
const unknownDuration = 0xffff_ffff;

const nsPerMs = 1_000_000;

/** Seconds: with three digits where it is whole milliseconds, else with as many as count. */
export function formatDuration(seconds: number, nanoseconds: number): string {
  if (nanoseconds === 0) return `${seconds}s`;
  if (nanoseconds % nsPerMs === 0) return `${seconds}.${(nanoseconds / nsPerMs).toString().padStart(3, '0')}s`;
  return `${seconds}.${nanoseconds.toString().padStart(9, '0').replace(/0+$/, '')}s`;
}

/** A flow as a dump with statistics prints it, without the leading space. */
export function formatFlowStats(flow: FlowStats): string {
  const { cookie, table, idleTimeout, hardTimeout } = flow;
  const words = [
    `cookie=0x${cookie.toString(16)}`,
    `duration=${formatDuration(flow.durationSec, flow.durationNsec)}`,
    `table=${table}`,
    `n_packets=${counter(flow.packetCount)}`,
    `n_bytes=${counter(flow.byteCount)}`,
    ...(idleTimeout ? [`idle_timeout=${idleTimeout}`] : []),
    ...(hardTimeout ? [`hard_timeout=${hardTimeout}`] : []),
  ];
  const criteria = formatCriteria(flow.priority, flow.match);
  return `${words.join(', ')}, ${flagsText(flow.flags)}${criteria && `${criteria} `}actions=${formatInstructions(flow.instructions)}`;
}

/** The counters of a group as a dump prints them, without the leading space. */
export function formatGroupStats(group: GroupStats): string {
  const { groupId, refCount, packetCount, byteCount, durationSec, durationNsec } = group;
  const words = [
    `group_id=${groupId}`,
    ...(durationSec === unknownDuration ? [] : [`duration=${formatDuration(durationSec, durationNsec)}`]),
    `ref_count=${refCount}`,
    `packet_count=${packetCount}`,
    `byte_count=${byteCount}`,
    ...group.buckets.flatMap((bucket, i) =>
      bucket.packetCount === uncounted
        ? []
        : [`bucket${i}:packet_count=${bucket.packetCount}`, `byte_count=${bucket.byteCount}`],
    ),
  ];
  return words.join(',');
}

/** Which flows a request means. ovs-ofctl says nothing of cookies and groups. */
export function formatFlowSelection({ table, outPort, match }: FlowSelection): string {
  const matched = formatMatch(match);
  const words = [
    ...(table === allTables ? [] : [`table=${table}`]),
    ...(outPort === reservedPort.any ? [] : [`out_port=${formatPort(outPort)}`]),
    ...(matched ? [matched] : []),
  ];
  return words.join(' ');
}

const bundleFlags = (flags: number) =>
  [...(flags & bundleFlag.atomic ? ['atomic'] : []), ...(flags & bundleFlag.ordered ? ['ordered'] : [])].join(' ') ||
  '0';

/** The steps of a bundle. */
export const formatBundleControl = (message: Message & { readonly type: 'bundle_control' }): string =>
  `bundle_id=${hex(message.bundleId)} type=${message.ctrl.toUpperCase()} flags=${bundleFlags(message.flags)}`;

/** The head of a message that is added to a bundle. */
export const formatBundleAdd = (message: Message & { readonly type: 'bundle_add' }): string =>
  `bundle_id=${hex(message.bundleId)} flags=${bundleFlags(message.flags)}`;
