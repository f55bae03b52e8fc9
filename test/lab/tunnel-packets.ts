// Tunnel packets written out for tests from the RFCs: VXLAN (7348), Geneve (8926) and GRE with a key (2784, 2890), over IPv4 and IPv6.
// What a machine behind a VTEP sends, and what a tunnel port of ours has sent.
import { isIPv6 } from 'node:net';
import { ethernet, internetChecksum, ipv4Address, ipv6Address, u16 } from './packets.js';

export type TunnelKind = 'vxlan' | 'geneve' | 'gre';

/** A tunnel packet without the Ethernet header of the underlay. */
export interface TunnelPacket {
  readonly type: TunnelKind;
  readonly from: string;
  readonly to: string;
  readonly vni: number;
  readonly inner: Buffer;
  /** Of the outer IP packet, where it was seen. */
  readonly size?: number;
  readonly dstPort?: number;
  readonly tos?: number;
  readonly ttl?: number;
  /** Whether the outer UDP or GRE header has a checksum. */
  readonly csum?: boolean;
}

const transparentEthernet = 0x6558;
const usualPorts = { vxlan: 4789, geneve: 6081 } as const;

const u24 = (value: number): Buffer => Buffer.from([value >> 16, value >> 8, value].map((byte) => byte & 0xff));

function tunnelHeader(type: TunnelKind, vni: number): Buffer {
  const zero = Buffer.alloc(1);
  if (type === 'vxlan') return Buffer.concat([Buffer.from([8, 0, 0, 0]), u24(vni), zero]);
  if (type === 'geneve') return Buffer.concat([u16(0, transparentEthernet), u24(vni), zero]);
  return Buffer.concat([u16(0x2000, transparentEthernet, vni >>> 16, vni & 0xffff)]);
}

/** A tunnel packet as a frame of the underlay. */
export function encapsulated(packet: TunnelPacket, sourceMac: string, destinationMac: string): Buffer {
  const { type, from, to, vni, inner, tos = 0, ttl = 64 } = packet;
  const tunnelled = Buffer.concat([tunnelHeader(type, vni), inner]);
  const isGre = type === 'gre';
  const port = packet.dstPort ?? (isGre ? 0 : usualPorts[type]);
  const payload = isGre ? tunnelled : Buffer.concat([u16(0xc000, port, 8 + tunnelled.length, 0), tunnelled]);
  const protocol = isGre ? 47 : 17;
  if (isIPv6(from)) {
    const head = Buffer.concat([u16(0x6000 | (tos << 4), 0, payload.length), Buffer.from([protocol, ttl])]);
    const packet6 = Buffer.concat([head, ipv6Address(from), ipv6Address(to), payload]);
    return ethernet(sourceMac, destinationMac, 0x86dd, packet6);
  }
  const head = Buffer.concat([
    u16(0x4500 | tos, 20 + payload.length, 0, 0x4000),
    Buffer.from([ttl, protocol, 0, 0]),
    ipv4Address(from),
    ipv4Address(to),
  ]);
  head.writeUInt16BE(internetChecksum(head), 10);
  return ethernet(sourceMac, destinationMac, 0x0800, Buffer.concat([head, payload]));
}

/** The tunnel packet in a frame of the underlay; undefined for any other frame. `ports` are the UDP ports that are VXLAN's and Geneve's. */
export function opened(frame: Buffer, ports: Readonly<Record<number, TunnelKind>> = {}): TunnelPacket | undefined {
  const ethertype = frame.readUInt16BE(12);
  const is6 = ethertype === 0x86dd;
  if (!is6 && ethertype !== 0x0800) return undefined;
  const ip = frame.subarray(14);
  const from = is6 ? text6(ip.subarray(8, 24)) : [...ip.subarray(12, 16)].join('.');
  const to = is6 ? text6(ip.subarray(24, 40)) : [...ip.subarray(16, 20)].join('.');
  const outer = {
    size: ip.length,
    from,
    to,
    tos: is6 ? (ip.readUInt16BE(0) >> 4) & 0xff : ip.readUInt8(1),
    ttl: ip.readUInt8(is6 ? 7 : 8),
  };
  const protocol = ip.readUInt8(is6 ? 6 : 9);
  const payload = ip.subarray(is6 ? 40 : (ip.readUInt8(0) & 0xf) * 4);
  if (protocol === 47) return { ...outer, ...openedGre(payload) };
  if (protocol !== 17) return undefined;
  const dstPort = payload.readUInt16BE(2);
  const type = ports[dstPort] ?? (dstPort === 4789 ? 'vxlan' : dstPort === 6081 ? 'geneve' : undefined);
  if (type === undefined) return undefined;
  const csum = payload.readUInt16BE(6) !== 0;
  return { ...outer, type, dstPort, csum, vni: payload.readUIntBE(12, 3), inner: payload.subarray(16) };
}

function openedGre(payload: Buffer): Pick<TunnelPacket, 'type' | 'csum' | 'vni' | 'inner'> {
  const csum = (payload.readUInt16BE(0) & 0x8000) !== 0;
  const keyAt = csum ? 8 : 4;
  return { type: 'gre', csum, vni: payload.readUInt32BE(keyAt), inner: payload.subarray(keyAt + 4) };
}

/** An IPv6 address in RFC 5952 spelling, as far as the tests' addresses need it. */
function text6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return words.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}
