// What a switch says it holds, by identity and hash.
import type { DumpedFlow, DumpedGroup } from './batch.js';
import { flowHash, flowIdentity, groupHash, groupIdentity, groupTag, learnedApp, readCookie } from './item.js';
import { foreign, tampered } from './row.js';

/** How many flows and groups of ours were found, flows of others, and flows of ours that others have changed. */
export interface Found {
  ours: number;
  foreign: number;
  changedByOthers: number;
}

/** A flow's identity, and its content: a hash, or `tampered`, or `foreign`; undefined for what the switch learned by itself. */
export function seenFlow(flow: DumpedFlow): { readonly identity: string; readonly content: number | undefined } {
  const identity = flowIdentity(flow.table, flow.priority, flow.match);
  const cookie = readCookie(flow.cookie);
  if (cookie === undefined) return { identity, content: foreign };
  if (cookie.app === learnedApp) return { identity, content: undefined };
  return { identity, content: isIntact(flow, identity, cookie.hash) ? cookie.hash : tampered };
}

/** The hashes of groups of ours, by identity; in small steps. */
export function* heldGroups(groups: Iterable<DumpedGroup>): Generator<void, Map<string, number>> {
  const held = new Map<string, number>();
  for (const { groupId, type, buckets } of groups) {
    if (groupId >>> 28 !== groupTag) continue;
    yield;
    const identity = groupIdentity(groupId);
    held.set(identity, groupHash(identity, type, buckets));
  }
  return held;
}

/** Whether a flow of ours is as we made it. */
const isIntact = (flow: DumpedFlow, identity: string, hash: number): boolean =>
  hash === flowHash(identity, flow.instructions) &&
  flow.idleTimeout === 0 &&
  flow.hardTimeout === 0 &&
  flow.flags === 0;
