// Where a controller keeps what must outlive it, and the file there that tells every command the northbound's address.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The data directory by default: the service's own, root's, or the user's state directory. */
export function defaultDataDir(
  env: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  if (env['DAMSELFLY_DATA_DIR']) return env['DAMSELFLY_DATA_DIR'];
  if (uid === 0) return '/var/lib/damselfly';
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] ?? homedir(), '.local', 'state'), 'damselfly');
}

/** Makes a folder and those above it; throws one line. Where a file system makes none (/proc), Node's recursive mkdir never returns. */
export function makeFolder(path: string, mode = 0o777): void {
  if (isFolder(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return; // somebody else was faster
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(`the folder ${path} cannot be made (${reason}): name another with --data-dir`, { cause: error });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Not there, or not for us: making it tells which.
  }
}

/** The file in a data directory that holds the address of the nats-server kept there. */
export const urlFile = (dataDir: string): string => join(dataDir, 'nats.url');

/** The address that a controller left in the data directory; undefined where none did. */
export function readUrlFile(dataDir: string): string | undefined {
  if (!existsSync(urlFile(dataDir))) return undefined;
  const url = readFileSync(urlFile(dataDir), 'utf8').trim();
  return url === '' ? undefined : url;
}

/** Leaves the address in the data directory, in one step, so that no reader sees half of it. */
export function writeUrlFile(dataDir: string, url: string): void {
  if (readUrlFile(dataDir) === url) return;
  makeFolder(dataDir);
  const draft = `${urlFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${url}\n`);
  renameSync(draft, urlFile(dataDir));
}
