// How a chassis acts on the world outside. Nothing here gives an answer: what comes of it comes back as inputs.
import type { TunnelPort } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { Kind } from '../model/kinds.js';
import type { CommitReport } from './installer.js';
import type { Status } from './reporter.js';

/** What a port that asked for `auto` needs: an address of each of these sequences of candidates, on a network. */
export interface NeededAddresses {
  readonly lswitch: Ref;
  readonly candidates: readonly Iterable<string>[];
}

/** What a chassis asks of the northbound. */
export interface AskingEdges {
  /** Watch exactly these tenants. */
  readonly watch: (tenants: readonly string[]) => void;
  /** A number is needed for an object (`lport red/vm1`). */
  readonly allocate: (space: 'lport' | 'lswitch', ref: Ref) => void;
  /** A port needs addresses; `needed` is asked anew at each attempt, and says undefined when it needs none any more. */
  readonly address: (ref: Ref, needed: () => NeededAddresses | undefined) => void;
  /** The interface of an lport is on our bridge, or no longer; `isOurs`: the northbound says so already. */
  readonly claim: (ref: Ref, isOurs: boolean) => void;
  readonly release: (ref: Ref) => void;
}

/** Everything by which a chassis acts. */
export interface ChassisEdges extends AskingEdges {
  /** Tunnel ports that should exist; `surplus` may go, no flow uses them any more. Told when either changes. */
  readonly tunnels: (wanted: readonly TunnelPort[], surplus: readonly string[]) => void;
  /** The status of an object on this chassis, or that it has none any more. */
  readonly status: (kind: Kind, ref: Ref, status: Status | undefined) => void;
  /** Every northbound revision of a tenant up to this one is on the switch; `report` says what that took. */
  readonly acknowledged: (tenant: string, revision: number, report: CommitReport) => void;
  /** Everything that must be known is known. */
  readonly whole: () => void;
  /** An lport's flows are on the switch as of a revision, or (undefined) no longer. */
  readonly installed: (iface: string, revision: number | undefined) => void;
}
