// Where a controller keeps what must outlive it, and the file there that tells every command the northbound's address.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The data directory by default: the service's own, root's, or the user's state directory. */
export function defaultDataDir(
  env: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): string {
  if (env['DAMSELFLY_DATA_DIR']) return env['DAMSELFLY_DATA_DIR'];
  if (uid === 0) return '/var/lib/damselfly';
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] ?? homedir(), '.local', 'state'), 'damselfly');
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
  mkdirSync(dataDir, { recursive: true });
  const draft = `${urlFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${url}\n`);
  renameSync(draft, urlFile(dataDir));
}
