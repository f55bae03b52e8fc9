// Where a port is, seen from one chassis: behind one of its interfaces, behind a tunnel, or nowhere yet.
import { parseAddress } from './addresses.js';
import { byteOrder, type OfPort, operator, type Ref, refOf } from './ids.js';
import { type LPort, type TunnelType, tunnelTypes } from './kinds.js';
import { type Port } from './port.js';
import { type Segment } from './segment.js';
import { type Answer, refused, waiting } from './verdict.js';
import { type Settings, type World } from './world.js';

/** The far end of a tunnel, and the tunnel port that leads there. */
export interface Endpoint {
  /** The tunnel port's key: `vxlan/192.0.2.9`, or `vxlan` where one port serves all. */
  readonly tunnel: string;
  readonly type: TunnelType;
  readonly address: string;
  /** The virtual network identifier that the far end uses for the port's network. */
  readonly vni: number;
}

/** Where a port is. A child is where its parent is: `tag` says how its traffic is told apart there. */
export type Placement =
  | { readonly at: 'here'; readonly ofport: OfPort; readonly tag: Segment | undefined }
  | { readonly at: 'remote'; readonly endpoint: Endpoint };

/** An endpoint as a key of indexes, without the tunnel port that leads there. */
export const endpointName = (endpoint: Omit<Endpoint, 'tunnel'>): string =>
  `${endpoint.type}/${endpoint.address}/${endpoint.vni}`;

/** The endpoint that a key of an index stands for. */
export function parseEndpointName(name: string): Omit<Endpoint, 'tunnel'> {
  const [type = '', address = '', vni = ''] = name.split('/');
  const known = tunnelTypes.find((candidate) => candidate === type);
  if (known === undefined) throw new Error(`${name} is not the name of an endpoint`);
  return { type: known, address, vni: Number(vni) };
}

/** A machine at the far end of tunnels, whatever networks it has. */
export type Sender = Pick<Endpoint, 'type' | 'address'>;

/** A sender as a key of indexes, and of the tunnel port that leads to it alone. */
export const senderName = ({ type, address }: Sender): string => `${type}/${address}`;

/** The sender that a key of an index stands for. */
export const parseSenderName = (name: string): Sender => parseEndpointName(`${name}/0`);

/** The key of the tunnel port that leads to a sender in a tunnel mode. */
export const tunnelKey = (mode: Settings['tunnelMode'], sender: Sender): string =>
  mode === 'flow' ? sender.type : senderName(sender);

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

/** The endpoint of a managed chassis for a port of a network. */
export function chassisEndpoint(world: World, port: Port, chassis: string): Answer<Endpoint> {
  const type = port.network.overlay;
  if (type === undefined) return waiting('lswitch', port.network.ref, 'no tunnel carries this network_type');
  const peer = world.chassis.get(refOf(operator, chassis));
  if (peer === undefined) return waiting('binding', chassis, `waits for chassis ${chassis} to register`);
  if (!peer.tunnel_types.includes(type))
    return refused('binding', chassis, `chassis ${chassis} has no ${type} tunnels (encap_types)`);
  return toAddress(world, type, peer.ips, port.network.vni, 'binding');
}

/** The endpoint of a remote device: the VTEP that its binding names. */
export function vtepEndpoint(world: World, port: Port, value: LPort): Answer<Endpoint> {
  if (value.binding?.type !== 'vtep') return waiting('binding', undefined, 'has no VTEP');
  const type = value.binding.tunnel_type ?? port.network.overlay;
  if (type === undefined || port.network.overlay === undefined)
    return refused(
      'lswitch',
      port.network.ref,
      'must be an overlay network (vxlan, geneve or gre) to reach a remote device',
    );
  return toAddress(
    world,
    type,
    [value.binding.vtep_address],
    value.binding.vni ?? port.network.vni,
    'binding.vtep_address',
  );
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
  const sender = { type, address: reachable.text };
  return { ok: { ...sender, tunnel: tunnelKey(settings.tunnelMode, sender), vni } };
}
