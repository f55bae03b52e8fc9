// Indexes that are kept by differences and counts: the N-th entry costs what the second does.
import { Cell, type CellKind, type Keeper } from './cell.js';
import type { Members } from './members.js';

/** An index from keys to counted values; its keys are members in their turn. */
export class Relation<K, V> implements Members<K> {
  readonly #graph: Keeper;
  readonly #counts = new Map<K, Map<V, number>>();
  readonly #versions = new Map<K, Cell<K, number>>();
  readonly #kind: CellKind<K, number> = { equal: Object.is, unread: (key) => this.#versions.delete(key) };
  readonly #nothing: ReadonlyMap<V, number> = new Map<V, number>();
  readonly #watchers: ((member: K) => void)[] = [];
  #version = 0;
  readonly #presences = new Map<K, Cell<K, boolean>>();
  readonly #presenceKind: CellKind<K, boolean> = { equal: Object.is, unread: (key) => this.#presences.delete(key) };

  constructor(graph: Keeper) {
    this.#graph = graph;
  }

  /** Whether a key has any value, recorded as read: with the first and the last only whoever asked has to look again. */
  has(key: K): boolean {
    let cell = this.#presences.get(key);
    if (cell === undefined) {
      cell = new Cell(this.#presenceKind, key);
      cell.value = this.#counts.has(key);
      this.#presences.set(key, cell);
    }
    return this.#graph.read(cell);
  }

  /** The values at a key with their counts, recorded as read: it changes when a value comes or goes. A live view: use it at once. */
  at(key: K): ReadonlyMap<V, number> {
    let cell = this.#versions.get(key);
    if (cell === undefined) {
      cell = new Cell(this.#kind, key);
      cell.value = this.#version;
      this.#versions.set(key, cell);
    }
    this.#graph.read(cell);
    return this.#counts.get(key) ?? this.#nothing;
  }

  members(): Iterable<K> {
    return this.#counts.keys();
  }

  present(key: K): boolean {
    return this.#counts.has(key);
  }

  watch(changed: (member: K) => void): void {
    this.#watchers.push(changed);
  }

  /** Takes one member's old entries out and its new ones in. */
  replace(before: readonly (readonly [K, V])[], now: readonly (readonly [K, V])[]): void {
    for (const [key, value] of now) this.#count(key, value, 1);
    for (const [key, value] of before) this.#count(key, value, -1);
  }

  #count(key: K, value: V, by: 1 | -1): void {
    const counts = this.#counts.get(key) ?? new Map<V, number>();
    const count = (counts.get(value) ?? 0) + by;
    const appeared = counts.size === 0;
    if (count === 0) counts.delete(value);
    else counts.set(value, count);
    if (appeared) this.#counts.set(key, counts);
    if (counts.size === 0) this.#counts.delete(key);
    if ((by === 1 && count === 1) || count === 0) {
      const cell = this.#versions.get(key);
      if (cell !== undefined) this.#graph.assign(cell, ++this.#version);
    }
    if (!appeared && counts.size > 0) return;
    const cell = this.#presences.get(key);
    if (cell !== undefined) this.#graph.assign(cell, counts.size > 0);
    for (const watcher of this.#watchers) watcher(key);
  }
}
