// What a switch holds of ours that nobody wants, and since when. After a restart that is all of it for a while, so what is asked in
// each turn is counted as it changes.

/** Identities with the round since which nobody wants them; 0: they were there before us. */
export class Unwanted {
  readonly #since = new Map<string, number>();
  /** How many there are of each round. */
  readonly #counts = new Map<number, number>();

  /** How many there are. */
  get size(): number {
    return this.#since.size;
  }

  /** Nobody wants an identity since a round. */
  set(identity: string, round: number): void {
    this.delete(identity);
    this.#since.set(identity, round);
    this.#counts.set(round, (this.#counts.get(round) ?? 0) + 1);
  }

  /** An identity is wanted, or gone. */
  delete(identity: string): void {
    const round = this.#since.get(identity);
    if (round === undefined) return;
    this.#since.delete(identity);
    const left = (this.#counts.get(round) ?? 0) - 1;
    if (left > 0) this.#counts.set(round, left);
    else this.#counts.delete(round);
  }

  /** The identities, first come first; those that go or come meanwhile are left out or told too. */
  identities(): Iterable<string> {
    return this.#since.keys();
  }

  /** The rounds of which there are any. */
  rounds(): ReadonlySet<number> {
    return new Set(this.#counts.keys());
  }
}
