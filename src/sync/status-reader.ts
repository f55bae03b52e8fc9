// The statuses of a tenant as they are and as they change, for commands that show or await them.
import { isDeepStrictEqual } from 'node:util';
import type { Ref } from '../model/ids.js';
import type { Store } from './buckets.js';
import type { SyncError } from './errors.js';
import { parseStatusKey, tenantFilter } from './keys.js';
import { Mirror } from './mirror.js';
import { fieldsOf, parseJson, without } from './records.js';
import type { State, StoredStatus } from './status.js';
import { Watch } from './watch.js';

const states: readonly State[] = ['ACTIVE', 'DOWN', 'DEGRADED', 'ERROR', 'HELD'];

/** What one chassis says of one object, with whatever else it wrote. */
export interface Report {
  readonly kind: string;
  readonly ref: Ref;
  readonly chassis: string;
  readonly status: StoredStatus;
  readonly more: Readonly<Record<string, unknown>>;
}

/** What the reader tells. */
export interface ReportEvents {
  readonly report: (report: Report) => void;
  readonly gone: (report: Report) => void;
  /** Everything that stood there was told. */
  readonly settled?: () => void;
  readonly failed?: (error: SyncError) => void;
}

/** Reads one status; undefined for what is none. The chassis is the key's, which is the fenced one. */
export function readReport(key: string, text: string): Report | undefined {
  const name = parseStatusKey(key);
  const fields = fieldsOf(parseJson(text));
  const { state, reason, revision, since } = fields;
  const known = states.find((each) => each === state);
  if (name === undefined || known === undefined) return undefined;
  return {
    ...name,
    status: {
      state: known,
      ...(typeof reason === 'string' ? { reason } : {}),
      revision: typeof revision === 'number' ? revision : 0,
      since: typeof since === 'string' ? since : '',
      chassis: name.chassis,
    },
    more: without(fields, 'state', 'reason', 'revision', 'since', 'chassis'),
  };
}

/** Follows the statuses of a tenant, or with `tenant` undefined of all; returns what ends it. */
export function watchReports(store: Store, tenant: string | undefined, events: ReportEvents): () => void {
  const mirror: Mirror<Report | undefined> = new Mirror<Report | undefined>(
    { read: ({ key }, text) => readReport(key, text), same: isDeepStrictEqual },
    {
      set: (_key, report) => {
        if (report !== undefined) events.report(report);
      },
      unset: (_key, report) => {
        if (report !== undefined) events.gone(report);
      },
      settled: () => events.settled?.(),
      // Statuses order nothing, so a store that went back is shown as it is.
      doubted: () => {
        mirror.accept();
      },
      trusted: () => undefined,
    },
  );
  const watch = new Watch(store.status, tenant === undefined ? '>' : tenantFilter(tenant), {
    started: () => {
      mirror.started();
    },
    entry: (entry) => {
      mirror.entry(entry);
    },
    settled: () => {
      mirror.settled();
    },
    failed: (error) => events.failed?.(error),
  });
  return () => {
    watch.close();
  };
}
