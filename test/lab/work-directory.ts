// Temporary folders named after the process that made them, so that what a killed run left is recognised and removed.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const owned = /^damselfly-lab-(\d+)-/;
let isSwept = false;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = owned.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Makes a new folder; its path is short, because a unix socket's must be. The caller removes it. */
export function makeWorkDirectory(): string {
  if (!isSwept) sweep();
  isSwept = true;
  return mkdtempSync(join(tmpdir(), `damselfly-lab-${process.pid}-`));
}

/** Removes a folder made here. */
export function removeWorkDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
