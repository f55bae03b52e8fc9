// What a switch sends out of its dummy ports, as its own capture files (`options:tx_pcap`) have it.
import { setTimeout as delay } from 'node:timers/promises';
import { readPcap } from './pcap.js';

/** How long nothing may happen before everything has happened, in milliseconds. */
const quietMs = 80;

/** The frames that are captured while something is done and until nothing more comes, by the names of their files; none of idle ones. */
export async function captured(
  files: Readonly<Record<string, string>>,
  action: () => Promise<unknown>,
): Promise<Readonly<Record<string, readonly Buffer[]>>> {
  const read = () => Object.entries(files).map(([name, path]) => [name, readPcap(path)] as const);
  const sizeOf = (all: ReturnType<typeof read>) => all.reduce((sum, [, frames]) => sum + frames.length, 0);
  const before = new Map(read().map(([name, frames]) => [name, frames.length]));
  await action();
  let [now, size] = [read(), -1];
  while (sizeOf(now) !== size) {
    size = sizeOf(now);
    await delay(quietMs);
    now = read();
  }
  const fresh = now.map(([name, frames]) => [name, frames.slice(before.get(name))] as const);
  return Object.fromEntries(fresh.filter(([, frames]) => frames.length > 0));
}
