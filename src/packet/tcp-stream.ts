// One direction of a TCP connection, put in order from its segments: what came twice counts once, what came early waits.
import type { TcpSegment } from './tcp-segment.js';

/** What follows in the stream: bytes, its start (whole unless the connection is older than the capture), or that bytes are missing. */
export type StreamPiece =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'start'; readonly isWhole: boolean }
  | { readonly kind: 'gap'; readonly size: number };

interface Waiting {
  readonly payload: Uint8Array;
  readonly size: number;
}

/** How far one sequence number is behind another, modulo 2^32; negative if it is before it. */
const distance = (seq: number, from: number): number => (seq - from) | 0;
const after = (seq: number, size: number): number => (seq + size) >>> 0;

/** A stream whose segments come as a capture has them. Segments that come early are held up to a limit, then what lacks is given up. */
export class TcpStream {
  readonly #limitSize: number;
  readonly #waiting = new Map<number, Waiting>();
  #began: number | undefined;
  #next: number | undefined;
  #held = 0;

  /** `limitSize`: bytes that may wait for what comes before them. */
  constructor(limitSize = 1 << 22) {
    this.#limitSize = limitSize;
  }

  /** Takes a segment and gives what follows in the stream now. */
  push(segment: TcpSegment): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    const { syn, seq } = segment;
    const first = syn ? after(seq, 1) : seq;
    if (this.#next === undefined || (syn && first !== this.#began)) {
      // A connection begins, or the capture does, in the middle of one.
      pieces.push(...this.end(), { kind: 'start', isWhole: syn });
      this.#next = first;
      this.#began = syn ? first : undefined;
    }
    if (segment.size > 0) this.#hold(first, segment);
    pieces.push(...this.#follow());
    while (this.#held > this.#limitSize) pieces.push(...this.#skip());
    return pieces;
  }

  /** Gives up what lacks, as nothing more comes. */
  end(): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    while (this.#waiting.size > 0) pieces.push(...this.#skip());
    this.#next = undefined;
    return pieces;
  }

  #hold(seq: number, { payload, size }: Waiting): void {
    const before = this.#waiting.get(seq);
    if (before && before.size >= size) return;
    this.#held += payload.length - (before?.payload.length ?? 0);
    this.#waiting.set(seq, { payload, size });
  }

  /** Takes out what begins at or before the next byte, as long as there is such. */
  #follow(): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    for (let found = this.#due(); found !== undefined; found = this.#due()) {
      const { payload, size } = this.#take(found);
      const known = -distance(found, this.#next ?? found);
      if (known >= size) continue;
      const fresh = payload.subarray(known);
      if (fresh.length > 0) pieces.push({ kind: 'bytes', bytes: fresh });
      const lacking = size - Math.max(known, payload.length);
      if (lacking > 0) pieces.push({ kind: 'gap', size: lacking });
      this.#next = after(found, size);
    }
    return pieces;
  }

  /** The first segment that waits and need not. */
  #due(): number | undefined {
    return this.#earliest((seq) => distance(seq, this.#next ?? seq) <= 0);
  }

  #earliest(isMeant: (seq: number) => boolean): number | undefined {
    let found: number | undefined;
    for (const seq of this.#waiting.keys())
      if (isMeant(seq) && (found === undefined || distance(seq, found) < 0)) found = seq;
    return found;
  }

  #take(seq: number): Waiting {
    const taken = this.#waiting.get(seq) ?? { payload: new Uint8Array(), size: 0 };
    this.#waiting.delete(seq);
    this.#held -= taken.payload.length;
    return taken;
  }

  /** Goes on at the first segment that waits. */
  #skip(): StreamPiece[] {
    const seq = this.#earliest(() => true);
    if (seq === undefined) return [];
    const size = distance(seq, this.#next ?? seq);
    this.#next = seq;
    return [...(size > 0 ? [{ kind: 'gap', size } as const] : []), ...this.#follow()];
  }
}
