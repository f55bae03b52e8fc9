// What the chassis of one process share of the northbound: watches, allocation, claims, the search for iface-ids, statuses.
import type { Kind, TunnelType } from '../model/kinds.js';
import type { Ref } from '../model/ids.js';
import type { NorthboundSink } from '../sync/sink.js';
import type { CommitReport } from './installer.js';
import type { Found } from './plugs.js';
import type { Status } from './reporter.js';

/** What one chassis says in the northbound. */
export interface NorthboundMember {
  readonly claim: (port: Ref, isOurs: boolean) => void;
  readonly release: (port: Ref) => void;
  readonly status: (kind: Kind, ref: Ref, status: Status | undefined) => void;
  /** Since when an object's state is what was said last, in ISO 8601; undefined until that is written. */
  readonly since: (kind: Kind, ref: Ref) => string | undefined;
  /** Every revision of a tenant up to this one is on the switch. */
  readonly acknowledged: (tenant: string, revision: number, report: CommitReport) => void;
  /** A tenant is watched no more. */
  readonly forget: (tenant: string) => void;
  /** The whole view is known: statuses of an earlier run that nobody has repeated go. */
  readonly whole: () => void;
  /** Says that the chassis lives, and where its tunnels end; `beaten` is told of each heartbeat of it, whoever wrote it, and whether that is news. */
  readonly register: (
    value: { readonly ips: readonly string[]; readonly tunnel_types: readonly TunnelType[]; readonly version: string },
    status: () => object,
    beaten: (text: string, isNews: boolean) => void,
  ) => void;
  /** Says nothing more, and leaves what was said to the controller that serves the chassis now; a later `member` starts anew. */
  readonly resign: () => void;
}

/** The northbound as the chassis of one process share it. */
export interface NorthboundService {
  readonly watch: (tenant: string, sink: NorthboundSink) => void;
  readonly unwatch: (tenant: string, sink: NorthboundSink) => void;
  readonly allocate: (space: 'lport' | 'lswitch', ref: Ref) => Promise<unknown>;
  /** Gives a port the first free address of each sequence of candidates. */
  readonly allocateAddresses: (port: Ref, lswitch: Ref, candidates: readonly Iterable<string>[]) => Promise<unknown>;
  /** Looks for the lport of an iface-id whose tenant is not named; the result ends the search. */
  readonly find: (ifaceId: string, found: (found: Found) => void) => () => void;
  readonly member: (chassis: string) => NorthboundMember;
  readonly close: () => Promise<void>;
}
