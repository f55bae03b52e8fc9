// Batches that are on their way to a switch: until it is known what became of one, nothing that it changes is sent again.
import type { Batch } from './batch.js';

/** The batches of one flow table that are on their way. */
export class Flights {
  readonly #batches = new Set<Batch>();
  readonly #identities = new Set<string>();

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  /** All of them. */
  batches(): Iterable<Batch> {
    return this.#batches;
  }

  /** Whether one of them changes what is at an identity. */
  has(identity: string): boolean {
    return this.#identities.has(identity);
  }

  /** A batch goes off; none that is on its way changes anything that it does. */
  start(batch: Batch): void {
    this.#batches.add(batch);
    for (const { identity } of batch.changes) this.#identities.add(identity);
  }

  /** The answer to a batch is there; false if nobody waits for it any more. */
  end(batch: Batch): boolean {
    if (!this.#batches.delete(batch)) return false;
    for (const { identity } of batch.changes) this.#identities.delete(identity);
    return true;
  }

  /** No answer will come any more. */
  forget(): void {
    this.#batches.clear();
    this.#identities.clear();
  }
}
