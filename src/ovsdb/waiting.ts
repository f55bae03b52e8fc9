// Waiting for a condition that events may make true, never longer than a deadline.
import type { Clock } from './clock.js';
import { OvsdbError } from './errors.js';

/** Those who wait for something; whoever changes anything calls `look`. */
export class Waiting {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();
  #end: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves as soon as `check` answers anything but undefined; rejects when it throws, or with OVSDB_DEADLINE when the time is over.
   * @param what what is waited for, or what stands in the way, for the error's text
   */
  until<T>(check: () => T | undefined, deadlineMs: number, what: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#looks.delete(look);
        cancel();
        act();
      };
      const look = (): void => {
        try {
          if (this.#end) throw this.#end;
          const found = check();
          if (found !== undefined) {
            settle(() => {
              resolve(found);
            });
          }
        } catch (error) {
          settle(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        }
      };
      const cancel = this.#clock.after(deadlineMs, () => {
        settle(() => {
          reject(new OvsdbError('OVSDB_DEADLINE', `${what()}: not within ${deadlineMs} ms`));
        });
      });
      this.#looks.add(look);
      look();
    });
  }

  /** Something changed: everybody looks again. */
  look(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Nothing will come any more: everybody is told the reason, and whoever comes later. */
  end(reason: Error): void {
    this.#end = reason;
    this.look();
  }
}
