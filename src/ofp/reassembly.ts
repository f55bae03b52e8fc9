// Multipart messages that come in parts (OpenFlow 1.3.5, 7.3.5): every part but the last has the flag "more", all have one
// xid and one kind. Many small parts must not add up to more memory than was allowed.
import { decode, headerOf } from './codec.js';
import { headerSize } from './constants.js';
import { DecodeError } from './decode-error.js';
import type { MultipartReply, MultipartRequest } from './multipart-types.js';

/** Why parts do not make a message: too many bytes, too many messages begun, or a part that belongs to something else. */
export type ReassemblyFault = 'size' | 'open' | 'kind';

/** Parts that do not make a message. */
export class ReassemblyError extends DecodeError {
  override readonly name = 'ReassemblyError';
  readonly fault: ReassemblyFault;

  constructor(fault: ReassemblyFault, what: string, frame: Uint8Array) {
    super(what, headerSize, frame);
    this.fault = fault;
  }
}

const multipartHeadSize = 16; // ofp_header and the head of ofp_multipart_reply
const experimenterMultipart = 0xffff;
const requestType = 18;
const replyType = 19;
const flagsAt = 10;
const moreFlag = 1;
const experimenterHeadSize = 8;

/** Whether a frame is a multipart request or reply, whole enough to say of which kind. */
export const isMultipart = (frame: Uint8Array): boolean =>
  frame.length >= multipartHeadSize && (frame[1] === requestType || frame[1] === replyType);

// The kind's number; an experimenter's kinds differ in its id and type too.
function kindOf(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const kind = view.getUint16(headerSize);
  if (kind !== experimenterMultipart || frame.length < multipartHeadSize + experimenterHeadSize) return `kind ${kind}`;
  return `experimenter 0x${view.getUint32(multipartHeadSize).toString(16)} type ${view.getUint32(multipartHeadSize + 4)}`;
}

// What a part costs whoever keeps it beside its bytes: a million empty parts are not nothing.
const partOverheadSize = 128;

/** The parts of one multipart message, watched as they come; none is kept. */
export class PartSequence {
  readonly #sizeLimit: number;
  #kind: string | undefined;
  #size = 0;

  /** `sizeLimit` is in bytes over all parts, 128 added for each. With the request's bytes, a reply of another kind is refused from its first part. */
  constructor(sizeLimit: number, request?: Uint8Array) {
    this.#sizeLimit = sizeLimit;
    this.#kind = request && kindOf(request);
  }

  /** Takes the next part; true if it was the last. Throws ReassemblyError, and DecodeError on what is no part at all. */
  take(frame: Uint8Array): boolean {
    if (!isMultipart(frame)) throw new DecodeError('not a part of a multipart message', 0, frame);
    const kind = kindOf(frame);
    this.#kind ??= kind;
    if (kind !== this.#kind) throw new ReassemblyError('kind', `a part of ${kind} among parts of ${this.#kind}`, frame);
    this.#size += frame.length + partOverheadSize;
    if (this.#size > this.#sizeLimit)
      throw new ReassemblyError('size', `${kind}: parts of more than ${this.#sizeLimit} bytes`, frame);
    return ((frame[flagsAt + 1] ?? 0) & moreFlag) === 0;
  }
}

/** What a reassembler may hold. */
export interface ReassemblyLimits {
  /** Bytes of one message over all its parts, 128 added for each; 64 MiB if not given. */
  readonly sizeLimit?: number;
  /** Messages of which parts are missing; 16 if not given. */
  readonly openLimit?: number;
}

/** A multipart message, whole. */
export interface Reassembled {
  readonly xid: number;
  readonly message: MultipartRequest | MultipartReply;
}

/** Holds the parts of multipart messages, of several at a time, until each is whole. */
export class Reassembler {
  readonly #sizeLimit: number;
  readonly #openLimit: number;
  readonly #begun = new Map<number, { readonly sequence: PartSequence; readonly parts: Uint8Array[] }>();

  constructor({ sizeLimit = 1 << 26, openLimit = 16 }: ReassemblyLimits = {}) {
    this.#sizeLimit = sizeLimit;
    this.#openLimit = openLimit;
  }

  /** Messages of which parts are missing. */
  get open(): number {
    return this.#begun.size;
  }

  /**
   * Takes a frame that is a multipart message (see isMultipart), and copies it if parts are missing. Gives the whole message with
   * its last part. Throws ReassemblyError and DecodeError, and forgets the message then.
   */
  push(frame: Uint8Array): Reassembled | undefined {
    const { xid } = headerOf(frame);
    const begun = this.#begun.get(xid) ?? { sequence: new PartSequence(this.#sizeLimit), parts: [] };
    this.#begun.delete(xid);
    if (begun.sequence.take(frame)) return { xid, message: joined([...begun.parts, frame]) };
    if (this.#begun.size >= this.#openLimit)
      throw new ReassemblyError('open', `more than ${this.#openLimit} multipart messages begun`, frame);
    begun.parts.push(frame.slice());
    this.#begun.set(xid, begun);
    return undefined;
  }

  /** Forgets a message of which parts are missing, as when its request failed. */
  drop(xid: number): void {
    this.#begun.delete(xid);
  }
}

type Multipart = MultipartRequest | MultipartReply;

function decoded(part: Uint8Array): Multipart {
  const { message } = decode(part);
  if (message.type === 'multipart_request' || message.type === 'multipart_reply') return message;
  throw new DecodeError('not a part of a multipart message', 0, part);
}

// Lists follow each other; what is no list has one part that says something, and its last part is kept.
function joined(parts: readonly Uint8Array[]): Multipart {
  const messages = parts.map(decoded);
  const last = messages.at(-1);
  if (!last) throw new Error('no parts');
  if (!('entries' in last)) return last;
  // All parts are of one kind, and so are their entries.
  const entries = messages.flatMap((message) => ('entries' in message ? [...message.entries] : []));
  return { ...last, entries } as Multipart;
}
