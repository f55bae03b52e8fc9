// What chassis say: statuses of objects and summaries of tenants, as they are read from the status bucket.
import { z } from 'zod';
import { idOf } from '../model/ids.js';
import { objectName } from '../model/parse.js';
import type { Entry } from '../sync/bucket.js';
import { parseStatusKey } from '../sync/keys.js';

const count = z.number().min(0);
const schema = z.object({
  state: z.string(),
  reason: z.string().optional(),
  revision: count,
  recent: z.array(z.object({ revision: count, added: count, removed: count, tookMs: count })).optional(),
});

/** What a chassis did for a revision of the northbound. */
export interface Done {
  readonly revision: number;
  readonly added: number;
  readonly removed: number;
  readonly tookMs: number;
}

/** What one chassis says of one object. */
export interface StatusRecord {
  readonly type: 'object';
  readonly object: string;
  readonly chassis: string;
  readonly state: string;
  readonly reason?: string;
  readonly revision: number;
}

/** What one chassis says of one tenant: up to which revision its switch has everything. */
export interface SummaryRecord {
  readonly type: 'summary';
  readonly chassis: string;
  readonly revision: number;
  readonly recent: readonly Done[];
}

/** Reads a key of the status bucket; undefined for a tombstone and for what is neither. */
export function readStatus({ key, text }: Entry): StatusRecord | SummaryRecord | undefined {
  const name = parseStatusKey(key);
  const value = text === undefined ? undefined : schema.safeParse(parsed(text)).data;
  if (name === undefined || value === undefined) return undefined;
  const { chassis, kind, ref } = name;
  const { state, reason, revision, recent = [] } = value;
  // A chassis' word on itself inside a tenant is its word on that tenant.
  if (kind === 'chassis' && idOf(ref) === chassis) return { type: 'summary', chassis, revision, recent };
  return {
    type: 'object',
    object: objectName(kind, ref),
    chassis,
    state,
    ...(reason === undefined ? {} : { reason }),
    revision,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // whoever wrote that says nothing
  }
}
