// One socket that carries OpenFlow messages: whole frames in, one write per turn of the event loop out. Only this file
// and `sockets.ts`, which opens them, know sockets.
import type { Socket } from 'node:net';
import { DecodeError, Framer } from '../ofp/index.js';
import type { SessionCode } from './errors.js';

/** Above this many unsent bytes the peer is not read any more: who does not take our answers gets no further ones. */
export const pauseReadingSize = 1 << 20;
/** After this many bytes in one turn the rest waits for the next: a large dump must not hold up everybody else. */
export const readTurnSize = 1 << 17;
/** So many frames of one turn are handed to the operating system side by side; more, which are small, are joined first. */
const fewFrames = 16;
/** How long a farewell (an error message, say) may take to leave before the socket is destroyed. */
const farewellMs = 1000;

/** How a channel ended: the code and a sentence; the layer above knows the state. */
export interface ChannelEnd {
  readonly code: SessionCode;
  readonly reason: string;
}

/** What a channel tells its owner. `ended` comes exactly once, and nothing after it. */
export interface ChannelEvents {
  /** Bytes came, whole message or not. */
  heard(): void;
  /** One message; the memory is the receiver's to keep. */
  frame(frame: Uint8Array): void;
  ended(end: ChannelEnd): void;
}

/** A connected socket. It reads from `open` on. */
export class Channel {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #framer = new Framer();
  #events: ChannelEvents | undefined;
  #turn: Uint8Array[] = [];
  #flushing = false;
  #ended: ChannelEnd | undefined;
  #receivedSize = 0;
  #turnReceivedSize = 0;

  constructor(socket: Socket, peer: string) {
    this.#socket = socket;
    this.peer = peer;
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#end({ code: this.#receivedSize === 0 ? 'probe' : 'socket', reason: `socket error: ${error.message}` });
    });
    socket.on('close', () => {
      this.#end(this.#closedByPeer());
    });
  }

  /** Bytes that the operating system has not taken yet. */
  get unsentSize(): number {
    return this.#socket.writableLength + this.#turn.reduce((size, chunk) => size + chunk.length, 0);
  }

  /** Starts to read. */
  open(events: ChannelEvents): void {
    this.#events = events;
    const over = this.#ended;
    if (over) {
      queueMicrotask(() => {
        events.ended(over);
      });
      return;
    }
    this.#socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    this.#socket.on('end', () => {
      this.#end(this.#closedByPeer());
    });
    this.#socket.on('drain', () => {
      this.#readOn();
    });
  }

  /** Sends whole messages at the end of this turn, together with all others of the turn. The bytes must not change afterwards. */
  write(frames: Uint8Array): void {
    if (this.#ended) return;
    this.#turn.push(frames);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  /** Ends the connection; `farewell` is still sent, as far as the peer takes it within a second. */
  close(end: ChannelEnd, farewell?: Uint8Array): void {
    if (this.#ended) return;
    if (farewell) this.#turn.push(farewell);
    this.#flush();
    this.#end(end);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#receivedSize += chunk.length;
    this.#events?.heard();
    try {
      for (const frame of this.#framer.push(chunk)) {
        this.#events?.frame(frame);
        if (this.#isOver()) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.close({ code: 'framing', reason: `message boundaries lost: ${error.message}` });
    }
    this.#paceReading(chunk.length);
  }

  #paceReading(size: number): void {
    if (this.unsentSize > pauseReadingSize) this.#socket.pause();
    if (this.#turnReceivedSize === 0) {
      setImmediate(() => {
        this.#turnReceivedSize = 0;
        this.#readOn();
      });
    }
    this.#turnReceivedSize += size;
    if (this.#turnReceivedSize > readTurnSize) this.#socket.pause();
  }

  /** A method, because a handler may have closed the channel where the compiler does not see it. */
  #isOver(): boolean {
    return this.#ended !== undefined;
  }

  #readOn(): void {
    if (!this.#ended && this.#socket.isPaused() && this.unsentSize <= pauseReadingSize) this.#socket.resume();
  }

  #flush(): void {
    this.#flushing = false;
    const frames = this.#turn;
    this.#turn = [];
    if (this.#ended || !this.#socket.writable) return;
    this.#socket.cork();
    for (const frame of frames.length > fewFrames ? [joined(frames)] : frames) this.#socket.write(frame);
    this.#socket.uncork();
  }

  #closedByPeer(): ChannelEnd {
    return this.#receivedSize === 0
      ? { code: 'probe', reason: 'the peer opened a connection and closed it without a byte' }
      : { code: 'closed_by_peer', reason: 'the peer closed the connection' };
  }

  #end(end: ChannelEnd): void {
    if (this.#ended) return;
    this.#ended = end;
    this.#turn = [];
    const socket = this.#socket;
    if (!socket.destroyed) {
      // Reading on and throwing away lets the peer take what we still have for it; a reset would discard it.
      socket.removeAllListeners('data');
      socket.resume();
      socket.end();
      const timer = setTimeout(() => socket.destroy(), farewellMs);
      socket.once('close', () => {
        clearTimeout(timer);
      });
    }
    this.#events?.ended(end);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const slab = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    slab.set(chunk, offset);
    offset += chunk.length;
  }
  return slab;
}
