// Where a port is, seen from one chassis: behind one of its interfaces, behind a tunnel, or nowhere yet.
import { parseAddress } from './addresses.js';
import { type Endpoint, endpointName, senderName, usualPorts } from './endpoint.js';
import { byteOrder, type OfPort, operator, type Ref, refOf } from './ids.js';
import { type LPort, type TunnelType } from './kinds.js';
import { type Network } from './network.js';
import { type Port } from './port.js';
import { type Segment } from './segment.js';
import { type Answer, refused, waiting } from './verdict.js';
import { type World } from './world.js';

/** Where a port is that is behind a tunnel, with the names of its far end. */
export interface RemotePlacement {
  readonly at: 'remote';
  readonly endpoint: Endpoint;
  /** `endpointName` of it. */
  readonly name: string;
  /** `senderName` of it. */
  readonly sender: string;
  /** Whether that is a managed chassis, and not the VTEP of a remote device. */
  readonly isManaged: boolean;
}

/** Where a port is. A child is where its parent is: `tag` says how its traffic is told apart there. */
export type Placement =
  { readonly at: 'here'; readonly ofport: OfPort; readonly tag: Segment | undefined } | RemotePlacement;

/** The place behind a far end. */
export const behind = (endpoint: Endpoint, isManaged: boolean): RemotePlacement => ({
  at: 'remote',
  endpoint,
  name: endpointName(endpoint),
  sender: senderName(endpoint),
  isManaged,
});

/** Where the interface of a port is that is nobody's child: by its claim, its binding and what is on our bridge. */
export function placeByClaim(
  world: World,
  ref: Ref,
  value: LPort,
): Answer<{ here: OfPort } | { chassis: string } | { vtep: string }> {
  if (value.binding?.type === 'vtep') return { ok: { vtep: value.binding.vtep_address } };
  const self = world.settings.get('self')?.chassis;
  const claim = world.claims.get(ref);
  const wanted = value.binding?.chassis;
  const binding = world.bindings.get(ref);
  if (claim !== undefined && wanted !== undefined && claim !== wanted)
    return refused('binding.chassis', wanted, `the interface is on chassis ${claim}`);
  if (claim === undefined)
    return binding === undefined
      ? waiting('binding', undefined, `waits for an interface with iface-id ${ref}`)
      : wanted !== undefined && wanted !== self
        ? refused('binding.chassis', wanted, `the interface is on chassis ${self ?? '(unnamed)'}`)
        : waiting('binding', undefined, 'waits for its claim to be acknowledged');
  if (claim !== self) return { ok: { chassis: claim } };
  if (binding === undefined) return waiting('binding', undefined, `waits for an interface with iface-id ${ref}`);
  if (binding.ofport === undefined)
    return waiting(
      'binding',
      undefined,
      `waits for Open vSwitch to number interface ${binding.interface}${binding.error === undefined ? '' : `: ${binding.error}`}`,
    );
  return { ok: { here: binding.ofport } };
}

/** The endpoint of a managed chassis for the ports of a network. */
export function chassisEndpoint(world: World, network: Network, chassis: string): Answer<Endpoint> {
  const type = network.overlay;
  if (type === undefined) return waiting('lswitch', network.ref, 'no tunnel carries this network_type');
  const peer = world.chassis.get(refOf(operator, chassis));
  if (peer === undefined) return waiting('binding', chassis, `waits for chassis ${chassis} to register`);
  if (!peer.tunnel_types.includes(type))
    return refused('binding', chassis, `chassis ${chassis} has no ${type} tunnels (encap_types)`);
  return toAddress(world, type, peer.ips, network.vni, 'binding');
}

/** The endpoint of a remote device: the VTEP that its binding names. */
export function vtepEndpoint(world: World, port: Port, value: LPort): Answer<Endpoint> {
  if (value.binding?.type !== 'vtep') return waiting('binding', undefined, 'has no VTEP');
  const { vtep_address: address, dst_port: dstPort } = value.binding;
  const type = value.binding.tunnel_type ?? port.network.overlay;
  if (type === undefined || port.network.overlay === undefined)
    return refused(
      'lswitch',
      port.network.ref,
      'must be an overlay network (vxlan, geneve or gre) to reach a remote device',
    );
  if (dstPort !== undefined && usualPorts[type] === undefined)
    return refused('binding.dst_port', dstPort, `${type} has no ports`);
  const endpoint = toAddress(world, type, [address], value.binding.vni ?? port.network.vni, 'binding.vtep_address');
  if (endpoint.no !== undefined || dstPort === undefined || dstPort === usualPorts[type]) return endpoint;
  return { ok: { ...endpoint.ok, dstPort } };
}

/** The first address of the peer that we can reach by a family of our own, IPv4 first. */
function toAddress(
  world: World,
  type: TunnelType,
  addresses: readonly string[],
  vni: number,
  field: string,
): Answer<Endpoint> {
  const settings = world.settings.get('self');
  if (settings === undefined) return waiting('encap_ip', undefined, 'waits for the chassis to be configured');
  if (!settings.encapTypes.includes(type))
    return refused(field, addresses[0], `this chassis has no ${type} tunnels (encap_types)`);
  const own = addresses.find((address) => settings.encapIps.includes(address));
  if (own !== undefined) return refused(field, own, 'is a tunnel address of this chassis itself');
  const families = new Set(settings.encapIps.map((address) => parseAddress(address)?.family));
  const [reachable] = addresses
    .map((text) => parseAddress(text))
    .filter((address) => address !== undefined && families.has(address.family))
    .sort((a, b) => (a?.family ?? 0) - (b?.family ?? 0) || byteOrder(a?.text ?? '', b?.text ?? ''));
  if (reachable === undefined)
    return waiting(
      field,
      addresses[0],
      `no tunnel address of this chassis has the family of ${addresses.join(', ') || 'an address that its peer lacks'} (encap_ip)`,
    );
  return { ok: { type, address: reachable.text, vni } };
}
