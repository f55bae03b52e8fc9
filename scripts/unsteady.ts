// What no two runs of a switch have in common: durations, and the identity of a bridge in the continuation of a packet.
import { decode, hexOf } from '../src/ofp/index.js';

/** Where the durations of a list's entries lie, and its entries' size: their own two bytes at `sizeAt`, or `size`. */
interface Layout {
  readonly durationAt: number;
  readonly sizeAt?: number;
  readonly size?: number;
}

const durationSize = 8;
const entriesAt = 16;
const layouts: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  ['flow', { durationAt: 4, sizeAt: 0 }],
  ['group', { durationAt: 32, sizeAt: 0 }],
  ['meter', { durationAt: 32, sizeAt: 4 }],
  ['port_stats', { durationAt: 104, size: 112 }],
  ['queue', { durationAt: 32, size: 40 }],
]);
const flowRemovedDurationAt = 20;
const bridgeProperty = { type: 0x8000, size: 20, idAt: 4 };

function zeroEntries(frame: Uint8Array, { durationAt, sizeAt, size = 0 }: Layout): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  for (let at = entriesAt; at < frame.length;) {
    frame.fill(0, at + durationAt, at + durationAt + durationSize);
    at += sizeAt === undefined ? size : view.getUint16(at + sizeAt);
  }
}

// The bridge's id is the first property of a continuation, as Open vSwitch writes it.
function zeroBridge(continuation: Uint8Array): void {
  const view = new DataView(continuation.buffer, continuation.byteOffset, continuation.length);
  for (let at = 0; at + bridgeProperty.size <= continuation.length; at += 4)
    if (view.getUint16(at) === bridgeProperty.type && view.getUint16(at + 2) === bridgeProperty.size)
      continuation.fill(0, at + bridgeProperty.idAt, at + bridgeProperty.size);
}

const xidAt = 8;
const xidDigits = 8;

/** Hex of a message with its xid zero: ovs-ofctl counts them up from 2 in an order that depends on what it asks first. */
export const withoutXid = (hex: string): string =>
  hex.slice(0, xidAt) + '0'.repeat(xidDigits) + hex.slice(xidAt + xidDigits);

/** A frame as hex, with zeros where it is never the same. */
export function steadyHex(frame: Uint8Array): string {
  const copy = Uint8Array.from(frame);
  const { message } = decode(copy);
  const layout = message.type === 'multipart_reply' ? layouts.get(message.kind) : undefined;
  if (layout) zeroEntries(copy, layout);
  if (message.type === 'flow_removed') copy.fill(0, flowRemovedDurationAt, flowRemovedDurationAt + durationSize);
  // What is decoded is a view of the frame.
  if (message.type === 'nx_packet_in2' && message.continuation) zeroBridge(message.continuation);
  return hexOf(copy);
}
