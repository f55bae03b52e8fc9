// Reads one frame: either a message of OpenFlow 1.3, or what is wrong with it and the OFPT_ERROR that says so to the
// peer. Pure.
import { DecodeError, decode, encode, headerSize, openFlow13, type Message } from '../ofp/index.js';

/** A frame that could be read, or one that could not. */
export type Intake =
  | { readonly kind: 'message'; readonly xid: number; readonly message: Message }
  | {
      readonly kind: 'bad';
      /** What is counted: wrong version byte, unknown type, or a body that does not nest. */
      readonly fault: 'version' | 'type' | 'body';
      readonly reason: string;
      /** The error message to answer with; absent where the frame is itself an error, so that two peers cannot bounce errors for ever. */
      readonly answer?: Uint8Array;
    };

/** How much of a refused message an error quotes (OpenFlow 1.3.5, 7.4.4: at least 64 bytes). */
const quotedSize = 64;
const helloType = 0;
const errorType = 1;
/** OFPET_BAD_REQUEST and its codes. */
const badRequest = { type: 1, badVersion: 0, badType: 1, badLen: 6 } as const;

/** Reads one frame. Never throws for what a peer sent. */
export function read(frame: Uint8Array): Intake {
  const [version, type] = frame;
  // HELLO is exempt: its header carries the peer's highest version, not an agreed one.
  if (version !== openFlow13 && type !== helloType) {
    return bad(frame, 'version', badRequest.badVersion, `version 0x${hex(version)} instead of 0x04`);
  }
  try {
    const { xid, message } = decode(frame);
    if (message.type === 'unknown')
      return bad(frame, 'type', badRequest.badType, `unknown message type 0x${hex(type)}`);
    return { kind: 'message', xid, message };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return bad(frame, 'body', badRequest.badLen, error.message);
  }
}

/** The xid of a frame. */
export function xidOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset, headerSize).getUint32(4);
}

function bad(frame: Uint8Array, fault: 'version' | 'type' | 'body', code: number, reason: string): Intake {
  if (frame[1] === errorType) return { kind: 'bad', fault, reason };
  const quoted = frame.slice(0, quotedSize);
  const answer = encode({ type: 'error', errorType: badRequest.type, code, data: quoted }, xidOf(frame));
  return { kind: 'bad', fault, reason, answer };
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, '0');
}
