// Messages beyond OpenFlow 1.3 that Open vSwitch speaks over it: ONF bundles and flow monitor, Nicira's own.
import type { Match } from './match.js';

/** The steps of a bundle's life; each request has its reply. */
export type BundleControl =
  | 'open_request'
  | 'open_reply'
  | 'close_request'
  | 'close_reply'
  | 'commit_request'
  | 'commit_reply'
  | 'discard_request'
  | 'discard_reply';

/** A packet_in with properties; `continuation` is what resume gives back. */
export interface NxPacketIn2 {
  readonly type: 'nx_packet_in2' | 'nx_resume';
  readonly packet?: Uint8Array;
  readonly fullLength?: number;
  readonly bufferId?: number;
  readonly table?: number;
  readonly cookie?: bigint;
  readonly reason?: number;
  readonly match?: Match;
  readonly userdata?: Uint8Array;
  readonly continuation?: Uint8Array;
  readonly unknown?: readonly { readonly type: number; readonly bytes: Uint8Array }[];
}

/** A message of an experimenter that this codec knows; bundle_add, which holds a message, is with the messages. */
export type ExtensionMessage =
  | {
      readonly type: 'bundle_control';
      readonly bundleId: number;
      readonly ctrl: BundleControl;
      readonly flags: number;
      readonly properties?: Uint8Array;
    }
  | { readonly type: 'flow_monitor_cancel'; readonly monitorId: number }
  | { readonly type: 'flow_monitor_paused' | 'flow_monitor_resumed' }
  | { readonly type: 'nx_flow_monitor_cancel'; readonly monitorId: number }
  | { readonly type: 'nx_flow_monitor_paused' | 'nx_flow_monitor_resumed' }
  | { readonly type: 'nx_set_controller_id'; readonly controllerId: number }
  | { readonly type: 'nx_set_packet_in_format'; readonly format: number }
  | { readonly type: 'nx_ct_flush_zone'; readonly zone: number }
  | NxPacketIn2;
