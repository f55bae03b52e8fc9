// Listens where the configuration says, and says who is in the way when an address is taken.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { openFlowPort, type Address } from '../switch/address.js';
import type { Switches } from '../switch/switches.js';
import { hasCode } from './failure.js';

/** Listens at `tcp:PORT`, `tcp:HOST:PORT` or `unix:PATH`; rejects with one line that says what is in the way, and the way out. */
export async function listenOn(switches: Switches, text: string): Promise<void> {
  const address = listenAddress(text);
  try {
    await switches.listen(address);
  } catch (error) {
    throw hasCode(error, 'address_in_use') ? new Error(takenText(address), { cause: error }) : error;
  }
}

function takenText(address: Address): string {
  if (address.kind === 'unix')
    return `another process answers at ${address.path}: stop it, or listen elsewhere with --listen unix:PATH`;
  const holder = holderOf(address.port);
  const by = holder === undefined ? '' : ` by ${holder}`;
  return `port ${address.port} is taken${by}: stop it, or listen elsewhere with --listen tcp:${address.port + 1000}`;
}

/** Without a host it is every address of the machine. */
function listenAddress(text: string): Address {
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const parts = /^tcp:(?:(.*):)?(\d+)$/.exec(text);
  const host = (parts?.[1] ?? '::').replace(/^\[(.*)\]$/, '$1');
  return { kind: 'tcp', host, port: Number(parts?.[2] ?? openFlowPort) };
}

/** The process that listens on a TCP port of this machine, as `name (pid)`; undefined if it cannot be seen. */
function holderOf(port: number): string | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningInodes(path, port));
  for (const pid of folder('/proc').filter((name) => /^\d+$/.test(name)))
    for (const descriptor of folder(`/proc/${pid}/fd`)) {
      const target = linkOf(`/proc/${pid}/fd/${descriptor}`);
      if (inodes.some((inode) => target === `socket:[${inode}]`))
        return `${textOf(`/proc/${pid}/comm`).trim()} (${pid})`;
    }
  return undefined;
}

/** The inodes of the sockets that listen (state 0A) on a port, from the kernel's table (proc(5)). */
function listeningInodes(path: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return textOf(path)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state = '', , , , , , inode = '']) =>
      local.endsWith(`:${wanted}`) && state === '0A' ? [inode] : [],
    );
}

/** What cannot be read is empty: processes come and go, and others' are not ours to see. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
const textOf = (path: string): string => quietly(() => readFileSync(path, 'utf8'), '');
const folder = (path: string): string[] => quietly(() => readdirSync(path), []);
const linkOf = (path: string): string => quietly(() => readlinkSync(path), '');
