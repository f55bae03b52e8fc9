// The northbound as commands see it: how it is found and connected to, and what is read of it at once.
import type { Command } from 'commander';
import { natsAddress } from '../controller/nats-address.js';
import { faultText, type NbError } from '../model/errors.js';
import { operator, type Ref, refIn, refOf } from '../model/ids.js';
import type { Kind } from '../model/kinds.js';
import { objectName } from '../model/parse.js';
import { numberName } from '../model/world.js';
import type { Entry } from '../sync/bucket.js';
import { bindStore, openStore, type Store } from '../sync/buckets.js';
import { connectNats } from '../sync/connect.js';
import { readUrlFile, urlFile } from '../sync/data-dir.js';
import { SyncError } from '../sync/errors.js';
import { tenantAllocFilter } from '../sync/keys.js';
import { listObjects, type StoredObject } from '../sync/objects.js';
import { readAlloc } from '../sync/records.js';
import { snapshot } from '../sync/snapshot.js';
import { configFromCli } from './config.js';
import { refusedStatus } from './exit-status.js';
import type { Stored } from './plan.js';

/** Options by which a command finds the northbound. */
export interface NorthboundOptions {
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly natsParty?: string;
  readonly prefix?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds the options by which every command finds the northbound. */
export const withNorthboundOptions = (command: Command): Command =>
  command
    .option(
      '--nats <url>',
      'NATS servers, with commas (default: NATS_URL, the configuration, nats.url of the data directory)',
    )
    .option('--nats-creds <file>', 'credentials file for NATS (default: NATS_CREDS)')
    .option('--nats-party <name>', 'who we are where every party has a NATS account of its own (default: NATS_PARTY)')
    .option('--prefix <word>', 'the first word of the names of the buckets')
    .option('--data-dir <path>', 'where a controller of this machine keeps nats.url')
    .option('--config <file>', 'configuration file')
    .option('--json', 'as JSON');

/** Adds `-t`. */
export const withTenant = (command: Command, means: string): Command =>
  command.option('-t, --tenant <tenant>', `${means} (default: DAMSELFLY_TENANT)`, process.env['DAMSELFLY_TENANT']);

/** Connects, works, and closes the connection; `create` makes buckets that are missing. */
export async function withNorthbound<T>(
  options: NorthboundOptions,
  create: boolean,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { config } = await configFromCli(options);
  const { nats: named, prefix, data_dir: dataDir } = config;
  const found = named === '' ? readUrlFile(dataDir) : named;
  if (found === undefined)
    throw new SyncError(
      'NATS_UNREACHABLE',
      `where is the northbound? There is no ${urlFile(dataDir)}: start damselfly controller, which brings a NATS server of its own, or name yours with --nats nats://HOST:4222`,
    );
  const nats = await connectNats(natsAddress(config, found), { name: 'damselfly command', once: true }).catch(
    (error: unknown) => {
      if (named !== '' || !(error instanceof SyncError)) throw error;
      throw new SyncError(
        error.code,
        `${error.message} (from ${urlFile(dataDir)}): start damselfly controller, or name a server with --nats`,
        error,
      );
    },
  );
  try {
    return await work(create ? (await openStore(nats, { prefix })).store : bindStore(nats, prefix));
  } catch (error) {
    if (nats.domain === undefined || !(error instanceof SyncError) || error.code !== 'NATS_BUCKET_MISSING') throw error;
    throw new SyncError(
      'NATS_NOT_PERMITTED',
      `${error.message.split(':')[0] ?? ''}: the account of ${config.nats_party} does not permit that, or there is no northbound yet`,
      error,
    );
  } finally {
    await nats.close();
  }
}

/** Whether an error means that we may not: in an account of our own, what we may not reach is silent. */
export const isForbidden = ({ nats }: Store, error: unknown): boolean =>
  error instanceof SyncError &&
  (error.code === 'NATS_NOT_PERMITTED' || (error.code === 'NATS_BUCKET_MISSING' && nats.domain !== undefined));

/** What `read` resolves to; undefined where the credentials do not permit it. */
export async function permitted<T>(store: Store, read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isForbidden(store, error)) return undefined;
    throw error;
  }
}

/** What the northbound holds of some tenants. */
export interface Contents {
  /** By name. */
  readonly stored: Map<string, Stored>;
  /** Keys that are no objects of ours, with the reason. */
  readonly strays: Map<string, string>;
  /** Allocated numbers by `numberName`. */
  readonly numbers: Map<string, number>;
  readonly addresses: Map<Ref, readonly string[]>;
  readonly claims: Map<Ref, string>;
  /** The tenants that were read. */
  readonly known: Set<string>;
}

/** Nothing. */
export const emptyContents = (): Contents => ({
  stored: new Map(),
  strays: new Map(),
  numbers: new Map(),
  addresses: new Map(),
  claims: new Map(),
  known: new Set(),
});

/** Reads a tenant into `contents`; false where the credentials do not permit it. Allocations that they hide are left out. */
export async function readTenant(store: Store, tenant: string, contents: Contents): Promise<boolean> {
  const [objects, allocated] = await Promise.all([
    permitted(store, listObjects(store, tenant)),
    permitted(store, snapshot(store.alloc, tenantAllocFilter(tenant))),
  ]);
  if (objects === undefined) return false;
  contents.known.add(tenant);
  for (const object of objects) addStored(contents, object);
  for (const entry of allocated ?? []) addAllocated(contents, entry);
  return true;
}

/** Reads the whole northbound. */
export async function readAll(store: Store): Promise<Contents> {
  const contents = emptyContents();
  const [objects, allocated] = await Promise.all([
    listObjects(store, undefined),
    permitted(store, snapshot(store.alloc, '>')),
  ]);
  for (const object of objects) addStored(contents, object);
  for (const entry of allocated ?? []) addAllocated(contents, entry);
  return contents;
}

function addStored({ stored, strays }: Contents, { record, revision }: StoredObject): void {
  if (record.type === 'stray') strays.set(record.key, record.reason);
  else if (record.type === 'object')
    stored.set(objectName(record.object.kind, record.object.ref), { revision, object: record.object });
  else stored.set(objectName(record.kind, record.ref), { revision, error: record.error });
}

function addAllocated({ numbers, addresses, claims }: Contents, entry: Entry): void {
  if (entry.text === undefined) return;
  const record = readAlloc(entry, entry.text);
  if (record.type === 'number') numbers.set(numberName(record.space, record.ref), record.number);
  else if (record.type === 'addresses') addresses.set(record.port, record.addresses);
  else if (record.type === 'claim') claims.set(record.port, record.claim.chassis);
}

/** Says what is wrong with what was given, all of it, and sets the exit status: nothing was written. */
export function refuse(errors: readonly NbError[], json: boolean | undefined): void {
  process.exitCode = refusedStatus;
  if (json === true)
    process.stdout.write(
      `${JSON.stringify({ refused: errors.map(({ object, faults }) => ({ object, faults })) }, null, 2)}\n`,
    );
  else {
    for (const { object, faults } of errors)
      for (const fault of faults) process.stderr.write(`${object}: ${faultText(fault)}\n`);
    process.stderr.write('nothing was written\n');
  }
}

/** A kind and an id as the command line has them, as a reference; `tenant/id` names its tenant itself. */
export function refFrom(kind: Kind, id: string, tenant: string | undefined): Ref {
  if (id.includes('/')) return refIn('', id);
  if (kind === 'chassis') return refOf(operator, id);
  if (tenant === undefined) throw new Error(`${id}: which tenant? Write TENANT/${id}, or give -t TENANT`);
  return refOf(tenant, id);
}
