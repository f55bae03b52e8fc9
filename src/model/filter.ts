// The members of a set of which something is so, as a set in its turn.
import type { Members } from './members.js';

/** Those members that `note` was last told are among them. */
export class Filter<M> implements Members<M> {
  readonly #among = new Set<M>();
  readonly #watchers: ((member: M) => void)[] = [];

  /** Says whether a member is among them from now on. */
  note(member: M, isAmong: boolean): void {
    if (isAmong === this.#among.has(member)) return;
    if (isAmong) this.#among.add(member);
    else this.#among.delete(member);
    for (const watcher of this.#watchers) watcher(member);
  }

  members(): Iterable<M> {
    return this.#among;
  }

  present(member: M): boolean {
    return this.#among.has(member);
  }

  watch(changed: (member: M) => void): void {
    this.#watchers.push(changed);
  }
}
