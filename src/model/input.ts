// Facts from outside, by key: where the incremental graph begins.
import { Cell, type CellKind, type Equal, isObserved, type Keeper } from './cell.js';
import { Filter } from './filter.js';
import type { Members } from './members.js';

/** Values set from outside, by key; whoever reads a key, present or not, is told when it changes. */
export class Input<K, V> implements Members<K> {
  readonly #graph: Keeper;
  readonly #kind: CellKind<K, V | undefined>;
  /** Of keys that have a value, and of those that are read although they have none. */
  readonly #cells = new Map<K, Cell<K, V | undefined>>();
  readonly #watchers: ((member: K) => void)[] = [];
  readonly #filters: ((key: K, value: V | undefined) => void)[] = [];

  constructor(graph: Keeper, equal: Equal<V>) {
    this.#graph = graph;
    this.#kind = {
      equal: (a, b) => a !== undefined && b !== undefined && equal(a, b),
      unread: (key) => {
        if (!this.present(key)) this.#cells.delete(key);
      },
    };
  }

  /** The value at a key, recorded as read. */
  get(key: K): V | undefined {
    return this.#graph.read(this.#cell(key));
  }

  /** Sets or, with undefined, removes the value at a key. */
  set(key: K, value: V | undefined): void {
    const was = this.present(key);
    const is = value !== undefined;
    if (!was && !is) return;
    const cell = this.#cell(key);
    this.#graph.assign(cell, value);
    if (!is && !isObserved(cell)) this.#cells.delete(key);
    if (was !== is) for (const watcher of this.#watchers) watcher(key);
    for (const filter of this.#filters) filter(key, value);
  }

  /** The value at a key, without recording the read. */
  peek(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  *members(): Iterable<K> {
    for (const [key, { value }] of this.#cells) if (value !== undefined) yield key;
  }

  present(key: K): boolean {
    return this.peek(key) !== undefined;
  }

  watch(changed: (member: K) => void): void {
    this.#watchers.push(changed);
  }

  /** The keys whose value passes a test of itself alone: where few do, an index over them costs the others nothing. */
  where(test: (value: V) => boolean): Members<K> {
    const among = new Filter<K>();
    const note = (key: K, value: V | undefined): void => {
      among.note(key, value !== undefined && test(value));
    };
    for (const key of this.members()) note(key, this.peek(key));
    this.#filters.push(note);
    return among;
  }

  #cell(key: K): Cell<K, V | undefined> {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = new Cell(this.#kind, key);
      this.#cells.set(key, cell);
    }
    return cell;
  }
}
