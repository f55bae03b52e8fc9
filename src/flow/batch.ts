// What goes between a flow table and a switch: what the switch says it holds, and the changes to send, in the order of a commit.
import { isFlow, tableOf } from './item.js';

/** Who wants something: an app, and the object that it wants it for. */
export interface Owner {
  readonly app: string;
  readonly object: string;
}

/** A flow as a switch dumps it, undecoded. */
export interface DumpedFlow {
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly match: Uint8Array;
  readonly instructions: Uint8Array;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly flags: number;
}

/** A group as a switch describes it, its buckets undecoded. */
export interface DumpedGroup {
  readonly groupId: number;
  readonly type: string;
  readonly buckets: Uint8Array;
}

/** One message of a batch. */
export interface Change {
  readonly identity: string;
  /** The name of the wish that it is made for, with all of which it belongs together; of what nobody wants its identity. */
  readonly wish: string;
  readonly kind: 'add' | 'change' | 'remove';
  readonly frame: Uint8Array;
  /** The content that it installs; undefined for a removal. */
  readonly hash: number | undefined;
  /** What was installed before, to go back to if the switch refuses. */
  readonly before: number | undefined;
}

/** Changes that belong into one bundle, in the order in which they must be made. */
export interface Batch {
  readonly generation: number;
  readonly changes: readonly Change[];
}

/** Why something that an owner wants is not on the switch. */
export interface Refusal {
  readonly owner: Owner;
  readonly identity: string;
  readonly reason: string;
  /** The owner who has the identity instead. */
  readonly rival?: Owner;
  /** ERROR: the switch or a foreign flow stands against it. DEGRADED: another owner of ours has the same identity. */
  readonly state: 'ERROR' | 'DEGRADED';
}

/** A change's place in a commit: groups before the flows that use them, flows from the last table to the first; removals the other way round. */
export function placeInCommit(kind: Change['kind'], identity: string): number {
  const adding = isFlow(identity) ? 1000 - tableOf(identity) : 0;
  return kind === 'remove' ? 3000 - adding : adding;
}

/** Changes in the order of a commit. */
export function inCommitOrder(changes: readonly Change[]): Change[] {
  const byPlace = new Map<number, Change[]>();
  for (const change of changes) {
    const place = placeInCommit(change.kind, change.identity);
    const there = byPlace.get(place);
    if (there === undefined) byPlace.set(place, [change]);
    else there.push(change);
  }
  return [...byPlace].sort(([a], [b]) => a - b).flatMap(([, there]) => there);
}
