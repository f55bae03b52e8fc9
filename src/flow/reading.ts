// One reading of a switch: what it says it holds, as it comes, against what the table believes meanwhile. Changes go on during it,
// so what the switch says of an identity counts only if nothing else was heard of it, or sent, since the switch was asked.
import type { DumpedFlow, DumpedGroup } from './batch.js';
import { type Found, heldGroups, seenFlow } from './dumped.js';
import { isFlow } from './item.js';
import { foreign, type Row, tampered } from './row.js';
import type { Rows } from './rows.js';

/** What is read: all flows and groups, also for the first time (`first`), when nothing is sent meanwhile, or the groups alone. */
export type Scope = 'first' | 'all' | 'groups';

/** What a reading came to. */
export interface Outcome {
  readonly found: Found;
  /** What the switch has to be told because of it: by identity what it holds, undefined for nothing. */
  readonly due: ReadonlyMap<string, number | undefined>;
}

/** One reading; it has to begin before the switch is asked. */
export class Reading {
  readonly #rows: Rows;
  readonly #observe: (identity: string, content: number | undefined) => boolean;
  readonly #scope: Scope;
  readonly #found: Found = { ours: 0, foreign: 0, changedByOthers: 0 };
  /** Of what the table knows, that of which the switch has told. */
  readonly #seen = new Set<Row>();
  /** What is not as the table believed when it was told. */
  readonly #different = new Map<string, number | undefined>();
  /** What was sent or heard of since the switch was asked. */
  readonly #crossed = new Set<string>();
  #isOver = false;

  constructor(rows: Rows, observe: (identity: string, content: number | undefined) => boolean, scope: Scope) {
    this.#rows = rows;
    this.#observe = observe;
    this.#scope = scope;
  }

  /** Something was sent, or was heard of: what the switch says of it may be older, or newer. */
  crossed(identity: string): void {
    this.#crossed.add(identity);
  }

  /** The switch says that it holds a flow. */
  flow(flow: DumpedFlow): void {
    if (this.#isOver) return;
    const { identity, content } = seenFlow(flow);
    if (content === undefined) return;
    this.#found[content === foreign ? 'foreign' : 'ours']++;
    if (content === tampered) this.#found.changedByOthers++;
    this.#holds(identity, content);
  }

  /**
   * The switch has told of all its flows, and these are its groups, which it was asked for after the flows. In small steps: has `observe`
   * told what is not as the table believes. Groups come first, without which the switch takes no flow that uses them.
   */
  *conclude(groups: Iterable<DumpedGroup>): Generator<void, Outcome> {
    for (const [identity, hash] of yield* heldGroups(groups)) {
      this.#found.ours++;
      this.#holds(identity, hash);
    }
    const rows = this.#scope === 'groups' ? this.#rows.groups() : this.#rows.entries();
    for (const [identity, row] of rows) {
      yield;
      if (row.installed !== undefined && !this.#seen.has(row)) this.#different.set(identity, undefined);
    }
    for (const isNext of [(identity: string) => !isFlow(identity), isFlow])
      for (const [identity, content] of this.#different) {
        yield;
        if (!isNext(identity)) continue;
        const isDue = !this.#isOver && !this.#crossed.has(identity) && this.#observe(identity, content);
        if (!isDue) this.#different.delete(identity);
      }
    return { found: this.#found, due: this.#different };
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#isOver = true;
  }

  #holds(identity: string, content: number): void {
    const isFirst = this.#scope === 'first';
    const row = isFirst ? this.#rows.at(identity) : this.#rows.find(identity);
    if (row !== undefined) this.#seen.add(row);
    const isNews = row?.installed !== content || row.refused !== undefined;
    if (!isNews)
      this.#different.delete(identity); // it may be told twice
    else if (isFirst) this.#observe(identity, content);
    else this.#different.set(identity, content);
  }
}
