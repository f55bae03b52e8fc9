// Tells "one bridge met twice" (on port 6653 and on its own .mgmt socket) from "two bridges with one datapath id".
//
// Datapath id, name, MAC address and ports are all things that a cloned machine has twice. So the second connection
// asks the switch to send a packet with a fresh random number to its controllers; only if both connections lead to one
// bridge does that packet come back over the first one. A switch whose local port differs cannot be the same and is not asked.
import { reservedPort, type Message, type PacketIn, type PortDesc } from '../ofp/index.js';
import { controllerPacket, controllerPacketBody } from './controller-packet.js';

/** Bytes of randomness in a marker. */
export const markerNonceSize = 16;
const signature = 'damselfly-marker';

/** The packet_out that makes the switch send the marker to all its controllers. */
export const markerPacketOut = (nonce: Uint8Array): Message => controllerPacket(signature, nonce);

/** The random number of a marker as hex; undefined for every other packet. */
export function markerNonce(packetIn: PacketIn): string | undefined {
  const body = controllerPacketBody(packetIn, signature);
  return body === undefined || body.length < markerNonceSize ? undefined : nonceText(body.subarray(0, markerNonceSize));
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
