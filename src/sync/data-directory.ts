// The folder in which a nats-server of our own keeps its store, and in which it leaves where it is to be found.
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder that is used where none is named: the system's for root, otherwise the user's own. */
export function defaultDataDirectory(environment: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): string {
  if (uid === 0) return '/var/lib/damselfly';
  return join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'damselfly');
}

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or not ours to read: either way it tells nothing.
    return undefined;
  }
};

/** The URL that the server of this folder has left, for every command that is not told another one. */
export const readNatsUrl = (directory: string): string | undefined =>
  contentOf(join(directory, 'nats.url'))?.trim() || undefined;

/** When a process was started, in clock ticks since boot: with its id it names a process for good. Undefined once it ended. */
function startTimeOf(pid: number): string | undefined {
  const stat = contentOf(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything; the start time is the 20th after it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** One folder. */
export class DataDirectory {
  readonly path: string;

  /** Makes the folder where it is missing. Throws the system's error. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(join(path, 'users'), { recursive: true, mode: 0o700 });
  }

  get store(): string {
    return join(this.path, 'jetstream');
  }

  get log(): string {
    return join(this.path, 'nats.log');
  }

  get pidFile(): string {
    return join(this.path, 'nats.pid');
  }

  get lockFile(): string {
    return join(this.path, 'nats.lock');
  }

  /** The process id of the server that runs on this folder; undefined if none does. */
  runningPid(): number | undefined {
    const pid = Number(contentOf(this.pidFile));
    if (!(pid > 0) || startTimeOf(pid) === undefined) return undefined;
    return contentOf(`/proc/${pid}/cmdline`)?.split('\0').includes(this.store) === true ? pid : undefined;
  }

  /** The URL that a server says to listen on; undefined as long as it does not. */
  urlOf(pid: number): string | undefined {
    const ports = contentOf(join(this.path, `nats-server_${pid}.ports`));
    return /"nats":\s*\[\s*"([^"]+)"/.exec(ports ?? '')?.[1];
  }

  writeUrl(url: string): void {
    if (readNatsUrl(this.path) === url) return;
    const temporary = join(this.path, `nats.url.${process.pid}`);
    writeFileSync(temporary, `${url}\n`);
    renameSync(temporary, join(this.path, 'nats.url'));
  }

  removeUrl(): void {
    rmSync(join(this.path, 'nats.url'), { force: true });
  }

  /** The last lines of the server's log. */
  logTail(): string {
    return (contentOf(this.log) ?? '').trimEnd().split('\n').slice(-3).join(' | ');
  }

  /** Notes that this process uses the server. */
  register(): void {
    closeSync(openSync(join(this.path, 'users', this.#userName()), 'w'));
  }

  /** Notes that this process uses it no more. */
  unregister(): void {
    rmSync(join(this.path, 'users', this.#userName()), { force: true });
  }

  /** Whether any process uses the server; what processes that are gone left is removed. */
  hasUsers(): boolean {
    let found = false;
    for (const name of readdirSync(join(this.path, 'users'))) {
      const [pid, startTime] = name.split('-');
      if (startTimeOf(Number(pid)) === startTime) found = true;
      else rmSync(join(this.path, 'users', name), { force: true });
    }
    return found;
  }

  #userName(): string {
    return `${process.pid}-${startTimeOf(process.pid) ?? ''}`;
  }
}
