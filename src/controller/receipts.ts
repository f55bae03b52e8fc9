// Which northbound revisions the switch has, tenant by tenant: one is acknowledged when all flows that came of it, and of what came
// before it, are there, and what it took away is gone.
import type { FlowTable } from '../flow/table.js';
import type { CommitReport } from './installer.js';

/** A revision that was seen. */
interface Pending {
  readonly revision: number;
  readonly sinceMs: number;
  /** The first round that had something of it, and the one that brought the last of it to the table. */
  first: number | undefined;
  round: number | undefined;
}

/** Above this many changes between two acknowledgements the oldest are merged. */
const pendingLimit = 1000;

const nothingDone = { added: 0, changed: 0, removed: 0, refused: 0 };

/** The receipts of one chassis. */
export class Receipts {
  readonly #table: Pick<FlowTable, 'removalsDue'>;
  readonly #nowMs: () => number;
  readonly #acknowledge: (tenant: string, revision: number, report: CommitReport) => void;
  /** By tenant, revisions that the switch has not acknowledged. */
  readonly #pending = new Map<string, Pending[]>();
  /** By tenant, the first revision that has not been told completely. */
  readonly #withheld = new Map<string, number>();
  #sum = { ...nothingDone };

  constructor(
    table: Pick<FlowTable, 'removalsDue'>,
    nowMs: () => number,
    acknowledge: (tenant: string, revision: number, report: CommitReport) => void,
  ) {
    this.#table = table;
    this.#nowMs = nowMs;
    this.#acknowledge = acknowledge;
  }

  /** Everything of a tenant up to a revision has come. */
  reached(tenant: string, revision: number): void {
    // What was committed before any revision was waiting has nothing to do with those that come now.
    if (this.#pending.size === 0) this.#sum = { ...nothingDone };
    const pending = this.#pending.get(tenant) ?? [];
    if (pending.length === 0) this.#pending.set(tenant, pending);
    const merged = pending.length >= pendingLimit ? pending.shift() : undefined;
    if (merged !== undefined && pending[0] !== undefined) pending[0].first = merged.first;
    pending.push({ revision, sinceMs: this.#nowMs(), first: undefined, round: undefined });
  }

  /** Nothing of a tenant from this revision on is complete, and none of it is acknowledged; undefined: all that was seen is. */
  withhold(tenant: string, revision: number | undefined): void {
    if (revision === undefined) this.#withheld.delete(tenant);
    else this.#withheld.set(tenant, revision);
  }

  /** Nobody waits for a tenant any more. */
  forget(tenant: string): void {
    this.#pending.delete(tenant);
  }

  /** Everything seen so far is in the table as of this round, but for tenants that are unanswered: flows of theirs are still to come. */
  round(round: number, isUnanswered: (tenant: string) => boolean): void {
    for (const [tenant, pending] of this.#pending) {
      const limit = isUnanswered(tenant) ? 0 : (this.#withheld.get(tenant) ?? Infinity);
      for (const entry of pending) {
        entry.first ??= round;
        if (entry.revision < limit) entry.round ??= round;
      }
    }
  }

  /** The switch took a batch. */
  committed(report: CommitReport): void {
    for (const key of ['added', 'changed', 'removed', 'refused'] as const) this.#sum[key] += report[key];
  }

  /** Everything up to a round is on the switch. */
  acknowledged(acknowledged: number): void {
    if (this.#pending.size === 0) return;
    const removals = [...this.#table.removalsDue()];
    const isDone = ({ first = 0, round = Infinity }: Pending): boolean =>
      round <= acknowledged && !removals.some((due) => due === 0 || (first <= due && due <= round));
    for (const [tenant, pending] of this.#pending) {
      const open = pending.findIndex((entry) => !isDone(entry));
      const done = open < 0 ? pending : pending.slice(0, open);
      const [first] = done;
      if (first === undefined) continue;
      this.#pending.set(tenant, pending.slice(done.length));
      if (pending.length === done.length) this.#pending.delete(tenant);
      const newest = Math.max(...done.map(({ revision }) => revision)); // what was withheld comes after what is newer
      this.#acknowledge(tenant, newest, { ...this.#sum, tookMs: this.#nowMs() - first.sinceMs });
      this.#sum = { ...nothingDone };
    }
  }
}
