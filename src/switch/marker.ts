// Tells "one bridge met twice" (on port 6653 and on its own .mgmt socket) from "two bridges with one datapath id".
//
// Datapath id, name, MAC address and ports are all things that a cloned machine has twice. So the second connection
// asks the switch to send a packet with a fresh random number to its controllers; only if both connections lead to one
// bridge does that packet come back over the first one. It touches no port and no flow. A switch whose local port
// differs cannot be the same and is not asked.
import { noBuffer, noBufferMaxLen, reservedPort, type Message, type PortDesc } from '../ofp/index.js';

/** Bytes of randomness in a marker. */
export const markerNonceSize = 16;
/** "IEEE 802 local experimental ethertype 1", for protocols that stay within one machine. */
const localExperimental = [0x88, 0xb5];
const signature = new TextEncoder().encode('damselfly-marker');
const signatureOffset = 14;
const markerSize = signatureOffset + signature.length + markerNonceSize;

/** The packet_out that makes the switch send the marker to all its controllers. */
export function markerPacketOut(nonce: Uint8Array): Message {
  const data = new Uint8Array(markerSize);
  data.set(localExperimental, 12);
  data.set(signature, signatureOffset);
  data.set(nonce, signatureOffset + signature.length);
  return {
    type: 'packet_out',
    bufferId: noBuffer,
    inPort: reservedPort.controller,
    actions: [{ type: 'output', port: reservedPort.controller, maxLen: noBufferMaxLen }],
    data,
  };
}

/** The random number of a marker as hex; undefined for every other packet. */
export function markerNonce(packet: Uint8Array): string | undefined {
  if (packet.length < markerSize || packet[12] !== localExperimental[0] || packet[13] !== localExperimental[1])
    return undefined;
  if (!signature.every((byte, i) => packet[signatureOffset + i] === byte)) return undefined;
  return nonceText(packet.subarray(signatureOffset + signature.length, markerSize));
}

/** The random number as hex. */
export function nonceText(nonce: Uint8Array): string {
  return [...nonce].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether two connections may lead to one bridge: its own port has one name and one MAC address. */
export function mayBeSameBridge(a: ReadonlyMap<number, PortDesc>, b: ReadonlyMap<number, PortDesc>): boolean {
  const one = a.get(reservedPort.local);
  const other = b.get(reservedPort.local);
  return one?.name === other?.name && one?.hwAddr === other?.hwAddr;
}
