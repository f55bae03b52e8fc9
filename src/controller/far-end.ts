// What the far end of a remote device's tunnels has to be told: its addresses and ours, and who is where on the network.
import { parseAddress, parsePrefix, covers, type Address } from '../model/addresses.js';
import { type Endpoint, senderName, usualPorts } from '../model/endpoint.js';
import { byteOrder, operator, type Ref, refIn, refOf } from '../model/ids.js';
import { reasonOf } from '../model/verdict.js';
import type { View } from '../model/view.js';
import type { Chassis } from './chassis.js';
import type { Controller } from './controller.js';

/** The configuration of a far end, as plain data. */
export interface FarEnd {
  readonly device: Ref;
  readonly network: Ref;
  readonly type: Endpoint['type'];
  /** The VTEP's own address. */
  readonly address: string;
  readonly vni: number;
  readonly dstPort: number | undefined;
  /** The largest IP packet, in bytes, that fits through its tunnels. */
  readonly mtu: number;
  readonly macs: readonly string[];
  /** With prefix lengths, where a subnet of the network has the address. */
  readonly ips: readonly string[];
  /** Our chassis with ports on the network: tunnel addresses in the VTEP's family, and the MAC addresses that are there. */
  readonly peers: readonly { readonly chassis: string; readonly address: string; readonly macs: readonly string[] }[];
}

const chassisOf = ({ served }: Controller): Chassis[] => [...served.values()].map(({ chassis }) => chassis);

/** A chassis here that reaches a device, connected ones first. */
export const nearestTo = (controller: Controller, device: Ref): Chassis | undefined =>
  chassisOf(controller)
    .filter(({ view }) => view.remotePorts.present(device) && view.isDevice(device))
    .sort((a, b) => Number(a.session === undefined) - Number(b.session === undefined))[0];

/** The far end of a device, from a chassis here that has a port on its network. Throws, in one line, why that cannot be said. */
export function farEndOf(controller: Controller, name: string): FarEnd {
  const ref = refIn(operator, name);
  const chassis = nearestTo(controller, ref);
  if (chassis === undefined) throw new Error(whyNot(controller, ref));
  return described(chassis, ref);
}

function whyNot(controller: Controller, ref: Ref): string {
  const here = chassisOf(controller).find(({ world }) => world.lports.present(ref));
  if (here === undefined)
    return `lport ${ref} is not known here: there is none, or no port of its network is on this machine`;
  const { view } = here;
  const no = view.portAnswer(ref).no ?? view.placementAnswer(ref).no;
  if (no !== undefined) return `lport ${ref}: ${reasonOf(no)}`;
  if (!view.isDevice(ref)) return `lport ${ref} is no remote device: it has no binding of type vtep`;
  return `no port of the network of lport ${ref} is on this machine: ask where there is one`;
}

function described({ view, id }: Chassis, ref: Ref): FarEnd {
  const [port, endpoint] = [view.port(ref), view.endpointOf(ref)];
  if (port === undefined || endpoint === undefined) throw new Error(`lport ${ref} is not complete`);
  const { type, address, vni } = endpoint;
  return {
    device: ref,
    network: port.network.ref,
    type,
    address,
    vni,
    dstPort: endpoint.dstPort ?? usualPorts[type],
    mtu: Math.min(view.pathMtu(endpoint), view.world.lswitches.get(port.network.ref)?.mtu ?? Infinity),
    macs: port.macs,
    ips: port.ips.map((ip) => `${ip.text}/${prefixLength(view, port.network.ref, ip)}`),
    peers: peersOf(view, id, port.network.ref, address),
  };
}

/** Where no subnet has the address, what is usual: 24 and 64. */
function prefixLength(view: View, network: Ref, ip: Address): number {
  const prefixes = [...view.world.subnets.members()].flatMap((ref) => {
    const subnet = view.world.subnets.get(ref);
    return subnet?.lswitch === network ? (parsePrefix(subnet.cidr) ?? []) : [];
  });
  return prefixes.find((prefix) => covers(prefix, ip))?.length ?? (ip.family === 4 ? 24 : 64);
}

function peersOf(view: View, self: string, network: Ref, vtep: string): FarEnd['peers'] {
  const family = parseAddress(vtep)?.family;
  const macs = new Map<string, string[]>();
  for (const ref of view.world.lports.members()) {
    const port = view.port(ref);
    const chassis = view.localPort(ref) === undefined ? chassisBehind(view, ref) : self;
    if (port?.network.ref !== network || chassis === undefined) continue;
    macs.set(chassis, [...(macs.get(chassis) ?? []), ...port.macs]);
  }
  const ipsOf = (chassis: string): readonly string[] =>
    chassis === self
      ? (view.settings()?.encapIps ?? [])
      : (view.world.chassis.get(refOf(operator, chassis))?.ips ?? []);
  return [...macs]
    .sort(([a], [b]) => byteOrder(a, b))
    .flatMap(([chassis, held]) => {
      const address = ipsOf(chassis).find((ip) => parseAddress(ip)?.family === family);
      return address === undefined ? [] : [{ chassis, address, macs: held.sort(byteOrder) }];
    });
}

/** The chassis of a port elsewhere; a child's is its parent's. */
function chassisBehind(view: View, ref: Ref): string | undefined {
  const endpoint = view.isDevice(ref) ? undefined : view.endpointOf(ref);
  if (endpoint === undefined || !view.chassisSenders.has(senderName(endpoint))) return undefined;
  const [segment] = view.segmentsOfChild(ref);
  const parent = segment === undefined ? undefined : view.segmentAnswer(segment).ok?.parent;
  return view.world.claims.get(parent ?? ref);
}
