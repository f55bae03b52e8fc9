// Values that keep themselves true. Inputs are set from outside; queries are pure functions that record what they read; when an
// input changes, exactly the queries whose *answers* changed run again. Recomputing everything is the definition of correct:
// after any history the values are those of a fresh graph with the same inputs.
//
//   Input ──read by──> query ──read by──> each (one run per member) ──changed()──> outside, or a Relation (an index) ──> ...

import {
  type AnyCell,
  Cell,
  type CellKind,
  check,
  clean,
  dirty,
  eachObserver,
  type Equal,
  isObserved,
  type Keeper,
  markDirty,
  observe,
  type State,
  unobserve,
} from './cell.js';
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
  #reader: AnyCell | undefined;
  #reads: AnyCell[] = [];
  readonly #stages: Stage[] = [];
  readonly #unread = new Set<AnyCell>();

  /** A map of values set from outside. Setting an equal value changes nothing; undefined removes. */
  input<K, V>(equal: Equal<V> = Object.is): Input<K, V> {
    return new Input<K, V>(this, equal);
  }

  /** A pure function of a key, remembered until something that it read has another value. */
  query<K, V>(compute: (key: K) => V, equal: Equal<V> = Object.is): (key: K) => V {
    const cells = new Map<K, Cell<K, V>>();
    const kind: CellKind<K, V> = { equal, compute, unread: (key) => cells.delete(key) };
    return (key) => {
      let cell = cells.get(key);
      if (cell === undefined) {
        cell = new Cell(kind, key);
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
    failed = (member: M, error: unknown): void => {
      this.failed(`an index, for ${String(member)}`, error);
    },
  ): void {
    this.#stages.push(new Effects(this, members, compute, changed, failed));
  }

  /** An index: each member's `entries` as key -> counted values, kept by differences, never by scanning. */
  relation<M, K, V>(members: Members<M>, entries: (member: M) => readonly (readonly [K, V])[]): Relation<K, V> {
    const relation = new Relation<K, V>(this);
    this.each(members, entries, (_, now, before) => {
      relation.replace(before ?? [], now ?? []);
    });
    return relation;
  }

  /**
   * Brings every `each` up to date, earlier ones first, until nothing is left to do or `isEnough` says so after one of many
   * small steps. Tells whether all is done.
   */
  flush(isEnough = (): boolean => false): boolean {
    for (;;) {
      const stage = this.#stages.find((candidate) => candidate.waiting());
      if (stage === undefined) break;
      stage.run(isEnough);
      if (isEnough()) return this.#stages.every((candidate) => !candidate.waiting());
    }
    this.#forget();
    return true;
  }

  /** The value of a cell, recorded as read by whoever is computing. */
  read<K, V>(cell: Cell<K, V>): V {
    if (this.#reader === undefined) this.#forgetLater(cell);
    else if (!isAmong(cell, this.#reads)) this.#reads.push(cell);
    if (cell.state !== clean) this.refresh(cell);
    if (cell.failure !== undefined) throw cell.failure.error;
    return cell.value as V; // clean: it has been set or computed
  }

  /** Sets the value of an input's cell and marks whatever depends on it. */
  assign<K, V>(cell: Cell<K, V>, value: V): void {
    if (cell.value !== undefined && cell.kind.equal(cell.value, value)) return;
    if (Object.is(cell.value, value)) return;
    cell.value = value;
    eachObserver(cell, markDirty);
  }

  /** Makes a cell's value true again, running it only if an answer that it read has changed. */
  refresh<K, V>(cell: Cell<K, V>): void {
    if (cell.state === check)
      for (const source of cell.sources) {
        if (source.state !== clean) this.refresh(source);
        if ((cell.state as State) === dirty) break;
      }
    if (cell.state === dirty) this.#recompute(cell);
    cell.state = clean;
  }

  /** Unlinks a cell for good. */
  dispose(cell: AnyCell): void {
    for (const source of cell.sources) this.#unlink(source, cell);
    cell.sources = [];
  }

  #recompute<K, V>(cell: Cell<K, V>): void {
    const outerReader = this.#reader;
    const outerReads = this.#reads;
    this.#reader = cell;
    this.#reads = [];
    let value: V | undefined;
    let failure: Cell<K, V>['failure'];
    try {
      value = cell.kind.compute?.(cell.key);
    } catch (error) {
      failure = { error };
    }
    this.#link(cell, this.#reads);
    this.#reader = outerReader;
    this.#reads = outerReads;
    if (failure === undefined && cell.failure === undefined && isSame(cell, value)) return;
    cell.value = value;
    cell.failure = failure;
    eachObserver(cell, (observer) => {
      observer.state = dirty;
    });
  }

  /** Has a cell depend on what it read, and on nothing else. */
  #link(cell: AnyCell, reads: readonly AnyCell[]): void {
    const before = cell.sources;
    if (before.length === reads.length && before.every((source, i) => source === reads[i])) return;
    const now = reads.length > fewReads ? [...new Set(reads)] : reads.slice(); // a copy has no room to grow
    cell.sources = now;
    if (before.length === 0) {
      for (const source of now) observe(source, cell);
      return;
    }
    const [was, stay] = [new Set(before), new Set(now)];
    for (const source of now) if (!was.has(source)) observe(source, cell);
    for (const source of before) if (!stay.has(source)) this.#unlink(source, cell);
  }

  #unlink(source: AnyCell, cell: AnyCell): void {
    unobserve(source, cell);
    this.#forgetLater(source);
  }

  #forgetLater(cell: AnyCell): void {
    if (!isObserved(cell)) this.#unread.add(cell);
  }

  #forget(): void {
    for (const cell of this.#unread) {
      this.#unread.delete(cell); // a Set may grow while it is walked: what this orphans is visited too
      if (isObserved(cell)) continue;
      if (cell.kind.unread === undefined) continue;
      this.dispose(cell);
      cell.kind.unread(cell.key);
    }
  }
}

/** Up to so many reads are kept apart by looking at each; beyond it that would take longer than a Set. */
const fewReads = 8;

const isAmong = (cell: AnyCell, reads: readonly AnyCell[]): boolean =>
  reads.length <= fewReads ? reads.includes(cell) : reads[reads.length - 1] === cell;

const isSame = <K, V>({ value, kind }: Cell<K, V>, now: V | undefined): boolean =>
  Object.is(value, now) || (value !== undefined && now !== undefined && kind.equal(value, now));
