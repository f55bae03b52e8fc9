// The flows of a dump as bytes. A full switch is read by this alone, so it reads at the offsets of ofp_flow_stats
// (OpenFlow 1.3.5, 7.3.5.2) instead of through a Reader.
import { DecodeError } from './decode-error.js';

/** One flow of a dump whose match and instructions are the switch's own bytes: views, valid as long as the frame is. */
export interface RawFlowStats {
  readonly table: number;
  readonly durationSec: number;
  readonly durationNsec: number;
  readonly priority: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly flags: number;
  readonly cookie: bigint;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  /** The ofp_match with its padding, as encodeMatch gives it. */
  readonly match: Uint8Array;
  /** As encodeInstructions gives them. */
  readonly instructions: Uint8Array;
}

const multipartFlow = 1;
const multipartReply = 19;
const replyHeadSize = 16; // ofp_header and the head of ofp_multipart_reply
const fixedSize = 48;
const matchHeadSize = 4;

/**
 * Walks over the flows of one OFPMP_FLOW reply (the whole frame). Makes nothing per flow, so that whoever wants only cookies pays
 * for nothing else: `next` goes to the first flow and to each that follows, and the properties are those of the flow it went to.
 */
export class FlowCursor {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #at = replyHeadSize;
  #matchEnd = replyHeadSize;
  #end = replyHeadSize;

  /** Throws DecodeError on a frame that is something else. */
  constructor(frame: Uint8Array) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (frame.length < replyHeadSize || frame[1] !== multipartReply || this.#view.getUint16(8) !== multipartFlow)
      throw new DecodeError('not an OFPMP_FLOW reply', 0, frame);
  }

  /** Goes to the next flow; false if there is none. Throws DecodeError where lengths do not nest. */
  next(): boolean {
    const at = this.#end;
    const left = this.#frame.length - at;
    if (left === 0) return false;
    if (left < fixedSize + matchHeadSize) throw this.#error(`flow stats of ${left} bytes`, at);
    const size = this.#view.getUint16(at);
    const matchSize = this.#view.getUint16(at + fixedSize + 2);
    const matchEnd = at + fixedSize + matchSize + (-matchSize & 7);
    if (size > left || matchSize < matchHeadSize || matchEnd > at + size)
      throw this.#error(`flow stats length ${size} with a match of ${matchSize} bytes`, at);
    this.#at = at;
    this.#matchEnd = matchEnd;
    this.#end = at + size;
    return true;
  }

  get table(): number {
    return this.#view.getUint8(this.#at + 2);
  }

  get priority(): number {
    return this.#view.getUint16(this.#at + 12);
  }

  get idleTimeout(): number {
    return this.#view.getUint16(this.#at + 14);
  }

  get hardTimeout(): number {
    return this.#view.getUint16(this.#at + 16);
  }

  get flags(): number {
    return this.#view.getUint16(this.#at + 18);
  }

  get cookie(): bigint {
    return this.#view.getBigUint64(this.#at + 24);
  }

  /** The upper 32 bits of the cookie. */
  get cookieHigh(): number {
    return this.#view.getUint32(this.#at + 24);
  }

  /** The lower 32 bits of the cookie. */
  get cookieLow(): number {
    return this.#view.getUint32(this.#at + 28);
  }

  /** The ofp_match with its padding: a view, as RawFlowStats has it. */
  get match(): Uint8Array {
    return this.#frame.subarray(this.#at + fixedSize, this.#matchEnd);
  }

  /** The instructions: a view, as RawFlowStats has it. */
  get instructions(): Uint8Array {
    return this.#frame.subarray(this.#matchEnd, this.#end);
  }

  /** The flow as a value that stays when the cursor goes on. */
  flow(): RawFlowStats {
    const [view, at] = [this.#view, this.#at];
    return {
      table: this.table,
      durationSec: view.getUint32(at + 4),
      durationNsec: view.getUint32(at + 8),
      priority: this.priority,
      idleTimeout: this.idleTimeout,
      hardTimeout: this.hardTimeout,
      flags: this.flags,
      cookie: this.cookie,
      packetCount: view.getBigUint64(at + 32),
      byteCount: view.getBigUint64(at + 40),
      match: this.match,
      instructions: this.instructions,
    };
  }

  #error(what: string, at: number): DecodeError {
    return new DecodeError(what, at, this.#frame.subarray(at));
  }
}

/** The flows of one OFPMP_FLOW reply (the whole frame) without decoding matches and instructions. Throws DecodeError. */
export function* rawFlowStats(frame: Uint8Array): Generator<RawFlowStats, void> {
  const cursor = new FlowCursor(frame);
  while (cursor.next()) yield cursor.flow();
}
