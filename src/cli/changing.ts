// What `apply` and `delete` have in common: the options, the check against everything else, the write, and the wait for the chassis.
import { type Command, InvalidArgumentError } from 'commander';
import { FileError } from '../controller/text-file.js';
import { NbError } from '../model/errors.js';
import { byteOrder, type Ref, tenantOf } from '../model/ids.js';
import { type AnyObject, objectName } from '../model/parse.js';
import type { Store } from '../sync/buckets.js';
import { SyncError } from '../sync/errors.js';
import { inconsistencies } from './consistency.js';
import { readObjects } from './files.js';
import { type Contents, emptyContents, type NorthboundOptions, readTenant } from './northbound-cli.js';
import { answerLines, isWell, type Answer, type Wanted } from './outcome.js';
import { after, type Action, type Step } from './plan.js';
import { waitForChassis } from './waiting.js';
import { giveBackAddresses, write, type Written } from './write.js';

/** Options of commands that write. */
export interface ChangeOptions extends NorthboundOptions {
  readonly file?: readonly string[];
  readonly tenant?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** The exit statuses of commands that write, for their help. */
export const changeStatuses = `Exit status: 0 if all that is plugged is ACTIVE (or nothing had to be waited for), 1 if a chassis reports something else or
did not answer in time or the northbound cannot be reached, 2 if what was given is refused: then nothing was written.`;

/** Adds the options of commands that write. */
export const withChangeOptions = (command: Command): Command =>
  command
    .option('--dry-run', 'check, and say what would be done')
    .option('--no-wait', 'do not wait for the chassis')
    .option('--timeout <seconds>', 'how long to wait for the chassis', seconds, 10);

/** Reads an option of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('seconds, more than 0 and at most 3600');
  return value;
}

/** Reads files; one that cannot be opened is refused as its objects would be. */
export function objectsOf(files: readonly string[], tenant: string | undefined): ReturnType<typeof readObjects> {
  try {
    return readObjects(files, tenant);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { objects: [], refused: [new NbError(error.path, [{ field: 'file', allowed: error.reason }])] };
  }
}

/** Reads some tenants, and as far as it is permitted those that their objects, and the `given` ones, refer to. */
export async function readAround(
  store: Store,
  tenants: readonly string[],
  given: readonly AnyObject[],
): Promise<Contents> {
  const contents = emptyContents();
  const own = new Set(tenants);
  for (const tenant of own)
    if (!(await readTenant(store, tenant, contents)))
      throw new Error(`tenant ${tenant}: our credentials do not permit reading it`);
  const held = [...contents.stored.values()].flatMap(({ object }) => object ?? []);
  const others = new Set([...held, ...given].flatMap(refsOf).map(tenantOf));
  for (const tenant of others) if (!own.has(tenant)) await readTenant(store, tenant, contents);
  return contents;
}

/** Reads what applying objects has to do with; a northbound that nobody has made yet may be an empty one. */
export async function readForApply(
  store: Store,
  objects: readonly AnyObject[],
  mayBeMissing: boolean,
): Promise<Contents> {
  const tenants = [...new Set(objects.map(({ ref }) => tenantOf(ref)))];
  try {
    return await readAround(store, tenants, objects);
  } catch (error) {
    if (!mayBeMissing || !(error instanceof SyncError) || error.code !== 'NATS_BUCKET_MISSING') throw error;
    return { ...emptyContents(), known: new Set(tenants) };
  }
}

/** The references that an object holds. */
function refsOf(object: AnyObject): Ref[] {
  switch (object.kind) {
    case 'subnet':
    case 'lport':
      return [object.value.lswitch];
    case 'child_port_segmentation':
      return [object.value.parent, object.value.port];
    case 'chassis':
    case 'lswitch':
      return [];
  }
}

/** What is wrong with a plan, given everything else that is there. */
export function checked(steps: readonly Step[], { stored, numbers, known }: Contents): NbError[] {
  const touched = new Set(steps.flatMap((step) => (step.after === undefined ? [] : objectName(step.kind, step.ref))));
  return inconsistencies(after(stored, []), after(stored, steps), touched, { numbers, known });
}

const past: Readonly<Record<Action, string>> = {
  create: 'created',
  change: 'changed',
  unchanged: 'unchanged',
  delete: 'deleted',
};

/** Says what would be done. */
export function sayPlan(steps: readonly Step[], { json }: ChangeOptions): void {
  if (json === true)
    process.stdout.write(
      `${JSON.stringify({ dry_run: true, objects: steps.map((step) => stepJson(step)) }, null, 2)}\n`,
    );
  else
    for (const { action, kind, ref } of steps)
      process.stdout.write(
        action === 'unchanged' ? `unchanged     ${kind} ${ref}\n` : `would ${action.padEnd(6)}  ${kind} ${ref}\n`,
      );
}

const stepJson = ({ action, kind, ref }: Step, revision?: number) => ({
  object: objectName(kind, ref),
  action: past[action],
  ...(revision === undefined ? {} : { revision }),
});

/** Writes a plan, waits for the chassis as the options say, and tells what came of it. */
export async function change(
  store: Store,
  steps: readonly Step[],
  contents: Contents,
  options: ChangeOptions,
): Promise<void> {
  const objects = after(contents.stored, steps);
  if (steps.length === 0 && options.json !== true) process.stdout.write('nothing to do\n');
  const written = await write(store, steps, ({ step }) => {
    if (options.json !== true) process.stdout.write(`${past[step.action].padEnd(9)}  ${step.kind} ${step.ref}\n`);
  });
  await giveBackAddresses(store, steps, contents);
  const wanted = options.wait ? wantedOf(written, objects) : [];
  const timeoutMs = options.timeout * 1000;
  const answers = await Promise.all(wanted.map((one) => waitForChassis(store, one, timeoutMs)));
  if (wanted.some((one, i) => !isWell(one, answers[i] ?? []))) process.exitCode = 1;
  const unplugged = wanted.flatMap((one, i) => unpluggedOf(one, answers[i] ?? [], objects));
  if (options.json === true)
    process.stdout.write(
      `${JSON.stringify(
        {
          objects: written.map(({ step, revision }) => stepJson(step, revision)),
          waited: options.wait,
          chassis: answers.flat(),
          unplugged,
        },
        null,
        2,
      )}\n`,
    );
  else for (const line of lines(wanted, answers, unplugged, timeoutMs)) process.stdout.write(`${line}\n`);
}

function lines(
  wanted: readonly Wanted[],
  answers: readonly Answer[][],
  unplugged: readonly string[],
  timeoutMs: number,
): string[] {
  const several = wanted.length > 1;
  const told = wanted.flatMap((one, i) => {
    const own = answerLines(one, answers[i] ?? [], timeoutMs);
    return several ? [`tenant ${one.tenant}:`, ...own.map((line) => `  ${line}`)] : own;
  });
  if (unplugged.length === 0 || answers.every((own) => own.length === 0)) return told;
  const [first = ''] = unplugged;
  const others = unplugged.length > 1 ? ` and ${unplugged.length - 1} more` : '';
  const id = first.split('/')[1] ?? '';
  return [...told, `not plugged: ${first}${others} (an interface with external_ids:iface-id=${id} is missing)`];
}

/** What is to be waited for, tenant by tenant. */
function wantedOf(written: readonly Written[], objects: readonly AnyObject[]): Wanted[] {
  const tenants = new Set(written.map(({ step }) => tenantOf(step.ref)));
  const off = offOf(objects);
  return [...tenants].sort(byteOrder).map((tenant) => {
    const own = written.filter(({ step }) => tenantOf(step.ref) === tenant);
    const changed = own.filter(({ step }) => step.action !== 'unchanged').map(({ revision }) => revision);
    const last = Math.max(...own.map(({ revision }) => revision));
    const there = own.filter(({ step }) => step.after !== undefined);
    return {
      tenant,
      first: changed.length === 0 ? Infinity : Math.min(...changed),
      last,
      objects: new Map(there.map(({ step, revision }) => [objectName(step.kind, step.ref), revision])),
      off,
    };
  });
}

/** The objects that are switched off: disabled themselves, or children that are, or whose parent is. */
function offOf(objects: readonly AnyObject[]): Set<string> {
  const off = new Set<string>();
  for (const object of objects)
    if ('enabled' in object.value && !object.value.enabled) off.add(objectName(object.kind, object.ref));
  for (const object of objects) {
    if (object.kind !== 'child_port_segmentation') continue;
    const { parent, port } = object.value;
    if (!object.value.enabled || off.has(objectName('lport', parent))) off.add(objectName('lport', port));
    if (off.has(objectName('lport', port))) off.add(objectName(object.kind, object.ref));
  }
  return off;
}

/** The ports of a write that are plugged nowhere: no chassis reports on them, and nothing carries them. */
function unpluggedOf(
  { objects: names, off }: Wanted,
  answers: readonly Answer[],
  objects: readonly AnyObject[],
): string[] {
  const reported = new Set(answers.flatMap((answer) => answer.objects.map(({ object }) => object)));
  const children = new Set(
    objects.flatMap((object) => (object.kind === 'child_port_segmentation' ? [object.value.port] : [])),
  );
  return objects.flatMap((object) => {
    const name = objectName(object.kind, object.ref);
    const isOwn = object.kind === 'lport' && object.value.binding?.type !== 'vtep' && !children.has(object.ref);
    return isOwn && names.has(name) && !reported.has(name) && !off.has(name) ? [name] : [];
  });
}
