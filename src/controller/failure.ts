// Errors with stable codes, told apart without their classes, and what people are told of a failure.
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether an error carries a code. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** A failure as fields of a line of the log: the reason, and the command that mends it where there is one. */
export function failure(error: unknown): { readonly reason: string; readonly command?: string } {
  const reason = error instanceof Error ? error.message : String(error);
  const command = permissionCommand(error);
  return { reason, ...(command === undefined ? {} : { command }) };
}

/** A failure as one line. */
export function failureLine(error: unknown): string {
  const { reason, command } = failure(error);
  return command === undefined ? reason : `${reason}; mend it with: ${command}`;
}

/** What root does about a unix socket that we may not use, or cannot make; undefined if that is not what is wrong. */
function permissionCommand(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const path = hasCode(error, 'EACCES') && 'address' in error ? String(error.address) : '';
  if (!path.startsWith('/')) return permissionCommand(error.cause);
  const folder = dirname(path);
  const isOurs = 'syscall' in error && error.syscall === 'listen';
  if (isOurs && !existsSync(folder)) return `mkdir ${folder}`; // which Node.js calls EACCES, too
  const grants = isOurs
    ? [grant('rwx', folder)] // it is made there
    : [...(mayEnter(folder) ? [] : [grant('x', folder)]), grant('rw', path)];
  return grants.join(' && ');
}

const grant = (rights: string, path: string): string =>
  `chgrp ${process.getgid?.() ?? 'GROUP'} ${path} && chmod g+${rights} ${path}`;

function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
