// The errors of one datapath: what ended a connection (SessionError) and what the switch refused (SwitchError). The
// codes are stable: logs, statuses and tests match on them.
import { describeError, type Message } from '../ofp/index.js';

/** Why a connection ended, or could not be made. */
export type SessionCode =
  | 'address_in_use' // another process listens there
  | 'listen_failed' // the address cannot be listened on (permission, no such interface …)
  | 'dial_failed' // nobody answers there (yet)
  | 'probe' // opened and closed without a byte; not an error
  | 'hello_failed' // something other than HELLO came first, or the peer refused our HELLO
  | 'version' // no common OpenFlow version
  | 'auxiliary' // an auxiliary connection; only main connections are served
  | 'handshake_timeout' // HELLO … PORT_DESC took longer than the deadline
  | 'handshake_refused' // the switch answered a request of the handshake with an error
  | 'framing' // the stream lost its message boundaries
  | 'closed_by_peer' // the switch closed the connection
  | 'socket' // the operating system reported an error on the socket
  | 'dead' // no byte for longer than the keepalive allows
  | 'request_timeout' // alive, but one request was not answered before its deadline
  | 'bundle_lost' // the switch dropped a bundle while it was being filled; what it holds is unknown
  | 'reply_garbled' // a reply could not be read; only its request fails
  | 'reply_size' // a reply grew past its limit
  | 'garbage' // too many messages that could not be read
  | 'duplicate' // another bridge with the same datapath id answers
  | 'superseded' // silent, and a new connection of the same datapath id took its place
  | 'demoted' // another controller has become the master of the bridge
  | 'limit' // too many connections, or too many of this peer
  | 'closed'; // we closed it

/** Where in its life a connection was. */
export type SessionState = 'listening' | 'dialling' | 'hello' | 'features' | 'ports' | 'ready';

/** A connection ended, or could not be made: which code, in which state, and the reason as a sentence. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionCode;
  readonly state: SessionState;
  readonly reason: string;

  constructor(code: SessionCode, state: SessionState, reason: string, cause?: unknown) {
    super(`${reason} (${code}, ${state})`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.state = state;
    this.reason = reason;
  }
}

/** The switch refused a message: OVS's name of the error, its numbers, a sentence, and the xid of what was refused. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
  readonly errorName: string;
  readonly errorType: number;
  readonly code: number;
  readonly sentence: string;
  readonly xid: number;

  constructor(refusal: { errorName: string; errorType: number; code: number; sentence: string; xid: number }) {
    super(`${refusal.errorName}: ${refusal.sentence} (xid 0x${refusal.xid.toString(16)})`);
    this.errorName = refusal.errorName;
    this.errorType = refusal.errorType;
    this.code = refusal.code;
    this.sentence = refusal.sentence;
    this.xid = refusal.xid;
  }
}

/** The SwitchError that an error message of the switch means. */
export function switchError(xid: number, error: Message & { type: 'error' }): SwitchError {
  const { name, sentence } = describeError(error.errorType, error.code, error.experimenter);
  return new SwitchError({ errorName: name, errorType: error.errorType, code: error.code, sentence, xid });
}
