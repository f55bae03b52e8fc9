// A client of one database that comes back after every interruption: connection, probes, monitor and transactions.
import { type Dial, dial as dialSocket } from './channel.js';
import { type Clock, processClock } from './clock.js';
import { Connection, type ConnectionEvents } from './connection.js';
import { OvsdbError } from './errors.js';
import { Monitor } from './monitor.js';
import { Replica, type RowChange } from './replica.js';
import {
  defaultReconnect,
  type Reconnect,
  type ReconnectConfig,
  type ReconnectEvent,
  reconnectAfter,
  reconnectDueMs,
  reconnecting,
  reconnectRun,
} from './reconnect.js';
import { type Remote, remoteText } from './remote.js';
import { type Operation, type OperationResult, parseResults, refusal } from './transaction.js';
import { Waiting } from './waiting.js';

/**
 * How we stand with the server. `up`: the replica is the database. `stalled`: connected, but a probe is unanswered.
 * `down`: no connection, or no snapshot on it yet; the replica is what was last seen. Times are of the client's clock.
 */
export type LinkState =
  | { readonly type: 'up'; readonly sinceMs: number }
  | { readonly type: 'stalled'; readonly sinceMs: number }
  | { readonly type: 'down'; readonly sinceMs: number; readonly reason?: OvsdbError };

/** What a client is made of. */
export interface ClientOptions {
  /** Tried in turn. */
  readonly remotes: readonly [Remote, ...Remote[]];
  readonly database: string;
  /** The monitored columns by table; what an older schema lacks is left out. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** What is to be done, in small steps, after each snapshot and update, with what really differs; the first snapshot comes even when it is empty. */
  readonly onChanges?: (changes: readonly RowChange[]) => Iterable<void>;
  /** Called when the type changes, and when the first attempt fails. */
  readonly onState?: (state: LinkState) => void;
  readonly reconnect?: ReconnectConfig;
  /** How long a probe may be unanswered before the link counts as stalled. */
  readonly stallMs?: number;
  readonly clock?: Clock;
  readonly dial?: Dial;
}

/** How long an answer to a transaction is waited for. */
export const answerDeadlineMs = 30_000;

/** A client, from `start` to `close`. */
export class OvsdbClient {
  readonly replica = new Replica();
  readonly waiting: Waiting;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #monitor: Monitor;
  #machine: Reconnect;
  #state: LinkState;
  #connection: Connection | undefined;
  #attempts = 0;
  #isRunning = false;
  #isClosed = false;
  #cancelTimer = (): void => undefined;
  #cancelStall = (): void => undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? processClock;
    this.waiting = new Waiting(this.#clock);
    const nowMs = this.#clock.nowMs();
    this.#machine = reconnecting(this.#reconnectConfig(), nowMs);
    this.#state = { type: 'down', sinceMs: nowMs };
    const { database, tables } = options;
    const applied = (changes: readonly RowChange[]) => this.#applied(changes);
    this.#monitor = new Monitor({ database, tables, applied }, this.replica);
  }

  /** How we stand with the server now. */
  get state(): LinkState {
    return this.#state;
  }

  /** Connects, and reconnects until `close`; a closed client stays closed. */
  start(): void {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    this.#machine = reconnecting(this.#reconnectConfig(), this.#clock.nowMs());
    this.#run();
  }

  /** Ends the connection and all waiting for it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isRunning = false;
    this.#cancelTimer();
    const reason = new OvsdbError('OVSDB_CLOSED', 'closed by us');
    this.#connection?.close(reason);
    this.waiting.end(reason);
  }

  /**
   * Resolves when the replica is the database; rejects with OVSDB_DEADLINE, naming what stands in the way.
   * With `failFast` it rejects with the first obstacle instead of waiting for a further attempt.
   */
  async synced(deadlineMs: number, failFast = false): Promise<void> {
    const check = (): true | undefined => {
      if (this.#state.type !== 'down') return true;
      if (failFast && this.#state.reason) throw this.#state.reason;
      return undefined;
    };
    await this.waiting.until(check, deadlineMs, () => this.#obstacle());
  }

  /**
   * Commits all operations or none. When it resolves, the replica has what it changed.
   * Rejects with OVSDB_UNREACHABLE (nothing was sent), OVSDB_TRY_AGAIN or OVSDB_REFUSED (nothing was changed), or OVSDB_OUTCOME_UNKNOWN.
   */
  transact(operations: readonly Operation[], deadlineMs = answerDeadlineMs): Promise<OperationResult[]> {
    const connection = this.#connection;
    if (!connection?.isOpen) return Promise.reject(new OvsdbError('OVSDB_UNREACHABLE', this.#obstacle()));
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(deadlineMs, () => {
        reject(new OvsdbError('OVSDB_OUTCOME_UNKNOWN', `transaction: no answer within ${deadlineMs} ms`));
      });
      connection.request('transact', [this.#options.database, ...operations], (reply) => {
        cancel();
        try {
          if (reply.type === 'result') resolve(parseResults(reply.result, operations.length));
          else if (reply.type === 'error') reject(refusal(reply.error, 'transaction'));
          else reject(new OvsdbError('OVSDB_OUTCOME_UNKNOWN', `transaction: ${reply.reason.message}`, reply.reason));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  #reconnectConfig(): ReconnectConfig {
    const config = this.#options.reconnect ?? defaultReconnect;
    return { ...config, freeTries: Math.max(config.freeTries, this.#options.remotes.length) };
  }

  #obstacle(): string {
    const { remotes, database } = this.#options;
    const reason = this.#state.type === 'down' ? this.#state.reason : undefined;
    return reason?.message ?? `${remotes.map(remoteText).join(', ')}: no ${database} yet`;
  }

  /** Lets the machine act, and sets the timer for when it next wants to. */
  #run(): void {
    if (!this.#isRunning) return;
    const { machine, action } = reconnectRun(this.#machine, this.#clock.nowMs());
    this.#machine = machine;
    if (action === 'connect') this.#connect();
    else if (action === 'probe') this.#probe();
    else if (action === 'disconnect') this.#giveUp();
    else this.#schedule();
  }

  #tell(event: ReconnectEvent): void {
    this.#machine = reconnectAfter(this.#machine, event, this.#clock.nowMs());
    this.#schedule();
  }

  #schedule(): void {
    this.#cancelTimer();
    const dueMs = this.#isRunning ? reconnectDueMs(this.#machine) : undefined;
    if (dueMs === undefined) return;
    this.#cancelTimer = this.#clock.after(dueMs - this.#clock.nowMs(), () => {
      this.#run();
    });
  }

  #connect(): void {
    const { remotes, dial = dialSocket } = this.#options;
    const remote = remotes[this.#attempts++ % remotes.length] ?? remotes[0];
    this.#tell('connecting');
    const events: ConnectionEvents = {
      opened: () => {
        this.#tell('connected');
        this.#monitor.begin(connection);
      },
      activity: () => {
        this.#heard();
      },
      notification: (method, params) => {
        this.#monitor.notified(connection, method, params);
      },
      closed: (reason) => {
        this.#lost(reason);
      },
    };
    const connection = new Connection(dial, remote, events, this.#clock.nowMs);
    this.#connection = connection;
  }

  #probe(): void {
    this.#schedule();
    this.#connection?.request('echo', [], () => undefined);
    this.#cancelStall();
    this.#cancelStall = this.#clock.after(this.#options.stallMs ?? 1000, () => {
      if (this.#state.type === 'up') this.#enter({ type: 'stalled', sinceMs: this.#clock.nowMs() });
    });
  }

  #giveUp(): void {
    const why = this.#machine.phase === 'connecting' ? 'no connection in time' : 'no answer to a probe';
    this.#connection?.close(
      new OvsdbError('OVSDB_UNREACHABLE', `${this.#options.remotes.map(remoteText).join(', ')}: ${why}`),
    );
  }

  #heard(): void {
    this.#tell('activity');
    this.#cancelStall();
    if (this.#state.type === 'stalled') this.#enter({ type: 'up', sinceMs: this.#clock.nowMs() });
  }

  *#applied(changes: readonly RowChange[]): Generator<void> {
    yield* this.#options.onChanges?.(changes) ?? [];
    if (this.#state.type === 'down') this.#enter({ type: 'up', sinceMs: this.#clock.nowMs() });
    else this.waiting.look();
  }

  #lost(reason: OvsdbError): void {
    this.#connection = undefined;
    this.#cancelStall();
    this.#tell('disconnected');
    const before = this.#state;
    const isNews = before.type !== 'down' || !before.reason;
    const state: LinkState = { type: 'down', sinceMs: isNews ? this.#clock.nowMs() : before.sinceMs, reason };
    // Every attempt that fails has a reason of its own; that we are cut off is said once.
    if (isNews) this.#enter(state);
    else this.#state = state;
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#options.onState?.(state);
    this.waiting.look();
  }
}
