// How an object stands on this chassis: in order, or what is in its way. What statuses, `compile` and `apply` say comes from here.
import type { Endpoint } from './endpoint.js';
import type { Kind } from './kinds.js';
import type { Ref } from './ids.js';
import { groupSize, groupsPerKind } from './shares.js';
import { degraded, type Verdict } from './verdict.js';
import type { View } from './view.js';

/** What an object is to this chassis. */
export interface Standing {
  /** Whether it is the chassis' business to report on it: plugged here, a child of that, or a remote device used here. */
  readonly concerned: boolean;
  /** What is in its way; undefined: nothing. */
  readonly verdict: Verdict | undefined;
}

/** How an object stands, a function of the view. */
export function standingOf(view: View, kind: Kind, ref: Ref): Standing {
  switch (kind) {
    case 'lport':
      return lportStanding(view, ref);
    case 'child_port_segmentation':
      return segmentStanding(view, ref);
    case 'lswitch':
      return { concerned: false, verdict: view.networkAnswer(ref).no ?? copiesOfNetwork(view, ref) };
    case 'subnet':
      return { concerned: false, verdict: undefined };
    case 'chassis':
      return { concerned: false, verdict: undefined };
  }
}

function lportStanding(view: View, ref: Ref): Standing {
  const place = view.placementAnswer(ref);
  const here = place.ok?.at === 'here';
  if (here) return { concerned: true, verdict: view.portAnswer(ref).no ?? copiesHere(view, ref) };
  const plugged = view.world.bindings.get(ref) !== undefined;
  const network = view.world.lports.get(ref)?.lswitch;
  const device = view.isDevice(ref) && network !== undefined && view.hosts(network);
  const parents = view.segmentsOfChild(ref).flatMap((segment) => view.segmentAnswer(segment).ok?.parent ?? []);
  const parentHere = parents.some((parent) => view.world.bindings.get(parent) !== undefined);
  const limits = device ? (tunnelVerdict(view, ref) ?? copiesToDevice(view, ref)) : undefined;
  const verdict = view.portAnswer(ref).no ?? place.no ?? claimedElsewhere(view, [ref, ...parents]) ?? limits;
  return { concerned: plugged || device || parentHere, verdict };
}

/** An interface here whose lport, or the parent of it, another chassis has: that one came first, and this one is not served. */
function claimedElsewhere(view: View, carriers: readonly Ref[]): Verdict | undefined {
  for (const carrier of carriers) {
    const [name, claim] = [view.world.bindings.get(carrier)?.interface, view.world.claims.get(carrier)];
    if (name === undefined || claim === undefined || claim === view.settings()?.chassis) continue;
    const allowed = `has the lport already; interface ${name} of this chassis is not served while that lasts`;
    return degraded('binding', claim, allowed).no;
  }
  return undefined;
}

function segmentStanding(view: View, ref: Ref): Standing {
  const value = view.world.children.get(ref);
  const concerned = value !== undefined && view.world.bindings.get(value.parent) !== undefined;
  const answer = view.segmentAnswer(ref);
  if (answer.no !== undefined) return { concerned, verdict: answer.no };
  const { child } = answer.ok;
  return { concerned, verdict: view.portAnswer(child).no ?? view.placementAnswer(child).no };
}

/** The groups of a network have room for so many; the ports with the smallest unique keys get the copies. */
const roomFor = (what: keyof typeof groupSize, unit: string): string =>
  `the groups of its network hold ${groupsPerKind} times ${groupSize[what]} ${unit}`;

function copiesHere(view: View, ref: Ref): Verdict | undefined {
  const network = view.port(ref)?.network.ref;
  if (network === undefined || !view.copies.crowded.has(network) || !view.copies.portsLeft.has(ref)) return undefined;
  const room = roomFor('local', 'ports of one chassis');
  return degraded('lswitch', network, `broadcasts do not reach the port: ${room}`).no;
}

function copiesToDevice(view: View, ref: Ref): Verdict | undefined {
  const [name, network] = [view.endpointName(ref), view.port(ref)?.network.ref];
  if (name === undefined || network === undefined || !view.copies.endpointsLeft.at(network).has(name)) return undefined;
  const room = roomFor('remote', 'tunnel endpoints');
  return degraded('binding', view.endpointOf(ref)?.address, `broadcasts do not reach the device: ${room}`).no;
}

function copiesOfNetwork(view: View, ref: Ref): Verdict | undefined {
  const { size } = view.copies.endpointsLeft.at(ref);
  if (size === 0) return undefined;
  return degraded(
    'lswitch',
    ref,
    `broadcasts do not reach ${size} of its tunnel endpoints: ${roomFor('remote', 'of them')}`,
  ).no;
}

/** A remote device is reached once its tunnel port is there; what Open vSwitch says against it is the reason. */
function tunnelVerdict(view: View, ref: Ref): Verdict | undefined {
  const endpoint = view.endpointOf(ref);
  if (endpoint === undefined) return undefined;
  const state = view.tunnel(view.tunnelKey(endpoint));
  if (state?.error !== undefined)
    return {
      state: 'ERROR',
      fault: { field: 'binding', value: endpoint.address, allowed: `Open vSwitch refuses the tunnel: ${state.error}` },
    };
  if (state?.ofport !== undefined) return mtuVerdict(view, ref, endpoint);
  return {
    state: 'DOWN',
    fault: {
      field: 'binding',
      allowed: `waits for Open vSwitch to number the ${endpoint.type} tunnel to ${endpoint.address}`,
    },
  };
}

/** A network whose packets do not fit through the tunnel to a device is a black hole for large ones. */
function mtuVerdict(view: View, ref: Ref, endpoint: Endpoint): Verdict | undefined {
  const network = view.port(ref)?.network.ref;
  const mtu = network === undefined ? undefined : view.world.lswitches.get(network)?.mtu;
  const path = view.pathMtu(endpoint);
  if (mtu === undefined || mtu <= path) return undefined;
  const allowed = `packets of its network may have so many bytes, of which ${path} fit through the tunnel to ${endpoint.address} (underlay_mtu)`;
  return { state: 'DEGRADED', fault: { field: 'mtu', value: mtu, allowed } };
}
