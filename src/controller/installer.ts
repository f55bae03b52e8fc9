// Keeps one switch equal to one flow table: dump, difference, bundle, barrier; again whenever either has changed.
import type { Logger } from 'pino';
import type { Batch } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import { Audits } from './audits.js';
import { Drift } from './drift.js';
import { Pace } from './pace.js';
import { commit } from '../switch/commit.js';
import type { Session } from '../switch/session.js';
import { pause, slice } from '../turns/slices.js';

/** Messages that are taken from the table at a time. */
const batchLength = 2000;
/** The most messages of a bundle: while it is committed, for about 2 µs per flow, ovs-vswitchd does nothing else. */
const longestBundle = 5000;
/** Messages per bundle. After a commit ovs-vswitchd visits all ports of the bridge, for about 3 µs each: the more there are, the more flows go together. */
export const bundleLength = (ports: number): number => Math.min(longestBundle, Math.max(batchLength, 2 * ports));
/** How long a refused flow rests before it is tried again, in milliseconds. */
const retryMs = 30_000;
/** How many are tried again together: each may cost a bundle, of about 1 ms, for which everything else waits. */
const retryLength = 100;

/** How long to wait before starting again after something went wrong. */
const againMs = 1000;

/** One commit as it went. */
export interface CommitReport {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly refused: number;
  readonly tookMs: number;
}

const nothingSent: CommitReport = { added: 0, changed: 0, removed: 0, refused: 0, tookMs: 0 };

/** What the installer tells its chassis. */
export interface InstallerEvents {
  /** Something is on the switch, or refused, that was not before. */
  readonly progressed: (report: CommitReport) => void;
}

/** The installer of one chassis; it outlives its sessions. */
export class Installer {
  readonly #table: FlowTable;
  readonly #repair: boolean;
  readonly #events: InstallerEvents;
  readonly #log: Logger;
  readonly drift: Drift;
  readonly pace: Pace;
  #session: Session | undefined;
  #wake: (() => void) | undefined;
  /** When what was refused first will have rested; Infinity: nothing is refused. */
  #retryAt = Infinity;
  /** Flow and group messages sent since the process started. */
  sent = 0;

  constructor(table: FlowTable, repair: boolean, events: InstallerEvents, log: Logger) {
    this.#table = table;
    this.#repair = repair;
    this.#events = events;
    this.#log = log;
    this.drift = new Drift(table, log);
    this.pace = new Pace(log);
  }

  /** A switch is connected: read what it holds, then keep it as wanted until the connection ends. */
  attach(session: Session): void {
    this.#session = session;
    void this.#keepServing(session);
  }

  /** The connection is over. */
  detach(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    this.kick();
  }

  /** The table may have something to send. */
  kick(): void {
    this.#wake?.();
  }

  /** Whatever goes wrong while the connection lives, we start again from what the switch says it holds. */
  async #keepServing(session: Session): Promise<void> {
    const audits = this.#auditsOf(session);
    while (this.#session === session && !isOver(session)) {
      try {
        await this.#serve(session, audits);
      } catch (error) {
        if (isOver(session)) return;
        this.#log.warn({ err: error }, 'installing flows failed; starting again from a dump');
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
  }

  #auditsOf(session: Session): Audits {
    return new Audits(session, {
      table: this.#table,
      drift: this.drift,
      repair: this.#repair,
      log: this.#log,
      isOver: () => this.#session !== session || isOver(session),
      due: () => {
        this.kick();
      },
      found: () => {
        this.#events.progressed(nothingSent);
      },
    });
  }

  async #serve(session: Session, audits: Audits): Promise<void> {
    await audits.load();
    while (this.#session === session && !isOver(session)) {
      await audits.observe();
      const batches = await this.#gather(session);
      if (this.#session !== session) return;
      if (batches.length > 0) await this.#commit(session, batches);
      else {
        this.pace.caughtUp();
        await this.#news(session, audits);
      }
    }
  }

  /** What the next bundle is made of. */
  async #gather(session: Session): Promise<Batch[]> {
    const batches: Batch[] = [];
    const limit = bundleLength(session.ports.size);
    let isEnough = slice();
    for (let length = 0; length < limit && this.#session === session;) {
      const batch = this.#table.next(Math.min(batchLength, limit - length));
      if (batch === undefined) break;
      batches.push(batch);
      length += batch.changes.length;
      if (!isEnough()) continue;
      await pause();
      isEnough = slice();
    }
    return batches;
  }

  async #commit(session: Session, batches: readonly Batch[]): Promise<void> {
    const changes = batches.flatMap((batch) => batch.changes);
    this.sent += changes.length;
    const frames = changes.map((change) => change.frame);
    const wishes = changes.map((change) => change.wish);
    const result = await this.pace.during(session, commit(session, frames, wishes));
    if (this.#session !== session) return;
    this.drift.crossed(changes.map((change) => change.identity));
    const refused = new Map(
      result.kind === 'partly'
        ? result.refused.map(({ index, name, sentence }) => [index, `${name}: ${sentence}`] as const)
        : [],
    );
    const nowMs = session.nowMs();
    let first = 0;
    for (const batch of batches) {
      this.#table.committed(batch, ofBatch(refused, first, batch.changes.length), nowMs);
      first += batch.changes.length;
    }
    if (refused.size > 0) this.#retryAt = Math.min(this.#retryAt, nowMs + retryMs);
    const count = (kind: string) =>
      changes.filter((change, index) => change.kind === kind && !refused.has(index)).length;
    const report = {
      added: count('add'),
      changed: count('change'),
      removed: count('remove'),
      refused: refused.size,
      tookMs: result.tookMs,
    };
    this.#log.debug(report, 'committed');
    this.#events.progressed(report);
  }

  /**
   * Resolves when there may be something to do: the table changed, the session ended, others changed something, refused
   * flows have rested, an audit is due.
   */
  #news(session: Session, audits: Audits): Promise<unknown> {
    return new Promise<void>((resolve) => {
      const dueMs = Math.min(audits.dueMs, this.#retryAt);
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        const nowMs = session.nowMs();
        if (nowMs >= this.#retryAt) this.#retryAt = this.#table.retry(nowMs - retryMs, retryLength) + retryMs;
        resolve();
      };
      const timer = dueMs === Infinity ? undefined : setTimeout(wake, Math.max(0, dueMs - session.nowMs()) + 1);
      this.#wake = wake;
    });
  }
}

/** Whether a session has ended by now; a call, because waiting may have changed it. */
const isOver = (session: Session): boolean => session.ended !== undefined;

/** Of what was refused of several batches, what is of the one that begins at an index, by its own indexes. */
const ofBatch = (refused: ReadonlyMap<number, string>, first: number, length: number): Map<number, string> =>
  new Map(
    [...refused]
      .filter(([index]) => index >= first && index < first + length)
      .map(([index, reason]) => [index - first, reason]),
  );
