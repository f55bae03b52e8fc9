// A function run for each member of a set, again whenever an answer that it read has changed.
import { Cell, type Keeper } from './cell.js';
import type { Members } from './members.js';

/** Something that has work to do until it has none. */
export interface Stage {
  waiting(): boolean;
  run(): void;
}

/** One `each`: a cell per member, and a queue of those that may have to run. */
export class Effects<M, V> implements Stage {
  readonly #cells = new Map<M, Cell<V>>();
  readonly #told = new Map<M, V>();
  readonly #queue = new Set<M>();
  readonly #graph: Keeper;
  readonly #members: Members<M>;
  readonly #compute: (member: M) => V;
  readonly #changed: (member: M, now: V | undefined, before: V | undefined) => void;
  readonly #failed: (member: M, error: unknown) => void;

  constructor(
    graph: Keeper,
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
