// A clock moved by hand, and a peer that speaks the protocol as the test tells it to, without any socket.
import type { Channel, ChannelEvents, Dial } from '../../src/ovsdb/channel.js';
import type { Clock } from '../../src/ovsdb/clock.js';
import { OvsdbError } from '../../src/ovsdb/errors.js';

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; run: () => void }[] = [];

  nowMs = (): number => this.#nowMs;

  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Moves the time, with every timer at its own moment. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length;
  }
}

/** A message that the client sent. */
export interface Sent {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One attempt of the client to connect, seen from the server. */
export class FakeConnection {
  readonly sent: Sent[] = [];
  isClosedByClient = false;
  readonly #events: ChannelEvents;
  readonly channel: Channel;

  constructor(events: ChannelEvents) {
    this.#events = events;
    this.channel = {
      // What arrives is a copy, as over a wire.
      send: (message) => this.sent.push(JSON.parse(JSON.stringify(message)) as Sent),
      close: () => {
        this.isClosedByClient = true;
      },
    };
  }

  accept(): void {
    this.#events.opened();
  }

  /** Sends messages that arrive in one read. */
  say(...messages: unknown[]): void {
    this.#events.activity();
    for (const message of messages) this.#events.message(message);
  }

  hangUp(message = 'closed by the peer'): void {
    this.#events.closed(new OvsdbError('OVSDB_UNREACHABLE', message));
  }

  /** The last request of that method. */
  asked(method: string): Sent {
    const found = this.sent.findLast((message) => message.method === method);
    if (!found) throw new Error(`no ${method} among ${JSON.stringify(this.sent)}`);
    return found;
  }

  /** Answers the last request of that method, with further messages in the same read. */
  answer(method: string, result: unknown, ...further: unknown[]): void {
    this.say({ id: this.asked(method).id, result, error: null }, ...further);
  }

  refuse(method: string, error: unknown): void {
    this.say({ id: this.asked(method).id, result: null, error });
  }
}

/** A server that is asked for connections. */
export class FakeServer {
  readonly connections: FakeConnection[] = [];
  readonly remotes: string[] = [];

  dial: Dial = (remote, events) => {
    const connection = new FakeConnection(events);
    this.connections.push(connection);
    this.remotes.push(remote.type === 'unix' ? remote.path : remote.host);
    return connection.channel;
  };

  /** The latest attempt. */
  get latest(): FakeConnection {
    const last = this.connections.at(-1);
    if (!last) throw new Error('nobody has connected');
    return last;
  }
}
