// external_ids:damselfly-installed of interfaces, written for many at once: a switch that comes back has all of its ports anew.
import type { Logger } from 'pino';
import type { Vswitch } from '../ovsdb/vswitch.js';

/** The key: the northbound revision of the lport whose flows are on the switch. */
export const installedKey = 'damselfly-installed';

/** How long marks are gathered, in milliseconds. */
const gatherMs = 20;
/** How many go into one transaction. */
const transactionLength = 500;
/** How long to wait before marks that could not be written are tried again, in milliseconds. */
const againMs = 5000;

/** The marks of one bridge's interfaces. */
export class Marks {
  readonly #vswitch: Pick<Vswitch, 'setInterfaceExternalIds'>;
  readonly #log: Logger;
  readonly #waiting = new Map<string, number | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isClosed = false;

  constructor(vswitch: Pick<Vswitch, 'setInterfaceExternalIds'>, log: Logger) {
    this.#vswitch = vswitch;
    this.#log = log;
  }

  /** Marks an interface with a revision, or with undefined takes its mark away. */
  set(iface: string, revision: number | undefined): void {
    this.#waiting.set(iface, revision);
    this.#later(gatherMs);
  }

  /** Ends it; what is marked stays. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #later(delayMs: number): void {
    if (this.#isClosed || this.#isWriting) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, delayMs).unref();
  }

  async #write(): Promise<void> {
    const entries = [...this.#waiting].slice(0, transactionLength);
    for (const [iface] of entries) this.#waiting.delete(iface);
    this.#isWriting = true;
    let pauseMs = gatherMs;
    try {
      await this.#vswitch.setInterfaceExternalIds(
        entries.map(([iface, revision]) => ({
          iface,
          key: installedKey,
          value: revision === undefined ? undefined : String(revision),
        })),
      );
    } catch (error) {
      this.#log.debug(
        { err: error, interfaces: entries.length },
        'could not mark interfaces as installed; trying again',
      );
      for (const [iface, revision] of entries) if (!this.#waiting.has(iface)) this.#waiting.set(iface, revision); // newer marks stand
      pauseMs = againMs;
    }
    this.#isWriting = false;
    if (this.#waiting.size > 0) this.#later(pauseMs);
  }
}
