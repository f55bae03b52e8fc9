// What chassis say, in the two ways in which commands need it: of an object, and of a tenant as a whole.
import { z } from 'zod';
import { idOf, type Ref, tenantOf } from '../model/ids.js';
import { objectName } from '../model/parse.js';
import type { Store } from '../sync/buckets.js';
import type { SyncError } from '../sync/errors.js';
import type { Report } from '../sync/status-reader.js';
import { watchReports } from '../sync/status-reader.js';
import { permitted } from './northbound-cli.js';

const count = z.number().min(0);
const recentSchema = z.array(z.object({ revision: count, added: count, removed: count, tookMs: count }));

/** What a chassis did for a revision of the northbound. */
export type Done = z.output<typeof recentSchema>[number];

/** What one chassis says of one object. */
export interface StatusRecord {
  readonly object: string;
  readonly chassis: string;
  readonly state: string;
  readonly reason?: string;
  readonly revision: number;
  /** Since when state and reason are these, in ISO 8601. */
  readonly since: string;
}

/** What one chassis says of one tenant: up to which revision its switch has everything. */
export interface SummaryRecord {
  readonly chassis: string;
  readonly revision: number;
  readonly recent: readonly Done[];
}

/** A report's name, one per object and chassis. */
const reportName = ({ kind, ref, chassis }: Pick<Report, 'kind' | 'ref' | 'chassis'>): string =>
  `${kind} ${ref} ${chassis}`;

/** A chassis' word on itself inside a tenant is its word on that tenant. */
const isSummary = ({ kind, ref, chassis }: { kind: string; ref: Ref; chassis: string }): boolean =>
  kind === 'chassis' && idOf(ref) === chassis;

/** A report as the summary of a tenant; undefined if it is about an object. */
export const summaryOf = (report: Report): SummaryRecord | undefined =>
  isSummary(report)
    ? {
        chassis: report.chassis,
        revision: report.status.revision,
        recent: recentSchema.safeParse(report.more['recent']).data ?? [],
      }
    : undefined;

/** A report as what is said of an object. */
export const statusOf = ({ kind, ref, chassis, status: { state, reason, revision, since } }: Report): StatusRecord => ({
  object: objectName(kind, ref),
  chassis,
  state,
  ...(reason === undefined ? {} : { reason }),
  revision,
  since,
});

/** What is said of an object, as JSON beside its name. */
export function besideName({ chassis, state, reason, revision, since }: StatusRecord): Omit<StatusRecord, 'object'> {
  return { chassis, state, ...(reason === undefined ? {} : { reason }), revision, since };
}

/** What chassis say, kept up to date. */
export interface Following {
  /** All of it, as far as it is known. */
  readonly reports: () => readonly Report[];
  readonly stop: () => void;
}

/** Who follows what chassis say. */
export interface FollowingEvents {
  /** Which reports matter; all by default. */
  readonly keeps?: (report: Report) => boolean;
  /** A report came, whether all that there was is known by then or not. */
  readonly heard?: (report: Report) => void;
  /** Everything that there was is known; again with each change. Never before `followReports` has returned. */
  readonly look: () => void;
  readonly failed: (error: SyncError) => void;
}

/** Follows what chassis say of a tenant, or of all. */
export function followReports(
  store: Store,
  tenant: string | undefined,
  { keeps = () => true, heard, look, failed }: FollowingEvents,
): Following {
  const reports = new Map<string, Report>();
  let isSettled = false;
  const changed = (): void => {
    if (isSettled) look();
  };
  const stop = watchReports(store, tenant, {
    report: (report) => {
      if (keeps(report)) reports.set(reportName(report), report);
      heard?.(report);
      changed();
    },
    gone: (report) => {
      reports.delete(reportName(report));
      changed();
    },
    settled: () => {
      isSettled = true;
      changed();
    },
    failed,
  });
  return { reports: () => [...reports.values()], stop };
}

/** Everything that chassis say now of a tenant, or of all; nothing where the credentials hide it. */
export async function reportsNow(store: Store, tenant: string | undefined): Promise<readonly Report[]> {
  const reading = new Promise<readonly Report[]>((resolve, reject) => {
    const { reports, stop } = followReports(store, tenant, {
      look: () => {
        stop();
        resolve(reports());
      },
      failed: (error) => {
        stop();
        reject(error);
      },
    });
  });
  return (await permitted(store, reading)) ?? [];
}

/** The statuses of objects, by the object's name. */
export function byObject(reports: readonly Report[]): Map<string, StatusRecord[]> {
  const statuses = new Map<string, StatusRecord[]>();
  for (const report of reports) {
    const { object } = statusOf(report);
    // A chassis' status inside another tenant is that tenant's summary, not the chassis' own.
    if (!isSummary(report) || tenantOf(report.ref).startsWith('_'))
      statuses.set(object, [...(statuses.get(object) ?? []), statusOf(report)]);
  }
  return statuses;
}
