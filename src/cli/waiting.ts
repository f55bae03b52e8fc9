// Waiting for the chassis: their statuses are watched until all have answered, or the time is up.
import { setTimeout, clearTimeout } from 'node:timers';
import { operator } from '../model/ids.js';
import type { Entry } from '../sync/bucket.js';
import type { Store } from '../sync/buckets.js';
import type { SyncError } from '../sync/errors.js';
import { parseStatusKey, tenantFilter } from '../sync/keys.js';
import { defaultLeaseMs } from '../sync/liveness.js';
import { Watch } from '../sync/watch.js';
import { permittedSnapshot } from './northbound-cli.js';
import { type Answer, answersOf, isComplete, isOvertaking, type Said, type Wanted } from './outcome.js';
import { readStatus, type StatusRecord, type SummaryRecord } from './statuses.js';

/** How long we wait for a first chassis to take notice of a tenant that none has anything to do with, in milliseconds. */
const joinMs = 1500;
/** How long statuses of an older revision may be overtaken after their chassis has answered, in milliseconds. */
const overtakeMs = 500;

/** Resolves to what the chassis of one tenant answer, at the latest after `timeoutMs`. */
export async function waitForChassis(store: Store, wanted: Wanted, timeoutMs: number): Promise<Answer[]> {
  const gone = await goneChassis(store);
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    let isSettled = false;
    let overtaking: ReturnType<typeof setTimeout> | undefined;
    const said = (): Said => saidBy(entries.values(), gone);
    const timers = [setTimeout(end, timeoutMs), setTimeout(endIfAlone, Math.min(joinMs, timeoutMs))];
    const watch = new Watch(store.status, tenantFilter(wanted.tenant), {
      started: () => {
        entries.clear();
        isSettled = false;
      },
      entry: (entry) => {
        entries.set(entry.key, entry);
        look();
      },
      settled: () => {
        isSettled = true;
        look();
      },
      failed,
    });

    function look(): void {
      if (!isSettled || !isComplete(wanted, said())) return;
      if (isOvertaking(wanted, said())) overtaking ??= setTimeout(end, overtakeMs);
      else end();
    }
    function endIfAlone(): void {
      if (isSettled && said().summaries.size === 0) end();
    }
    function end(): void {
      close();
      resolve(answersOf(wanted, said()));
    }
    function failed(error: SyncError): void {
      close();
      reject(error);
    }
    function close(): void {
      watch.close();
      for (const timer of [...timers, overtaking]) clearTimeout(timer);
    }
  });
}

function saidBy(entries: Iterable<Entry>, gone: ReadonlySet<string>): Said {
  const summaries = new Map<string, SummaryRecord>();
  const statuses: StatusRecord[] = [];
  for (const entry of entries) {
    const record = readStatus(entry);
    if (record?.type === 'summary') summaries.set(record.chassis, record);
    else if (record !== undefined) statuses.push(record);
  }
  return { summaries, statuses, gone };
}

/** The chassis whose last heartbeat is older than their lease, by the server's clock; none where we may not know. */
async function goneChassis(store: Store): Promise<Set<string>> {
  const beats = (await permittedSnapshot(store.status, `${operator}.chassis.*.*`)) ?? [];
  const newestMs = Math.max(...beats.map(({ storedMs }) => storedMs));
  return new Set(
    beats.flatMap((beat) => {
      const chassis = parseStatusKey(beat.key)?.chassis;
      return chassis !== undefined && newestMs - beat.storedMs > defaultLeaseMs ? [chassis] : [];
    }),
  );
}
