// Whose port is plugged here, where the interface does not name its tenant: looked for in all tenants, and only until it is
// found. Exactly one lport of that id is recorded as the meaning of the iface-id, for good; with more than one nothing is.
import type { Ref } from '../model/ids.js';
import { byteOrder } from '../model/ids.js';
import type { Allocator } from './allocate.js';
import type { Store } from './buckets.js';
import { SyncError } from './errors.js';
import { lportFilter, numberKey, parseNbKey } from './keys.js';
import { readHolder } from './records.js';
import { Watch } from './watch.js';

/** What an iface-id means; told again when it changes, and not any more once it is resolved. */
export interface IfaceEvents {
  readonly resolved: (port: Ref) => void;
  /** It means nothing yet, or too much: with what to do about it. */
  readonly unresolved: (problem: string) => void;
}

/** Looks for the lport that an iface-id without a tenant means. Throws RangeError for one that cannot be an id. */
export class IfaceSearch {
  readonly #ifaceId: string;
  readonly #allocator: Allocator;
  readonly #events: IfaceEvents;
  readonly #record: Watch;
  readonly #search: Watch;
  readonly #holders = new Set<Ref>();
  #areRecordsKnown = false;
  #areHoldersKnown = false;
  #isRecording = false;
  #isOver = false;
  #problem = '';

  constructor(store: Store, allocator: Allocator, ifaceId: string, events: IfaceEvents) {
    this.#ifaceId = ifaceId;
    this.#allocator = allocator;
    this.#events = events;
    const failed = (error: SyncError) => {
      this.#tell(error.message);
    };
    const filter = lportFilter(ifaceId);
    this.#record = new Watch(store.alloc, numberKey('iface', ifaceId), {
      started: () => undefined,
      entry: ({ text }) => {
        const holder = text === undefined ? undefined : readHolder(text);
        if (holder !== undefined) this.#resolve(holder.ref);
      },
      settled: () => {
        this.#areRecordsKnown = true;
        this.#decide();
      },
      failed,
    });
    this.#search = new Watch(store.nb, filter, {
      started: () => {
        this.#holders.clear();
        this.#areHoldersKnown = false;
      },
      entry: ({ key, text }) => {
        const name = parseNbKey(key);
        if (name === undefined) return;
        if (text === undefined) this.#holders.delete(name.ref);
        else this.#holders.add(name.ref);
        this.#decide();
      },
      settled: () => {
        this.#areHoldersKnown = true;
        this.#decide();
      },
      failed,
    });
  }

  /** Stops looking. */
  close(): void {
    this.#isOver = true;
    this.#record.close();
    this.#search.close();
  }

  #decide(): void {
    if (this.#isOver || !this.#areRecordsKnown || !this.#areHoldersKnown) return;
    const [first, second] = [...this.#holders].sort(byteOrder);
    if (first === undefined) this.#tell(`no tenant has an lport "${this.#ifaceId}" yet`);
    else if (second !== undefined)
      this.#tell(
        `more than one tenant has an lport "${this.#ifaceId}": set external_ids:damselfly-tenant of the interface, ` +
          `or write its iface-id as tenant/${this.#ifaceId}`,
      );
    else if (!this.#isRecording) void this.#recordAs(first);
  }

  async #recordAs(port: Ref): Promise<void> {
    this.#isRecording = true;
    try {
      this.#resolve(await this.#allocator.recordIface(this.#ifaceId, port));
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      // The next change, or the watch when it is back, tries again.
      this.#tell(error.message);
    } finally {
      this.#isRecording = false;
    }
  }

  #resolve(port: Ref): void {
    if (this.#isOver) return;
    this.close();
    this.#events.resolved(port);
  }

  #tell(problem: string): void {
    if (this.#isOver || problem === this.#problem) return;
    this.#problem = problem;
    this.#events.unresolved(problem);
  }
}
