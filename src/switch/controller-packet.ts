// Packets from controller to controller by way of the switch: sent out to OFPP_CONTROLLER, each of its controllers gets them, the
// sender too, unless its role is slave. They touch no port and no flow.
import { noBuffer, noBufferMaxLen, reservedPort, type Message, type PacketIn } from '../ofp/index.js';

/** "IEEE 802 local experimental ethertype 1", for protocols that stay within one machine. */
const localExperimental = [0x88, 0xb5];
const ethertypeOffset = 12;
const signatureOffset = 14;

/** The packet_out that makes the switch send a text and some bytes to all its controllers. */
export function controllerPacket(signature: string, body: Uint8Array): Message {
  const head = new TextEncoder().encode(signature);
  const data = new Uint8Array(signatureOffset + head.length + body.length);
  data.set(localExperimental, ethertypeOffset);
  data.set(head, signatureOffset);
  data.set(body, signatureOffset + head.length);
  return {
    type: 'packet_out',
    bufferId: noBuffer,
    inPort: reservedPort.controller,
    actions: [{ type: 'output', port: reservedPort.controller, maxLen: noBufferMaxLen }],
    data,
  };
}

/** The bytes behind the signature; undefined for every other packet, and for one that no controller has sent. */
export function controllerPacketBody({ match, data }: PacketIn, signature: string): Uint8Array | undefined {
  if (match.in_port !== reservedPort.controller) return undefined;
  if (!localExperimental.every((byte, i) => data[ethertypeOffset + i] === byte)) return undefined;
  const head = new TextEncoder().encode(signature);
  const bodyOffset = signatureOffset + head.length;
  if (data.length < bodyOffset) return undefined;
  return head.every((byte, i) => data[signatureOffset + i] === byte) ? data.subarray(bodyOffset) : undefined;
}
