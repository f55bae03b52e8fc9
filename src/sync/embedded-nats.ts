// A nats-server of our own, for a machine on which nobody names one. It is a process by itself and not a child that dies
// with us: another controller on the machine may use it while the one that started it is upgraded. It ends with its last
// user, so that stopping the only controller leaves nothing behind; whoever finds it gone while using it starts it again.
// `flock` holds a lock for as long as the server lives, so that there is never a second one on the same store.
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setInterval, clearInterval } from 'node:timers';
import { DataDirectory } from './data-directory.js';
import { SyncError } from './errors.js';

/** The port that is tried first. */
export const embeddedPort = 6655;
const lockTaken = 75;
const startDeadlineMs = 15_000;
const stopDeadlineMs = 5000;
const greetingDeadlineMs = 500;
const checkIntervalMs = 2000;

/** How the server is found or started. */
export interface EmbeddedOptions {
  readonly dataDirectory: string;
  readonly port?: number;
  readonly program?: string;
  /** The server ended and was started again, or could not be. */
  readonly restarted?: (url: string) => void;
  readonly failed?: (error: SyncError) => void;
}

/** A server that we use. */
export interface EmbeddedNats {
  readonly url: string;
  /** Whether we started it; otherwise it ran already. */
  readonly isStartedByUs: boolean;
  /** Uses it no more; it ends if nobody else uses it. */
  readonly release: () => Promise<void>;
}

/** Whether a NATS server greets at that URL. */
function greets(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(greetingDeadlineMs, () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('data', (data) => {
      end(data.toString('latin1').startsWith('INFO '));
    });
  });
}

/** The first port from `from` on that nobody listens on. */
async function freePort(from: number): Promise<number> {
  for (let port = from; port < from + 100; port += 1) {
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => {
        resolve(false);
      });
      probe.listen(port, '127.0.0.1', () =>
        probe.close(() => {
          resolve(true);
        }),
      );
    });
    if (isFree) return port;
  }
  throw new SyncError('NATS_SERVER_PROGRAM', `none of the ports ${from} to ${from + 99} is free for a nats-server`);
}

function launch(directory: DataDirectory, port: number, program: string): ChildProcess {
  const server = [
    program,
    ...['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory.store],
    ...['-P', directory.pidFile, '-l', directory.log, '--ports_file_dir', directory.path],
  ];
  const child = spawn('flock', ['--nonblock', '-E', String(lockTaken), '--no-fork', directory.lockFile, ...server], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` },
  });
  child.unref();
  return child;
}

/** What became of a server that was launched: it greets, another one has the lock, or it ended. */
async function outcome(directory: DataDirectory, child: ChildProcess, deadlineMs: number): Promise<string | number> {
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? -1);
    });
  });
  const started = async (): Promise<string | undefined> => {
    while (performance.now() < deadlineMs && child.exitCode === null && child.signalCode === null) {
      const url = child.pid === undefined ? undefined : directory.urlOf(child.pid);
      if (url !== undefined && (await greets(url))) return url;
      await delay(20);
    }
    return undefined;
  };
  return (await Promise.race([ended, started()])) ?? child.exitCode ?? -1;
}

/** The URL of the server that runs on this folder, if it greets. */
async function running(directory: DataDirectory): Promise<string | undefined> {
  const pid = directory.runningPid();
  const url = pid === undefined ? undefined : directory.urlOf(pid);
  return url !== undefined && (await greets(url)) ? url : undefined;
}

async function findOrStart(directory: DataDirectory, options: EmbeddedOptions, preferredPort: number) {
  const program = options.program ?? 'nats-server';
  const deadlineMs = performance.now() + startDeadlineMs;
  let failures = 0;
  while (performance.now() < deadlineMs && failures < 3) {
    const url = await running(directory);
    if (url !== undefined) return { url, isStartedByUs: false };
    const came = await outcome(directory, launch(directory, await freePort(preferredPort), program), deadlineMs).catch(
      (error: unknown) => {
        throw new SyncError('NATS_SERVER_PROGRAM', 'flock cannot be run: apt-get install util-linux', error);
      },
    );
    if (typeof came === 'string') return { url: came, isStartedByUs: true };
    // flock itself says 69 (EX_UNAVAILABLE) or 126, 127 for a program that cannot be run.
    if ([69, 126, 127].includes(came))
      throw new SyncError(
        'NATS_SERVER_PROGRAM',
        `${program} is not installed: apt-get install nats-server, or name a running server with --nats`,
      );
    if (came !== lockTaken) failures += 1;
    await delay(50);
  }
  const pid = directory.runningPid();
  throw new SyncError(
    'NATS_SERVER_PROGRAM',
    pid === undefined
      ? `nats-server does not start on ${directory.path}: ${directory.logTail()}`
      : `the nats-server ${pid} of ${directory.path} does not answer here; end it, or use another data directory`,
  );
}

async function stopServer(directory: DataDirectory): Promise<void> {
  const pid = directory.runningPid();
  directory.removeUrl();
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  const deadlineMs = performance.now() + stopDeadlineMs;
  while (directory.runningPid() === pid && performance.now() < deadlineMs) await delay(20);
}

/** Finds the server of a data directory, or starts it. Throws SyncError in one line with what to do. */
export async function useEmbeddedNats(options: EmbeddedOptions): Promise<EmbeddedNats> {
  const directory = openDirectory(options.dataDirectory);
  directory.register();
  let isReleased = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const release = async () => {
    if (isReleased) return;
    isReleased = true;
    clearInterval(timer);
    directory.unregister();
    if (!directory.hasUsers()) await stopServer(directory);
  };
  try {
    const found = await findOrStart(directory, options, options.port ?? embeddedPort);
    directory.writeUrl(found.url);
    timer = keepRunning(directory, options, found.url, () => isReleased);
    return { ...found, release };
  } catch (error) {
    await release();
    throw error;
  }
}

function openDirectory(path: string): DataDirectory {
  try {
    return new DataDirectory(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyncError('NATS_SERVER_PROGRAM', `${path} cannot be used: ${reason}; name another --data-dir`, error);
  }
}

/** Starts the server again, on the same port, whenever it is found to have ended. */
function keepRunning(directory: DataDirectory, options: EmbeddedOptions, url: string, isOver: () => boolean) {
  let isBusy = false;
  const check = async () => {
    if (isBusy || isOver() || directory.runningPid() !== undefined) return;
    isBusy = true;
    try {
      const again = await findOrStart(directory, options, Number(new URL(url).port));
      directory.writeUrl(again.url);
      options.restarted?.(again.url);
      if (isOver() && !directory.hasUsers()) await stopServer(directory);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      options.failed?.(error);
    } finally {
      isBusy = false;
    }
  };
  return setInterval(() => void check(), checkIntervalMs);
}
