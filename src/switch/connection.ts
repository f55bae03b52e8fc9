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
  let session: Session | undefined;
  let failure: SessionError | undefined;
  let step: HandshakeStep = handshakeStart(nowMs());

  const take = (next: HandshakeStep): void => {
    step = next;
    for (const { xid, message } of step.send) channel.write(encode(message, xid));
    if (step.failure) {
      failure = new SessionError(step.failure.code, step.failure.state, `${channel.peer}: ${step.failure.reason}`);
      channel.close({ code: failure.code, reason: failure.reason });
    } else if (step.introduction) {
      session = new Session(channel, step.introduction, nowMs);
      settled(session);
    }
  };
  const receive = (frame: Uint8Array): void => {
    const intake = read(frame);
    if (intake.kind === 'message') take(handshakeMessage(step.handshake, intake.xid, intake.message, frame[0] ?? 0));
    else if (step.handshake.state === 'hello') take(handshakeUnreadable(step.handshake, intake.reason));
    else if (intake.answer) channel.write(intake.answer);
  };

  channel.open({
    heard: () => session?.heard(),
    frame: (frame) => {
      if (session) session.receive(frame);
      else receive(frame);
    },
    ended: (end) => {
      if (session) session.finish(end);
      else settled(failure ?? ended(channel, step, end));
    },
  });
  take(step);
  return {
    peer: channel.peer,
    tick: () => {
      if (!session && !failure) take(handshakeTick(step.handshake, nowMs()));
    },
    close: (reason) => {
      channel.close({ code: 'closed', reason });
    },
  };
}

function ended(channel: Channel, step: HandshakeStep, end: ChannelEnd): SessionError {
  return new SessionError(end.code, step.handshake.state, `${channel.peer}: ${end.reason}`);
}
