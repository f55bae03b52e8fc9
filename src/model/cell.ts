// One value of the incremental graph: what it is, what it read, who read it, and whether that may have changed since.

/** What a change does to a cell that has not looked yet. */
export const clean = 0; // its value is true
export const check = 1; // something far upstream changed: ask the sources
export const dirty = 2; // a source has another value: run again
/** Whether a cell's value may be relied upon. */
export type State = typeof clean | typeof check | typeof dirty;

/** Whether two values say the same. */
export type Equal<V> = (a: V, b: V) => boolean;

/** What the cells of one input, query, relation or effect have in common: there are many cells, so each has its key only. */
export interface CellKind<K, V> {
  equal(a: V, b: V): boolean;
  /** Absent for a value that is set. */
  compute?(key: K): V;
  /** Called when a cell leaves `clean`: how an effect gets into its queue. */
  stale?(key: K): void;
  /** Called when nobody reads a cell any more: how a query forgets it. */
  unread?(key: K): void;
}

/** A value that was set, or that is computed from others. */
export class Cell<K, V> {
  readonly kind: CellKind<K, V>;
  readonly key: K;
  state: State;
  value: V | undefined = undefined;
  failure: { readonly error: unknown } | undefined = undefined;
  sources: readonly AnyCell[] = noCells;
  observers: Observers = undefined;

  constructor(kind: CellKind<K, V>, key: K) {
    this.kind = kind;
    this.key = key;
    this.state = kind.compute === undefined ? clean : dirty;
  }
}

/** A cell, whatever it holds. */
export type AnyCell = Cell<unknown, unknown>;

const noCells: readonly AnyCell[] = [];

/** Who has read a cell, each once. Most have one or few readers: an array for one and a Set for few would be a quarter of our memory. */
type Observers = undefined | AnyCell | readonly AnyCell[] | Set<AnyCell>;

/** Up to so many observers are an array, in which one is found by looking at each. */
const fewObservers = 8;

/** Whether anybody has read a cell and may do so again. */
export const isObserved = ({ observers }: AnyCell): boolean => observers !== undefined;

/** Adds an observer that a cell does not have. */
export function observe(source: AnyCell, observer: AnyCell): void {
  const { observers } = source;
  if (observers === undefined) source.observers = observer;
  else if (observers instanceof Cell) source.observers = [observers, observer];
  else if (observers instanceof Set) observers.add(observer);
  else if (observers.length < fewObservers)
    source.observers = observers.concat(observer); // `push` and spreading would make room for 17
  else source.observers = new Set([...observers, observer]);
}

/** Takes an observer away. */
export function unobserve(source: AnyCell, observer: AnyCell): void {
  const { observers } = source;
  if (observers instanceof Set) {
    observers.delete(observer);
    if (observers.size === 0) source.observers = undefined;
  } else if (observers === undefined || observers instanceof Cell) source.observers = undefined;
  else {
    const others = observers.filter((other) => other !== observer);
    source.observers = others.length > 1 ? others.slice() : others[0]; // a copy has no room to grow
  }
}

/** Does something with each observer of a cell. */
export function eachObserver({ observers }: AnyCell, tell: (observer: AnyCell) => void): void {
  if (observers instanceof Cell) tell(observers);
  else if (observers !== undefined) for (const observer of observers) tell(observer);
}

/** What cells need of the graph that they are in. */
export interface Keeper {
  /** The value of a cell, recorded as read by whoever is computing. */
  read<K, V>(cell: Cell<K, V>): V;
  /** Sets a cell that is not computed, and marks whatever depends on it. */
  assign<K, V>(cell: Cell<K, V>, value: V): void;
  /** Makes a cell's value true again. */
  refresh<K, V>(cell: Cell<K, V>): void;
  /** Unlinks a cell for good. */
  dispose(cell: AnyCell): void;
}

/** Marks a cell, and whatever depends on it as to be checked. */
export function mark(cell: AnyCell, state: State): void {
  const before = cell.state;
  if (before >= state) return;
  cell.state = state;
  if (before !== clean) return;
  cell.kind.stale?.(cell.key);
  eachObserver(cell, markToCheck);
}

const markToCheck = (observer: AnyCell): void => {
  mark(observer, check);
};

/** Marks a cell of which a source has another value. */
export const markDirty = (observer: AnyCell): void => {
  mark(observer, dirty);
};
