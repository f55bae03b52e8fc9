// `damselfly controller`: serves bridges until it is told to stop.
import type { Command } from 'commander';
import { makeLog } from '../controller/log.js';
import { main } from '../main.js';
import { configFromCli, type ConfigOptions, withConfigOptions } from './config.js';
import { version } from './version.js';

/** Adds the command. */
export function addController(program: Command): void {
  withConfigOptions(program.command('controller'))
    .option('--json', 'log JSON lines, on a terminal too')
    .description('serve the bridges that connect (TCP 6653) or that are named with --bridges')
    .addHelpText(
      'after',
      `
The first set-controller on a bridge flushes its flows. SIGTERM ends the controller and leaves all flows where they are.

Example:
  ovs-vsctl set-fail-mode br-int secure -- set bridge br-int other_config:disable-in-band=true -- set-controller br-int tcp:127.0.0.1:6653
  damselfly controller --encap-ip 192.0.2.1`,
    )
    .action(async (options: ConfigOptions) => {
      const ending = new AbortController();
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.once(signal, () => {
          ending.abort(signal);
        });
      const { config } = await configFromCli(options);
      const log = makeLog(config.log_level, options['json'] === true);
      if (config.encap_ip.length === 0)
        log.warn(
          'no tunnel address: networks do not reach other chassis or remote devices (mend it with --encap-ip ADDRESS, or ovs-vsctl set open . external_ids:damselfly-encap-ip=ADDRESS)',
        );
      await main(config, version(), log, ending.signal);
      process.exit(); // whoever is still being waited for need not answer any more
    });
}
