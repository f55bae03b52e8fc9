// Facts from outside, by key: where the incremental graph begins.
import { Cell, type Equal, type Keeper } from './cell.js';
import type { Members } from './members.js';

/** Values set from outside, by key; whoever reads a key, present or not, is told when it changes. */
export class Input<K, V> implements Members<K> {
  readonly #graph: Keeper;
  readonly #equal: Equal<V>;
  readonly #cells = new Map<K, Cell<V | undefined>>();
  readonly #present = new Set<K>();
  readonly #watchers: ((member: K) => void)[] = [];

  constructor(graph: Keeper, equal: Equal<V>) {
    this.#graph = graph;
    this.#equal = equal;
  }

  /** The value at a key, recorded as read. */
  get(key: K): V | undefined {
    return this.#graph.read(this.#cell(key));
  }

  /** Sets or, with undefined, removes the value at a key. */
  set(key: K, value: V | undefined): void {
    const was = this.#present.has(key);
    const is = value !== undefined;
    if (!was && !is) return;
    if (is) this.#present.add(key);
    else this.#present.delete(key);
    const cell = this.#cell(key);
    this.#graph.assign(cell, value);
    if (!is && (cell.observers === undefined || cell.observers.size === 0)) this.#cells.delete(key);
    if (was !== is) for (const watcher of this.#watchers) watcher(key);
  }

  /** The value at a key, without recording the read. */
  peek(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  members(): Iterable<K> {
    return this.#present;
  }

  present(key: K): boolean {
    return this.#present.has(key);
  }

  watch(changed: (member: K) => void): void {
    this.#watchers.push(changed);
  }

  #cell(key: K): Cell<V | undefined> {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      const equal: Equal<V | undefined> = (a, b) => a !== undefined && b !== undefined && this.#equal(a, b);
      cell = new Cell<V | undefined>(equal, undefined, undefined, () => {
        if (!this.#present.has(key)) this.#cells.delete(key);
      });
      this.#cells.set(key, cell);
    }
    return cell;
  }
}
