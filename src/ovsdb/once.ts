// One look, or one write, for commands that do not stay: connect or say at once why not.
import { OvsdbClient } from './client.js';
import type { TextMap } from './datum.js';
import { parseRemote } from './remote.js';
import { textMap } from './rows.js';
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

/** The external_ids of Open_vSwitch, read alone: they are there long before thousands of interfaces. Rejects with the first obstacle. */
export async function rootExternalIds(address: string, deadlineMs: number): Promise<TextMap> {
  const client = new OvsdbClient({
    remotes: [parseRemote(address)],
    database: 'Open_vSwitch',
    tables: { Open_vSwitch: ['external_ids'] },
  });
  client.start();
  try {
    await client.synced(deadlineMs, true);
    const [root] = client.replica.rows('Open_vSwitch').values();
    return root === undefined ? new Map() : textMap(root, 'external_ids');
  } finally {
    client.close();
  }
}
