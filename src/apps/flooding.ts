// Broadcast and multicast: a copy to every other member exactly once. Groups of type all, because each of their buckets works on a
// packet of its own: a tag pushed for one copy is not on the next.
//
// Open vSwitch gives one packet 4,096 table look-ups and 64 KiB of actions, and where that is not enough it drops every copy. So a
// large network is copied to in parts. Between the groups stands one of type select: to choose a bucket Open vSwitch has the
// datapath compute a hash of the packet, and begins anew, with new limits, with what comes back.
//
//   small   table 55: group 0, group 8                      0-7: ports here, 8-15: tunnels, each network's own
//   large   table 55: fan-out group ─ for each part ─> select ──hash, anew──> table 101: group of the part
import { group, load, loadBits, resubmit } from '../ofp/index.js';
import type { Action } from '../ofp/index.js';
import { type Flow, type Group, nothing, type Wanted } from '../flow/wanted.js';
import { groupTag } from '../flow/item.js';
import type { NetworkKey, PortKey, Ref } from '../model/ids.js';
import { groupSize, groupsPerKind } from '../model/shares.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, registers, tables } from './pipeline.js';
import { intoTunnel } from './tunnels.js';

/** The group bit of the destination address: broadcast and multicast. */
const toMany = { value: 0x0100_0000_0000, mask: 0x0100_0000_0000 } as const;

/** The members of a network in one group of copies. */
interface Part {
  /** 0 to 7 for ports that are here, 8 to 15 for far ends. */
  readonly number: number;
  readonly copies: readonly (readonly Action[])[];
}

/** A deterministic group id: 0xd, network key (24 bits), number (4 bits). */
const groupIdOf = (network: number, number: number): number => ((groupTag << 28) | (network << 4) | number) >>> 0;

/** Groups that all networks share have the key that none of them has. */
const shared = 0;
const selectId = groupIdOf(shared, 0);

function flooded(view: View, ref: Ref): Wanted {
  const network = view.network(ref);
  if (network === undefined) return nothing;
  const here = partsOf(0, view.copies.local(ref).groups, copyTo);
  const away = partsOf(groupsPerKind, view.copies.remote(ref).groups, (name) => intoTunnel(view, name));
  const isSmall = count(here) / groupSize.local + count(away) / groupSize.remote <= 1;
  return isSmall ? atOnce(network.key, here, away) : inParts(network.key, here, away);
}

const copyTo = ({ key }: { readonly key: PortKey }): Action[] => [
  load('reg7', key),
  resubmit(tables.ingressConntrack.id),
];

/** The parts that members are in; who cannot be copied to yet is left out. */
function partsOf<M>(
  first: number,
  shares: readonly (readonly M[])[],
  copyTo: (member: M) => Action[] | undefined,
): Part[] {
  return shares.map((members, index) => ({
    number: first + index,
    copies: members.map(copyTo).filter((copy) => copy !== undefined),
  }));
}

const count = (parts: readonly Part[]): number => parts.reduce((sum, { copies }) => sum + copies.length, 0);

const groupsOf = (network: NetworkKey, parts: readonly Part[]): Group[] =>
  parts
    .filter(({ copies }) => copies.length > 0)
    .map(({ number, copies }) => ({
      groupId: groupIdOf(network, number),
      type: 'all',
      buckets: copies.map((actions) => ({ actions })),
    }));

/** From ports that are here to everybody; what came from a tunnel goes to ports that are here only. */
const entries = (network: NetworkKey, here: readonly Group[], away: readonly Group[]): Flow[] => {
  const match = { metadata: network, eth_dst: toMany };
  const handTo = (groups: readonly Group[]): Action[] => groups.map(({ groupId }) => group(groupId));
  return [
    flow(tables.l2, priorities.normal, match, handTo([...here, ...away])),
    flow(tables.tunnelDestination, priorities.normal, match, handTo(here)),
  ];
};

function atOnce(network: NetworkKey, here: readonly Part[], away: readonly Part[]): Wanted {
  const groups = [groupsOf(network, here), groupsOf(network, away)] as const;
  return { groups: groups.flat(), flows: entries(network, ...groups) };
}

function inParts(network: NetworkKey, here: readonly Part[], away: readonly Part[]): Wanted {
  const groups = groupsOf(network, [...here, ...away]);
  const fanOuts = [fanOut(here), fanOut(away)] as const;
  const select: Group = {
    groupId: selectId,
    type: 'select',
    buckets: [{ weight: 1, actions: [resubmit(tables.floodPart.id)] }],
  };
  const { bits, start } = registers.floodPart;
  const reg3 = (part: number) => ({ value: part << start, mask: ((1 << bits) - 1) << start });
  return {
    groups: [select, ...fanOuts.flat(), ...groups],
    flows: [
      ...entries(network, ...fanOuts),
      ...groups.map(({ groupId }) =>
        flow(tables.floodPart, priorities.normal, { metadata: network, reg3: reg3(groupId & 0xf) }, [group(groupId)]),
      ),
    ],
  };
}

/** The group that begins a translation for each of the parts, the same for all networks that have as many; none for no copies. */
function fanOut(parts: readonly Part[]): Group[] {
  if (count(parts) === 0) return [];
  const { field, start, bits } = registers.floodPart;
  return [
    {
      // One for each power of two: 1 to 4 for ports that are here, 9 to 12 for far ends.
      groupId: groupIdOf(shared, (parts[0]?.number ?? 0) + 1 + Math.log2(parts.length)),
      type: 'all',
      buckets: parts.map(({ number }) => ({ actions: [loadBits(field, start, bits, number), group(selectId)] })),
    },
  ];
}

/** Flooding. */
export const flooding: App = {
  name: 'flooding',
  id: 5,
  does: 'copies broadcast and multicast frames to every other member of the network',
  rules: [rule('lswitch', (view) => view.localPortsOf, flooded)],
};
