// Every message as plain data: a union on `type` (and on `kind` for multiparts).
import type { Action, Bucket, Instruction } from './action-types.js';
import type { Match } from './match.js';
import type { MultipartReply, MultipartRequest } from './multipart-types.js';
import type { ExtensionMessage } from './extension-types.js';
import type { GroupType, MeterBand, PortDesc, QueueConfig } from './resource-types.js';

/** What a flow_mod asks for. */
export type FlowModCommand = 'add' | 'modify' | 'modify_strict' | 'delete' | 'delete_strict';
/** What a group_mod asks for; add_or_modify is Open vSwitch's. */
export type GroupModCommand = 'add' | 'modify' | 'delete' | 'add_or_modify';

/** A change of the flow table. */
export interface FlowMod {
  readonly type: 'flow_mod';
  readonly command: FlowModCommand;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly table: number;
  readonly priority: number;
  /** Seconds; 0 is never. */
  readonly idleTimeout: number;
  /** Seconds; 0 is never. */
  readonly hardTimeout: number;
  readonly flags: number;
  readonly outPort: number;
  readonly outGroup: number;
  readonly bufferId: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

/** A change of the group table. */
export interface GroupMod {
  readonly type: 'group_mod';
  readonly command: GroupModCommand;
  readonly groupType: GroupType;
  readonly groupId: number;
  readonly buckets: readonly Bucket[];
}

/** A packet that the switch sends up. */
export interface PacketIn {
  readonly type: 'packet_in';
  readonly bufferId: number;
  readonly totalLen: number;
  readonly reason: number;
  readonly table: number;
  readonly cookie: bigint;
  readonly match: Match;
  readonly data: Uint8Array;
}

/** A packet that the switch shall send. */
export interface PacketOut {
  readonly type: 'packet_out';
  readonly bufferId: number;
  readonly inPort: number;
  readonly actions: readonly Action[];
  readonly data: Uint8Array;
}

/** A flow is gone. */
export interface FlowRemoved {
  readonly type: 'flow_removed';
  readonly cookie: bigint;
  readonly priority: number;
  readonly reason: number;
  readonly table: number;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly match: Match;
}

/** The switch introduces itself. */
export interface FeaturesReply {
  readonly type: 'features_reply';
  readonly datapathId: bigint;
  readonly nBuffers: number;
  readonly nTables: number;
  readonly auxiliaryId: number;
  readonly capabilities: number;
}

/** Masks of asynchronous messages: [as master or equal, as slave]. */
export interface AsyncMasks {
  readonly packetIn: readonly [number, number];
  readonly portStatus: readonly [number, number];
  readonly flowRemoved: readonly [number, number];
}

/** One message of a bundle. */
export interface BundleAdd {
  readonly type: 'bundle_add';
  readonly bundleId: number;
  readonly flags: number;
  readonly message: Message;
  /** The inner message's own xid; absent: that of the outer one, as the standard wants. */
  readonly innerXid?: number;
}

/** A controller's part. */
export type Role = 'nochange' | 'equal' | 'master' | 'slave';

/** Any OpenFlow 1.3 message. */
export type Message =
  | { readonly type: 'hello'; readonly versions: readonly number[] }
  | {
      readonly type: 'error';
      readonly errorType: number;
      readonly code: number;
      readonly experimenter?: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'echo_request'; readonly data: Uint8Array }
  | { readonly type: 'echo_reply'; readonly data: Uint8Array }
  | {
      readonly type: 'experimenter';
      readonly experimenter: number;
      readonly expType: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'features_request' }
  | FeaturesReply
  | { readonly type: 'get_config_request' }
  | { readonly type: 'get_config_reply'; readonly flags: number; readonly missSendLen: number }
  | { readonly type: 'set_config'; readonly flags: number; readonly missSendLen: number }
  | PacketIn
  | FlowRemoved
  | { readonly type: 'port_status'; readonly reason: 'add' | 'delete' | 'modify'; readonly port: PortDesc }
  | PacketOut
  | FlowMod
  | GroupMod
  | {
      readonly type: 'port_mod';
      readonly portNo: number;
      readonly hwAddr: number;
      readonly config: number;
      readonly mask: number;
      readonly advertise: number;
    }
  | { readonly type: 'table_mod'; readonly table: number; readonly config: number }
  | {
      readonly type: 'meter_mod';
      readonly command: 'add' | 'modify' | 'delete';
      readonly flags: number;
      readonly meterId: number;
      readonly bands: readonly MeterBand[];
    }
  | MultipartRequest
  | MultipartReply
  | { readonly type: 'barrier_request' }
  | { readonly type: 'barrier_reply' }
  | { readonly type: 'queue_get_config_request'; readonly port: number }
  | { readonly type: 'queue_get_config_reply'; readonly port: number; readonly queues: readonly QueueConfig[] }
  | { readonly type: 'role_request'; readonly role: Role; readonly generationId: bigint }
  | { readonly type: 'role_reply'; readonly role: Role; readonly generationId: bigint }
  | { readonly type: 'get_async_request' }
  | { readonly type: 'get_async_reply'; readonly masks: AsyncMasks }
  | { readonly type: 'set_async'; readonly masks: AsyncMasks }
  | ExtensionMessage
  | BundleAdd
  | { readonly type: 'unknown'; readonly messageType: number; readonly body: Uint8Array };
