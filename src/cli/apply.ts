// `damselfly apply`: makes the northbound hold what files say, and answers what came of it on each chassis.
import type { Command } from 'commander';
import {
  change,
  changeStatuses,
  type ChangeOptions,
  checked,
  objectsOf,
  readForApply,
  sayPlan,
  withChangeOptions,
} from './changing.js';
import { refuse, withNorthbound, withNorthboundOptions, withTenant } from './northbound-cli.js';
import { number } from './numbering.js';
import { after, planApply } from './plan.js';

/** Adds the command. */
export function addApply(program: Command): void {
  const command = program
    .command('apply')
    .description('write objects into the northbound, and wait until the switches have what they mean')
    .requiredOption('-f, --file <file...>', 'YAML or JSON files; - is standard input');
  withNorthboundOptions(withChangeOptions(withTenant(command, 'the tenant of objects that name none')))
    .addHelpText(
      'after',
      `
Objects that files do not mention stay as they are. Everything is checked before anything is written.
${changeStatuses}

Example:
  damselfly apply -f trunk.yaml
  damselfly get --all-tenants -o yaml | damselfly apply -f - --dry-run`,
    )
    .action(apply);
}

async function apply(options: ChangeOptions): Promise<void> {
  const { objects, refused } = objectsOf(options.file ?? [], options.tenant);
  if (refused.length > 0) {
    refuse(refused, options.json);
    return;
  }
  await withNorthbound(options, options.dryRun !== true, async (store) => {
    const contents = await readForApply(store, objects, options.dryRun === true);
    const steps = planApply(objects, contents.stored);
    const wrong = checked(steps, contents);
    if (wrong.length > 0) {
      refuse(wrong, options.json);
      return;
    }
    if (options.dryRun === true) {
      sayPlan(steps, options);
      return;
    }
    const numbered = await number(store, objects, after(contents.stored, steps), contents);
    if (numbered.refused.length > 0) refuse(numbered.refused, options.json);
    else await change(store, steps, contents, options);
  });
}
