// One connection as JSON-RPC 1.0 (RFC 7047, 4): requests with their replies, notifications, and echo answered at once.
// Replies are handed over in the turn in which they came, so that no later message of the same read overtakes them; what takes
// longer than a turn holds up the messages behind it.
import type { Channel, Dial } from './channel.js';
import { OvsdbError, malformed } from './errors.js';
import { isList, isMembers, type Json, type Members } from './json.js';
import type { Remote } from './remote.js';
import { atOnce, slice, soon } from '../turns/slices.js';

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
  readonly #nowMs: () => number;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  /** What an earlier message began and is not done yet, and the messages that wait for it. */
  #work: Generator<void> | undefined;
  readonly #waiting: unknown[] = [];
  #lastId = 0;
  #phase: 'opening' | 'open' | 'closed' = 'opening';

  /** `nowMs` is the clock by which work is sliced. */
  constructor(dial: Dial, remote: Remote, events: ConnectionEvents, nowMs: () => number) {
    this.#events = events;
    this.#nowMs = nowMs;
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

  /** Works at what a message began, in slices: later messages wait until it is done. An OvsdbError thrown by it ends the connection. */
  work(work: Generator<void>): void {
    this.#work = undefined; // while it runs
    const isEnough = slice(this.#nowMs);
    while (work.next().done !== true) {
      if (!isEnough()) continue;
      this.#work = work;
      soon(() => {
        this.#guarded(() => {
          this.#goOn();
        });
      });
      return;
    }
  }

  /** Ends the connection, with what was begun done; every request still open is told the reason. */
  close(reason: OvsdbError): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#channel.close();
    this.#guarded(() => {
      if (this.#work !== undefined) atOnce(this.#work);
    });
    this.#work = undefined;
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

  #goOn(): void {
    const work = this.#work;
    if (work === undefined) return; // done by the end of the connection
    this.work(work);
    while (this.#work === undefined && this.#waiting.length > 0) this.#message(this.#waiting.shift());
  }

  #message(value: unknown): void {
    if (this.#phase === 'closed') return;
    if (this.#work !== undefined) {
      this.#waiting.push(value);
      return;
    }
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
