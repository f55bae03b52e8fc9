// `damselfly cleanup`: takes exactly our flows, groups and tunnel ports off a bridge, and nothing else.
import { join } from 'node:path';
import type { Command } from 'commander';
import { installedKey } from '../controller/marks.js';
import { snapshotsAt } from '../controller/snapshot.js';
import { cookieTag, groupTag } from '../flow/item.js';
import { allTables, encode, flowMod } from '../ofp/index.js';
import { withVswitch } from '../ovsdb/once.js';
import { ownerKey } from '../ovsdb/writes.js';
import { commit } from '../switch/commit.js';
import type { Session } from '../switch/session.js';
import { Switches } from '../switch/switches.js';
import { configFromCli } from './config.js';

const deadlineMs = 10_000;

interface Options {
  readonly bridge: string;
  readonly config?: string;
  readonly runDir?: string;
  readonly ovsdb?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addCleanup(program: Command): void {
  program
    .command('cleanup')
    .description('remove our flows, groups and tunnel ports from a bridge, and nothing else; stop its controller first')
    .requiredOption('--bridge <name>', 'the bridge')
    .option('--config <file>', 'configuration file')
    .option('--run-dir <path>', 'where Open vSwitch has its sockets')
    .option('--ovsdb <address>', 'the database of Open vSwitch')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  damselfly cleanup --bridge br-int')
    .action(async (options: Options) => {
      const { config } = await configFromCli(options);
      await refuseWhileServed(config.data_dir, options.bridge);
      const path = join(config.run_dir, `${options.bridge}.mgmt`);
      const removed = await withSession(path, removeFlows);
      const tunnels = config.ovsdb === 'none' ? 0 : await removeTunnels(config.ovsdb, options.bridge);
      const report = { bridge: options.bridge, ...removed, tunnels };
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(report)}\n`
          : `${report.bridge}: removed ${report.flows} flows, ${report.groups} groups, ${report.tunnels} tunnel ports\n`,
      );
    });
}

/** A controller that serves the bridge would put everything back. */
async function refuseWhileServed(dataDir: string, bridge: string): Promise<void> {
  const chassis = await snapshotsAt(dataDir);
  if (chassis.some((one) => one.bridge === bridge && one.connected !== undefined))
    throw new Error(`a controller serves ${bridge} and would put everything back: stop it first`);
}

async function withSession<T>(path: string, work: (session: Session) => Promise<T>): Promise<T> {
  const switches = new Switches();
  try {
    const session = await new Promise<Session>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${path} does not answer within ${deadlineMs / 1000} s`));
      }, deadlineMs);
      switches.once('connected', (connected) => {
        clearTimeout(timer);
        resolve(connected);
      });
      switches.once('unreachable', (_, reason) => {
        clearTimeout(timer);
        reject(new Error(`${reason.message}; is the bridge there, and are you root?`));
      });
      switches.dial({ kind: 'unix', path });
    });
    return await work(session);
  } finally {
    switches.close();
  }
}

async function removeFlows(session: Session): Promise<{ flows: number; groups: number }> {
  const tag = { cookie: BigInt(cookieTag) << 48n, cookieMask: 0xffffn << 48n };
  const flows = await session.flows(tag);
  const groups = (await session.groups()).filter(({ groupId }) => groupId >>> 28 === groupTag);
  const frames = [
    ...(flows.length === 0
      ? []
      : [
          encode(flowMod({ command: 'delete', table: allTables, priority: 0, match: {}, instructions: [], ...tag }), 0),
        ]),
    ...groups.map(({ groupId }) =>
      encode({ type: 'group_mod', command: 'delete', groupType: 'all', groupId, buckets: [] }, 0),
    ),
  ];
  const result = await commit(session, frames);
  if (result.kind === 'partly') {
    const [first] = result.refused;
    throw new Error(`the switch refused to remove ours: ${first?.name ?? ''}: ${first?.sentence ?? ''}`);
  }
  return { flows: flows.length, groups: groups.length };
}

async function removeTunnels(ovsdb: string, bridge: string): Promise<number> {
  return withVswitch(ovsdb, deadlineMs, async (vswitch) => {
    const ports = vswitch.view.bridges.find(({ name }) => name === bridge)?.ports ?? [];
    let removed = 0;
    for (const port of ports) {
      const owner = port.externalIds.get(ownerKey);
      if (owner === undefined) continue;
      await vswitch.deletePort(bridge, port.name, owner);
      removed++;
    }
    const marked = ports.flatMap(({ interfaces }) =>
      interfaces.filter(({ externalIds }) => externalIds.has(installedKey)),
    );
    await vswitch.setInterfaceExternalIds(
      marked.map(({ name }) => ({ iface: name, key: installedKey, value: undefined })),
    );
    return removed;
  });
}
