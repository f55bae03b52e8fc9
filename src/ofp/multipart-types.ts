// Bodies of multipart requests and replies, as plain data. `more` says that further parts follow under the same xid.
import type { Bucket, Instruction } from './action-types.js';
import type { Match } from './match.js';
import type { GroupType, MeterBand, PortDesc } from './resource-types.js';

/** Which flows a flow, aggregate or flow monitor request means. */
export interface FlowSelection {
  readonly table: number;
  readonly outPort: number;
  readonly outGroup: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly match: Match;
}

/** One flow of a dump. */
export interface FlowStats {
  readonly table: number;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly priority: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly flags: number;
  readonly cookie: bigint;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

/** One group as it was configured. */
export interface GroupDesc {
  readonly groupType: GroupType;
  readonly groupId: number;
  readonly buckets: readonly Bucket[];
}

/** Counters of a group. */
export interface GroupStats {
  readonly groupId: number;
  readonly refCount: number;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly buckets: readonly { readonly packetCount: bigint; readonly byteCount: bigint }[];
}

/** Four values, in the order all, select, indirect, fast failover. */
export type PerGroupType = readonly [number, number, number, number];

/** Counters of a table. */
export interface TableStats {
  readonly table: number;
  readonly activeCount: number;
  readonly lookupCount: bigint;
  readonly matchedCount: bigint;
}

/** Counters of a port; all ones where the switch does not count. */
export interface PortStats {
  readonly portNo: number;
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly rxFrameErr: bigint;
  readonly rxOverErr: bigint;
  readonly rxCrcErr: bigint;
  readonly collisions: bigint;
  readonly durationSec: number;
  readonly durationNsec: number;
}

/** Counters of a queue. */
export interface QueueStats {
  readonly portNo: number;
  readonly queueId: number;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrors: bigint;
  readonly durationSec: number;
  readonly durationNsec: number;
}

/** Counters of a meter. */
export interface MeterStats {
  readonly meterId: number;
  readonly flowCount: number;
  readonly packetInCount: bigint;
  readonly byteInCount: bigint;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly bands: readonly { readonly packetCount: bigint; readonly byteCount: bigint }[];
}

/** A meter as it was configured. */
export interface MeterConfig {
  readonly flags: number;
  readonly meterId: number;
  readonly bands: readonly MeterBand[];
}

/** What a table can do; properties are kept as [type, bytes]. */
export interface TableFeatures {
  readonly table: number;
  readonly name: string;
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  readonly config: number;
  readonly maxEntries: number;
  readonly properties: readonly { readonly type: number; readonly bytes: Uint8Array }[];
}

/** What to watch, in a flow monitor request of either kind. */
export interface FlowMonitor {
  readonly monitorId: number;
  readonly flags: number;
  readonly outPort: number;
  readonly table: number;
  readonly match: Match;
}

/** One event of a flow monitor. */
export type FlowUpdate =
  | {
      readonly event: 'added' | 'deleted' | 'modified';
      readonly reason: number;
      readonly priority: number;
      readonly idleTimeout: number;
      readonly hardTimeout: number;
      readonly table: number;
      readonly cookie: bigint;
      readonly match: Match;
      readonly instructions: readonly Instruction[];
    }
  | { readonly event: 'abbrev'; readonly xid: number }
  | { readonly event: 'unknown'; readonly bytes: Uint8Array };

type RequestOf<Kind extends string> = Kind extends string
  ? { readonly type: 'multipart_request'; readonly kind: Kind; readonly more?: boolean }
  : never;
type ReplyOf<Kind extends string> = Kind extends string
  ? { readonly type: 'multipart_reply'; readonly kind: Kind; readonly more: boolean }
  : never;
type Listing<Kind extends string, Entry> = ReplyOf<Kind> & { readonly entries: readonly Entry[] };

/** A request whose answer may come in parts. */
export type MultipartRequest =
  | RequestOf<'desc' | 'table' | 'group_desc' | 'group_features' | 'meter_features' | 'port_desc'>
  | (RequestOf<'flow' | 'aggregate'> & FlowSelection)
  | (RequestOf<'port_stats'> & { readonly port: number })
  | (RequestOf<'queue'> & { readonly port: number; readonly queueId: number })
  | (RequestOf<'group'> & { readonly groupId: number })
  | (RequestOf<'meter' | 'meter_config'> & { readonly meterId: number })
  | (RequestOf<'table_features'> & { readonly entries: readonly TableFeatures[] })
  | (RequestOf<'flow_monitor' | 'nx_flow_monitor'> & { readonly monitors: readonly FlowMonitor[] })
  | (RequestOf<'experimenter'> & { readonly experimenter: number; readonly expType: number; readonly data: Uint8Array })
  | (RequestOf<'unknown'> & { readonly kindNumber: number; readonly body: Uint8Array });

/** One part of an answer. */
export type MultipartReply =
  | (ReplyOf<'desc'> & {
      readonly manufacturer: string;
      readonly hardware: string;
      readonly software: string;
      readonly serial: string;
      readonly datapath: string;
    })
  | Listing<'flow', FlowStats>
  | (ReplyOf<'aggregate'> & { readonly packetCount: bigint; readonly byteCount: bigint; readonly flowCount: number })
  | Listing<'table', TableStats>
  | Listing<'port_stats', PortStats>
  | Listing<'queue', QueueStats>
  | Listing<'group', GroupStats>
  | Listing<'group_desc', GroupDesc>
  | (ReplyOf<'group_features'> & {
      readonly types: number;
      readonly capabilities: number;
      readonly maxGroups: PerGroupType;
      readonly actions: PerGroupType;
    })
  | Listing<'meter', MeterStats>
  | Listing<'meter_config', MeterConfig>
  | (ReplyOf<'meter_features'> & {
      readonly maxMeter: number;
      readonly bandTypes: number;
      readonly capabilities: number;
      readonly maxBands: number;
      readonly maxColor: number;
    })
  | Listing<'table_features', TableFeatures>
  | Listing<'port_desc', PortDesc>
  | Listing<'flow_monitor' | 'nx_flow_monitor', FlowUpdate>
  | (ReplyOf<'experimenter'> & { readonly experimenter: number; readonly expType: number; readonly data: Uint8Array })
  | (ReplyOf<'unknown'> & { readonly kindNumber: number; readonly body: Uint8Array });
