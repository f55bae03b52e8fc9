// What a test needs of the machine. A test whose needs are not met is skipped with the reason, or fails where all is required.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const programFolders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first need that is not met, as a reason; `root` stands for being root, everything else is a program. */
export function unmetNeed(needs: readonly string[]): string | undefined {
  for (const need of needs) {
    if (need === 'root') {
      if (process.getuid?.() !== 0) return 'needs root';
    } else if (!programFolders.some((folder) => folder !== '' && isExecutable(join(folder, need)))) {
      return `needs the program ${need} (npm run setup brings it)`;
    }
  }
  return undefined;
}

/**
 * Options for `t.test`: nothing when every need is met, else `skip` with the reason. With DAMSELFLY_REQUIRE_ALL=1
 * nothing is skipped: the test then fails by itself where the program is missing.
 */
export function needing(...needs: readonly string[]): { skip?: string } {
  const reason = process.env.DAMSELFLY_REQUIRE_ALL === '1' ? undefined : unmetNeed(needs);
  return reason === undefined ? {} : { skip: reason };
}

/** What a private Open vSwitch takes. */
export const ovsPrograms = [
  'ovs-vswitchd',
  'ovsdb-server',
  'ovsdb-tool',
  'ovs-vsctl',
  'ovs-ofctl',
  'ovs-appctl',
  'setpriv',
];

/** What namespaces with guests take. */
export const labPrograms = [...ovsPrograms, 'root', 'unshare', 'nsenter', 'ip', 'bridge', 'ethtool', 'ping', 'python3'];
