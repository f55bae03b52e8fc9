// Values that keep themselves true. Inputs are set from outside; queries are pure functions that record what they read; when an
// input changes, exactly the queries whose *answers* changed run again. Recomputing everything is the definition of correct:
// after any history the values are those of a fresh graph with the same inputs.
//
//   Input ──read by──> query ──read by──> each (one run per member) ──changed()──> outside, or a Relation (an index) ──> ...

/** What a change does to a cell that has not looked yet. */
const clean = 0; // its value is true
const check = 1; // something far upstream changed: ask the sources
const dirty = 2; // a source has another value: run again
type State = typeof clean | typeof check | typeof dirty;

type Equal<V> = (a: V, b: V) => boolean;

/** A set whose members come and go: the keys of an Input or of a Relation. */
export interface Members<M> {
  members(): Iterable<M>;
  /** Has a function called with each member that comes or goes. */
  watch(changed: (member: M) => void): void;
  present(member: M): boolean;
}

class Cell<V> {
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

/** The keeper of one set of inputs, queries and relations. */
export class Graph {
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

function mark(cell: Cell<unknown>, state: State): void {
  const before = cell.state;
  if (before >= state) return;
  cell.state = state;
  if (before !== clean) return;
  cell.stale?.();
  for (const observer of cell.observers ?? []) mark(observer, check);
}

/** Values set from outside, by key; whoever reads a key, present or not, is told when it changes. */
export class Input<K, V> implements Members<K> {
  readonly #graph: Graph;
  readonly #equal: Equal<V>;
  readonly #cells = new Map<K, Cell<V | undefined>>();
  readonly #present = new Set<K>();
  readonly #watchers: ((member: K) => void)[] = [];

  constructor(graph: Graph, equal: Equal<V>) {
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

/** An index from keys to counted values; its keys are members in their turn. */
export class Relation<K, V> implements Members<K> {
  readonly #graph: Graph;
  readonly #counts = new Map<K, Map<V, number>>();
  readonly #versions = new Map<K, Cell<number>>();
  readonly #nothing: ReadonlyMap<V, number> = new Map<V, number>();
  readonly #watchers: ((member: K) => void)[] = [];
  #version = 0;
  /** Whether a key has any value, recorded as read: it changes with the first and the last only. */
  readonly has: (key: K) => boolean;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.has = graph.query((key: K) => this.at(key).size > 0);
  }

  /** The values at a key with their counts, recorded as read: it changes when a value comes or goes. A live view: use it at once. */
  at(key: K): ReadonlyMap<V, number> {
    let cell = this.#versions.get(key);
    if (cell === undefined) {
      cell = new Cell<number>(Object.is, undefined, undefined, () => this.#versions.delete(key));
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
    if (appeared || counts.size === 0) for (const watcher of this.#watchers) watcher(key);
  }
}

interface Stage {
  waiting(): boolean;
  run(): void;
}

/** One `each`: a cell per member, and a queue of those that may have to run. */
class Effects<M, V> implements Stage {
  readonly #cells = new Map<M, Cell<V>>();
  readonly #told = new Map<M, V>();
  readonly #queue = new Set<M>();
  readonly #graph: Graph;
  readonly #members: Members<M>;
  readonly #compute: (member: M) => V;
  readonly #changed: (member: M, now: V | undefined, before: V | undefined) => void;
  readonly #failed: (member: M, error: unknown) => void;

  constructor(
    graph: Graph,
    members: Members<M>,
    compute: (member: M) => V,
    changed: (member: M, now: V | undefined, before: V | undefined) => void,
    failed: (member: M, error: unknown) => void,
  ) {
    this.#graph = graph;
    this.#members = members;
    this.#compute = compute;
    this.#changed = changed;
    this.#failed = failed;
    for (const member of members.members()) this.#queue.add(member);
    members.watch((member) => this.#queue.add(member));
  }

  waiting(): boolean {
    return this.#queue.size > 0;
  }

  run(): void {
    const queue = [...this.#queue];
    this.#queue.clear();
    for (const member of queue) this.#update(member);
  }

  #update(member: M): void {
    let cell = this.#cells.get(member);
    if (!this.#members.present(member)) {
      if (cell !== undefined) this.#graph.dispose(cell as Cell<unknown>);
      this.#cells.delete(member);
      this.#tell(member, undefined);
      return;
    }
    if (cell === undefined) {
      cell = new Cell<V>(
        Object.is,
        () => this.#compute(member),
        () => this.#queue.add(member),
      );
      this.#cells.set(member, cell);
    }
    this.#graph.refresh(cell);
    if (cell.failure !== undefined) this.#failed(member, cell.failure.error);
    else this.#tell(member, cell.value);
  }

  #tell(member: M, now: V | undefined): void {
    const before = this.#told.get(member);
    if (Object.is(before, now)) return;
    if (now === undefined) this.#told.delete(member);
    else this.#told.set(member, now);
    this.#changed(member, now, before);
  }
}
