// Cutting a stream of bytes into messages.
import { headerSize } from './constants.js';
import { DecodeError } from './decode-error.js';

const sizeAt = 2;
const nothing = new Uint8Array(0);

/** Takes a stream in any cut and gives whole messages; holds at most one message that is not whole yet. */
export class Framer {
  // The beginning of a message whose end has not come; its memory is the framer's own until the message is handed out.
  private partial = nothing;
  private filled = 0;

  /** Bytes held back until their message is whole. */
  get held(): number {
    return this.filled;
  }

  /**
   * The messages that end in this chunk, as views of it or of memory never written again. Iterate before the next push.
   * Throws DecodeError on a length below 8: the framing is lost, the connection is of no more use.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void> {
    let at = 0;
    if (this.filled > 0) {
      at = this.complete(chunk);
      if (this.filled > 0) return;
      yield this.handOut();
    }
    while (chunk.length - at >= headerSize) {
      const size = messageSize(chunk, at);
      if (chunk.length - at < size) break;
      const end = at + size;
      yield chunk.subarray(at, end);
      at = end;
    }
    if (at < chunk.length) this.hold(chunk.subarray(at));
  }

  private handOut(): Uint8Array {
    const whole = this.partial;
    this.partial = nothing;
    return whole;
  }

  private hold(rest: Uint8Array): void {
    this.partial = new Uint8Array(rest.length < headerSize ? headerSize : messageSize(rest, 0));
    this.partial.set(rest);
    this.filled = rest.length;
  }

  // Fills the message held from the chunk and says how much it took; filled is 0 once the message is whole.
  private complete(chunk: Uint8Array): number {
    let at = this.fill(chunk, 0);
    if (this.filled < headerSize) return at;
    const size = messageSize(this.partial, 0);
    if (this.partial.length < size) {
      const larger = new Uint8Array(size);
      larger.set(this.partial);
      this.partial = larger;
      at = this.fill(chunk, at);
    }
    if (this.filled === size) this.filled = 0;
    return at;
  }

  private fill(chunk: Uint8Array, at: number): number {
    const taken = chunk.subarray(at, at + this.partial.length - this.filled);
    this.partial.set(taken, this.filled);
    this.filled += taken.length;
    return at + taken.length;
  }
}

function messageSize(bytes: Uint8Array, at: number): number {
  const size = ((bytes[at + sizeAt] ?? 0) << 8) | (bytes[at + sizeAt + 1] ?? 0);
  if (size < headerSize) throw new DecodeError(`message length ${size}`, sizeAt, bytes.subarray(at, at + headerSize));
  return size;
}
