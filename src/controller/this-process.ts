// This process as the master of bridges: its name for people, and its number for the generation id.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import type { Candidate } from '../switch/mastership.js';
import type { Holder } from '../switch/generation.js';
import { startOf } from '../sync/process-register.js';

/** This process, as it stands for election. */
export function thisProcess(): Candidate {
  const holder: Holder = { machine: machineNumber(), pid: process.pid, start: startNumber(process.pid) ?? 0 };
  return {
    holder,
    name: `${hostname()}, process ${process.pid}`,
    nonce: crypto.randomUUID(),
    isGone: ({ machine, pid, start }) =>
      machine === holder.machine && machine !== 0 && startNumber(pid) !== start && pid !== 0,
  };
}

/** When a process started, modulo 10 bits; undefined when it does not run. */
function startNumber(pid: number): number | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : Number(BigInt(start) & 0x3ffn);
}

/** This boot of this machine and the process ids that we see, in 16 bits; 0 where that cannot be told. */
function machineNumber(): number {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') + readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(boot).digest().readUInt16BE();
  } catch {
    return 0; // Without /proc every other process may be there.
  }
}
