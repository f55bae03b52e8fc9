// How the controllers of one bridge know of each other: who would take it over asks through the bridge who its master is, and the
// master answers through the bridge. From a slave the switch takes no packet, so nobody answers who is master no longer.
import type { Message, PacketIn } from '../ofp/index.js';
import { controllerPacket, controllerPacketBody } from './controller-packet.js';

/** A question, with what tells whose it is; or a master's answer, with its name. */
export type RollCall =
  { readonly kind: 'question'; readonly asker: string } | { readonly kind: 'answer'; readonly name: string };

const signatures = { question: 'damselfly-who-is-master', answer: 'damselfly-master-is' } as const;
/** A longer name is cut. */
const nameLimitLength = 200;

/** The packet_out that puts a roll call to all controllers of a bridge. */
export const rollCallPacketOut = (call: RollCall): Message =>
  controllerPacket(
    signatures[call.kind],
    new TextEncoder().encode(call.kind === 'question' ? call.asker : call.name.slice(0, nameLimitLength)),
  );

/** The roll call that a packet is; undefined for every other packet. */
export function rollCallOf(packetIn: PacketIn): RollCall | undefined {
  const asker = textOf(packetIn, signatures.question);
  if (asker !== undefined) return { kind: 'question', asker };
  const name = textOf(packetIn, signatures.answer);
  return name === undefined ? undefined : { kind: 'answer', name };
}

/** Printable and short, whoever wrote it. */
function textOf(packetIn: PacketIn, signature: string): string | undefined {
  const body = controllerPacketBody(packetIn, signature);
  return body && new TextDecoder('latin1').decode(body.subarray(0, nameLimitLength)).replace(/[^ -~]/g, '.');
}
