// What can fail: each kind does its damage, mends what does not mend itself, and returns.
import type { Chance } from '../ofp/random/chance.js';
import { ofConnections } from './of-connections.js';
import { ofNorthbound } from './of-northbound.js';
import { ofPrograms } from './of-programs.js';
import { ofSwitch } from './of-switch.js';
import type { FaultSite } from './site.js';

/** Frames that may be lost, by their ways (all, if none is named), and why they may. */
export interface Loss {
  readonly ways?: readonly string[];
  readonly because: string;
}

/** What a failure takes hold of, or needs to be well: two at once have nothing in common. */
export type Part = 'controller' | 'connection' | 'switch' | 'database' | 'nats';

/** One kind of failure. */
export interface Fault {
  readonly name: string;
  readonly parts: readonly Part[];
  /** Frames of established flows that may be lost; undefined: none. */
  readonly loses?: Loss;
  /** Whether the northbound is written meanwhile: now and then, unless said otherwise. */
  readonly churn?: 'always' | 'never';
  /** Whether the flows have to be written again; otherwise not one message may be sent where nothing churns. */
  readonly changesFlows?: true;
  /** Whether it takes long because something is waited for on purpose. */
  readonly isSlow?: true;
  readonly inject: (faults: FaultSite, chance: Chance) => Promise<void>;
}

/** All kinds. */
export const faults: readonly Fault[] = [...ofPrograms, ...ofConnections, ...ofSwitch, ...ofNorthbound];
