// Takes a connected channel through the handshake to a session, or to the error that kept it from becoming one.
import { encode } from '../ofp/index.js';
import type { Channel, ChannelEnd } from './channel.js';
import { SessionError } from './errors.js';
import {
  handshakeMessage,
  handshakeStart,
  handshakeTick,
  handshakeUnreadable,
  type HandshakeStep,
} from './handshake.js';
import { read } from './intake.js';
import { Session } from './session.js';

/** A connection that is in its handshake. */
export interface Newcomer {
  readonly peer: string;
  /** To be called about twice a second. */
  tick(): void;
  close(reason: string): void;
}

/** Starts the handshake; `settled` is called once, with the session or with what went wrong. */
export function greet(
  channel: Channel,
  nowMs: () => number,
  settled: (outcome: Session | SessionError) => void,
): Newcomer {
  return new Greeting(channel, nowMs, settled);
}

/** One handshake under way; after it the channel's events go straight to the session. */
class Greeting implements Newcomer {
  readonly peer: string;
  readonly #channel: Channel;
  readonly #nowMs: () => number;
  readonly #settled: (outcome: Session | SessionError) => void;
  #step: HandshakeStep;
  #session: Session | undefined;

  constructor(channel: Channel, nowMs: () => number, settled: (outcome: Session | SessionError) => void) {
    this.peer = channel.peer;
    this.#channel = channel;
    this.#nowMs = nowMs;
    this.#settled = settled;
    this.#step = handshakeStart(nowMs());
    channel.open({
      heard: () => this.#session?.heard(),
      frame: (frame) => {
        if (this.#session) this.#session.receive(frame);
        else this.#receive(frame);
      },
      ended: (end) => {
        this.#ended(end);
      },
    });
    this.#take(this.#step);
  }

  tick(): void {
    if (!this.#session && !this.#step.failure) this.#take(handshakeTick(this.#step.handshake, this.#nowMs()));
  }

  close(reason: string): void {
    this.#channel.close({ code: 'closed', reason });
  }

  #receive(frame: Uint8Array): void {
    const intake = read(frame);
    const { handshake } = this.#step;
    if (intake.kind === 'message') this.#take(handshakeMessage(handshake, intake.xid, intake.message, frame[0] ?? 0));
    else if (handshake.state === 'hello') this.#take(handshakeUnreadable(handshake, intake.reason));
    else if (intake.answer) this.#channel.write(intake.answer);
  }

  #take(step: HandshakeStep): void {
    this.#step = step;
    for (const { xid, message } of step.send) this.#channel.write(encode(message, xid));
    if (step.failure) this.#channel.close(step.failure);
    if (!step.introduction) return;
    this.#session = new Session(this.#channel, step.introduction, this.#nowMs);
    this.#settled(this.#session);
  }

  #ended(end: ChannelEnd): void {
    if (this.#session) this.#session.finish(end);
    else this.#settled(new SessionError(end.code, this.#step.handshake.state, `${this.peer}: ${end.reason}`));
  }
}
