// The far ends of tunnels, and the keys under which indexes and tunnel ports are named after them.
import { parseAddress } from './addresses.js';
import { type LPort, type TunnelType, tunnelTypes } from './kinds.js';

/** A machine at the far end of tunnels, whatever networks it has. */
export interface Sender {
  readonly type: TunnelType;
  readonly address: string;
  /** The UDP port of its tunnels, where it is not the usual one of the type. */
  readonly dstPort?: number;
}

/** The far end of a tunnel for one network. */
export interface Endpoint extends Sender {
  /** The virtual network identifier that the far end uses for the port's network. */
  readonly vni: number;
}

const dstPortOf = ({ dstPort }: Sender): string => (dstPort === undefined ? '' : `/${dstPort}`);

/** A sender as a key of indexes, and of the tunnel port that leads to it alone: `vxlan/192.0.2.9`, `vxlan/192.0.2.9/8472`. */
export const senderName = (sender: Sender): string => `${sender.type}/${sender.address}${dstPortOf(sender)}`;

/** An endpoint as a key of indexes: `vxlan/192.0.2.9/7`. */
export const endpointName = (endpoint: Endpoint): string =>
  `${endpoint.type}/${endpoint.address}/${endpoint.vni}${dstPortOf(endpoint)}`;

/** The sender that a key of an index stands for. */
export function parseSenderName(name: string): Sender {
  const [type = '', address = '', dstPort] = name.split('/');
  const known = tunnelTypes.find((candidate) => candidate === type);
  if (known === undefined) throw new Error(`${name} is not the name of a sender`);
  return { type: known, address, ...(dstPort === undefined ? {} : { dstPort: Number(dstPort) }) };
}

/** The endpoint that a key of an index stands for. */
export function parseEndpointName(name: string): Endpoint {
  const [type = '', address = '', vni = '', ...dstPort] = name.split('/');
  return { ...parseSenderName([type, address, ...dstPort].join('/')), vni: Number(vni) };
}

/** The UDP ports of tunnels, where nothing else is said (RFC 7348, RFC 8926). */
export const usualPorts: Readonly<Partial<Record<TunnelType, number>>> = { vxlan: 4789, geneve: 6081 };

/** What a tunnel port of its own has besides addresses and VNI, as options of Open vSwitch. */
export type TunnelOptions = Readonly<Record<string, string>>;

/** The options that a remote device asks for; undefined if none. The destination port is not among them: it makes another sender. */
export function tunnelOptions({ binding }: LPort): TunnelOptions | undefined {
  if (binding?.type !== 'vtep') return undefined;
  const { csum, tos, ttl } = binding;
  const asked = Object.entries({ csum, tos, ttl }).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return asked.length === 0 ? undefined : Object.fromEntries(asked);
}

const ethernetHeaderSize = 14;
/** IPv4 and IPv6 headers without options, by family. */
const ipHeaderSizes = { 4: 20, 6: 40 } as const;
/** UDP and VXLAN (RFC 7348); UDP and Geneve without options (RFC 8926); GRE with a key (RFC 2890). */
const tunnelHeaderSizes: Readonly<Record<TunnelType, number>> = { vxlan: 16, geneve: 16, gre: 8 };
const greChecksumSize = 4;

/** The bytes of an underlay packet that are not the packet inside: what the MTU in there is smaller by. */
export function tunnelOverhead({ type, address }: Sender, options: TunnelOptions | undefined): number {
  const ip = ipHeaderSizes[parseAddress(address)?.family ?? 4];
  const checksum = type === 'gre' && options?.['csum'] === 'true' ? greChecksumSize : 0;
  return ip + tunnelHeaderSizes[type] + checksum + ethernetHeaderSize;
}
