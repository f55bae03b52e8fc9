// All datapaths: listens and dials, keeps one session per datapath id, lets second connections to a bridge stand by,
// refuses other bridges with its id.
import { EventEmitter } from 'node:events';
import { formatAddress, type Address } from './address.js';
import type { Channel } from './channel.js';
import { greet, type Newcomer } from './connection.js';
import { contest } from './contest.js';
import { keepDialling, type Dialler, type Meeting } from './dialler.js';
import { SessionError, type SessionCode } from './errors.js';
import { markerNonceSize } from './marker.js';
import type { Session } from './session.js';
import { listen, type Listener } from './sockets.js';

/** What Switches tells. */
export interface SwitchesEvents {
  /** A datapath is served over this session from now on. */
  connected: [session: Session];
  /** The session that served a datapath is over; another `connected` may follow at once. */
  disconnected: [datapathId: bigint, reason: SessionError];
  /** A connection was not accepted, or not any longer. */
  refused: [peer: string, reason: SessionError];
  /** A second connection to a bridge that is served; it takes over when the first ends. */
  standby: [session: Session, active: Session];
  /** Nobody answers at an address that is dialled; said once per reason. */
  unreachable: [address: Address, reason: SessionError];
  /** A listener reports trouble. */
  broken: [address: Address, reason: SessionError];
}

/** The limits of what peers may take. */
export interface SwitchesLimits {
  /** Connections in their handshake, all together and from one host. */
  readonly halfOpen: number;
  readonly halfOpenPerHost: number;
  /** Sessions, standing by or not. */
  readonly sessions: number;
  /** Connections that stand by for one datapath. */
  readonly standbys: number;
}

/** Limits that no honest set of switches reaches. */
export const defaultLimits: SwitchesLimits = { halfOpen: 4096, halfOpenPerHost: 1024, sessions: 10_000, standbys: 4 };

/** What Switches needs from its surroundings. */
export interface SwitchesOptions {
  /** Monotonic time in ms. */
  readonly nowMs?: () => number;
  /** Fills an array with randomness. */
  readonly random?: (bytes: Uint8Array) => Uint8Array;
  readonly limits?: Partial<SwitchesLimits>;
}

const tickMs = 500;
/** Ends that will be the same the next time: one side does not want the other. */
const refusals: ReadonlySet<SessionCode> = new Set<SessionCode>([
  'hello_failed',
  'version',
  'auxiliary',
  'handshake_refused',
  'duplicate',
  'limit',
  'garbage',
]);

/** One datapath: who serves it and who would. */
interface Datapath {
  active: Session;
  standbys: Session[];
  /** Contests of one datapath run one after the other. */
  contests: Promise<void>;
}

/** The registry of sessions. */
export class Switches extends EventEmitter<SwitchesEvents> {
  readonly #datapaths = new Map<bigint, Datapath>();
  readonly #newcomers = new Set<Newcomer>();
  readonly #newcomersOf = new Map<string, number>();
  readonly #sessions = new Set<Session>();
  readonly #listeners = new Set<Listener>();
  readonly #diallers = new Set<Dialler>();
  readonly #nowMs: () => number;
  readonly #random: (bytes: Uint8Array) => Uint8Array;
  readonly #limits: SwitchesLimits;
  readonly #ticker: NodeJS.Timeout;
  #closed = false;

  constructor(options: SwitchesOptions = {}) {
    super();
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#random = options.random ?? ((bytes) => crypto.getRandomValues(bytes));
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#ticker = setInterval(() => {
      for (const newcomer of this.#newcomers) newcomer.tick();
      for (const session of this.#sessions) session.tick();
    }, tickMs);
  }

  /** The session that serves each datapath. */
  get sessions(): ReadonlyMap<bigint, Session> {
    return new Map([...this.#datapaths].map(([datapathId, { active }]) => [datapathId, active]));
  }

  /** Listens; rejects with a SessionError (`address_in_use`, `listen_failed`) that names the address. */
  async listen(address: Address): Promise<Listener> {
    const accept = (channel: Channel, host: string): void => {
      void this.#meet(channel, host);
    };
    const listener = await listen(address, accept, (error) => this.emit('broken', address, error));
    this.#listeners.add(listener);
    return listener;
  }

  /** Dials until closed. */
  dial(address: Address): Dialler {
    const dialler = keepDialling(
      address,
      (channel) => this.#meet(channel, formatAddress(address)),
      (error) => this.emit('unreachable', address, error),
    );
    this.#diallers.add(dialler);
    return dialler;
  }

  /** Ends everything. Flows stay where they are. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ticker);
    for (const listener of this.#listeners) listener.close();
    for (const dialler of this.#diallers) dialler.close();
    for (const newcomer of this.#newcomers) newcomer.close('the controller stops');
    for (const session of this.#sessions) session.close('closed', 'the controller stops');
  }

  /** From a connected channel to its end. */
  async #meet(channel: Channel, host: string): Promise<Meeting> {
    const outcome = this.#overLimit(channel, host) ?? (await this.#greet(channel, host));
    if (outcome instanceof SessionError) {
      if (outcome.code !== 'probe' && !this.#closed) this.emit('refused', channel.peer, outcome);
      return { kind: refusals.has(outcome.code) ? 'refused' : 'failed' };
    }
    const sinceMs = this.#nowMs();
    this.#sessions.add(outcome);
    this.#introduce(outcome);
    const end = await outcome.closed;
    this.#sessions.delete(outcome);
    this.#forget(outcome, end);
    if (!refusals.has(end.code)) return { kind: 'held', ms: this.#nowMs() - sinceMs };
    this.emit('refused', channel.peer, end);
    return { kind: 'refused' };
  }

  #overLimit(channel: Channel, host: string): SessionError | undefined {
    const { halfOpen, halfOpenPerHost, sessions } = this.#limits;
    const over =
      (this.#newcomers.size >= halfOpen && `${halfOpen} connections are in their handshake`) ||
      ((this.#newcomersOf.get(host) ?? 0) >= halfOpenPerHost &&
        `${halfOpenPerHost} connections of ${host} are in their handshake`) ||
      (this.#sessions.size >= sessions && `${sessions} connections are served`) ||
      (this.#closed && 'the controller stops');
    if (over === false) return undefined;
    const error = new SessionError('limit', 'hello', `${channel.peer}: ${over}`);
    channel.close({ code: error.code, reason: error.reason });
    return error;
  }

  #greet(channel: Channel, host: string): Promise<Session | SessionError> {
    this.#newcomersOf.set(host, (this.#newcomersOf.get(host) ?? 0) + 1);
    return new Promise((resolve) => {
      const newcomer = greet(channel, this.#nowMs, (outcome) => {
        this.#newcomers.delete(newcomer);
        const others = (this.#newcomersOf.get(host) ?? 1) - 1;
        if (others === 0) this.#newcomersOf.delete(host);
        else this.#newcomersOf.set(host, others);
        resolve(outcome);
      });
      this.#newcomers.add(newcomer);
    });
  }

  /** A session with an unknown datapath id serves it; with a known one it has to explain itself. */
  #introduce(session: Session): void {
    const known = this.#datapaths.get(session.datapathId);
    if (known) {
      known.contests = known.contests.then(() => this.#contest(known, session));
      return;
    }
    this.#datapaths.set(session.datapathId, { active: session, standbys: [], contests: Promise.resolve() });
    this.emit('connected', session);
  }

  async #contest(datapath: Datapath, session: Session): Promise<void> {
    const first = datapath.active;
    const verdict = await contest(first, session, this.#random(new Uint8Array(markerNonceSize)));
    if (session.ended) return;
    if (first.ended) {
      this.#forget(first, first.ended);
      this.#introduce(session);
      return;
    }
    switch (verdict) {
      case 'same':
        this.#standBy(datapath, session);
        return;
      case 'other':
        session.close(
          'duplicate',
          `${named(first)} is served on ${first.peer}, which answers; this is another bridge with its id`,
        );
        return;
      case 'successor':
        datapath.active = session;
        first.close(
          'superseded',
          `${named(first)} did not answer within a second on ${first.peer} and is now served on ${session.peer}`,
        );
        void first.closed.then((end) => {
          this.emit('disconnected', first.datapathId, end);
          this.emit('connected', session);
        });
    }
  }

  /** The second connection stays open and answers echoes: refusing it would only make the bridge dial again and again. */
  #standBy(datapath: Datapath, session: Session): void {
    if (datapath.standbys.length >= this.#limits.standbys) {
      session.close('limit', `${this.#limits.standbys} connections already stand by for ${named(session)}`);
      return;
    }
    datapath.standbys.push(session);
    this.emit('standby', session, datapath.active);
  }

  /** A session is over; may be called twice for one. */
  #forget(session: Session, end: SessionError): void {
    const datapath = this.#datapaths.get(session.datapathId);
    if (datapath === undefined) return;
    datapath.standbys = datapath.standbys.filter((standby) => standby !== session && !standby.ended);
    if (datapath.active !== session) return;
    const next = datapath.standbys.shift();
    if (next) datapath.active = next;
    else this.#datapaths.delete(session.datapathId);
    this.emit('disconnected', session.datapathId, end);
    if (next) this.emit('connected', next);
  }
}

function named(session: Session): string {
  return `datapath ${session.datapathId.toString(16).padStart(16, '0')}`;
}
