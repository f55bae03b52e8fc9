// `damselfly remote-device`: the other side of a tunnel, which nobody manages.
import { type Command, Option } from 'commander';
import { askAll } from '../controller/control.js';
import type { FarEnd, Told } from '../controller/far-end.js';
import type { ProbeResult } from '../controller/probe.js';
import { operator, refIn } from '../model/ids.js';
import { configFromCli, type ConfigOptions } from './config.js';
import { farEndSystems, type FarEndSystem, farEndText } from './far-end-text.js';

/** Adds the commands. */
export function addRemoteDevice(program: Command): void {
  const remoteDevice = program.command('remote-device').description('the other side of a remote device’s tunnels');
  aboutDevice(remoteDevice, 'config', 'print the commands that set up the far end of a device')
    .addOption(new Option('--for <system>', 'what the far end runs').choices(farEndSystems).default('linux'))
    .addHelpText('after', '\nExample:\n  damselfly remote-device config red/db | ssh root@203.0.113.9 sh')
    .action(async (id: string, options: AboutOptions & { readonly for: FarEndSystem }) => {
      const end = narrowest((await asked<FarEnd>('far-end', id, options)).map(({ told }) => told));
      process.stdout.write(options['json'] === true ? asJson(end) : farEndText(end, options.for));
    });
  aboutDevice(remoteDevice, 'probe', 'send to a device, and say which of underlay, VNI, MTU and ARP is wrong')
    .addHelpText(
      'after',
      '\nEach chassis of this machine that has a port on its network sends. Exit status 1 if something is wrong.\n\nExample:\n  damselfly remote-device probe red/db',
    )
    .action(async (id: string, options: AboutOptions) => {
      const results = await asked<ProbeResult>('probe', id, options);
      const all = results.map(({ chassis, told }) => ({ chassis, ...told }));
      process.stdout.write(options['json'] === true ? asJson(all) : all.map(probeText).join(''));
      if (all.some(({ wrong }) => wrong !== 'nothing')) process.exitCode = 1;
    });
}

type AboutOptions = ConfigOptions & { readonly chassis?: string };

const aboutDevice = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .argument('<id>', 'the device: tenant/id, or the id of one of the operator’s')
    .option('--chassis <id>', 'ask this chassis only')
    .option('--config <file>', 'configuration file')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option('--json', 'as JSON');

type Answered<T> = Told<T> & { readonly told: T };

/** What the chassis of this machine that reach a device say of it; at least one does, or it throws why none can. */
async function asked<T>(ask: string, id: string, options: AboutOptions): Promise<readonly Answered<T>[]> {
  const { config } = await configFromCli({ ...options, chassis: undefined });
  const { chassis: wanted } = options;
  const all = (await askAll(config.data_dir, { ask, argument: id }))
    .flatMap((answer) => answer as Told<T>[]) // our own controllers' answers
    .filter(({ chassis }) => wanted === undefined || chassis === wanted);
  if (all.length === 0)
    throw new Error(
      `no controller serves ${wanted === undefined ? 'a bridge' : `chassis ${wanted}`} here (data directory ${config.data_dir})`,
    );
  const answered = all.flatMap((each) => (each.told === undefined ? [] : [{ ...each, told: each.told }]));
  if (answered.length > 0) return answered;
  const reasons = new Set(all.flatMap(({ reason }) => reason ?? []));
  if (reasons.size > 0) throw new Error([...reasons].join('; '));
  const device = refIn(operator, id);
  throw new Error(`lport ${device} is not known here: there is none, or no port of its network is on this machine`);
}

/** They say the same of a far end, but for the MTU where their underlays differ. */
const narrowest = (ends: readonly FarEnd[]): FarEnd => ends.reduce((least, end) => (end.mtu < least.mtu ? end : least));

const probeText = ({ chassis, device, wrong, words }: ProbeResult & { readonly chassis: string }): string =>
  `lport ${device} from ${chassis}: ${wrong === 'nothing' ? 'well' : `wrong: ${wrong}`}: ${words}\n`;

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
