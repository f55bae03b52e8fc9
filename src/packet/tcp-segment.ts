// The TCP segment in a captured packet: link layer, VLAN tags, IPv4 or IPv6, TCP.

/** One TCP segment. */
export interface TcpSegment {
  /** Address and port, as `10.0.0.1:6653` or `[fe80::1]:6653`. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** Sequence number of the first byte. */
  readonly seq: number;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  /** What was captured of its bytes. */
  readonly payload: Uint8Array;
  /** How many bytes it had on the wire: more than were captured, where the capture cuts packets. */
  readonly size: number;
}

const ipv4Type = 0x0800;
const ipv6Type = 0x86dd;
const vlanTypes = new Set([0x8100, 0x88a8, 0x9100]);
const tcpProtocol = 6;
/** IPv6 headers that may stand before TCP: hop-by-hop, routing, destination options. */
const extensionHeaders = new Set([0, 43, 60]);

/** LINKTYPE_ numbers, each with the place of its ethertype and its size; undefined places: bare IP. */
const linkTypes: ReadonlyMap<number, { readonly typeAt?: number; readonly size: number }> = new Map([
  [0, { size: 4 }], // NULL: an address family of the capturing machine
  [1, { typeAt: 12, size: 14 }], // ETHERNET
  [12, { size: 0 }], // RAW on some systems
  [101, { size: 0 }], // RAW
  [108, { size: 4 }], // LOOP
  [113, { typeAt: 14, size: 16 }], // LINUX_SLL
  [228, { size: 0 }], // IPV4
  [229, { size: 0 }], // IPV6
  [276, { typeAt: 0, size: 20 }], // LINUX_SLL2
]);

interface Datagram {
  readonly from: string;
  readonly to: string;
  /** From the TCP header on, as far as it was captured. */
  readonly bytes: Uint8Array;
  /** Bytes on the wire from the TCP header on. */
  readonly size: number;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The TCP segment of a packet; undefined where there is none, or only a fragment. */
export function tcpSegment(linkType: number, packet: Uint8Array): TcpSegment | undefined {
  const ip = ipPacket(linkType, packet);
  const version = (ip?.[0] ?? 0) >> 4;
  const datagram = ip && (version === 4 ? ipv4(ip) : version === 6 ? ipv6(ip) : undefined);
  return datagram && segmentOf(datagram);
}

function ipPacket(linkType: number, packet: Uint8Array): Uint8Array | undefined {
  const link = linkTypes.get(linkType);
  if (!link || packet.length < link.size) return undefined;
  if (link.typeAt === undefined) return packet.subarray(link.size);
  const view = viewOf(packet);
  let type = view.getUint16(link.typeAt);
  let at = link.size;
  while (vlanTypes.has(type) && at + 4 <= packet.length) {
    type = view.getUint16(at + 2);
    at += 4;
  }
  return type === ipv4Type || type === ipv6Type ? packet.subarray(at) : undefined;
}

const ipv4HeaderSize = 20;
const fragmentBits = 0x3fff;

function ipv4(packet: Uint8Array): Datagram | undefined {
  if (packet.length < ipv4HeaderSize) return undefined;
  const view = viewOf(packet);
  const headerSize = (view.getUint8(0) & 0xf) * 4;
  if (view.getUint8(9) !== tcpProtocol || (view.getUint16(6) & fragmentBits) !== 0) return undefined;
  // With segmentation offloaded to the card a captured packet may say 0.
  const size = (view.getUint16(2) || packet.length) - headerSize;
  const address = (at: number) => packet.subarray(at, at + 4).join('.');
  return {
    from: address(12),
    to: address(16),
    bytes: packet.subarray(headerSize, headerSize + Math.max(0, size)),
    size,
  };
}

const ipv6HeaderSize = 40;

function ipv6(packet: Uint8Array): Datagram | undefined {
  if (packet.length < ipv6HeaderSize) return undefined;
  const view = viewOf(packet);
  const end = ipv6HeaderSize + (view.getUint16(4) || packet.length - ipv6HeaderSize);
  let [next, at] = [view.getUint8(6), ipv6HeaderSize];
  while (extensionHeaders.has(next) && at + 8 <= packet.length) {
    next = view.getUint8(at);
    at += 8 * (view.getUint8(at + 1) + 1);
  }
  if (next !== tcpProtocol || at > end) return undefined;
  return { from: ipv6Text(view, 8), to: ipv6Text(view, 24), bytes: packet.subarray(at, end), size: end - at };
}

/** An address with its longest run of zero groups left out (RFC 5952). */
function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16)).join(':');
  const zeros = [...groups.matchAll(/(?<![^:])0(:0)+(?![^:])/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!zeros) return `[${groups}]`;
  const [before, after] = [groups.slice(0, zeros.index), groups.slice(zeros.index + zeros[0].length)];
  return `[${before.replace(/:$/, '')}::${after.replace(/^:/, '')}]`;
}

const tcpHeaderSize = 20;
const flag = { fin: 1, syn: 2, rst: 4 } as const;

function segmentOf({ from, to, bytes, size }: Datagram): TcpSegment | undefined {
  if (bytes.length < tcpHeaderSize) return undefined;
  const view = viewOf(bytes);
  const headerSize = (view.getUint8(12) >> 4) * 4;
  if (headerSize < tcpHeaderSize || headerSize > size) return undefined;
  const [fromPort, toPort, flags] = [view.getUint16(0), view.getUint16(2), view.getUint8(13)];
  return {
    from: `${from}:${fromPort}`,
    to: `${to}:${toPort}`,
    fromPort,
    toPort,
    seq: view.getUint32(4),
    syn: (flags & flag.syn) !== 0,
    fin: (flags & flag.fin) !== 0,
    rst: (flags & flag.rst) !== 0,
    payload: bytes.subarray(headerSize),
    size: size - headerSize,
  };
}
