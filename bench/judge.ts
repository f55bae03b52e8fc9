// Who says when a flow is in the switch: Open vSwitch's own flow monitor, on a connection that takes no part in the change.
import { setTimeout as delay } from 'node:timers/promises';
import { decode, reservedPort } from '../src/ofp/index.js';
import { readCookie } from '../src/flow/item.js';
import type { Ovs } from '../test/lab/ovs.js';
import { OpenFlowConnection } from './openflow-connection.js';
import { nowMs } from './site.js';

/** ONF extension 187: additions, removals, modifications, our own changes not abbreviated. */
const flags = { add: 0x02, remove: 0x04, modify: 0x08, noAbbreviation: 0x20 } as const;
const anyChange = flags.add | flags.remove | flags.modify | flags.noAbbreviation;

/** Open vSwitch adds up its coverage counters about once a second. */
const countersMs = 1500;

/** How often a flow table of the switch has changed, by any hand: once for each flow_mod, or for each bundle. A second witness. */
export async function tableRevisions(ovs: Ovs): Promise<number> {
  await delay(countersMs);
  const text = await ovs.appctl('coverage/show');
  return Number(/^rev_flow_table .*total: (\d+)/m.exec(text)?.[1] ?? 0);
}

const isOurs = (cookie: bigint): boolean => readCookie(cookie) !== undefined;

/** Watches flows: those that carry Damselfly's cookie, unless said otherwise. */
export class Judge {
  readonly #connection: OpenFlowConnection;
  readonly #counts: (cookie: bigint) => boolean;
  /** How many changes were seen, and when the last of them. */
  seen = 0;
  seenMs = NaN;
  #left = 0;
  #done: ((atMs: number) => void) | undefined;

  private constructor(connection: OpenFlowConnection, counts: (cookie: bigint) => boolean) {
    this.#connection = connection;
    this.#counts = counts;
    connection.onFrame = (frame) => {
      this.#take(frame, nowMs());
    };
  }

  /** Begins to watch a bridge by its management socket. */
  static async open(remote: string, counts = isOurs): Promise<Judge> {
    const connection = await OpenFlowConnection.open(remote);
    const monitor = { monitorId: 1, flags: anyChange, outPort: reservedPort.any, table: 0xff, match: {} };
    await connection.request({ type: 'multipart_request', kind: 'flow_monitor', monitors: [monitor] });
    return new Judge(connection, counts);
  }

  /** Resolves to when the last of `length` changes was seen, counted from now. */
  last(length: number, deadlineMs = 5_000): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.#left} of ${length} flow changes were not seen within ${deadlineMs} ms`));
      }, deadlineMs);
      this.#left = length;
      this.#done = (atMs) => {
        clearTimeout(timer);
        resolve(atMs);
      };
    });
  }

  /** Changes seen beyond those that were waited for. */
  get surplus(): number {
    return Math.max(0, -this.#left);
  }

  /** Ends the watch. */
  close(): void {
    this.#connection.close();
  }

  #take(frame: Uint8Array, atMs: number): void {
    const { message } = decode(frame);
    if (message.type !== 'multipart_reply' || message.kind !== 'flow_monitor') return;
    for (const update of message.entries) {
      if (!('cookie' in update) || !this.#counts(update.cookie)) continue;
      this.seen += 1;
      this.seenMs = atMs;
      this.#left -= 1;
      if (this.#left === 0) this.#done?.(atMs);
    }
  }
}
