// The OpenFlow messages of a capture: TCP streams of some ports, cut into frames, both directions as they come.
import { DecodeError, Framer, headerSize } from '../ofp/index.js';
import { CaptureProblem, capturedPackets } from '../packet/capture-file.js';
import { tcpSegment, type TcpSegment } from '../packet/tcp-segment.js';
import { TcpStream, type StreamPiece } from '../packet/tcp-stream.js';

/** Where and when something was seen. */
interface Seen {
  /** Nanoseconds since 1970, of the packet that completed it. */
  readonly timeNs: bigint | undefined;
  readonly from: string;
  readonly to: string;
}

/** A frame of a capture, or a sentence about what cannot be given as frames. */
export type CaptureEvent = Seen & ({ readonly frame: Uint8Array } | { readonly lost: string });

const largestVersion = 6;
const largestType = 35;

/** Whether bytes can be the beginning of a message; a stream is taken up again where a segment begins so. */
function isPlausible(bytes: Uint8Array): boolean {
  if (bytes.length < headerSize) return false;
  const [version = 0, type = 0, high = 0, low = 0] = bytes;
  return version >= 1 && version <= largestVersion && type <= largestType && high * 256 + low >= headerSize;
}

/** One direction of a connection. */
class Direction {
  readonly stream = new TcpStream();
  #framer: Framer | undefined;
  #passedOver = 0;

  *take(pieces: readonly StreamPiece[]): Generator<{ readonly frame: Uint8Array } | { readonly lost: string }> {
    for (const piece of pieces) {
      if (piece.kind === 'bytes') yield* this.#bytes(piece.bytes);
      else if (piece.kind === 'start') this.#framer = piece.isWhole ? new Framer() : undefined;
      else yield* this.#lose(`${piece.size} bytes are missing from the capture`);
    }
  }

  /** Nothing more comes. */
  *end(): Generator<{ readonly lost: string }> {
    const held = this.#framer?.held ?? 0;
    if (held > 0) yield { lost: `a message breaks off after ${held} bytes` };
    if (this.#passedOver > 0) yield { lost: `${this.#passedOver} bytes in the middle of a message` };
  }

  *#bytes(bytes: Uint8Array): Generator<{ readonly frame: Uint8Array } | { readonly lost: string }> {
    if (this.#framer === undefined) {
      if (!isPlausible(bytes)) {
        this.#passedOver += bytes.length;
        return;
      }
      if (this.#passedOver > 0) yield { lost: `${this.#passedOver} bytes in the middle of a message` };
      this.#passedOver = 0;
      this.#framer = new Framer();
    }
    try {
      for (const frame of this.#framer.push(bytes)) yield { frame };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      yield* this.#lose(`no OpenFlow: ${error.message}`);
    }
  }

  *#lose(why: string): Generator<{ readonly lost: string }> {
    const held = this.#framer?.held ?? 0;
    this.#framer = undefined;
    yield { lost: held > 0 ? `${why}, after ${held} bytes of a message` : why };
  }
}

const isOf = ({ fromPort, toPort }: TcpSegment, ports: readonly number[]) =>
  ports.includes(fromPort) || ports.includes(toPort);

/** What the capture holds of these TCP ports. Throws CaptureProblem on a file that is none; one that breaks off ends with a sentence. */
export function* openFlowOf(file: Uint8Array, ports: readonly number[]): Generator<CaptureEvent> {
  const directions = new Map<string, { readonly direction: Direction; readonly seen: Omit<Seen, 'timeNs'> }>();
  try {
    for (const { timeNs, linkType, bytes } of capturedPackets(file)) {
      const segment = tcpSegment(linkType, bytes);
      if (!segment || !isOf(segment, ports)) continue;
      const { from, to } = segment;
      const key = `${from} ${to}`;
      const known = directions.get(key) ?? { direction: new Direction(), seen: { from, to } };
      directions.set(key, known);
      for (const event of known.direction.take(known.direction.stream.push(segment)))
        yield { timeNs, ...known.seen, ...event };
    }
  } catch (error) {
    if (!(error instanceof CaptureProblem) || directions.size === 0) throw error;
    yield { timeNs: undefined, from: 'the file', to: 'nowhere', lost: `${error.message}: it breaks off` };
  }
  for (const { direction, seen } of directions.values()) {
    const rest = direction.stream.end();
    for (const event of direction.take(rest)) yield { timeNs: undefined, ...seen, ...event };
    for (const event of direction.end()) yield { timeNs: undefined, ...seen, ...event };
  }
}
