// Captures made by hand: TCP segments in IPv4 in Ethernet, in pcap and pcapng files.

/** A segment to be captured. */
export interface Sent {
  readonly from: readonly [address: string, port: number];
  readonly to: readonly [address: string, port: number];
  readonly seq: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}

/** Flags of a TCP header. */
export const tcp = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

const addressBytes = (address: string) => address.split('.').map(Number);

/** The IPv4 packet that carries a segment. */
export function ipv4Packet({ from, to, seq, flags = tcp.ack, payload = new Uint8Array() }: Sent): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(40 + payload.length, 2);
  header.writeUInt8(6, 9);
  header.set(addressBytes(from[0]), 12);
  header.set(addressBytes(to[0]), 16);
  return Buffer.concat([header, tcpSegmentBytes(from[1], to[1], seq, flags, payload)]);
}

/** The IPv6 packet from 2001:db8::1:0:0:1 to fe80::1 that carries a TCP segment, or headers before one, of which `next` says what is first. */
export function ipv6Packet(next: number, body: Uint8Array): Buffer {
  const head = words(false, [0x6000_0000, 4], [body.length, 2], [next, 1], [64, 1]);
  const addresses = Buffer.from('20010db8000000000001000000000001' + 'fe800000000000000000000000000001', 'hex');
  return Buffer.concat([head, addresses, body]);
}

/** An 802.1Q or 802.1ad tag, and the type of what follows. */
export const vlanTag = (vid: number, type: number): Buffer => words(false, [vid, 2], [type, 2]);

/** A TCP header and its payload. */
export function tcpSegmentBytes(from: number, to: number, seq: number, flags: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt8(0x50, 12);
  header.writeUInt8(flags, 13);
  return Buffer.concat([header, payload]);
}

/** The Ethernet frame that carries an IPv4 packet. */
export const ethernetFrame = (packet: Uint8Array, type = '0800'): Buffer =>
  Buffer.concat([Buffer.from(`fa163e000002fa163e000001${type}`, 'hex'), packet]);

interface PcapOptions {
  readonly linkType?: number;
  readonly littleEndian?: boolean;
  readonly nanoseconds?: boolean;
}

/** A pcap file (draft-ietf-opsawg-pcap) whose packets are a second and a tick apart, from the epoch on. */
export function pcap(packets: readonly Uint8Array[], options: PcapOptions = {}): Buffer {
  const { linkType = 1, littleEndian = true, nanoseconds = false } = options;
  const u32 = (value: number) => words(littleEndian, [value, 4]);
  const magic = u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
  const head = [magic, words(littleEndian, [2, 2], [4, 2], [0, 4], [0, 4], [0xffff, 4], [linkType, 4])];
  const records = packets.map((packet, i) =>
    Buffer.concat([words(littleEndian, [i, 4], [i, 4], [packet.length, 4], [packet.length, 4]), packet]),
  );
  return Buffer.concat([...head, ...records]);
}

/** Numbers of so many bytes each. */
export function words(littleEndian: boolean, ...numbers: readonly (readonly [value: number, size: number])[]): Buffer {
  return Buffer.concat(
    numbers.map(([value, size]) => {
      const bytes = Buffer.alloc(size);
      if (littleEndian) bytes.writeUIntLE(value, 0, size);
      else bytes.writeUIntBE(value, 0, size);
      return bytes;
    }),
  );
}

/** A block of a pcapng file (draft-ietf-opsawg-pcapng). */
export function block(littleEndian: boolean, type: number, body: Uint8Array): Buffer {
  const padding = -body.length & 3;
  const size = 12 + body.length + padding;
  const ends = words(littleEndian, [size, 4]);
  return Buffer.concat([words(littleEndian, [type, 4]), ends, body, Buffer.alloc(padding), ends]);
}
