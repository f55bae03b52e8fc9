// A function run for each member of a set, again whenever an answer that it read has changed.
import { Cell, type CellKind, type Keeper } from './cell.js';
import type { Members } from './members.js';

/** Something that has work to do until it has none. */
export interface Stage {
  waiting(): boolean;
  /** Works until nothing waits, or until `isEnough` says so. */
  run(isEnough: () => boolean): void;
}

/** A member's cell, with the value that was told last. */
class Effect<M, V> extends Cell<M, V> {
  told: V | undefined = undefined;
}

/** One `each`: a cell per member, and a queue of those that may have to run. */
export class Effects<M, V> implements Stage {
  readonly #effects = new Map<M, Effect<M, V>>();
  readonly #queue = new Set<M>();
  readonly #graph: Keeper;
  readonly #members: Members<M>;
  readonly #kind: CellKind<M, V>;
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
    this.#kind = { equal: Object.is, compute, stale: (member) => this.#queue.add(member) };
    this.#changed = changed;
    this.#failed = failed;
    for (const member of members.members()) this.#queue.add(member);
    members.watch((member) => this.#queue.add(member));
  }

  waiting(): boolean {
    return this.#queue.size > 0;
  }

  run(isEnough: () => boolean): void {
    for (const member of this.#queue) {
      this.#queue.delete(member); // a Set may change while it is walked
      this.#update(member);
      if (isEnough()) return;
    }
  }

  #update(member: M): void {
    let effect = this.#effects.get(member);
    if (!this.#members.present(member)) {
      if (effect === undefined) return;
      this.#graph.dispose(effect);
      this.#effects.delete(member);
      this.#tell(member, effect, undefined);
      return;
    }
    if (effect === undefined) {
      effect = new Effect(this.#kind, member);
      this.#effects.set(member, effect);
    }
    this.#graph.refresh(effect);
    if (effect.failure !== undefined) this.#failed(member, effect.failure.error);
    else this.#tell(member, effect, effect.value);
  }

  #tell(member: M, effect: Effect<M, V>, now: V | undefined): void {
    const before = effect.told;
    if (Object.is(before, now)) return;
    effect.told = now;
    this.#changed(member, now, before);
  }
}
