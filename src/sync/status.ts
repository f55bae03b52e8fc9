// What a chassis says of the objects that it serves: the newest of each is written, at a bounded rate, and only when it
// differs from what stands there; what an earlier run left and is no longer true goes.
import { setTimeout, clearTimeout } from 'node:timers';
import type { Ref } from '../model/ids.js';
import type { Entry } from './bucket.js';
import type { Store } from './buckets.js';
import { SyncError } from './errors.js';
import { heartbeatKey } from './heartbeat.js';
import { encodeToken, statusKey } from './keys.js';
import { fieldsOf, parseJson } from './records.js';
import { Watch } from './watch.js';

/** How an object does on a chassis: `HELD` waits for the northbound to be believed again. */
export type State = 'ACTIVE' | 'DOWN' | 'DEGRADED' | 'ERROR' | 'HELD';

/** What a chassis says of an object; further fields are the writer's own. */
export interface Status {
  readonly state: State;
  readonly reason?: string | undefined;
  /** The northbound's revision whose flows the switch has acknowledged. */
  readonly revision: number;
}

/** A status as it is stored. */
export interface StoredStatus extends Status {
  readonly chassis: string;
  /** Since when state and reason are these, in ISO 8601. */
  readonly since: string;
}

/** How statuses are written; a batch of at most `batchLength` goes every `pauseMs`. */
export interface StatusOptions {
  readonly chassis: string;
  readonly pauseMs?: number;
  readonly batchLength?: number;
  readonly nowMs?: () => number;
  /** Statuses could not be written; told once until all are, and it goes on trying. */
  readonly failed?: (error: SyncError) => void;
  /** The chassis' heartbeat was written, by us or by another who takes itself for it; `isNews`: it was not there when we came. */
  readonly beaten?: (text: string, isNews: boolean) => void;
}

/** No key of a status: it has no dots. */
const watched = 'watched';

interface Stored {
  readonly revision: number;
  /** The status without `since`, as text; undefined for a tombstone. */
  readonly content: string | undefined;
  readonly stateText: string;
  readonly since: string;
}

const stateTextOf = (state: unknown, reason: unknown): string => JSON.stringify([state, reason ?? null]);

function storedOf({ text, revision }: Entry): Stored {
  const { since, ...content } = fieldsOf(text === undefined ? undefined : parseJson(text));
  return {
    revision,
    content: text === undefined ? undefined : JSON.stringify(content),
    stateText: stateTextOf(content['state'], content['reason']),
    since: typeof since === 'string' ? since : '',
  };
}

/** The statuses of one chassis. */
export class StatusWriter {
  readonly #store: Store;
  readonly #options: Required<Omit<StatusOptions, 'failed' | 'beaten'>> & Pick<StatusOptions, 'failed'>;
  readonly #watch: Watch;
  readonly #wanted = new Map<string, Status>();
  readonly #stored = new Map<string, Stored>();
  readonly #dirty = new Set<string>();
  readonly #cleared = new Set<string>();
  #isSwept = false;
  #isReady = false;
  /** Keys whose newest status could not be written; `watched` while what stands there cannot be read. */
  readonly #failing = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(store: Store, options: StatusOptions) {
    this.#store = store;
    this.#options = { pauseMs: 50, batchLength: 200, nowMs: Date.now, ...options };
    this.#watch = new Watch(store.status, `*.*.*.${encodeToken(options.chassis)}`, {
      started: () => {
        this.#stored.clear();
        this.#isReady = false;
      },
      entry: (entry) => {
        if (entry.key !== heartbeatKey(options.chassis)) this.#learn(entry.key, storedOf(entry));
        else if (entry.text !== undefined) options.beaten?.(entry.text, this.#isReady);
      },
      settled: () => {
        this.#failing.delete(watched);
        this.#isReady = true;
        this.#reviewAll();
      },
      failed: (error) => {
        this.#fail(watched, error);
      },
    });
  }

  /** Says how an object does; the newest wins. */
  set(kind: string, ref: Ref, status: Status): void {
    const key = statusKey(kind, ref, this.#options.chassis);
    this.#wanted.set(key, status);
    this.#cleared.delete(key);
    this.#mark(key);
  }

  /** Says nothing about an object any more. */
  clear(kind: string, ref: Ref): void {
    const key = statusKey(kind, ref, this.#options.chassis);
    this.#wanted.delete(key);
    this.#cleared.add(key);
    this.#mark(key);
  }

  /** Since when an object's state and reason are what was said last, in ISO 8601; undefined until that is written. */
  since(kind: string, ref: Ref): string | undefined {
    const key = statusKey(kind, ref, this.#options.chassis);
    const [wanted, stored] = [this.#wanted.get(key), this.#stored.get(key)];
    if (wanted === undefined || stored?.stateText !== stateTextOf(wanted.state, wanted.reason)) return undefined;
    return stored.since;
  }

  /** From now on whatever stands there and was not set goes: call it once the whole view is known. */
  sweep(): void {
    this.#isSwept = true;
    this.#reviewAll();
  }

  /** Resolves when everything said so far is written, or cannot be at present. */
  async flush(): Promise<void> {
    while (this.#dirty.size > 0 && this.#isReady && !this.#isClosed && this.#store.nats.isUp()) {
      const before = this.#dirty.size;
      await this.#write();
      if (this.#dirty.size >= before && this.#failing.size > 0) return;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch.close();
  }

  #learn(key: string, stored: Stored): void {
    if ((this.#stored.get(key)?.revision ?? 0) < stored.revision) this.#stored.set(key, stored);
    if (this.#isReady) this.#mark(key);
  }

  #reviewAll(): void {
    for (const key of [...this.#wanted.keys(), ...this.#stored.keys()]) this.#mark(key);
  }

  /** What ought to stand there: a status' content, undefined for nothing, or 'keep'. */
  #due(key: string): { status: Status; content: string } | 'nothing' | 'keep' {
    const status = this.#wanted.get(key);
    const content = status && JSON.stringify({ ...status, chassis: this.#options.chassis });
    const stored = this.#stored.get(key);
    if (status !== undefined && content !== undefined)
      return stored?.content === content ? 'keep' : { status, content };
    const isOurs = this.#isSwept || this.#cleared.has(key);
    return isOurs && stored?.content !== undefined ? 'nothing' : 'keep';
  }

  #mark(key: string): void {
    this.#dirty.add(key);
    if (this.#isReady && !this.#isClosed) this.#timer ??= setTimeout(() => void this.#write(), this.#options.pauseMs);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
    if (this.#dirty.size > 0 && this.#isReady && !this.#isClosed)
      this.#timer ??= setTimeout(() => void this.#write(), this.#options.pauseMs);
  }

  async #writeBatch(): Promise<void> {
    const writes: Promise<void>[] = [];
    for (const key of this.#dirty) {
      if (writes.length >= this.#options.batchLength || !this.#isReady) break;
      this.#dirty.delete(key);
      const due = this.#due(key);
      if (due === 'keep') this.#failing.delete(key);
      else writes.push(this.#writeOne(key, due));
    }
    await Promise.all(writes);
  }

  async #writeOne(key: string, due: { status: Status; content: string } | 'nothing'): Promise<void> {
    const bucket = this.#store.status;
    try {
      if (due === 'nothing') {
        const revision = await bucket.remove(key);
        this.#cleared.delete(key);
        this.#learn(key, { revision, content: undefined, stateText: '', since: '' });
      } else {
        const { chassis, nowMs } = this.#options;
        const stateText = stateTextOf(due.status.state, due.status.reason);
        const before = this.#stored.get(key);
        const since = before?.stateText === stateText ? before.since : new Date(nowMs()).toISOString();
        const revision = await bucket.put(key, { ...due.status, chassis, since });
        this.#learn(key, { revision, content: due.content, stateText, since });
      }
      this.#failing.delete(key);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.#dirty.add(key);
      this.#fail(key, error);
    }
  }

  #fail(key: string, error: SyncError): void {
    if (this.#failing.size === 0) this.#options.failed?.(error);
    this.#failing.add(key);
  }
}
