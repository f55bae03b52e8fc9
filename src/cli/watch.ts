// `damselfly watch`: a line for each change of the northbound, as it happens.
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { NbError } from '../model/errors.js';
import { type Kind, kinds } from '../model/kinds.js';
import { type AnyObject, objectName, parseKind } from '../model/parse.js';
import type { Entry } from '../sync/bucket.js';
import type { Store } from '../sync/buckets.js';
import type { SyncError } from '../sync/errors.js';
import { encodeToken, parseNbKey } from '../sync/keys.js';
import { readNb } from '../sync/records.js';
import { watchReports } from '../sync/status-reader.js';
import { Watch } from '../sync/watch.js';
import { type NorthboundOptions, withNorthbound, withNorthboundOptions, withTenant } from './northbound-cli.js';
import { type Output, outputFrom } from './outputs.js';
import { statusOf, summaryOf } from './statuses.js';
import { changedFields, inline, writtenFields } from './written.js';

interface Options extends NorthboundOptions {
  readonly tenant?: string;
  readonly allTenants?: boolean;
  readonly status?: boolean;
  readonly output: Output;
}

/** Adds the command. */
export function addWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('print a line for each change of the northbound, until Ctrl-C')
    .argument('[kind]', `one of ${kinds.join(', ')}, or an alias; all without it`)
    .option('-A, --all-tenants', 'of every tenant')
    .option('-o, --output <form>', 'table (lines), yaml (a document each) or json (a line each)', outputFrom, 'table')
    .option('--status', 'what the chassis say of the objects as well');
  withNorthboundOptions(withTenant(command, 'of this tenant'))
    .addHelpText(
      'after',
      `
Exit status: 0 after Ctrl-C or SIGTERM; 1 if the northbound cannot be read.

Example:
  damselfly watch lport -t red --status`,
    )
    .action(watch);
}

async function watch(kindName: string | undefined, options: Options): Promise<void> {
  const kind = kindName === undefined ? undefined : parseKind('watch', kindName);
  if (options.tenant === undefined && options.allTenants !== true)
    throw new Error('which tenant? Give -t TENANT, or --all-tenants');
  const tenant = options.allTenants === true ? undefined : options.tenant;
  await withNorthbound(options, false, async (store) => {
    const form = forms[options.json === true ? 'json' : options.output];
    const say = (change: Change): void => {
      process.stdout.write(form(change));
    };
    const ends: Follow[] = [followObjects(store, kind, tenant, say)];
    if (options.status === true) ends.push(followStatuses(store, kind, tenant, say));
    try {
      await Promise.race([interrupted(), ...ends.map(({ failed }) => failed)]);
    } finally {
      for (const { end } of ends) end();
    }
  });
}

/** Resolves when the user, or the system, ends the command. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        resolve();
      });
  });

/** One change, as `--json` prints it. */
export interface Change {
  /** ISO 8601, by the server's clock. */
  readonly time: string;
  readonly revision: number;
  readonly object: string;
  readonly change: string;
  /** What changed, in words. */
  readonly what: readonly string[];
  /** The chassis that says so; absent for a change of the object itself. */
  readonly chassis?: string;
}

/** A change as a person reads it. */
export function lineOf({ time, revision, object, change, what, chassis }: Change): string {
  const clock = new Date(time).toTimeString().slice(0, 8) + time.slice(19, 23);
  const by = chassis === undefined ? '' : `${chassis} says `;
  const said = what.length === 0 ? '' : `: ${what.join('; ')}`;
  return `${clock}  r${revision}  ${object} ${by}${change}${said}`;
}

/** How a change is printed. */
const forms: Readonly<Record<Output, (change: Change) => string>> = {
  table: (change) => `${lineOf(change)}\n`,
  yaml: (change) => `---\n${stringify(change)}`,
  json: (change) => `${JSON.stringify(change)}\n`,
};

interface Follow {
  readonly end: () => void;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
}

/** Only what the server will never permit ends it; everything else is tried again. */
const isFinal = ({ code }: SyncError): boolean => code === 'NATS_NOT_PERMITTED' || code === 'NATS_BUCKET_MISSING';

function followObjects(
  store: Store,
  kind: Kind | undefined,
  tenant: string | undefined,
  say: (change: Change) => void,
): Follow {
  const filter =
    tenant === undefined ? (kind === undefined ? '>' : `*.${kind}.*`) : `${encodeToken(tenant)}.${kind ?? '*'}.*`;
  const known = new Map<string, Seen>();
  let isSettled = false;
  let end = (): void => undefined;
  const failed = new Promise<never>((_, reject) => {
    const watch = new Watch(store.nb, filter, {
      started: () => undefined,
      entry: (entry) => {
        const before = known.get(entry.key);
        if (before?.revision === entry.revision) return;
        const now = seen(entry);
        known.set(entry.key, now);
        if (isSettled) say(changeOf(entry, before, now));
      },
      settled: () => {
        isSettled = true;
      },
      failed: (error) => {
        if (isFinal(error)) reject(error);
      },
    });
    end = () => {
      watch.close();
    };
  });
  return {
    end: () => {
      end();
    },
    failed,
  };
}

function followStatuses(
  store: Store,
  kind: Kind | undefined,
  tenant: string | undefined,
  say: (change: Change) => void,
): Follow {
  let isSettled = false;
  let end = (): void => undefined;
  const failed = new Promise<never>((_, reject) => {
    end = watchReports(store, tenant, {
      report: (report) => {
        if (!isSettled || summaryOf(report) !== undefined || (kind !== undefined && report.kind !== kind)) return;
        const { object, chassis, state, reason, revision } = statusOf(report);
        const time = report.status.since === '' ? new Date().toISOString() : report.status.since;
        say({ time, revision, object, change: state, what: reason === undefined ? [] : [reason], chassis });
      },
      gone: (report) => {
        if (summaryOf(report) !== undefined || (kind !== undefined && report.kind !== kind)) return;
        const { object, chassis, revision } = statusOf(report);
        say({ time: new Date().toISOString(), revision, object, change: 'nothing any more', what: [], chassis });
      },
      settled: () => {
        isSettled = true;
      },
      failed: (error) => {
        if (isFinal(error)) reject(error);
      },
    });
  });
  return {
    end: () => {
      end();
    },
    failed,
  };
}

/** What a key held when it was last seen; neither object nor error: it was deleted. */
export interface Seen {
  readonly revision: number;
  readonly object?: AnyObject;
  readonly error?: NbError | string;
}

/** Reads an entry. */
export function seen(entry: Entry): Seen {
  const { revision, text } = entry;
  if (text === undefined) return { revision };
  const record = readNb(entry, text);
  if (record.type === 'object') return { revision, object: record.object };
  return { revision, error: record.type === 'stray' ? record.reason : record.error };
}

/** What a new entry changes. */
export function changeOf({ key, storedMs }: Entry, before: Seen | undefined, now: Seen): Change {
  const name = parseNbKey(key);
  const object = name === undefined ? key : objectName(name.kind, name.ref);
  const common = { time: new Date(storedMs).toISOString(), revision: now.revision, object };
  if (now.error !== undefined)
    return {
      ...common,
      change: 'cannot be read',
      what: [typeof now.error === 'string' ? now.error : now.error.message],
    };
  if (now.object === undefined) return { ...common, change: 'deleted', what: [] };
  if (before?.object === undefined) return { ...common, change: 'created', what: [inline(writtenFields(now.object))] };
  const what = changedFields(before.object, now.object);
  return what.length === 0 ? { ...common, change: 'written again', what } : { ...common, change: 'changed', what };
}
