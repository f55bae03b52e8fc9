// Waiting for the chassis: their statuses are followed until all have answered, or the time is up.
import { setTimeout, clearTimeout } from 'node:timers';
import { operator } from '../model/ids.js';
import type { Store } from '../sync/buckets.js';
import { parseStatusKey } from '../sync/keys.js';
import { defaultLeaseMs } from '../sync/liveness.js';
import { snapshot } from '../sync/snapshot.js';
import { readReport, type Report } from '../sync/status-reader.js';
import { permitted } from './northbound-cli.js';
import {
  type Answer,
  answersOf,
  type Awaited,
  isComplete,
  isOvertaking,
  isPending,
  isReached,
  type Said,
  type Wanted,
} from './outcome.js';
import { followReports, statusOf, summaryOf } from './statuses.js';

/** How long we wait for a first chassis to take notice of a tenant that none has anything to do with, in milliseconds. */
const joinMs = 1500;
/** Chassis write statuses in batches: how long there must be silence after the last answer, in milliseconds. */
const quietMs = 100;
/** How long statuses of an older revision may be overtaken after their chassis has answered, in milliseconds. */
const overtakeMs = 1000;
/** How long what an object waits for (a tunnel port, say) may take after its chassis has answered, in milliseconds. */
const pendingMs = 2000;

/** Resolves to what the chassis of one tenant answer, at the latest after `timeoutMs`. Throws SyncError. */
export async function waitForChassis(store: Store, wanted: Wanted, timeoutMs: number): Promise<Answer[]> {
  const gone = await goneChassis(store);
  return new Promise((resolve, reject) => {
    const said = (): Said => saidBy(following.reports(), gone);
    const timers = new Map<string, ReturnType<typeof setTimeout>>();
    /** Ends the waiting after a while; asking again under the same name puts it off. */
    const endAfter = (name: string, ms: number): void => {
      clearTimeout(timers.get(name));
      timers.set(name, setTimeout(end, ms));
    };
    const cancel = (name: string): void => {
      clearTimeout(timers.get(name));
      timers.delete(name);
    };
    const look = (): void => {
      if (!isComplete(wanted, said())) {
        for (const name of ['quiet', 'overtake', 'pending']) cancel(name);
        return;
      }
      cancel('join');
      const [overtaking, pending] = [isOvertaking(wanted, said()), isPending(wanted, said())];
      if (overtaking || pending) cancel('quiet');
      else endAfter('quiet', quietMs);
      if (overtaking && !timers.has('overtake')) endAfter('overtake', overtakeMs);
      if (pending && !timers.has('pending')) endAfter('pending', pendingMs);
    };
    const following = followReports(store, wanted.tenant, {
      heard: (report) => {
        if (summaryOf(report) !== undefined) cancel('join');
      },
      look,
      failed: (error) => {
        close();
        reject(error);
      },
    });
    endAfter('time', timeoutMs);
    endAfter('join', Math.min(joinMs, timeoutMs));

    function end(): void {
      close();
      resolve(answersOf(wanted, said()));
    }
    function close(): void {
      following.stop();
      for (const timer of timers.values()) clearTimeout(timer);
    }
  });
}

/** Resolves to what is said of some objects of a tenant once all stand as they are to, at the latest after `timeoutMs`. Throws SyncError. */
export async function waitForStates(
  store: Store,
  tenant: string,
  awaited: readonly Awaited[],
  timeoutMs: number,
): Promise<Said> {
  const gone = await goneChassis(store);
  const names = new Set(awaited.map(({ object }) => object));
  return new Promise((resolve, reject) => {
    const said = (): Said => saidBy(following.reports(), gone);
    const following = followReports(store, tenant, {
      keeps: (report) => names.has(statusOf(report).object),
      look: () => {
        const now = said();
        if (awaited.every((one) => isReached(one, now))) end();
      },
      failed: (error) => {
        close();
        reject(error);
      },
    });
    const timer = setTimeout(end, timeoutMs);

    function end(): void {
      close();
      resolve(said());
    }
    function close(): void {
      following.stop();
      clearTimeout(timer);
    }
  });
}

function saidBy(reports: readonly Report[], gone: ReadonlySet<string>): Said {
  const summaries = reports.flatMap((report) => summaryOf(report) ?? []);
  const statuses = reports.filter((report) => summaryOf(report) === undefined).map(statusOf);
  return { summaries: new Map(summaries.map((summary) => [summary.chassis, summary])), statuses, gone };
}

/** The chassis whose last heartbeat is older than their lease, by the server's clock; none where we may not know. */
async function goneChassis(store: Store): Promise<Set<string>> {
  const beats = (await permitted(store, snapshot(store.status, `${operator}.chassis.*.*`))) ?? [];
  const newestMs = Math.max(...beats.map(({ storedMs }) => storedMs));
  return new Set(
    beats.flatMap(({ key, text = '', storedMs }) => {
      const leaseMs = readReport(key, text)?.more['leaseMs'];
      const isGone = newestMs - storedMs > (typeof leaseMs === 'number' ? leaseMs : defaultLeaseMs);
      const chassis = parseStatusKey(key)?.chassis;
      return isGone && chassis !== undefined ? [chassis] : [];
    }),
  );
}
