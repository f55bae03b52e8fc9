// What an owner wants, as plain data. Nobody says how to get there, and nobody writes a delete.
import type { Action, Bucket, Instruction, Match } from '../ofp/index.js';

/** A flow: identity (table, priority, match) and value (instructions). Its cookie is made from both. */
export interface Flow {
  readonly table: number;
  readonly priority: number;
  readonly match: Match;
  /** Empty: drop. */
  readonly instructions: readonly Instruction[];
}

/** Flows that differ in some whole numbers only, which stand in each of them as they are, in so many bits. */
export interface Shape {
  readonly bits: readonly number[];
  readonly make: (...numbers: number[]) => Flow;
}

/** A flow by its shape and the numbers that are its own. */
export interface ShapedFlow {
  readonly shape: Shape;
  readonly numbers: readonly number[];
}

/** A group: of type all, a copy of the packet to each bucket; of type select, the packet to one bucket. */
export interface Group {
  readonly groupId: number;
  readonly type: 'all' | 'select';
  readonly buckets: readonly Bucket[];
}

/** A tunnel port of ours on the bridge. */
export interface TunnelPort {
  /** `vxlan/192.0.2.9`, or `vxlan` for a port that takes the address from each packet. */
  readonly key: string;
  readonly type: string;
  /** The far end's address, or `flow`. */
  readonly remote: string;
  /** Further options of Open vSwitch: `dst_port`, `ttl`, … */
  readonly options: Readonly<Record<string, string>>;
  /** The OpenFlow port number to ask for. */
  readonly ofportRequest: number;
}

/** Everything that one owner wants on one chassis. */
export interface Wanted {
  readonly flows: readonly (Flow | ShapedFlow)[];
  readonly groups?: readonly Group[];
  readonly tunnels?: readonly TunnelPort[];
}

/** The actions of a flow that drops, and counts what it drops. */
export const drop: readonly Action[] = [];

/** An owner that wants nothing (not yet, or not here). */
export const nothing: Wanted = { flows: [] };
