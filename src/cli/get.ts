// `damselfly get`: what the northbound holds, as a table with what became of it, as YAML that `apply` takes, or as JSON.
import type { Command } from 'commander';
import { idOf, operator, type Ref, tenantOf } from '../model/ids.js';
import { type Kind, kinds } from '../model/kinds.js';
import { type AnyObject, objectName, parseKind } from '../model/parse.js';
import { autoMac } from '../model/port.js';
import { numberName } from '../model/world.js';
import type { Store } from '../sync/buckets.js';
import {
  type Contents,
  emptyContents,
  type NorthboundOptions,
  readAll,
  readTenant,
  refFrom,
  withNorthbound,
  withNorthboundOptions,
  withTenant,
} from './northbound-cli.js';
import { type Output, outputFrom } from './outputs.js';
import { besideName, byObject, reportsNow, type StatusRecord } from './statuses.js';
import { textTable } from './text-table.js';
import { inline, inReferenceOrder, shortRef, writtenFields, yamlOf } from './written.js';

interface Options extends NorthboundOptions {
  readonly tenant?: string;
  readonly allTenants?: boolean;
  readonly output: Output;
}

/** Adds the command. */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('print objects of the northbound')
    .argument('[kind]', `one of ${kinds.join(', ')}, or an alias; all without it`)
    .argument('[id...]', 'ids, or tenant/id')
    .option('-A, --all-tenants', 'of every tenant')
    .option('-o, --output <form>', 'table, yaml (what apply -f reads) or json', outputFrom, 'table');
  withNorthboundOptions(withTenant(command, 'of this tenant'))
    .addHelpText(
      'after',
      `
Exit status: 0; 1 if an object that was named is not there, or the northbound cannot be read.

Example:
  damselfly get lport -t red
  damselfly get --all-tenants -o yaml > everything.yaml`,
    )
    .action(get);
}

async function get(kindName: string | undefined, ids: readonly string[], options: Options): Promise<void> {
  const kind = kindName === undefined ? undefined : parseKind('get', kindName);
  const tenants = tenantsOf(kind, ids, options);
  await withNorthbound(options, false, async (store) => {
    const contents = await read(store, tenants);
    const named = kind === undefined ? [] : ids.map((id) => objectName(kind, refFrom(kind, id, options.tenant)));
    const missing = named.filter((name) => !contents.stored.has(name));
    for (const name of missing) process.stderr.write(`${name}: not there\n`);
    if (missing.length > 0) process.exitCode = 1;
    const objects = [...contents.stored.values()].flatMap(({ object }) => object ?? []);
    const wanted = inReferenceOrder(objects).filter(
      (object) =>
        (kind === undefined || object.kind === kind) &&
        (named.length === 0 || named.includes(objectName(object.kind, object.ref))),
    );
    const output = options.json === true ? 'json' : options.output;
    if (output === 'yaml') process.stdout.write(yamlOf(wanted));
    else {
      const reports = await Promise.all((tenants ?? [undefined]).map((tenant) => reportsNow(store, tenant)));
      const statuses = byObject(reports.flat());
      if (output === 'json')
        process.stdout.write(
          `${JSON.stringify(
            wanted.map((object) => asJson(object, contents, statuses)),
            null,
            2,
          )}\n`,
        );
      else process.stdout.write(tables(wanted, contents, statuses, tenants));
    }
    sayUnreadable(contents, kind);
  });
}

/** The tenants to read; undefined: all. */
function tenantsOf(kind: Kind | undefined, ids: readonly string[], options: Options): string[] | undefined {
  if (options.allTenants === true) return undefined;
  if (kind !== undefined && ids.length > 0)
    return [...new Set(ids.map((id) => tenantOf(refFrom(kind, id, options.tenant))))];
  if (kind === 'chassis') return [operator];
  if (options.tenant === undefined) throw new Error('which tenant? Give -t TENANT, or --all-tenants');
  return [options.tenant];
}

async function read(store: Store, tenants: readonly string[] | undefined): Promise<Contents> {
  if (tenants === undefined) return readAll(store);
  const contents = emptyContents();
  for (const tenant of tenants)
    if (!(await readTenant(store, tenant, contents)))
      throw new Error(`tenant ${tenant}: our credentials do not permit reading it`);
  return contents;
}

/** Objects that cannot be read, and keys that are none, are named on standard error; the rest is printed. */
function sayUnreadable({ stored, strays }: Contents, kind: Kind | undefined): void {
  for (const [name, { error }] of stored)
    if (error !== undefined && (kind === undefined || name.startsWith(`${kind} `)))
      process.stderr.write(`${error.message}\n`);
  if (kind === undefined) for (const [key, reason] of strays) process.stderr.write(`${key}: ${reason}\n`);
}

function asJson(
  object: AnyObject,
  contents: Contents,
  statuses: ReadonlyMap<string, readonly StatusRecord[]>,
): unknown {
  const { kind, ref, revision, value } = object;
  const uniqueKey = contents.numbers.get(numberName(kind, ref));
  const chassis = contents.claims.get(ref);
  const addresses = contents.addresses.get(ref);
  return {
    kind,
    tenant: tenantOf(ref),
    id: idOf(ref),
    revision,
    value,
    ...(uniqueKey === undefined ? {} : { unique_key: uniqueKey }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(chassis === undefined ? {} : { chassis }),
    statuses: (statuses.get(objectName(kind, ref)) ?? []).map(besideName),
  };
}

/** The main fields of a kind: a heading and what stands below it. */
type Column = readonly [string, (object: AnyObject, contents: Contents) => string];

const field =
  (name: string, fallback = ''): Column[1] =>
  (object) => {
    const held = writtenFields(object)[name];
    return held === undefined ? fallback : inline(held);
  };
const key: Column = ['KEY', ({ kind, ref }, { numbers }) => String(numbers.get(numberName(kind, ref)) ?? '')];

const columns: Readonly<Record<Kind, readonly Column[]>> = {
  chassis: [
    ['IPS', field('ips')],
    ['TUNNELS', field('tunnel_types')],
    ['VERSION', field('version')],
  ],
  lswitch: [
    ['TYPE', field('network_type')],
    key,
    [
      'VNI',
      ({ kind, ref }, { numbers }) =>
        String(numbers.get(numberName('vni', ref)) ?? numbers.get(numberName(kind, ref)) ?? ''),
    ],
  ],
  subnet: [
    ['LSWITCH', field('lswitch')],
    ['CIDR', field('cidr')],
    ['GATEWAY', field('gateway_ip')],
  ],
  lport: [
    ['LSWITCH', field('lswitch')],
    ['MACS', (object, contents) => macsOf(object, contents)],
    [
      'IPS',
      (object, { addresses }) => {
        const given = addresses.get(object.ref);
        return object.kind === 'lport' && object.value.ips === 'auto' && given !== undefined
          ? inline(given)
          : field('ips')(object, emptyContents());
      },
    ],
    key,
    ['WHERE', (object, { claims }) => placeOf(object, claims)],
  ],
  child_port_segmentation: [
    ['PARENT', field('parent')],
    ['PORT', field('port')],
    ['VLAN', field('segmentation_id')],
  ],
};

/** The MAC addresses of a port, the one that follows from its key included. */
function macsOf(object: AnyObject, { numbers }: Contents): string {
  const number = numbers.get(numberName('lport', object.ref));
  const isAuto = object.kind === 'lport' && object.value.macs === 'auto';
  return isAuto && number !== undefined ? inline([autoMac(number)]) : field('macs')(object, emptyContents());
}

function placeOf(object: AnyObject, claims: ReadonlyMap<Ref, string>): string {
  if (object.kind !== 'lport') return '';
  const { binding } = object.value;
  return binding?.type === 'vtep' ? `vtep ${binding.vtep_address}` : (claims.get(object.ref) ?? '');
}

/** A table per kind; the tenant is a column of its own where several may be shown. */
function tables(
  objects: readonly AnyObject[],
  contents: Contents,
  statuses: ReadonlyMap<string, readonly StatusRecord[]>,
  tenants: readonly string[] | undefined,
): string {
  const showsTenant = tenants?.length !== 1;
  const some = kinds.flatMap((kind) => {
    const own = objects.filter((object) => object.kind === kind);
    if (own.length === 0) return [];
    const heading = [
      ...(showsTenant ? ['TENANT'] : []),
      kind.toUpperCase(),
      ...columns[kind].map(([name]) => name),
      'STATE',
    ];
    const rows = own.map((object) => [
      ...(showsTenant ? [tenantOf(object.ref)] : []),
      shortRef(tenantOf(object.ref), object.ref),
      ...columns[kind].map(([, cell]) => cell(object, contents)),
      stateOf(statuses.get(objectName(kind, object.ref)) ?? []),
    ]);
    return [textTable([heading, ...rows]).join('\n')];
  });
  return some.length === 0 ? 'nothing there\n' : `${some.join('\n\n')}\n`;
}

const stateOf = (statuses: readonly StatusRecord[]): string =>
  statuses
    .map(({ chassis, state, reason }) => `${chassis}: ${state}${reason === undefined ? '' : ` (${reason})`}`)
    .join(', ');
