// What a switch holds, as far as we can know: all of it is read when it is connected, before anything is sent; from then on it tells
// what others change, and is read again now and then, while our changes go on.
import type { Logger } from 'pino';
import type { Outcome, Reading, Scope } from '../flow/reading.js';
import type { FlowTable } from '../flow/table.js';
import type { FlowCursor } from '../ofp/index.js';
import { type FlowChange, watchFlows } from '../switch/flow-watch.js';
import { eachFlowInPieces } from '../switch/pieces.js';
import type { Session } from '../switch/session.js';
import { inSlices } from '../turns/slices.js';
import type { Drift } from './drift.js';

/**
 * How often the switch is read again, to find what others have changed: its groups, of which a flow monitor tells nothing, and all
 * of it where the switch has no flow monitor. A large table is read less often, for a hundredth of the time.
 */
const auditMs = 10_000;
const auditShare = 100;
/** How much less often all of it is read while a flow monitor tells of changes. */
const watchedFactor = 6;
/** Where the monitor has left changes out, all of it is read as soon as this many times the last reading has passed. */
const soonestShare = 10;

/** What the readings of a session work on, and whom they tell. */
export interface AuditParts {
  readonly table: FlowTable;
  readonly drift: Drift;
  /** Whether to look for what others change. */
  readonly repair: boolean;
  readonly log: Logger;
  /** Whether another session, or none, is the table's by now. */
  readonly isOver: () => boolean;
  /** `dueMs` is another. */
  readonly due: () => void;
  /** The table knows more of the switch. */
  readonly found: () => void;
}

/** The readings of one session. */
export class Audits {
  readonly #session: Session;
  readonly #parts: AuditParts;
  /** Whether the switch tells what others change. */
  #isWatched = false;
  /** Whether it has left changes out since the last audit of all began. */
  #hasMissed = false;
  #isAuditing = false;
  /** When all of it was read last, and how long that took. */
  #all = { atMs: -Infinity, tookMs: 0 };
  #groupsAtMs = -Infinity;

  constructor(session: Session, parts: AuditParts) {
    this.#session = session;
    this.#parts = parts;
    if (parts.repair) void this.#watch();
  }

  /** When `observe` has something to do; Infinity: that will be said. */
  get dueMs(): number {
    return Math.min(this.#auditDueMs, this.#parts.drift.dueMs);
  }

  /** Takes over what the switch says it holds. */
  async load(): Promise<void> {
    const { drift, table, log, found } = this.#parts;
    drift.forget();
    const outcome = await this.#read(table.load(), 'first');
    if (this.#parts.isOver()) return;
    log.info({ ...outcome.found, ...table.counts() }, 'read the flows of the switch');
    found();
  }

  /** Takes note of what others have changed, while no commit is under way. An audit that is due goes on beside what follows. */
  async observe(): Promise<void> {
    const { drift } = this.#parts;
    const isAuditDue = this.#nowMs >= this.#auditDueMs;
    if (!isAuditDue && this.#nowMs < drift.dueMs) return;
    if (drift.hasLostGroups) await this.#readLostGroups();
    if (drift.hasLostGroups || this.#parts.isOver()) return;
    if (drift.tell(this.#nowMs)) this.#parts.found();
    if (isAuditDue) void this.#audit(this.#nowMs >= this.#allDueMs ? 'all' : 'groups');
  }

  /** Has the switch tell what others do to its flows, from now on: the first dump comes later. */
  async #watch(): Promise<void> {
    const { drift, isOver, due } = this.#parts;
    const changed = (changes: readonly FlowChange[]): void => {
      if (isOver()) return;
      drift.hear(changes);
      due();
    };
    const missed = (): void => {
      this.#hasMissed = true;
      due();
    };
    this.#isWatched = await watchFlows(this.#session, { changed, missed }).catch(() => false);
  }

  get #nowMs(): number {
    return this.#session.nowMs();
  }

  /** When all of it is to be read again. */
  get #allDueMs(): number {
    const { atMs, tookMs } = this.#all;
    if (this.#hasMissed) return atMs + soonestShare * tookMs;
    return atMs + (this.#isWatched ? watchedFactor : 1) * Math.max(auditMs, auditShare * tookMs);
  }

  /** When anything is to be read again; Infinity while it is. */
  get #auditDueMs(): number {
    if (!this.#parts.repair || this.#isAuditing) return Infinity;
    return Math.min(this.#allDueMs, this.#groupsAtMs + auditMs);
  }

  async #audit(scope: Exclude<Scope, 'first'>): Promise<void> {
    const { drift, table, log, isOver, due } = this.#parts;
    this.#isAuditing = true;
    if (scope === 'all') this.#hasMissed = false;
    try {
      const outcome = await this.#read(table.read(scope), scope);
      if (isOver()) return;
      if (scope === 'groups') drift.groups(outcome.due, this.#nowMs);
      else drift.dumped(outcome.due.size);
      if (outcome.due.size > 0) this.#parts.found();
    } catch (error) {
      if (!isOver()) log.warn({ err: error }, 'the switch could not be read again');
    } finally {
      this.#isAuditing = false;
      due();
    }
  }

  /** Flows went with their groups, without which they cannot come back. */
  async #readLostGroups(): Promise<void> {
    const { drift, table, isOver, found } = this.#parts;
    drift.hasLostGroups = false;
    const { due } = await this.#read(table.read('groups'), 'groups');
    if (isOver()) return;
    drift.groups(due, this.#nowMs);
    if (due.size > 0) found();
  }

  /** Asks the switch what it holds, and compares. */
  async #read(reading: Reading, scope: Scope): Promise<Outcome> {
    const { table } = this.#parts;
    const startedMs = this.#nowMs;
    try {
      if (scope !== 'groups') await this.#eachFlow(reading, scope);
      const groups = await this.#session.groups();
      return await inSlices(table.finish(reading, groups));
    } finally {
      table.drop(reading);
      const atMs = (this.#groupsAtMs = this.#nowMs);
      if (scope !== 'groups') this.#all = { atMs, tookMs: atMs - startedMs };
    }
  }

  /** For the first time all at once, because nothing is to be sent before. */
  #eachFlow(reading: Reading, scope: Scope): Promise<void> {
    const take = (flow: FlowCursor): void => {
      reading.flow(flow);
    };
    return scope === 'first' ? this.#session.eachFlow(take) : eachFlowInPieces(this.#session, take);
  }
}
