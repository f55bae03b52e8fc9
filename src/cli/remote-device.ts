// `damselfly remote-device`: the other side of a tunnel, which nobody manages.
import { type Command, Option } from 'commander';
import { askAll } from '../controller/control.js';
import type { FarEnd } from '../controller/far-end.js';
import type { ProbeResult } from '../controller/probe.js';
import { configFromCli, type ConfigOptions } from './config.js';
import { farEndSystems, type FarEndSystem, farEndText } from './far-end-text.js';

/** Adds the commands. */
export function addRemoteDevice(program: Command): void {
  const remoteDevice = program.command('remote-device').description('the other side of a remote device’s tunnels');
  aboutDevice(remoteDevice, 'config', 'print the commands that set up the far end of a device')
    .addOption(new Option('--for <system>', 'what the far end runs').choices(farEndSystems).default('linux'))
    .addHelpText('after', '\nExample:\n  damselfly remote-device config red/db | ssh root@203.0.113.9 sh')
    .action(async (id: string, options: ConfigOptions & { readonly for: FarEndSystem }) => {
      const end = (await asked('far-end', id, options)) as FarEnd; // our own controller's answer
      process.stdout.write(options['json'] === true ? asJson(end) : farEndText(end, options.for));
    });
  aboutDevice(remoteDevice, 'probe', 'send to a device, and say which of underlay, VNI, MTU and ARP is wrong')
    .addHelpText('after', '\nExit status 1 if something is wrong.\n\nExample:\n  damselfly remote-device probe red/db')
    .action(async (id: string, options: ConfigOptions) => {
      const result = (await asked('probe', id, options)) as ProbeResult; // our own controller's answer
      process.stdout.write(options['json'] === true ? asJson(result) : probeText(result));
      if (result.wrong !== 'nothing') process.exitCode = 1;
    });
}

const aboutDevice = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .argument('<id>', 'the device: tenant/id, or the id of one of the operator’s')
    .option('--config <file>', 'configuration file')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option('--json', 'as JSON');

/** What the controller of this machine says of a device; where there are several, the first of them. */
async function asked(ask: string, argument: string, options: ConfigOptions): Promise<unknown> {
  const { config } = await configFromCli(options);
  const [answer] = await askAll(config.data_dir, { ask, argument });
  if (answer === undefined) throw new Error(`no controller serves a bridge here (data directory ${config.data_dir})`);
  return answer;
}

const probeText = ({ device, wrong, words }: ProbeResult): string =>
  `lport ${device}: ${wrong === 'nothing' ? 'well' : `wrong: ${wrong}`}: ${words}\n`;

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
