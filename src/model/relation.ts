// Indexes that are kept by differences and counts: the N-th entry costs what the second does.
import { Cell, type CellKind, type Keeper } from './cell.js';
import type { Members } from './members.js';

/** A value for each key, in a cell as long as somebody reads it. */
class Watched<K, V> {
  readonly #graph: Keeper;
  readonly #cells = new Map<K, Cell<K, V>>();
  readonly #kind: CellKind<K, V> = { equal: Object.is, unread: (key) => this.#cells.delete(key) };

  constructor(graph: Keeper) {
    this.#graph = graph;
  }

  /** The value of a key, recorded as read; `now` where nobody has read it before. */
  read(key: K, now: V): V {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = new Cell(this.#kind, key);
      cell.value = now;
      this.#cells.set(key, cell);
    }
    return this.#graph.read(cell);
  }

  /** A key has another value: whoever has read it has to look again. */
  changed(key: K, now: V): void {
    const cell = this.#cells.get(key);
    if (cell !== undefined) this.#graph.assign(cell, now);
  }
}

/** An index from keys to counted values; its keys are members in their turn. */
export class Relation<K, V> implements Members<K> {
  readonly #counts = new Map<K, Map<V, number>>();
  readonly #versions: Watched<K, number>;
  readonly #presences: Watched<K, boolean>;
  readonly #nothing: ReadonlyMap<V, number> = new Map<V, number>();
  readonly #watchers: ((member: K) => void)[] = [];
  #version = 0;

  constructor(graph: Keeper) {
    this.#versions = new Watched(graph);
    this.#presences = new Watched(graph);
  }

  /** Whether a key has any value, recorded as read: with the first and the last only whoever asked has to look again. */
  has(key: K): boolean {
    return this.#presences.read(key, this.#counts.has(key));
  }

  /** The values at a key with their counts, recorded as read: it changes when a value comes or goes. A live view: use it at once. */
  at(key: K): ReadonlyMap<V, number> {
    this.#versions.read(key, this.#version);
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
    if ((by === 1 && count === 1) || count === 0) this.#versions.changed(key, ++this.#version);
    if (!appeared && counts.size > 0) return;
    this.#presences.changed(key, counts.size > 0);
    for (const watcher of this.#watchers) watcher(key);
  }
}
