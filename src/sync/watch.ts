// One filter of one bucket, watched: the snapshot and what follows come from one ordered consumer, without a gap. A gap, a
// silence or a server that started anew means a new consumer with a snapshot of its own, so what is lost is always noticed;
// the old consumer goes by itself, seconds after nobody listens to it. What is delivered twice costs nothing.
import { setInterval, clearInterval, setTimeout, clearTimeout } from 'node:timers';
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { type Msg, type Subscription, nanos, nuid } from '@nats-io/transport-node';
import { type Bucket, type Entry, isTombstone, managerOf, syncError } from './bucket.js';
import { reconnectPauseMs } from './connect.js';
import type { SyncError } from './errors.js';
import { Backlog } from '../turns/backlog.js';

/** How often an idle server tells that it is there. */
const heartbeatMs = 2000;
/** Silence after which the consumer is taken to be gone. */
const silenceMs = 2.5 * heartbeatMs;
/** How long the server keeps a consumer that nobody listens to. */
const orphanMs = 5000;

/** What a watch tells, always in this order: started, entries, settled, entries; and again from `started` after a loss. */
export interface WatchEvents {
  /** A snapshot begins: what was seen before counts only if it is seen again. */
  readonly started: () => void;
  /** A key's value, once per revision that was not overtaken. */
  readonly entry: (entry: Entry) => void;
  /** The snapshot is complete. Never before the first entry of a snapshot that has any. */
  readonly settled: () => void;
  /** It cannot be watched at present; told once per reason, and it goes on trying. */
  readonly failed: (error: SyncError) => void;
}

/**
 * What the server writes into a delivery's reply subject: `$JS.ACK.<stream>.<consumer>.<n>.<sequence>.<consumer
 * sequence>.<time>.<pending>`, or with a domain and an account in front and, later, a token behind.
 */
function delivery(reply: string) {
  const parts = reply.split('.');
  const first = parts.length >= 11 ? 7 : 5;
  return {
    sequence: Number(parts[first]),
    consumerSequence: Number(parts[first + 1]),
    storedMs: Math.floor(Number(parts[first + 2]) / 1e6),
    pending: Number(parts[first + 3]),
  };
}

/** Where a delivery stands: in the stream, and among those of its consumer. */
export interface Place {
  readonly sequence: number;
  readonly consumerSequence: number;
}

/**
 * What a delivery is after the `last` one: the next, one that came before, or a sign that something is lost. A consumer that the
 * server made anew counts from 1 again, but brings what is newer.
 */
export function succession(last: Place, { sequence, consumerSequence }: Place): 'next' | 'again' | 'broken' {
  if (consumerSequence === last.consumerSequence + 1) return 'next';
  return consumerSequence <= last.consumerSequence && sequence <= last.sequence ? 'again' : 'broken';
}

/** A watch that lives until it is closed, whatever happens to the connection. */
export class Watch {
  readonly #bucket: Bucket;
  readonly #filter: string;
  readonly #events: WatchEvents;
  readonly #isSure: boolean;
  readonly #unlisten: () => void;
  /** A first snapshot comes faster than it can be taken in. */
  readonly #backlog = new Backlog<Msg>((message) => {
    this.#receive(message);
  });
  readonly #timer: ReturnType<typeof setInterval>;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #subscription: Subscription | undefined;
  #attempt = 0;
  #serverId = '';
  #heardMs = 0;
  #consumerSequence = 0;
  /** The highest revision of this snapshot, and the one that it must reach; unknown at first. */
  #newest = 0;
  #leading: number | undefined;
  /** Whether the server has nothing more to tell at present. */
  #isDrained = false;
  #isSettled = false;
  #lastReason = '';
  #isClosed = false;

  /** `isSure`: a replica that lags behind its leader gives an older snapshot; it is not complete before it has what the leader had. */
  constructor(bucket: Bucket, filter: string, events: WatchEvents, { isSure = false } = {}) {
    this.#bucket = bucket;
    this.#filter = filter;
    this.#events = events;
    this.#isSure = isSure;
    this.#unlisten = bucket.nats.onReconnect(() => {
      // A server that only lost the connection goes on where it was; one that started anew knows nothing of us.
      const isSame = this.#subscription !== undefined && this.#connection.info?.server_id === this.#serverId;
      if (isSame) this.#heardMs = performance.now();
      else this.#restart();
    });
    this.#timer = setInterval(() => {
      const isSilent = performance.now() - this.#heardMs > silenceMs && bucket.nats.isUp() && !bucket.nats.isLate();
      if (this.#subscription !== undefined && isSilent) this.#restart();
    }, heartbeatMs / 2);
    void this.#start();
  }

  /** Ends the watch; nothing is told afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#unsubscribe();
  }

  get #connection() {
    return this.#bucket.nats.connection;
  }

  #restart(): void {
    clearTimeout(this.#retry);
    this.#unsubscribe();
    void this.#start();
  }

  #unsubscribe(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#backlog.clear();
  }

  async #start(): Promise<void> {
    if (this.#isClosed || this.#connection.isClosed()) return;
    const inbox = this.#bucket.nats.inbox();
    this.#serverId = this.#connection.info?.server_id ?? '';
    this.#consumerSequence = 0;
    this.#newest = 0;
    this.#leading = this.#isSure ? undefined : 0;
    this.#isDrained = false;
    this.#isSettled = false;
    this.#heardMs = performance.now();
    let hasStarted = false;
    const begin = () => {
      if (!hasStarted) this.#events.started();
      hasStarted = true;
    };
    const subscription = this.#connection.subscribe(inbox, {
      callback: (error, message) => {
        if (this.#subscription !== subscription) return;
        if (error) this.#fail(error);
        else {
          begin();
          this.#heardMs = performance.now();
          this.#backlog.push(message, this.#bucket.nats.isLate());
        }
      },
    });
    this.#subscription = subscription;
    try {
      const [pending, leading] = await Promise.all([
        this.#consumer(inbox),
        this.#isSure ? this.#bucket.newest(this.#filter) : 0,
      ]);
      if (this.#subscription !== subscription) return;
      this.#attempt = 0;
      this.#lastReason = '';
      begin();
      this.#leading = leading;
      if (pending === 0 && this.#consumerSequence === 0) this.#isDrained = true;
      this.#settle();
    } catch (error) {
      if (this.#subscription === subscription) this.#fail(error);
    }
  }

  /** Creates the consumer; resolves to the number of messages that were still to come when the server answered. */
  async #consumer(inbox: string): Promise<number> {
    const jsm = await managerOf(this.#bucket.nats);
    const info = await jsm.consumers.add(this.#bucket.stream, {
      name: `damselfly-${nuid.next()}`,
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      filter_subject: this.#bucket.subject(this.#filter),
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(orphanMs),
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
    });
    return info.num_pending + info.delivered.consumer_seq;
  }

  #fail(cause: unknown): void {
    if (this.#isClosed) return;
    this.#unsubscribe();
    clearTimeout(this.#retry);
    // Without a connection there is nothing to ask; the reconnection starts it again.
    if (this.#bucket.nats.isUp())
      this.#retry = setTimeout(() => void this.#start(), reconnectPauseMs(this.#attempt, Math.random()));
    this.#attempt += 1;
    const error = syncError(cause, `watching ${this.#bucket.name} ${this.#filter}`);
    if (error.code !== this.#lastReason) this.#events.failed(error);
    this.#lastReason = error.code;
  }

  #receive(message: Msg): void {
    const text = message.string();
    if (text === '' && message.headers?.code === 100) {
      this.#receiveHeartbeat(message);
      return;
    }
    const { sequence, consumerSequence, storedMs, pending } = delivery(message.reply ?? '');
    const last = { sequence: this.#newest, consumerSequence: this.#consumerSequence };
    const place = succession(last, { sequence, consumerSequence });
    if (place === 'broken') this.#restart();
    if (place !== 'next') return;
    this.#consumerSequence = consumerSequence;
    this.#newest = Math.max(this.#newest, sequence);
    const key = this.#bucket.keyOf(message.subject);
    const isGone = text === '' && isTombstone(message);
    this.#events.entry({ key, text: isGone ? undefined : text, revision: sequence, storedMs });
    if (pending === 0) this.#isDrained = true;
    this.#settle();
  }

  #receiveHeartbeat(message: Msg): void {
    const last = Number(message.headers?.get('Nats-Last-Consumer'));
    if (last !== this.#consumerSequence) {
      this.#restart();
      return;
    }
    this.#isDrained = true;
    this.#settle();
  }

  #settle(): void {
    if (this.#isSettled || this.#isClosed || !this.#isDrained) return;
    if (this.#leading === undefined || this.#newest < this.#leading) return;
    this.#isSettled = true;
    this.#events.settled();
  }
}
