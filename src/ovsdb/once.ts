// One look, or one write, for commands that do not stay: connect or say at once why not.
import { parseRemote } from './remote.js';
import { Vswitch } from './vswitch.js';

/** Runs `use` on a mirror that has its first snapshot, and closes it. Rejects with the first obstacle instead of trying again. */
export async function withVswitch<T>(
  address: string,
  deadlineMs: number,
  use: (vswitch: Vswitch) => T | Promise<T>,
): Promise<T> {
  const vswitch = new Vswitch({ remotes: [parseRemote(address)] });
  vswitch.start();
  try {
    await vswitch.ready(deadlineMs, true);
    return await use(vswitch);
  } finally {
    vswitch.close();
  }
}
