// `damselfly config show`, and the configuration as every command reads it.
import type { Command } from 'commander';
import {
  type Config,
  type ConfigKey,
  keys,
  type Origins,
  readConfigFile,
  resolveConfig,
} from '../controller/config.js';
import { rootExternalIds } from '../ovsdb/once.js';

/** How long the database may take to answer, in milliseconds. */
const databaseMs = 1000;

/** Options by which any command may be given parts of the configuration. */
export type ConfigOptions = Readonly<Record<string, unknown>> & { readonly config?: string };

/** The configuration from flags, environment, file, and Open_vSwitch's external_ids where its database can be read at once. */
export async function configFromCli(options: object): Promise<{ config: Config; origins: Origins }> {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const path = given['config'];
  const sources = {
    flags: Object.fromEntries(Object.keys(keys).map((key) => [key, given[camelCase(key)]])),
    env: process.env,
    file: await readConfigFile(typeof path === 'string' ? path : undefined),
  };
  const { ovsdb } = resolveConfig({ ...sources, externalIds: {} }).config;
  return resolveConfig({ ...sources, externalIds: ovsdb === 'none' ? {} : await externalIdsOf(ovsdb) });
}

async function externalIdsOf(ovsdb: string): Promise<Record<string, string>> {
  try {
    return Object.fromEntries(await rootExternalIds(ovsdb, databaseMs));
  } catch {
    return {}; // no database, nothing said; the controller itself tells of that
  }
}

/** Adds an option for every key of the configuration. */
export function withConfigOptions(command: Command): Command {
  command.option('--config <file>', 'configuration file (default: /etc/damselfly/damselfly.yaml)');
  for (const [key, { means, fallback }] of Object.entries(keys)) {
    const flag = `--${key.replaceAll('_', '-')}`;
    if (typeof fallback === 'boolean') command.option(`${flag} [true|false]`, means);
    else command.option(`${flag} <value>`, means);
  }
  return command;
}

/** Adds the command. */
export function addConfig(program: Command): void {
  const config = program.command('config').description('the configuration');
  withConfigOptions(config.command('show').description('print each value and where it came from'))
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  damselfly config show --encap-ip 192.0.2.1')
    .action(async (options: ConfigOptions) => {
      const { config: values, origins } = await configFromCli(options);
      process.stdout.write(
        options['json'] === true ? `${JSON.stringify(asJson(values, origins), null, 2)}\n` : asTable(values, origins),
      );
    });
}

const names = Object.keys(keys) as ConfigKey[]; // the keys of the registry are its type

const asJson = (values: Config, origins: Origins): unknown =>
  Object.fromEntries(names.map((name) => [name, { value: values[name], from: origins[name] }]));

function asTable(values: Config, origins: Origins): string {
  const rows = names.map((name) => [name, shown(values[name]), origins[name]]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      ([name = '', value = '', origin = '']) =>
        `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(Math.min(60, widths[1] ?? 0))}  ${origin}\n`,
    )
    .join('');
}

const shown = (value: unknown): string =>
  Array.isArray(value) ? value.join(',') || '(none)' : String(value) || '(none)';

const camelCase = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
