// The nats-server that a controller without a NATS address brings up for itself, on loopback, kept in the data directory.
//
// Whose is it? Nobody's: it is a process of its own that every controller of the machine uses, and the last one to
// leave in good order stops it. So an upgrade or a crash of the controller that happened to start it never cuts the
// others off, and a machine whose service is stopped runs nothing more. Where something ends it with its starter all
// the same (a service manager that ends whole control groups), `revive` of any other user starts it on the same store.
//
// There is one at a time because it holds a lock on `<data dir>/nats.lock` for as long as it lives: flock(1) takes the
// lock and becomes the server. The kernel gives it back however the server ends; no lock is ever stale.
import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, readUrlFile, writeUrlFile } from './data-dir.js';
import { freePort, greets, isFree, loopback } from './loopback.js';
import { ProcessRegister } from './process-register.js';

const defaultPort = 6655;
const startsTried = 5;
const knownPortPatienceMs = 2_000;
const lockTaken = 75;

/** `port` is where the search for a free port begins (6655), `deadlineMs` how long a start may take
 * (15 s), `program` the server's name or path. */
export interface EmbeddedNatsOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly deadlineMs?: number;
  readonly program?: string;
}

/** A nats-server of this machine that this process uses until it leaves. */
export interface EmbeddedNats {
  readonly url: string;
  /** Whether this process started it, or found it running. */
  readonly started: boolean;
  /** Starts it again if it is gone; resolves to its address, which changes only if its port was taken meanwhile. */
  revive(): Promise<string>;
  /** Says that this process needs it no longer; the last user stops it. Resolves to whether it was stopped. */
  leave(): Promise<boolean>;
}

/** The embedded nats-server cannot be had: one line with what to do. */
export class EmbeddedNatsError extends Error {
  override readonly name = 'EmbeddedNatsError';
}

/** A try to start the server; `status` is its exit status, once it has ended. */
interface Attempt {
  readonly pid: number | undefined;
  status?: number;
}

interface Running {
  readonly url: string;
  readonly started: boolean;
}

const usersOf = (dataDir: string) => new ProcessRegister(join(dataDir, 'nats.users'));

/** Uses the nats-server of the data directory, and starts it where none runs. Throws EmbeddedNatsError. */
export async function joinEmbeddedNats(options: EmbeddedNatsOptions): Promise<EmbeddedNats> {
  const { dataDir } = options;
  makeWritable(dataDir);
  const users = usersOf(dataDir);
  users.enter();
  try {
    const { url, started } = await ensureRunning(options);
    return {
      url,
      started,
      revive: async () => (await ensureRunning(options)).url,
      leave: async () => {
        users.leave();
        return stopUnusedNats(dataDir);
      },
    };
  } catch (error) {
    users.leave();
    throw error;
  }
}

/** Stops the nats-server of a data directory unless a process uses it; resolves to whether one was stopped. */
export async function stopUnusedNats(dataDir: string): Promise<boolean> {
  if (usersOf(dataDir).users().length > 0 || !(await isLocked(dataDir))) return false;
  const pid = pidOf(dataDir);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  const end = performance.now() + 5_000;
  while (await isLocked(dataDir)) {
    if (performance.now() > end)
      throw new EmbeddedNatsError(`nats-server (process ${pid}) does not end: kill -9 ${pid}`);
    await delay(20);
  }
  return true;
}

function makeWritable(dataDir: string): void {
  try {
    makeFolder(dataDir);
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    throw new EmbeddedNatsError(`no right to write in ${dataDir}: give another with DAMSELFLY_DATA_DIR`, {
      cause: error,
    });
  }
}

/** Tries to become the starter; whoever finds the lock taken waits for what the holder tells. */
async function ensureRunning(options: EmbeddedNatsOptions): Promise<Running> {
  const { dataDir, deadlineMs = 15_000 } = options;
  const program = findProgram(options.program ?? 'nats-server');
  const end = performance.now() + deadlineMs;
  for (let starts = 1; ; starts++) {
    const attempt = startServer(program, dataDir, await choosePort(options));
    const url = await greeted(dataDir, attempt, end);
    if (url !== undefined) {
      writeUrlFile(dataDir, url);
      return { url, started: attempt.pid === pidOf(dataDir) };
    }
    // It ended: its port was taken in between, or whoever held the lock let go of it. Anything else stays as it is.
    if (starts >= startsTried || performance.now() > end) throw startError(dataDir, attempt.status);
  }
}

/** The address of the running server, ours or the lock's holder, once it greets; undefined when there is none any more. */
async function greeted(dataDir: string, attempt: Attempt, end: number): Promise<string | undefined> {
  while (attempt.status === undefined || (attempt.status === lockTaken && (await isLocked(dataDir)))) {
    const url = urlOf(dataDir);
    if (url !== undefined && (await greets(url))) return url;
    if (performance.now() > end) return undefined;
    await delay(20);
  }
  return undefined;
}

function findProgram(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const paths = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
  const found = paths.find((path) => isExecutable(path));
  if (found !== undefined) return found;
  throw new EmbeddedNatsError(
    `${name} is not installed: apt-get install nats-server, or give the address of yours with --nats`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not for us: that is the answer.
  }
}

function startServer(program: string, dataDir: string, port: number): Attempt {
  const file = (name: string) => join(dataDir, name);
  const log = openSync(file('nats.log'), 'a');
  // prettier-ignore
  const server = [
    program, '--addr', loopback, '--port', String(port), '--jetstream', '--store_dir', file('nats'),
    '--pid', file('nats.pid'), '--ports_file_dir', dataDir,
  ];
  const flock = ['--no-fork', '--nonblock', '--conflict-exit-code', String(lockTaken), file('nats.lock')];
  const child = spawn('flock', [...flock, ...server], { detached: true, cwd: dataDir, stdio: ['ignore', log, log] });
  closeSync(log);
  const attempt: Attempt = { pid: child.pid };
  child.once('error', () => (attempt.status = -1));
  child.once('exit', (status) => (attempt.status = status ?? -1));
  child.unref();
  return attempt;
}

/** Whether a nats-server holds the data directory's lock. */
function isLocked(dataDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const flock = ['--no-fork', '--nonblock', '--conflict-exit-code', String(lockTaken)];
    const child = spawn('flock', [...flock, join(dataDir, 'nats.lock'), 'true'], { stdio: 'ignore' });
    child.once('error', () => {
      resolve(false);
    });
    child.once('exit', (status) => {
      resolve(status === lockTaken);
    });
  });
}

/** The process id that the last server wrote, if that process runs. */
function pidOf(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, 'nats.pid'), 'utf8'));
    return Number.isSafeInteger(pid) && pid > 1 && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined; // No server has written one yet.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Where the running server listens, by its own account; accounts that killed servers left are removed. */
function urlOf(dataDir: string): string | undefined {
  const pid = pidOf(dataDir);
  if (pid === undefined) return undefined;
  const accounts = readdirSync(dataDir).filter((name) => name.endsWith('.ports'));
  const own = accounts.find((name) => name.endsWith(`_${pid}.ports`));
  for (const name of accounts) if (name !== own) rmSync(join(dataDir, name), { force: true });
  if (own === undefined) return undefined;
  return /nats:\/\/[\d.]+:\d+/.exec(readFileSync(join(dataDir, own), 'utf8'))?.[0];
}

/**
 * The port to listen on: the one that clients know from before, for which we wait a little, because a killed server
 * keeps it until its last thread has gone; otherwise the first free one.
 */
async function choosePort({ dataDir, port = defaultPort }: EmbeddedNatsOptions): Promise<number> {
  const before = readUrlFile(dataDir);
  if (before === undefined) return firstFree(port);
  const known = Number(new URL(before).port);
  const end = performance.now() + knownPortPatienceMs;
  while (!(await isFree(known))) {
    // Somebody else keeps the port. If that is the running server, the port that we try does not matter.
    if (performance.now() > end) return firstFree(known);
    if (await isLocked(dataDir)) return known;
    await delay(20);
  }
  return known;
}

async function firstFree(first: number): Promise<number> {
  const port = await freePort(first);
  if (port === undefined)
    throw new EmbeddedNatsError(
      `no port of ${loopback} from ${first} on is free: give the address of a NATS with --nats`,
    );
  return port;
}

function startError(dataDir: string, status: number | undefined): EmbeddedNatsError {
  const url = urlOf(dataDir);
  if (status === lockTaken)
    return new EmbeddedNatsError(
      `nats-server (process ${pidOf(dataDir) ?? 'unknown'}) holds ${dataDir} but does not answer on ${url ?? loopback}: ` +
        'it may be in another network namespace; end it, or give another data directory with DAMSELFLY_DATA_DIR',
    );
  return new EmbeddedNatsError(`nats-server does not start: see ${join(dataDir, 'nats.log')}`);
}
