// The members of a set that are in one of several other sets as well, as a set in its turn.
import type { Members } from './members.js';

/** What `all` and any of `sets` have in common; nothing is kept of it. */
export class Among<M> implements Members<M> {
  readonly #all: Members<M>;
  readonly #sets: readonly Members<M>[];

  constructor(all: Members<M>, sets: readonly Members<M>[]) {
    this.#all = all;
    this.#sets = sets;
  }

  *members(): Iterable<M> {
    for (const member of this.#all.members()) if (this.present(member)) yield member;
  }

  present(member: M): boolean {
    return this.#all.present(member) && this.#sets.some((set) => set.present(member));
  }

  watch(changed: (member: M) => void): void {
    for (const set of [this.#all, ...this.#sets]) set.watch(changed);
  }
}
