// `damselfly wait`: returns when objects stand as they are to on every chassis that has them, for scripts that go on then.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Ref, tenantOf } from '../model/ids.js';
import { type Kind, kinds } from '../model/kinds.js';
import { objectName, parseKind } from '../model/parse.js';
import type { Store } from '../sync/buckets.js';
import { nbKey } from '../sync/keys.js';
import { snapshot } from '../sync/snapshot.js';
import { seconds } from './changing.js';
import {
  type NorthboundOptions,
  refFrom,
  withNorthbound,
  withNorthboundOptions,
  withTenant,
} from './northbound-cli.js';
import { type Awaited, isReached, type Said, saidOf } from './outcome.js';
import { besideName, type StatusRecord } from './statuses.js';
import { waitForStates } from './waiting.js';

interface Options extends NorthboundOptions {
  readonly tenant?: string;
  readonly for: string;
  readonly revision?: number;
  readonly timeout: number;
}

interface Named {
  readonly kind: Kind;
  readonly ref: Ref;
}

/** What became of one object. */
interface Outcome extends Awaited {
  readonly reached: boolean;
  readonly chassis: readonly StatusRecord[];
}

/** Adds the command. */
export function addWait(program: Command): void {
  const command = program
    .command('wait')
    .description('wait until objects stand as they are to, on every chassis that has them')
    .argument('<object...>', `KIND/ID or KIND/TENANT/ID; a kind is one of ${kinds.join(', ')}, or an alias`)
    .addOption(
      new Option('--for <state>', 'the state')
        .choices(['ACTIVE', 'DOWN', 'DEGRADED', 'ERROR', 'HELD'])
        .default('ACTIVE'),
    )
    .option(
      '--revision <number>',
      'the revision that the switches must have at least (default: the one that the object has now)',
      revisionFrom,
    )
    .option('--timeout <seconds>', 'how long to wait', seconds, 30);
  withNorthboundOptions(withTenant(command, 'the tenant of objects that name none'))
    .addHelpText(
      'after',
      `
A port stands as its chassis says, a remote device as every chassis says that uses it. ACTIVE at a revision means that the switch has
acknowledged its flows.

Exit status: 0 if all stand so; 1 if not within the time, an object is not there, or the northbound cannot be reached.

Example:
  damselfly wait --for ACTIVE lport/vm1 -t red --timeout 60
  damselfly wait --for ACTIVE lport/red/vm1 --revision 1042 --json`,
    )
    .action(wait);
}

function revisionFrom(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('a revision is a whole number, at least 1');
  return Number(text);
}

async function wait(words: readonly string[], options: Options): Promise<void> {
  const named = words.map((word) => namedBy(word, options.tenant));
  await withNorthbound(options, false, async (store) => {
    const awaited = await Promise.all(
      named.map(async (one) => ({
        object: objectName(one.kind, one.ref),
        state: options.for,
        revision: options.revision ?? (await revisionOf(store, one)),
      })),
    );
    const tenants = [...new Set(named.map(({ ref }) => tenantOf(ref)))];
    const outcomes = await Promise.all(
      tenants.map(async (tenant) => {
        const own = awaited.filter((_, i) => named[i] !== undefined && tenantOf(named[i].ref) === tenant);
        const said = await waitForStates(store, tenant, own, options.timeout * 1000);
        return own.map((one) => outcomeOf(one, said));
      }),
    );
    tell(outcomes.flat(), options);
  });
}

/** `lport/vm1` or `lport/red/vm1`. */
function namedBy(word: string, tenant: string | undefined): Named {
  const [kindName = '', ...rest] = word.split('/');
  if (rest.length === 0 || rest.includes('')) throw new Error(`${word}: an object is KIND/ID or KIND/TENANT/ID`);
  const kind = parseKind('wait', kindName);
  return { kind, ref: refFrom(kind, rest.join('/'), tenant) };
}

/** The revision that an object has now. */
async function revisionOf(store: Store, { kind, ref }: Named): Promise<number> {
  const [entry] = await snapshot(store.nb, nbKey(kind, ref));
  if (entry?.text === undefined)
    throw new Error(`${objectName(kind, ref)}: not there (with --revision it is waited for all the same)`);
  return entry.revision;
}

const outcomeOf = (awaited: Awaited, said: Said): Outcome => ({
  ...awaited,
  reached: isReached(awaited, said),
  chassis: saidOf(awaited.object, said),
});

function tell(outcomes: readonly Outcome[], { json, timeout, for: state }: Options): void {
  const isWell = outcomes.every(({ reached }) => reached);
  if (!isWell) process.exitCode = 1;
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ reached: isWell, objects: outcomes.map(asJson) }, null, 2)}\n`);
    return;
  }
  for (const outcome of outcomes) for (const line of lines(outcome)) process.stdout.write(`${line}\n`);
  if (!isWell) process.stderr.write(`not ${state} within ${timeout} s\n`);
}

const asJson = ({ object, state, revision, reached, chassis }: Outcome) => ({
  object,
  for: state,
  revision,
  reached,
  statuses: chassis.map(besideName),
});

function lines({ object, revision, chassis }: Outcome): string[] {
  if (chassis.length === 0) return [`${object}: no chassis says anything of it`];
  return chassis.map((status) => {
    const seen = status.revision < revision ? `${status.revision} of ${revision}` : String(status.revision);
    const reason = status.reason === undefined ? '' : `: ${status.reason}`;
    return `${object}: ${status.state} at ${status.chassis}, revision ${seen}, since ${status.since}${reason}`;
  });
}
