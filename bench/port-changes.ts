// One port that comes to a chassis and goes again: when that was written, when anybody else could know, when the switch had it.
import { setTimeout as delay } from 'node:timers/promises';
import { republished } from '../src/sync/buckets.js';
import { demand } from './gate.js';
import { type Judge, tableRevisions } from './judge.js';
import type { Preloaded } from './preload.js';
import { nowMs } from './site.js';
import { keyOf } from './workload.js';

const deleteStrict = 4;
const commandOffset = 25;

/** When a change was written, when a bare subscriber had it, when its last flow was seen; in milliseconds. */
export interface Times {
  readonly writtenMs: number;
  readonly arrivedMs: number;
  readonly lastMs: number;
}

/** One port of a site that comes and goes. */
export class PortChanges {
  readonly #preloaded: Preloaded;
  readonly #judge: Judge;
  #bareFrames: readonly Uint8Array[] | undefined;
  #arrived: ((atMs: number) => void) | undefined;

  constructor(preloaded: Preloaded, judge: Judge) {
    this.#preloaded = preloaded;
    this.#judge = judge;
    const { site, extra } = preloaded;
    site.nats.connection.subscribe(republished(site.store.prefix, keyOf(extra)), {
      callback: () => this.#arrived?.(nowMs()),
    });
  }

  /** Writes or deletes the port, and waits for the subscriber and for the judge. */
  async change(kind: 'add' | 'remove'): Promise<Times> {
    const { site, extra, changes } = this.#preloaded;
    const arrived = new Promise<number>((resolve) => (this.#arrived = resolve));
    const last = this.#judge.last(changes);
    const writtenMs = nowMs();
    const written =
      kind === 'add'
        ? site.store.nb.put(keyOf(extra), { schema: 1, ...extra.value })
        : site.store.nb.remove(keyOf(extra));
    const [arrivedMs, lastMs] = await Promise.all([arrived, last, written]);
    return { writtenMs, arrivedMs, lastMs };
  }

  /** The same number of flow_mods and a barrier, by a program that does nothing else; milliseconds. */
  async bare(): Promise<number> {
    const { site } = this.#preloaded;
    const bareFrames = (this.#bareFrames ??= this.#preloaded.bareFrames());
    const adds = Buffer.concat(bareFrames);
    const from = nowMs();
    site.openflow.write(adds);
    await site.openflow.barrier();
    const took = nowMs() - from;
    for (const frame of bareFrames) site.openflow.write(asRemoval(frame));
    await site.openflow.barrier();
    demand(site.openflow.errors.length === 0, 'the switch refuses bare flow_mods');
    return took;
  }

  /** How often the switch says that a flow table of it changed, per change of the northbound: a second witness. */
  async witnessed(changes: number, spacingMs: number): Promise<number> {
    const { ovs } = this.#preloaded.site;
    const before = await tableRevisions(ovs);
    for (let i = 0; i < changes; i++) {
      await this.change('add');
      await delay(spacingMs);
      await this.change('remove');
      await delay(spacingMs);
    }
    return ((await tableRevisions(ovs)) - before) / changes / 2;
  }
}

/** A FLOW_MOD that adds, made into one that removes the same flow. */
function asRemoval(frame: Uint8Array): Uint8Array {
  const removal = Uint8Array.from(frame);
  removal[commandOffset] = deleteStrict;
  return removal;
}
