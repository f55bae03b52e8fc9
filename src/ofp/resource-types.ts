// Ports, groups, meters and queues as the switch describes them.

/** How a group chooses among its buckets. */
export type GroupType = 'all' | 'select' | 'indirect' | 'ff';

/** A port as the switch describes it. */
export interface PortDesc {
  readonly portNo: number;
  /** The MAC address as a 48-bit number. */
  readonly hwAddr: number;
  readonly name: string;
  readonly config: number;
  readonly state: number;
  readonly curr: number;
  readonly advertised: number;
  readonly supported: number;
  readonly peer: number;
  /** Kilobits per second. */
  readonly currSpeed: number;
  /** Kilobits per second. */
  readonly maxSpeed: number;
}

/** A band of a meter. */
export type MeterBand =
  | { readonly type: 'drop'; readonly rate: number; readonly burstSize: number }
  | { readonly type: 'dscp_remark'; readonly rate: number; readonly burstSize: number; readonly precLevel: number }
  | { readonly type: 'unknown'; readonly bytes: Uint8Array };

/** A queue of a port as queue_get_config_reply describes it; rates in 1/1000 of the link. */
export interface QueueConfig {
  readonly queueId: number;
  readonly port: number;
  readonly minRate?: number;
  readonly maxRate?: number;
  readonly unknown?: readonly Uint8Array[];
}
