// Ethernet frames written out for tests, byte by byte from the RFCs: what goes in and what must come out. This is on
// purpose not the product's codec.

/** `ff:ff:ff:ff:ff:ff`. */
export const broadcastMac = 'ff:ff:ff:ff:ff:ff';

const etherType = { arp: 0x0806, vlan: 0x8100, ipv4: 0x0800, ipv6: 0x86dd } as const;

function mac(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll(':', ''), 'hex');
  if (bytes.length !== 6) throw new Error(`not a MAC address: ${text}`);
  return bytes;
}

/** An IPv4 address as its four bytes. */
export function ipv4Address(text: string): Buffer {
  const bytes = text.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255)))
    throw new Error(`not an IPv4 address: ${text}`);
  return Buffer.from(bytes);
}

/** An IPv6 address as its sixteen bytes. */
export function ipv6Address(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)));
  const left = words(head);
  const right = words(tail ?? '');
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

/** Numbers of 16 bits in network byte order. */
export function u16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]));
}

/** RFC 1071. */
export function internetChecksum(data: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < data.length; offset += 2) sum += ((data[offset] ?? 0) << 8) | (data[offset + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A frame with its addresses and, from the outside inwards, its 802.1Q tags. */
export function ethernet(
  src: string,
  dst: string,
  type: number,
  payload: Uint8Array,
  vids: readonly number[] = [],
): Buffer {
  const tags = vids.flatMap((vid) => [u16(etherType.vlan, vid)]);
  return Buffer.concat([mac(dst), mac(src), ...tags, u16(type), payload]);
}

/** An ARP packet over Ethernet (RFC 826): op 1 asks, 2 answers. `eth` are other Ethernet addresses than ARP's own. */
export function arp(
  { op, sha, spa, tha = '00:00:00:00:00:00', tpa }: { op: 1 | 2; sha: string; spa: string; tha?: string; tpa: string },
  {
    vids = [],
    src = sha,
    dst = op === 1 ? broadcastMac : tha,
  }: { vids?: readonly number[]; src?: string; dst?: string } = {},
): Buffer {
  const head = Buffer.concat([u16(1, etherType.ipv4), Buffer.from([6, 4]), u16(op)]);
  const body = Buffer.concat([head, mac(sha), ipv4Address(spa), mac(tha), ipv4Address(tpa)]);
  return ethernet(src, dst, etherType.arp, body, vids);
}

/** Who sends to whom, on both layers. */
export interface Flow {
  readonly src: string;
  readonly dst: string;
  readonly from: string;
  readonly to: string;
  readonly vids?: readonly number[];
}

function ipv4Packet({ from, to }: Flow, protocol: number, payload: Buffer): Buffer {
  const head = Buffer.concat([
    u16(0x4500, 20 + payload.length, 0, 0x4000),
    Buffer.from([64, protocol, 0, 0]),
    ipv4Address(from),
    ipv4Address(to),
  ]);
  head.writeUInt16BE(internetChecksum(head), 10);
  return Buffer.concat([head, payload]);
}

/**
 * An ICMP echo reply (RFC 792) nobody asked for: a kernel drops it without a word, so it makes a good probe. `rest` is what is behind
 * the checksum: identifier, sequence number, data.
 */
export function icmp(flow: Flow, type = 0, rest: Uint8Array = u16(0xd5f1, 1)): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), rest]);
  message.writeUInt16BE(internetChecksum(message), 2);
  return ethernet(flow.src, flow.dst, etherType.ipv4, ipv4Packet(flow, 1, message), flow.vids);
}

/** A UDP datagram without checksum, which IPv4 permits (RFC 768). */
export function udp(
  flow: Flow,
  sourcePort: number,
  destinationPort: number,
  data: Uint8Array = new Uint8Array(),
): Buffer {
  const datagram = Buffer.concat([u16(sourcePort, destinationPort, 8 + data.length, 0), data]);
  return ethernet(flow.src, flow.dst, etherType.ipv4, ipv4Packet(flow, 17, datagram), flow.vids);
}

function ipv6Packet({ from, to }: Flow, nextHeader: number, hopLimit: number, payload: Buffer): Buffer {
  const head = Buffer.concat([u16(0x6000, 0, payload.length), Buffer.from([nextHeader, hopLimit])]);
  return Buffer.concat([head, ipv6Address(from), ipv6Address(to), payload]);
}

/** An ICMPv6 message with its checksum over the pseudo-header (RFC 4443, 2.3). */
export function icmp6(flow: Flow, type: number, body: Uint8Array, hopLimit = 255): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), body]);
  const pseudo = Buffer.concat([ipv6Address(flow.from), ipv6Address(flow.to), u16(0, message.length, 0, 58)]);
  message.writeUInt16BE(internetChecksum(Buffer.concat([pseudo, message])), 2);
  return ethernet(flow.src, flow.dst, etherType.ipv6, ipv6Packet(flow, 58, hopLimit, message), flow.vids);
}

/** A neighbour solicitation with the asker's link-layer address (RFC 4861, 4.3). */
export function neighborSolicitation(flow: Flow, target: string): Buffer {
  const option = Buffer.concat([Buffer.from([1, 1]), mac(flow.src)]);
  return icmp6(flow, 135, Buffer.concat([Buffer.alloc(4), ipv6Address(target), option]));
}

/** A neighbour advertisement, solicited and overriding (RFC 4861, 4.4). */
export function neighborAdvertisement(flow: Flow, target: string, targetMac: string): Buffer {
  const option = Buffer.concat([Buffer.from([2, 1]), mac(targetMac)]);
  return icmp6(flow, 136, Buffer.concat([Buffer.from([0x60, 0, 0, 0]), ipv6Address(target), option]));
}

/** What a VXLAN frame (RFC 7348) carries. */
export interface Encapsulated {
  readonly from: string;
  readonly to: string;
  readonly vni: number;
  readonly inner: Buffer;
}

/** The VXLAN packet in a frame of the underlay, over IPv4 and port 4789; undefined for everything else. */
export function decapsulated(frame: Buffer): Encapsulated | undefined {
  if (frame.length < 50 || frame.readUInt16BE(12) !== etherType.ipv4 || frame.readUInt8(23) !== 17) return undefined;
  const udpAt = 14 + (frame.readUInt8(14) & 0xf) * 4;
  if (frame.readUInt16BE(udpAt + 2) !== 4789) return undefined;
  const address = (offset: number) => [...frame.subarray(offset, offset + 4)].join('.');
  return {
    from: address(26),
    to: address(30),
    vni: frame.readUIntBE(udpAt + 12, 3),
    inner: frame.subarray(udpAt + 16),
  };
}

/** The VLAN ids of a frame's tags, outermost first. */
export function tagsOf(frame: Buffer): number[] {
  const vids = [];
  for (let offset = 12; offset + 4 <= frame.length && frame.readUInt16BE(offset) === etherType.vlan; offset += 4) {
    vids.push(frame.readUInt16BE(offset + 2) & 0xfff);
  }
  return vids;
}

/** A frame in one line for people: addresses, tags, type, length. */
export function described(frame: Buffer): string {
  const address = (offset: number) => frame.toString('hex', offset, offset + 6).replace(/..(?!$)/g, '$&:');
  const vids = tagsOf(frame);
  const type = frame
    .readUInt16BE(12 + 4 * vids.length)
    .toString(16)
    .padStart(4, '0');
  return [
    `${address(6)} > ${address(0)}`,
    ...vids.map((vid) => `vlan ${vid}`),
    `type 0x${type}`,
    `${frame.length} bytes`,
  ].join(', ');
}
