// Values that keep themselves true. Inputs are set from outside; queries are pure functions that record what they read; when an
// input changes, exactly the queries whose *answers* changed run again. Recomputing everything is the definition of correct:
// after any history the values are those of a fresh graph with the same inputs.
//
//   Input ──read by──> query ──read by──> each (one run per member) ──changed()──> outside, or a Relation (an index) ──> ...

import { Cell, check, clean, dirty, type Equal, type Keeper, mark, type State } from './cell.js';
import { Effects, type Stage } from './effects.js';
import { Input } from './input.js';
import type { Members } from './members.js';
import { Relation } from './relation.js';

/** The keeper of one set of inputs, queries and relations. */
export class Graph implements Keeper {
  /** Told of a mistake of ours in an index, which then keeps what it had for that member. Throws unless somebody listens. */
  failed: (what: string, error: unknown) => void = (what, error) => {
    throw new Error(`${what} failed`, { cause: error });
  };
  #reader: Cell<unknown> | undefined;
  #reads: Cell<unknown>[] = [];
  readonly #stages: Stage[] = [];
  readonly #unread = new Set<Cell<unknown>>();

  /** A map of values set from outside. Setting an equal value changes nothing; undefined removes. */
  input<K, V>(equal: Equal<V> = Object.is): Input<K, V> {
    return new Input<K, V>(this, equal);
  }

  /** A pure function of a key, remembered until something that it read has another value. */
  query<K, V>(compute: (key: K) => V, equal: Equal<V> = Object.is): (key: K) => V {
    const cells = new Map<K, Cell<V>>();
    return (key) => {
      let cell = cells.get(key);
      if (cell === undefined) {
        cell = new Cell<V>(
          equal,
          () => compute(key),
          undefined,
          () => cells.delete(key),
        );
        cells.set(key, cell);
      }
      return this.read(cell);
    };
  }

  /** Runs `compute` for each member, again whenever something it read changed, and tells what came of it; undefined means gone. */
  each<M, V>(
    members: Members<M>,
    compute: (member: M) => V,
    changed: (member: M, now: V | undefined, before: V | undefined) => void,
    failed: (member: M, error: unknown) => void,
  ): void {
    this.#stages.push(new Effects(this, members, compute, changed, failed));
  }

  /** An index: each member's `entries` as key -> counted values, kept by differences, never by scanning. */
  relation<M, K, V>(members: Members<M>, entries: (member: M) => readonly (readonly [K, V])[]): Relation<K, V> {
    const relation = new Relation<K, V>(this);
    this.each(
      members,
      entries,
      (_, now, before) => {
        relation.replace(before ?? [], now ?? []);
      },
      (member, error) => {
        this.failed(`an index, for ${String(member)}`, error);
      },
    );
    return relation;
  }

  /** Brings every `each` up to date, earlier ones first, until nothing is left to do. */
  flush(): void {
    for (;;) {
      const stage = this.#stages.find((candidate) => candidate.waiting());
      if (stage === undefined) break;
      stage.run();
    }
    this.#forget();
  }

  /** The value of a cell, recorded as read by whoever is computing. */
  read<V>(cell: Cell<V>): V {
    if (this.#reader !== undefined) this.#reads.push(cell as Cell<unknown>);
    else if (cell.observers === undefined || cell.observers.size === 0) this.#unread.add(cell as Cell<unknown>);
    if (cell.state !== clean) this.refresh(cell);
    if (cell.failure !== undefined) throw cell.failure.error;
    return cell.value as V; // clean: it has been set or computed
  }

  /** Sets the value of an input's cell and marks whatever depends on it. */
  assign<V>(cell: Cell<V>, value: V): void {
    if (cell.value !== undefined && cell.equal(cell.value, value)) return;
    if (Object.is(cell.value, value)) return;
    cell.value = value;
    for (const observer of cell.observers ?? []) mark(observer, dirty);
  }

  /** Makes a cell's value true again, running it only if an answer that it read has changed. */
  refresh<V>(cell: Cell<V>): void {
    if (cell.state === check)
      for (const source of cell.sources) {
        if (source.state !== clean) this.refresh(source);
        if ((cell.state as State) === dirty) break;
      }
    if (cell.state === dirty && cell.compute !== undefined) this.#recompute(cell, cell.compute);
    cell.state = clean;
  }

  /** Unlinks a cell for good. */
  dispose(cell: Cell<unknown>): void {
    for (const source of cell.sources) this.#unlink(source, cell);
    cell.sources = [];
  }

  #recompute<V>(cell: Cell<V>, compute: () => V): void {
    const [outerReader, outerReads] = [this.#reader, this.#reads];
    this.#reader = cell as Cell<unknown>;
    this.#reads = [];
    let value: V | undefined;
    let failure: Cell<V>['failure'];
    try {
      value = compute();
    } catch (error) {
      failure = { error };
    }
    const reads = this.#reads;
    this.#reader = outerReader;
    this.#reads = outerReads;
    this.#link(cell as Cell<unknown>, reads);
    const same =
      failure === undefined &&
      cell.failure === undefined &&
      cell.value !== undefined &&
      value !== undefined &&
      cell.equal(cell.value, value);
    if (same || (failure === undefined && cell.failure === undefined && Object.is(cell.value, value))) return;
    cell.value = value;
    cell.failure = failure;
    for (const observer of cell.observers ?? []) observer.state = dirty;
  }

  #link(cell: Cell<unknown>, reads: readonly Cell<unknown>[]): void {
    const before = cell.sources;
    const now = new Set(reads);
    cell.sources = [...now];
    for (const source of now) (source.observers ??= new Set()).add(cell);
    for (const source of before) if (!now.has(source)) this.#unlink(source, cell);
  }

  #unlink(source: Cell<unknown>, cell: Cell<unknown>): void {
    source.observers?.delete(cell);
    if (source.observers?.size === 0) this.#unread.add(source);
  }

  #forget(): void {
    for (const cell of this.#unread) {
      this.#unread.delete(cell); // a Set may grow while it is walked: what this orphans is visited too
      if (cell.observers !== undefined && cell.observers.size > 0) continue;
      if (cell.unread === undefined) continue;
      this.dispose(cell);
      cell.unread();
    }
  }
}
