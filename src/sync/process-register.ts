// Which running processes use something: one file each, named after the process and its start, so that a file left by
// a killed process, or a process id given out again, is never taken for a user.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './data-dir.js';

const entryName = /^(\d+)\.(\d+)$/;

/** When a process started, in clock ticks since boot (proc(5), field 22); undefined when it does not run. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command, in brackets, may hold blanks and brackets itself; after it come fields 3 and on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined; // No such process: that is the answer.
  }
}

/** The users of one thing, as files of one folder. */
export class ProcessRegister {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Says that this process is a user; saying it twice is once. */
  enter(pid = process.pid): void {
    makeFolder(this.#folder);
    writeFileSync(join(this.#folder, `${pid}.${startOf(pid) ?? '0'}`), '');
  }

  /** Takes it back. */
  leave(pid = process.pid): void {
    rmSync(join(this.#folder, `${pid}.${startOf(pid) ?? '0'}`), { force: true });
  }

  /** The process ids of the users that run; what others left behind is removed. */
  users(): number[] {
    makeFolder(this.#folder);
    return readdirSync(this.#folder).flatMap((name) => {
      const [, pid, start] = entryName.exec(name) ?? [];
      if (pid !== undefined && startOf(Number(pid)) === start) return [Number(pid)];
      rmSync(join(this.#folder, name), { force: true });
      return [];
    });
  }
}
