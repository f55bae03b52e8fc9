// Neighbour discovery over Ethernet (RFC 4861), as far as we ask and hear the answer.

const etherTypeIpv6 = 0x86dd;
const icmpv6 = 58;
/** A hop limit that no router has lowered: anything else is ignored (RFC 4861, 7.1). */
const hopLimit = 255;
const types = { solicitation: 135, advertisement: 136 } as const;
const linkLayerOptions = { source: 1, target: 2 } as const;
/** Bytes of the headers of Ethernet and IPv6, and of a message with one link-layer address. */
const [etherSize, ipv6Size, messageSize] = [14, 40, 32];
const messageAt = etherSize + ipv6Size;
const frameSize = messageAt + messageSize;

/** Who asks: a MAC address and a link-local one. */
export interface Asker {
  readonly mac: number;
  readonly ip: bigint;
}

/** A solicitation (RFC 4861, 4.3) that asks all who may have an address; `size` pads it with zeros behind the IPv6 packet. */
export function neighborSolicitation(asker: Asker, target: bigint, size = frameSize): Uint8Array {
  const frame = Buffer.alloc(Math.max(size, frameSize));
  const low = Number(target & 0xff_ffffn);
  frame.writeUIntBE(0x3333_ff00_0000 + low, 0, 6);
  frame.writeUIntBE(asker.mac, 6, 6);
  frame.writeUInt16BE(etherTypeIpv6, 12);
  frame.writeUInt8(0x60, etherSize);
  frame.writeUInt16BE(messageSize, etherSize + 4);
  frame.writeUInt8(icmpv6, etherSize + 6);
  frame.writeUInt8(hopLimit, etherSize + 7);
  writeAddress(frame, asker.ip, etherSize + 8);
  writeAddress(frame, solicitedNode(low), etherSize + 24);
  frame.writeUInt8(types.solicitation, messageAt);
  writeAddress(frame, target, messageAt + 8);
  frame.writeUInt8(linkLayerOptions.source, messageAt + 24);
  frame.writeUInt8(1, messageAt + 25); // of eight bytes
  frame.writeUIntBE(asker.mac, messageAt + 26, 6);
  frame.writeUInt16BE(checksum(frame), messageAt + 2);
  return frame;
}

/** Who answers in a frame; undefined for one that is no advertisement (RFC 4861, 4.4) with a link-layer address. */
export function neighborAdvertisement(data: Uint8Array): Asker | undefined {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (frame.length < frameSize || frame.readUInt16BE(12) !== etherTypeIpv6) return undefined;
  if (frame.readUInt8(etherSize + 6) !== icmpv6 || frame.readUInt8(etherSize + 7) !== hopLimit) return undefined;
  if (frame.readUInt8(messageAt) !== types.advertisement) return undefined;
  if (frame.readUInt8(messageAt + 24) !== linkLayerOptions.target) return undefined;
  return { mac: frame.readUIntBE(messageAt + 26, 6), ip: readAddress(frame, messageAt + 8) };
}

/** The multicast address of those whose addresses end in the same 24 bits (RFC 4291, 2.7.1). */
const solicitedNode = (low: number): bigint => (0xff02n << 112n) | (0x1_ff00_0000n + BigInt(low));

function writeAddress(frame: Buffer, address: bigint, offset: number): void {
  frame.writeBigUInt64BE(address >> 64n, offset);
  frame.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, offset + 8);
}

const readAddress = (frame: Buffer, offset: number): bigint =>
  (frame.readBigUInt64BE(offset) << 64n) | frame.readBigUInt64BE(offset + 8);

/** Over the pseudo-header and the message (RFC 4443, 2.3). */
function checksum(frame: Buffer): number {
  let sum = messageSize + icmpv6;
  for (let offset = etherSize + 8; offset < frameSize; offset += 2) sum += frame.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
