// `damselfly delete`: takes objects out of the northbound, and waits until the switches have forgotten them.
import type { Command } from 'commander';
import { NbError } from '../model/errors.js';
import { type Kind, kinds } from '../model/kinds.js';
import { objectName, parseKind } from '../model/parse.js';
import { type Ref, tenantOf } from '../model/ids.js';
import {
  change,
  changeStatuses,
  type ChangeOptions,
  checked,
  objectsOf,
  readAround,
  sayPlan,
  withChangeOptions,
} from './changing.js';
import { refFrom, refuse, withNorthbound, withNorthboundOptions, withTenant } from './northbound-cli.js';
import { planDelete } from './plan.js';

interface Options extends ChangeOptions {
  readonly force?: boolean;
}

interface Name {
  readonly kind: Kind;
  readonly ref: Ref;
}

/** Adds the command. */
export function addDelete(program: Command): void {
  const command = program
    .command('delete')
    .description('take objects out of the northbound, and wait until the switches have forgotten them')
    .argument('[kind]', `one of ${kinds.join(', ')}, or an alias`)
    .argument('[id...]', 'ids, or tenant/id')
    .option('-f, --file <file...>', 'YAML or JSON files: every object in them, those that are not there left out')
    .option('--force', 'even if other objects refer to them');
  withNorthboundOptions(withChangeOptions(withTenant(command, 'the tenant of ids and objects that name none')))
    .addHelpText(
      'after',
      `
What other objects still refer to is not deleted without --force.
${changeStatuses}

Example:
  damselfly delete lport vm1 -t red
  damselfly delete -f trunk.yaml`,
    )
    .action(remove);
}

async function remove(kindName: string | undefined, ids: readonly string[], options: Options): Promise<void> {
  const { names, refused } = named(kindName, ids, options);
  if (refused.length > 0) {
    refuse(refused, options.json);
    return;
  }
  await withNorthbound(options, false, async (store) => {
    const contents = await readAround(store, [...new Set(names.map(({ ref }) => tenantOf(ref)))], []);
    const steps = planDelete(names, contents.stored);
    const missing = names.filter(({ kind, ref }) => !steps.some((step) => step.kind === kind && step.ref === ref));
    const wrong = [
      ...(options.file === undefined ? missing.map(notThere) : []),
      ...(options.force === true ? [] : checked(steps, contents).map(stillNeeded)),
    ];
    if (wrong.length > 0) refuse(wrong, options.json);
    else if (options.dryRun === true) sayPlan(steps, options);
    else await change(store, steps, contents, options);
  });
}

const notThere = ({ kind, ref }: Name): NbError =>
  new NbError(objectName(kind, ref), [{ field: 'id', allowed: 'is not there' }]);

/** What would be wrong with an object that stays, with the way out. */
const stillNeeded = ({ object, faults }: NbError): NbError =>
  new NbError(
    object,
    faults.map((fault) => ({
      ...fault,
      allowed: `${fault.allowed}; delete it as well, or give --force`,
    })),
  );

/** What is to be deleted: by name, or as files name it. */
function named(
  kindName: string | undefined,
  ids: readonly string[],
  { file, tenant }: Options,
): { names: readonly Name[]; refused: readonly NbError[] } {
  if (file !== undefined && kindName === undefined) {
    const { objects, refused } = objectsOf(file, tenant);
    return { names: objects, refused };
  }
  if (file !== undefined || kindName === undefined || ids.length === 0)
    throw new Error('what is to be deleted? KIND ID..., or -f FILE');
  const kind = parseKind('delete', kindName);
  return { names: ids.map((id) => ({ kind, ref: refFrom(kind, id, tenant) })), refused: [] };
}
