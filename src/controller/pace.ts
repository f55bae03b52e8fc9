// Notices a switch that reads what it is sent so slowly that its flows stay behind, and says so once.
import type { Logger } from 'pino';
import { behindMs, type Session } from '../switch/session.js';

const lookMs = 500;

/** How one switch keeps up with its commits. */
export class Pace {
  readonly #log: Logger;
  #isSlow = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What is wrong with it; undefined while it keeps up. */
  get problem(): string | undefined {
    return this.#isSlow
      ? `the switch is too slow for bundles: it has not read what it was sent ${behindMs / 1000} s before`
      : undefined;
  }

  /** Looks while a commit is under way. */
  during<Result>(session: Session, commit: Promise<Result>): Promise<Result> {
    const timer = setInterval(() => {
      if (session.isBehind) this.#note(true);
    }, lookMs);
    return commit.finally(() => {
      clearInterval(timer);
    });
  }

  /** Nothing is left to be sent; until then it is slow, also if its connection ends. */
  caughtUp(): void {
    this.#note(false);
  }

  #note(isSlow: boolean): void {
    if (this.#isSlow === isSlow) return;
    this.#isSlow = isSlow;
    if (isSlow) this.#log.warn(this.problem);
    else this.#log.info('the switch has read what it was sent');
  }
}
