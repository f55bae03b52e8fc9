// What the far end of a remote device's tunnels has to be told: its addresses and ours, and who is where on the network.
import { parseAddress, parsePrefix, covers, type Address } from '../model/addresses.js';
import { type Endpoint, senderName, usualPorts } from '../model/endpoint.js';
import { byteOrder, operator, type Ref, refIn, refOf } from '../model/ids.js';
import { reasonOf } from '../model/verdict.js';
import type { View } from '../model/view.js';
import type { Chassis } from './chassis.js';
import type { Controller } from './controller.js';
import { failureLine } from './failure.js';

/** The configuration of a far end, as plain data. */
export interface FarEnd {
  readonly device: Ref;
  readonly network: Ref;
  readonly type: Endpoint['type'];
  /** The VTEP's own address. */
  readonly address: string;
  readonly vni: number;
  readonly dstPort: number | undefined;
  /** Whether what is sent to it has the checksum of its tunnel type. */
  readonly csum: boolean;
  /** The largest IP packet, in bytes, that fits through its tunnels. */
  readonly mtu: number;
  readonly macs: readonly string[];
  /** With prefix lengths, where a subnet of the network has the address. */
  readonly ips: readonly string[];
  /** Our chassis with ports on the network: tunnel addresses in the VTEP's family, and the MAC addresses that are there. */
  readonly peers: readonly { readonly chassis: string; readonly address: string; readonly macs: readonly string[] }[];
}

/** What one chassis says of a device: what was asked, or why it cannot say; neither where it does not know the device. */
export interface Told<T> {
  readonly chassis: string;
  readonly told?: T;
  readonly reason?: string;
}

/** Asks each chassis of a controller about a device. */
export function askEach<T>(
  { served }: Controller,
  name: string,
  question: (chassis: Chassis, device: Ref) => T | Promise<T>,
): Promise<Told<T>[]> {
  const device = refIn(operator, name);
  return Promise.all(
    [...served.values()].map(async ({ chassis }): Promise<Told<T>> => {
      const { id, world } = chassis;
      if (!world.lports.present(device)) return { chassis: id };
      try {
        return { chassis: id, told: await question(chassis, device) };
      } catch (error) {
        return { chassis: id, reason: failureLine(error) };
      }
    }),
  );
}

/** The far end of a device, seen from a chassis that has a port on its network. Throws, in one line, why that cannot be said. */
export function farEndOf(chassis: Chassis, device: Ref): FarEnd {
  const { view } = chassis;
  if (view.remotePorts.present(device) && view.isDevice(device)) return described(chassis, device);
  const no = view.portAnswer(device).no ?? view.placementAnswer(device).no;
  if (no !== undefined) throw new Error(`lport ${device}: ${reasonOf(no)}`);
  if (!view.isDevice(device)) throw new Error(`lport ${device} is no remote device: it has no binding of type vtep`);
  throw new Error(`no port of the network of lport ${device} is on this machine: ask where there is one`);
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
    csum: view.tunnelOptions(senderName(endpoint))?.['csum'] === 'true',
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
