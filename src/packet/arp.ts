// ARP over Ethernet (RFC 826), as far as we ask and hear the answer.

const etherTypes = { arp: 0x0806, ipv4: 0x0800 } as const;
const broadcast = 0xffff_ffff_ffff;
/** Bytes of an Ethernet header with an ARP packet. */
const frameSize = 14 + 28;
const operations = { request: 1, reply: 2 } as const;

/** A request that asks who has an address and says nothing of the asker's own (RFC 5227, 1.1); `size` pads it with zeros. */
export function arpProbe(senderMac: number, target: number, size = frameSize): Uint8Array {
  const frame = Buffer.alloc(Math.max(size, frameSize));
  frame.writeUIntBE(broadcast, 0, 6);
  frame.writeUIntBE(senderMac, 6, 6);
  frame.writeUInt16BE(etherTypes.arp, 12);
  frame.writeUInt16BE(1, 14); // Ethernet
  frame.writeUInt16BE(etherTypes.ipv4, 16);
  frame.writeUInt8(6, 18);
  frame.writeUInt8(4, 19);
  frame.writeUInt16BE(operations.request, 20);
  frame.writeUIntBE(senderMac, 22, 6);
  frame.writeUInt32BE(target, 38);
  return frame;
}

/** Who answers in a frame; undefined for a frame that is no ARP reply. */
export function arpReply(data: Uint8Array): { readonly mac: number; readonly ip: number } | undefined {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (frame.length < frameSize || frame.readUInt16BE(12) !== etherTypes.arp) return undefined;
  if (frame.readUInt16BE(16) !== etherTypes.ipv4 || frame.readUInt16BE(20) !== operations.reply) return undefined;
  return { mac: frame.readUIntBE(22, 6), ip: frame.readUInt32BE(28) };
}
