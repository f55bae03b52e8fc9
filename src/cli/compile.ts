// `damselfly compile`: the flows and groups that northbound files mean for one chassis, without a switch and without NATS.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { keys } from '../controller/config.js';
import { FileError, fileName, readYaml } from '../controller/text-file.js';
import { frameText, readCookie } from '../flow/item.js';
import { decode } from '../ofp/index.js';
import { appById } from '../apps/apps.js';
import { compile, type Compiled, type CompiledItem, type PortsFile } from './compiled.js';
import { readObjects } from './files.js';
import { inReadingOrder } from './flow-text.js';

const portsSchema = z.strictObject({
  ofports: z.record(z.string(), z.int().min(0).max(0xfeff)).default({}),
  tunnels: z.record(z.string(), z.int().min(0).max(0xfeff)).default({}),
  bindings: z.record(z.string(), z.string()).default({}),
});

/** Exit status when objects were refused and the rest was compiled. */
const someRefused = 3;

interface Options {
  readonly file: readonly string[];
  readonly chassis: string;
  readonly ports?: string;
  readonly tunnels: 'per-remote' | 'flow';
  readonly format: 'text' | 'json' | 'hex';
  readonly groups?: boolean;
  readonly json?: boolean;
  readonly tenant?: string;
  readonly apps?: readonly string[];
}

/** Adds the command. */
export function addCompile(program: Command): void {
  program
    .command('compile')
    .description('print the flows and groups that northbound files mean for one chassis; needs neither switch nor NATS')
    .requiredOption('-f, --file <file...>', 'YAML or JSON files; - is standard input')
    .requiredOption('--chassis <id>', 'the chassis to compile for')
    .option(
      '--ports <file>',
      'YAML: {ofports: {tenant/id: n}, tunnels: {vxlan: n, vxlan/192.0.2.9: n}, bindings: {tenant/id: chassis}}',
    )
    .addOption(
      new Option('--tunnels <mode>', 'a tunnel port per remote endpoint, or one for all')
        .choices(['per-remote', 'flow'])
        .default('per-remote'),
    )
    .addOption(
      new Option('--format <format>', 'text for ovs-ofctl, json, or hex with one OpenFlow message per line')
        .choices(['text', 'json', 'hex'])
        .default('text'),
    )
    .option('--json', 'the same as --format json')
    .option('--groups', 'with text: the groups, for ovs-ofctl add-groups, instead of the flows')
    .option('-t, --tenant <tenant>', 'the tenant of objects that name none')
    .option('--apps <names>', 'the applications that are on, with commas; all by default', appNames)
    .addHelpText(
      'after',
      `
Without --ports local ports get the numbers from 1 in byte order of tenant/id, then the tunnels to one far end each, then those that
are for all of a type (vxlan). A number 0 in --ports means: not there yet.

Objects that are refused are named on standard error; the rest is printed, and the exit status is ${someRefused}.

Example:
  damselfly compile -f trunk.yaml --chassis c1 --groups | ovs-ofctl -O OpenFlow13 add-groups br-int -
  damselfly compile -f trunk.yaml --chassis c1 | ovs-ofctl -O OpenFlow13 add-flows br-int -`,
    )
    .action((options: Options) => {
      const { objects, refused } = readObjects(options.file, options.tenant);
      const ports = options.ports === undefined ? portsSchema.parse({}) : readPorts(options.ports);
      const apps = options.apps === undefined ? {} : { apps: options.apps };
      const compiled = compile(objects, refused, {
        chassis: options.chassis,
        ports,
        tunnelMode: options.tunnels,
        ...apps,
      });
      for (const { state, text } of compiled.refused) process.stderr.write(`${state} ${text}\n`);
      process.stdout.write(printed(compiled, options));
      if (compiled.refused.length > 0) process.exitCode = someRefused;
    });
}

function printed(compiled: Compiled, { format, groups, json }: Options): string {
  switch (json === true ? 'json' : format) {
    case 'text':
      return lines(
        withText(groups === true ? compiled.groups : compiled.flows).map(
          ({ text, owner }) => `${text} # ${owner.app} ${owner.object}`,
        ),
      );
    case 'hex':
      return lines([...compiled.groups, ...compiled.flows].map(({ frame }) => Buffer.from(frame).toString('hex')));
    case 'json':
      return `${JSON.stringify(asJson(compiled), null, 2)}\n`;
  }
}

const withText = (items: readonly CompiledItem[]) =>
  inReadingOrder(items.map((item) => ({ ...item, text: frameText(item.frame) })));

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

/** The result as JSON: each flow with its text as ovs-ofctl writes it, its owner, and its message. */
function asJson(compiled: Compiled): unknown {
  const described = ({ owner, frame, text }: CompiledItem & { text: string }) => {
    const { message } = decode(frame);
    const common = { app: owner.app, owner: owner.object, text, hex: Buffer.from(frame).toString('hex') };
    if (message.type === 'group_mod') return { group_id: message.groupId, ...common };
    if (message.type !== 'flow_mod') return common;
    const app = readCookie(message.cookie)?.app;
    return {
      table: message.table,
      priority: message.priority,
      cookie: `0x${message.cookie.toString(16)}`,
      ...common,
      app: app === undefined ? owner.app : (appById(app)?.name ?? owner.app),
    };
  };
  return {
    groups: withText(compiled.groups).map(described),
    flows: withText(compiled.flows).map(described),
    ports: compiled.ports,
    refused: compiled.refused.map(({ object, state, fault, text }) => ({ object, state, ...fault, reason: text })),
  };
}

function readPorts(path: string): PortsFile {
  const result = portsSchema.safeParse(readYaml(path) ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new FileError(fileName(path), `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`);
}

function appNames(text: string): readonly string[] {
  const names = keys.apps.read(text);
  if (names === undefined) throw new InvalidArgumentError(`Allowed are ${keys.apps.allowed}.`);
  return names;
}
