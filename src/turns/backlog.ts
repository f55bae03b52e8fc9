// What comes faster than it can be dealt with: kept in its order, and taken in pieces.
import { slice, soon } from './slices.js';

/** Items that are taken one by one: at once, or later in turns of their own. */
export class Backlog<Item> {
  readonly #take: (item: Item) => void;
  #items: Item[] = [];

  constructor(take: (item: Item) => void) {
    this.#take = take;
  }

  /** Takes an item at once; or, where others wait or `isLater` says so, behind them. */
  push(item: Item, isLater: boolean): void {
    const isFirst = this.#items.length === 0;
    if (isFirst && !isLater) {
      this.#take(item);
      return;
    }
    this.#items.push(item);
    if (isFirst) this.#goOn(this.#items);
  }

  /** Forgets what has not been taken. */
  clear(): void {
    this.#items = [];
  }

  #goOn(items: Item[]): void {
    soon(() => {
      const isEnough = slice();
      let taken = 0;
      // What is taken may clear the rest.
      while (items === this.#items && taken < items.length && !isEnough()) {
        const item = items[taken++];
        if (item !== undefined) this.#take(item);
      }
      items.splice(0, taken);
      if (items === this.#items && items.length > 0) this.#goOn(items);
    });
  }
}
