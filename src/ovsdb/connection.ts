// One connection as JSON-RPC 1.0 (RFC 7047, 4): requests with their replies, notifications, and echo answered at once.
// Replies are handed over in the turn in which they came, so that no later message of the same read overtakes them.
import type { Channel, Dial } from './channel.js';
import { OvsdbError, malformed } from './errors.js';
import { isList, isMembers, type Json, type Members } from './json.js';
import type { Remote } from './remote.js';

/** What became of a request. */
export type Reply =
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'error'; readonly error: unknown }
  | { readonly type: 'closed'; readonly reason: OvsdbError };

/** What a connection tells its owner; `closed` comes exactly once and last, whoever ended it. */
export interface ConnectionEvents {
  readonly opened: () => void;
  readonly activity: () => void;
  /** An OvsdbError thrown here ends the connection with that reason. */
  readonly notification: (method: string, params: readonly unknown[]) => void;
  readonly closed: (reason: OvsdbError) => void;
}

/** A connection, from the first attempt to its end. */
export class Connection {
  readonly #channel: Channel;
  readonly #events: ConnectionEvents;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  #lastId = 0;
  #phase: 'opening' | 'open' | 'closed' = 'opening';

  constructor(dial: Dial, remote: Remote, events: ConnectionEvents) {
    this.#events = events;
    this.#channel = dial(remote, {
      opened: () => {
        this.#phase = 'open';
        events.opened();
      },
      activity: events.activity,
      message: (value) => {
        this.#guarded(() => {
          this.#message(value);
        });
      },
      closed: (reason) => {
        this.close(reason);
      },
    });
  }

  /** Whether requests can be sent. */
  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** Sends a request. The reply comes once: at the latest when the connection ends. */
  request(method: string, params: readonly Json[], replied: (reply: Reply) => void): void {
    const id = ++this.#lastId;
    this.#pending.set(id, replied);
    this.#channel.send({ id, method, params });
  }

  /** Ends the connection; every request still open is told the reason. */
  close(reason: OvsdbError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#channel.close();
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const replied of open) replied({ type: 'closed', reason });
    this.#events.closed(reason);
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      this.close(error);
    }
  }

  #message(value: unknown): void {
    if (this.#phase === 'closed') return;
    if (!isMembers(value)) throw malformed('a message that is no object');
    if (typeof value['method'] === 'string') this.#asked(value['method'], value);
    else if ('result' in value || 'error' in value) this.#answered(value);
    else throw malformed('a message that is neither request, notification nor reply');
  }

  #asked(method: string, message: Members): void {
    const { id, params } = message;
    if (!isList(params)) throw malformed(`${method} without a list of parameters`);
    if (id === null || id === undefined) this.#events.notification(method, params);
    // Echoed, not read: what came as JSON goes back as JSON, an id of any type included.
    else if (method === 'echo') this.#channel.send({ id, result: params, error: null });
    else this.#channel.send({ id, result: null, error: { error: 'unknown method', details: method } });
  }

  #answered(message: Members): void {
    const { id, result, error } = message;
    const replied = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (typeof id !== 'number' || !replied) return;
    this.#pending.delete(id);
    replied(error === null || error === undefined ? { type: 'result', result } : { type: 'error', error });
  }
}
