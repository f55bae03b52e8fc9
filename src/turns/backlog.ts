// What comes faster than it can be dealt with: kept in its order, and taken in pieces.
import { slice, soon } from './slices.js';

/** Items that are taken one by one, at once while that does not take long. */
export class Backlog<Item> {
  readonly #take: (item: Item) => void;
  #items: Item[] = [];
  /** Whether the present piece has taken long enough; absent while there is none. */
  #isEnough: (() => boolean) | undefined;

  constructor(take: (item: Item) => void) {
    this.#take = take;
  }

  /** Adds an item behind all others. */
  push(item: Item): void {
    if (this.#isEnough === undefined) this.#begin();
    if (this.#items.length === 0 && this.#isEnough?.() === false) this.#take(item);
    else this.#items.push(item);
  }

  /** Forgets what has not been taken. */
  clear(): void {
    this.#items = [];
  }

  #begin(): void {
    this.#isEnough = slice();
    soon(() => {
      this.#isEnough = undefined;
      if (this.#items.length > 0) this.#goOn();
    });
  }

  #goOn(): void {
    this.#begin();
    const items = this.#items;
    let taken = 0;
    // What is taken may clear the rest.
    while (items === this.#items && taken < items.length && this.#isEnough?.() === false) {
      const item = items[taken++];
      if (item !== undefined) this.#take(item);
    }
    items.splice(0, taken);
  }
}
