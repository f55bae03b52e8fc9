// Waiting for the chassis: their statuses are followed until all have answered, or the time is up.
import { setTimeout, clearTimeout } from 'node:timers';
import { operator } from '../model/ids.js';
import type { Store } from '../sync/buckets.js';
import { parseStatusKey } from '../sync/keys.js';
import { defaultLeaseMs } from '../sync/liveness.js';
import { snapshot } from '../sync/snapshot.js';
import { readReport, type Report, watchReports } from '../sync/status-reader.js';
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
import { reportName, statusOf, summaryOf } from './statuses.js';

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
    const reports = new Map<string, Report>();
    const said = (): Said => saidBy([...reports.values()], gone);
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
    let isSettled = false;
    const look = (): void => {
      if (!isSettled) return;
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
    const stop = watchReports(store, wanted.tenant, {
      report: (report) => {
        reports.set(reportName(report), report);
        if (summaryOf(report) !== undefined) cancel('join');
        look();
      },
      gone: (report) => {
        reports.delete(reportName(report));
        look();
      },
      settled: () => {
        isSettled = true;
        look();
      },
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
      stop();
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
    const reports = new Map<string, Report>();
    const said = (): Said => saidBy([...reports.values()], gone);
    let isSettled = false;
    const look = (): void => {
      if (isSettled && awaited.every((one) => isReached(one, said()))) end();
    };
    const stop = watchReports(store, tenant, {
      report: (report) => {
        if (names.has(statusOf(report).object)) reports.set(reportName(report), report);
        look();
      },
      gone: (report) => {
        reports.delete(reportName(report));
        look();
      },
      settled: () => {
        isSettled = true;
        look();
      },
      failed: (error) => {
        stop();
        clearTimeout(timer);
        reject(error);
      },
    });
    const timer = setTimeout(end, timeoutMs);

    function end(): void {
      stop();
      clearTimeout(timer);
      resolve(said());
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
