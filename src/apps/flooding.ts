// Broadcast and multicast: a copy to every other member exactly once. Groups of type all, because each of their buckets works on a
// packet of its own: a tag pushed for one copy is not on the next.
import { group, load, resubmit } from '../ofp/index.js';
import type { Bucket } from '../ofp/index.js';
import { type Group, nothing, type Wanted } from '../flow/wanted.js';
import { groupTag } from '../flow/item.js';
import type { NetworkKey, Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, tables } from './pipeline.js';
import { intoTunnel } from './tunnels.js';

/** The group bit of the destination address: broadcast and multicast. */
const toMany = { value: 0x0100_0000_0000, mask: 0x0100_0000_0000 } as const;

/** Local copies per group and groups per network: one GROUP_MOD stays below 64 KiB. */
const localsPerGroup = 1000;
/** Copies into tunnels per group; their buckets are up to twice as long. */
const remotesPerGroup = 500;
/** Local members that get copies: three look-ups each stay below Open vSwitch's limit of 4,096 for one packet. */
export const localMembersLimit = 1300;

const scopes = { local: 0, remote: 1 } as const;

/** A deterministic group id: 0xd, network key (24 bits), scope (1 bit), chunk (3 bits). */
export const floodGroupId = (network: NetworkKey, scope: keyof typeof scopes, chunk: number): number =>
  ((groupTag << 28) | (network << 4) | (scopes[scope] << 3) | chunk) >>> 0;

function flooded(view: View, ref: Ref): Wanted {
  const network = view.network(ref);
  if (network === undefined) return nothing;
  const locals = chunked(network.key, 'local', localBuckets(view, ref), localsPerGroup);
  const remotes = chunked(network.key, 'remote', remoteBuckets(view, ref), remotesPerGroup);
  const copies = (groups: readonly Group[]) => groups.map(({ groupId }) => group(groupId));
  const match = { metadata: network.key, eth_dst: toMany };
  return {
    groups: [...locals, ...remotes],
    flows: [
      flow(tables.l2, priorities.normal, match, copies([...locals, ...remotes])),
      flow(tables.tunnelDestination, priorities.normal, match, copies(locals)), // what came from a tunnel goes to no other
    ],
  };
}

function localBuckets(view: View, network: Ref): Bucket[] {
  const keys = [...view.localPortsOf.at(network).keys()].flatMap((ref) => view.localPort(ref)?.key ?? []);
  return keys
    .sort((a, b) => a - b)
    .slice(0, localMembersLimit)
    .map((key) => ({ actions: [load('reg7', key), resubmit(tables.ingressConntrack.id)] }));
}

function remoteBuckets(view: View, network: Ref): Bucket[] {
  return [...view.endpointsOf.at(network).keys()].sort().flatMap((name) => {
    const actions = intoTunnel(view, name);
    return actions === undefined ? [] : [{ actions }];
  });
}

function chunked(network: NetworkKey, scope: keyof typeof scopes, buckets: readonly Bucket[], size: number): Group[] {
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, chunk) => ({
    groupId: floodGroupId(network, scope, chunk),
    buckets: buckets.slice(chunk * size, (chunk + 1) * size),
  }));
}

/** Flooding. */
export const flooding: App = {
  name: 'flooding',
  id: 5,
  does: 'copies broadcast and multicast frames to every other member of the network',
  rules: [rule('lswitch', (view) => view.localPortsOf, flooded)],
};
