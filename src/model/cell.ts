// One value of the incremental graph: what it is, what it read, who read it, and whether that may have changed since.

/** What a change does to a cell that has not looked yet. */
export const clean = 0; // its value is true
export const check = 1; // something far upstream changed: ask the sources
export const dirty = 2; // a source has another value: run again
/** Whether a cell's value may be relied upon. */
export type State = typeof clean | typeof check | typeof dirty;

/** Whether two values say the same. */
export type Equal<V> = (a: V, b: V) => boolean;

/** A value that was set, or that is computed from others. */
export class Cell<V> {
  state: State = clean;
  value: V | undefined;
  failure: { readonly error: unknown } | undefined;
  sources: readonly Cell<unknown>[] = [];
  observers: Set<Cell<unknown>> | undefined;
  readonly equal: Equal<V>;
  readonly compute: (() => V) | undefined;
  /** Called when the cell leaves `clean`: how an effect gets into its queue. */
  readonly stale: (() => void) | undefined;
  /** Called when nobody reads the cell any more: how a query forgets it. */
  readonly unread: (() => void) | undefined;

  constructor(equal: Equal<V>, compute?: () => V, stale?: () => void, unread?: () => void) {
    this.equal = equal;
    this.compute = compute;
    this.stale = stale;
    this.unread = unread;
    if (compute !== undefined) this.state = dirty;
  }
}

/** What cells need of the graph that they are in. */
export interface Keeper {
  /** The value of a cell, recorded as read by whoever is computing. */
  read<V>(cell: Cell<V>): V;
  /** Sets a cell that is not computed, and marks whatever depends on it. */
  assign<V>(cell: Cell<V>, value: V): void;
  /** Makes a cell's value true again. */
  refresh<V>(cell: Cell<V>): void;
  /** Unlinks a cell for good. */
  dispose(cell: Cell<unknown>): void;
  query<K, V>(compute: (key: K) => V, equal?: Equal<V>): (key: K) => V;
}

/** Marks a cell, and whatever depends on it as to be checked. */
export function mark(cell: Cell<unknown>, state: State): void {
  const before = cell.state;
  if (before >= state) return;
  cell.state = state;
  if (before !== clean) return;
  cell.stale?.();
  for (const observer of cell.observers ?? []) mark(observer, check);
}
