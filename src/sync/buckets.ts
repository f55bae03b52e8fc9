// The three buckets and the streams behind them: created as the contract says, and refused where somebody made them so
// that one tenant could erase another.
import {
  DiscardPolicy,
  type JetStreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Bucket, managerOf, syncError } from './bucket.js';
import type { Nats } from './connect.js';
import { SyncError } from './errors.js';

/** The oldest nats-server that we run on. */
const oldestServer = [2, 9, 10] as const;
/** The largest value of a key, in bytes. */
const maxValueSize = 256 * 1024;
const streamNotFound = 10059;
/** Fewer servers of the cluster answer than replicas are asked for. */
const noPeers = 10005;

/** The buckets of one northbound. */
export interface Store {
  readonly nats: Nats;
  readonly prefix: string;
  readonly nb: Bucket;
  readonly alloc: Bucket;
  readonly status: Bucket;
}

/** Binds the buckets without asking whether they are there: for credentials that permit nothing else. */
export function bindStore(nats: Nats, prefix = 'damselfly'): Store {
  if (!/^[A-Za-z0-9_-]+$/.test(prefix))
    throw new SyncError('NATS_REFUSED', `bucket prefix "${prefix}": letters, digits, - and _ only`);
  return {
    nats,
    prefix,
    nb: new Bucket(nats, `${prefix}_nb`),
    alloc: new Bucket(nats, `${prefix}_alloc`),
    status: new Bucket(nats, `${prefix}_status`),
  };
}

/** The subject under which the server repeats what is written to a northbound key. */
export const republished = (prefix: string, key: string): string => `${prefix}.nb.${key}`;

/** Three where the server is one of a cluster: what was written outlives the loss of one server. */
const replicasAt = ({ connection }: Nats): number => (connection.info?.cluster === undefined ? 1 : 3);

/** What the stream behind a bucket must be. */
export function streamConfig(store: Store, bucket: Bucket): Partial<StreamConfig> & { name: string } {
  return {
    name: bucket.stream,
    subjects: [bucket.subject('>')],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    max_msg_size: maxValueSize,
    num_replicas: replicasAt(store.nats),
    allow_rollup_hdrs: false,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    ...(bucket === store.nb ? { republish: { src: bucket.subject('>'), dest: republished(store.prefix, '>') } } : {}),
  };
}

/** What is wrong with an existing stream, as phrases; the first list forbids to run on it, the second does not. */
export function streamFaults(
  wanted: Partial<StreamConfig>,
  found: Partial<StreamConfig>,
): { readonly unsafe: readonly string[]; readonly odd: readonly string[] } {
  const unsafe: string[] = [];
  const odd: string[] = [];
  if (found.allow_rollup_hdrs === true)
    unsafe.push('it allows roll-ups: one message of one tenant could erase every tenant');
  if ((found.max_age ?? 0) > 0) unsafe.push('its values expire (max_age)');
  if (found.allow_direct !== true) unsafe.push('it does not allow direct reads (allow_direct)');
  if (found.subjects?.join() !== wanted.subjects?.join())
    unsafe.push(`its subjects are ${found.subjects?.join() ?? 'none'}`);
  if ((found.max_msgs ?? -1) > 0 || (found.max_bytes ?? -1) > 0)
    if (found.discard !== DiscardPolicy.New) unsafe.push('a limit of its size drops the oldest objects (discard)');
  if (found.deny_purge !== true || found.deny_delete !== true) odd.push('it can be purged (deny_purge, deny_delete)');
  if (found.storage !== StorageType.File) odd.push('it is kept in memory');
  const replicas = found.num_replicas ?? 1;
  if (replicas < (wanted.num_replicas ?? 1))
    odd.push(`it has ${replicas} of 3 replicas, and is away with a server (nats stream edit --replicas 3)`);
  if (wanted.republish !== undefined && found.republish?.dest !== wanted.republish.dest)
    odd.push(`it does not republish to ${wanted.republish.dest}`);
  return { unsafe, odd };
}

/** What came of opening the buckets. */
export interface Opened {
  readonly store: Store;
  readonly created: readonly string[];
  /** What is unusual about buckets that were there, one line each. */
  readonly notes: readonly string[];
}

/**
 * Creates the buckets that are missing and checks those that are there, without ever altering one. Credentials that may not
 * ask bind what is there. Throws SyncError in one line with what to change.
 */
export async function openStore(nats: Nats, options: { readonly prefix?: string } = {}): Promise<Opened> {
  const store = bindStore(nats, options.prefix);
  checkServer(nats);
  const jsm = await managerOf(nats);
  const created: string[] = [];
  const notes: string[] = [];
  for (const bucket of [store.nb, store.alloc, store.status]) {
    const wanted = streamConfig(store, bucket);
    let found = await describe(jsm, bucket);
    if (found === 'missing') {
      if (await create(jsm, bucket, wanted)) created.push(bucket.name);
      found = await describe(jsm, bucket);
    }
    if (typeof found === 'string') continue;
    const { unsafe, odd } = streamFaults(wanted, found);
    if (unsafe.length > 0) throw unsafeBucket(bucket, unsafe);
    notes.push(...odd.map((fault) => `bucket ${bucket.name}: ${fault}`));
  }
  return { store, created, notes };
}

const unsafeBucket = (bucket: Bucket, faults: readonly string[]): SyncError =>
  new SyncError(
    'NATS_BUCKET_UNSAFE',
    `bucket ${bucket.name}: ${faults.join('; ')}. It was not made by Damselfly: damselfly nb export > nb.yaml, ` +
      `nats stream rm ${bucket.stream}, start again, damselfly nb import nb.yaml; or use another --prefix`,
  );

function checkServer(nats: Nats): void {
  const { info } = nats.connection;
  const server = nats.connection.getServer();
  const version = (info?.version ?? '').split(/[.-]/).slice(0, 3).map(Number);
  const difference = oldestServer.map((part, i) => (version[i] ?? 0) - part).find((each) => each !== 0) ?? 0;
  if (difference < 0)
    throw new SyncError(
      'NATS_TOO_OLD',
      `nats-server ${info?.version ?? ''} at ${server} is older than ${oldestServer.join('.')}: install a newer one`,
    );
  if (info?.jetstream !== true) throw noJetStream(server);
}

const noJetStream = (server: string, cause?: unknown): SyncError =>
  new SyncError(
    'NATS_NO_JETSTREAM',
    `the nats-server at ${server} runs without JetStream: start it with -js, or add "jetstream {}" to its configuration`,
    cause,
  );

async function describe(jsm: JetStreamManager, bucket: Bucket): Promise<StreamConfig | 'missing' | 'not permitted'> {
  try {
    return (await jsm.streams.info(bucket.stream)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === streamNotFound) return 'missing';
    const known = syncError(error, `bucket ${bucket.name}`);
    if (known.code === 'NATS_NOT_PERMITTED') return 'not permitted';
    // In an account of our own only what is permitted crosses; to everything else nobody answers.
    if (known.code === 'NATS_BUCKET_MISSING' && bucket.nats.domain !== undefined) return 'not permitted';
    if (known.code === 'NATS_BUCKET_MISSING') throw noJetStream(bucket.nats.connection.getServer(), error);
    throw known;
  }
}

/** Creates a stream, with one replica where servers are missing for more; false if another controller was faster. */
async function create(jsm: JetStreamManager, bucket: Bucket, wanted: Partial<StreamConfig> & { name: string }) {
  try {
    await jsm.streams.add(wanted);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === noPeers && wanted.num_replicas !== 1)
      return create(jsm, bucket, { ...wanted, num_replicas: 1 });
    if (typeof (await describe(jsm, bucket)) === 'object') return false;
    throw syncError(error, `bucket ${bucket.name} cannot be created`);
  }
}
