// `damselfly status`: the bridges of this machine's controllers, their ports, what is ACTIVE, and what is not and why.
import type { Command } from 'commander';
import { type ChassisSnapshot, snapshotsAt } from '../controller/snapshot.js';
import { askAll } from '../controller/control.js';
import type { Unserved } from '../controller/controller.js';
import type { Dropped } from '../controller/unknown.js';
import { configFromCli, type ConfigOptions } from './config.js';
import { textTable } from './text-table.js';

/** Adds the command. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('what the controllers of this machine serve, and what stands in the way')
    .option('--config <file>', 'configuration file')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option(
      '--unknown',
      'what was dropped because nobody named its sender, its VNI or its VLAN id: what, from where, how often',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit status 1 if no controller runs, a bridge is not served by any, or something is not ACTIVE.\n\nExample:\n  damselfly status',
    )
    .action(async (options: ConfigOptions) => {
      const { config } = await configFromCli(options);
      if (options['unknown'] === true) {
        const dropped = (await askAll(config.data_dir, { ask: 'unknown' })).flatMap((answer) => answer as Dropped[]); // our own controller's answer
        process.stdout.write(options['json'] === true ? `${JSON.stringify(dropped, null, 2)}\n` : listed(dropped));
        return;
      }
      const chassis = await snapshotsAt(config.data_dir);
      const answers = await askAll(config.data_dir, { ask: 'unserved' });
      const unserved = answers.flatMap((answer) => answer as Unserved[]); // our own controller's answer
      if (options['json'] === true) process.stdout.write(`${JSON.stringify(chassis, null, 2)}\n`);
      else if (chassis.length > 0) process.stdout.write(chassis.map(shown).join('\n'));
      else if (unserved.length === 0) process.stdout.write(nothingServed(config.data_dir, answers.length > 0));
      // Also beside JSON, which is of what is served.
      for (const { datapath, peer, reason } of unserved)
        process.stderr.write(`datapath ${datapath}, connected by ${peer}: ${reason}\n`);
      const isWanting = unserved.some(({ master }) => master === undefined);
      const isActive = chassis.every((one) => one.ports.every(({ state }) => state === 'ACTIVE'));
      if (isWanting || (chassis.length === 0 && unserved.length === 0) || !isActive) process.exitCode = 1;
    });
}

function listed(dropped: readonly Dropped[]): string {
  if (dropped.length === 0) return 'nothing was dropped for want of a name\n';
  const head = ['CHASSIS', 'FROM', 'WHAT', 'PACKETS', 'SINCE', 'WHY IT WAS DROPPED'];
  const rows = dropped.map(({ chassis, from, what, number, packets, sinceSeconds, reason }) => [
    chassis,
    from,
    `${what === 'vlan' ? 'VLAN' : 'VNI'} ${number}`,
    String(packets),
    `${sinceSeconds} s ago`,
    what === 'sender' ? `unknown sender: ${reason}` : `unknown ${what === 'vlan' ? 'VLAN id' : 'VNI'}: ${reason}`,
  ]);
  return `${textTable([head, ...rows]).join('\n')}\n`;
}

const nothingServed = (dataDir: string, isRunning: boolean): string =>
  `no controller serves a bridge here (data directory ${dataDir}); ${isRunning ? 'one runs, and no bridge is connected: point one at it' : 'start one with: damselfly controller, and point a bridge at it'}:\n  ovs-vsctl set-fail-mode br-int secure -- set-controller br-int tcp:127.0.0.1:6653\n`;

function shown(one: ChassisSnapshot): string {
  const { flows } = one;
  const head = [
    `chassis ${one.chassis}: bridge ${one.bridge ?? '(not in this database)'}, datapath ${one.datapath}, ${one.connected === undefined ? 'not connected' : `connected by ${one.connected}`}`,
    `  ${flows.installed} flows and groups installed, ${flows.wanted} wanted, ${flows.waiting} waiting to be sent, ${flows.repaired} put back; tenants: ${one.tenants.join(', ')}`,
    ...(one.waits_for.length > 0 ? [`  nothing is removed until is known: ${one.waits_for.join(', ')}`] : []),
    ...one.idle.map((text) => `  ${text}`),
    ...one.problems.map((problem) => `  problem: ${problem}`),
  ];
  const rows = one.ports.map(({ object, state, interface: name, ofport, revision, since, reason }) => [
    `  ${object}`,
    state,
    name === undefined ? '' : `${name}${ofport === undefined ? '' : `:${ofport}`}`,
    `r${revision}`,
    since === undefined ? '' : `since ${since.replace(/\.\d+Z$/, 'Z')}`,
    reason ?? '',
  ]);
  const networks = one.networks.map(({ object, vni, mtu, limit }) => [
    `  ${object}`,
    '',
    '',
    '',
    '',
    `VNI ${vni}${mtu === undefined ? '' : `, MTU ${mtu}`}${limit === undefined ? '' : ` (what fits through ${limit})`}`,
  ]);
  const unbound = one.unbound.map(({ object, reason }) => [`  ${object}`, 'DOWN', '', '', '', reason]);
  return `${[...head, ...textTable([...networks, ...rows, ...unbound])].join('\n')}\n`;
}
