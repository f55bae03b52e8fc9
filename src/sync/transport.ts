// How the NATS client hears its server: in pieces. A tenant's first snapshot comes as megabytes at once, and the client would read,
// in one turn of the event loop, whatever has come.
import { setImmediate } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { pause, slice, sliceOf } from '../turns/slices.js';

/** What is read without a look at the clock, in bytes: some thirty messages. */
const pieceSize = 8 * 1024;
/** How long is read at once when something comes, in milliseconds; the rest is read in turns of its own. */
const atOnceMs = 1;
/**
 * How long that may go on before reading comes first, in milliseconds: an answer, for which we wait 5 s, may be among what has come,
 * or a PONG, for which the client waits 10 s.
 */
const patienceMs = 1000;
/** How long is then read in every turn, in milliseconds, whoever else has work to do. */
const firstMs = 4;

/** A connection of the client that is read piece by piece. */
class PacedTransport extends NodeTransport {
  /** Since when something was always left to read, in milliseconds of performance.now(). */
  #behindSinceMs = Infinity;
  /** Whether so much has come that reading comes first: what is read is better dealt with later. */
  isLate = false;
  /** Whether enough was read in this turn; undefined while nothing was. */
  #isEnough: (() => boolean) | undefined;
  /** Whether the next piece waits for a turn. */
  #isWaiting = false;

  override async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    for await (const frame of this.iterate())
      for (let at = 0; at < frame.length; at += pieceSize) {
        if (this.#isEnough === undefined) this.#begin(sliceOf(atOnceMs));
        else if (this.#isEnough()) await this.#nextTurn();
        if (this.isClosed) return; // the client may have another connection by now, whose messages begin anew
        yield frame.subarray(at, at + pieceSize);
      }
  }

  #begin(isEnough: () => boolean): void {
    this.#isEnough = isEnough;
    setImmediate(() => {
      this.#isEnough = undefined;
      if (this.#isWaiting) return;
      this.#behindSinceMs = Infinity;
      this.isLate = false;
    });
  }

  async #nextTurn(): Promise<void> {
    const nowMs = performance.now();
    this.#behindSinceMs = Math.min(this.#behindSinceMs, nowMs);
    this.isLate = nowMs - this.#behindSinceMs > patienceMs;
    this.#isWaiting = true;
    await (this.isLate ? nextTurn() : pause());
    this.#isWaiting = false;
    this.#begin(this.isLate ? sliceOf(firstMs) : slice());
  }
}

/** Connects as the client's own `connect` does. */
export function connectPaced(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new PacedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

/** Whether so much has come over a connection that messages should be kept until all are read. */
export function isLate(connection: NatsConnection): boolean {
  const transport = connection instanceof NatsConnectionImpl ? connection.protocol.transport : undefined;
  return transport instanceof PacedTransport && transport.isLate;
}
