// `damselfly status`: the bridges of this machine's controllers, their ports, what is ACTIVE, and what is not and why.
import type { Command } from 'commander';
import { type ChassisSnapshot, snapshotsAt } from '../controller/snapshot.js';
import { configFromCli, type ConfigOptions } from './config.js';
import { textTable } from './text-table.js';

/** Adds the command. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('what the controllers of this machine serve, and what stands in the way')
    .option('--config <file>', 'configuration file')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit status 1 if no controller runs or something is not ACTIVE.\n\nExample:\n  damselfly status',
    )
    .action(async (options: ConfigOptions) => {
      const { config } = await configFromCli(options);
      const chassis = await snapshotsAt(config.data_dir);
      if (options['json'] === true) process.stdout.write(`${JSON.stringify(chassis, null, 2)}\n`);
      else process.stdout.write(chassis.length === 0 ? noController(config.data_dir) : chassis.map(shown).join('\n'));
      if (chassis.length === 0 || chassis.some((one) => one.ports.some(({ state }) => state !== 'ACTIVE')))
        process.exitCode = 1;
    });
}

const noController = (dataDir: string): string =>
  `no controller serves a bridge here (data directory ${dataDir}); start one with: damselfly controller, and point a bridge at it:\n  ovs-vsctl set-fail-mode br-int secure -- set-controller br-int tcp:127.0.0.1:6653\n`;

function shown(one: ChassisSnapshot): string {
  const { flows } = one;
  const head = [
    `chassis ${one.chassis}: bridge ${one.bridge ?? '(not in this database)'}, datapath ${one.datapath}, ${one.connected === undefined ? 'not connected' : `connected by ${one.connected}`}`,
    `  ${flows.installed} flows and groups installed, ${flows.wanted} wanted, ${flows.waiting} waiting to be sent, ${flows.repaired} put back; tenants: ${one.tenants.join(', ')}`,
    ...(one.waits_for.length > 0 ? [`  nothing is removed until is known: ${one.waits_for.join(', ')}`] : []),
    ...one.idle.map((text) => `  ${text}`),
    ...one.problems.map((problem) => `  problem: ${problem}`),
  ];
  const rows = one.ports.map(({ object, state, interface: name, ofport, revision, reason }) => [
    `  ${object}`,
    state,
    name === undefined ? '' : `${name}${ofport === undefined ? '' : `:${ofport}`}`,
    `r${revision}`,
    reason ?? '',
  ]);
  const unbound = one.unbound.map(({ object, reason }) => [`  ${object}`, 'DOWN', '', '', reason]);
  return `${[...head, ...textTable([...rows, ...unbound])].join('\n')}\n`;
}
