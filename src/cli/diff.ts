// `damselfly diff`: what `apply` would change, object by object, line by line.
import type { Command } from 'commander';
import { objectName } from '../model/parse.js';
import { checked, objectsOf, readForApply } from './changing.js';
import { refusedStatus } from './exit-status.js';
import { lineDiff } from './line-diff.js';
import { type NorthboundOptions, refuse, withNorthbound, withNorthboundOptions, withTenant } from './northbound-cli.js';
import { planApply, type Step } from './plan.js';
import { written, yamlLines } from './written.js';

interface Options extends NorthboundOptions {
  readonly file: readonly string[];
  readonly tenant?: string;
}

/** Adds the command. */
export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('show what apply would change; nothing is written')
    .requiredOption('-f, --file <file...>', 'YAML or JSON files; - is standard input');
  withNorthboundOptions(withTenant(command, 'the tenant of objects that name none'))
    .addHelpText(
      'after',
      `
Exit status: 0 if nothing would change, 1 if something would, 2 if the files are refused or the northbound cannot be read.

Example:
  damselfly diff -f trunk.yaml`,
    )
    .action(async (options: Options) => {
      try {
        await diff(options);
      } catch (error) {
        process.stderr.write(`damselfly: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = refusedStatus;
      }
    });
}

async function diff(options: Options): Promise<void> {
  const { objects, refused } = objectsOf(options.file, options.tenant);
  if (refused.length > 0) {
    refuse(refused, options.json);
    return;
  }
  await withNorthbound(options, false, async (store) => {
    const contents = await readForApply(store, objects, true);
    const steps = planApply(objects, contents.stored);
    const wrong = checked(steps, contents);
    if (wrong.length > 0) {
      refuse(wrong, options.json);
      return;
    }
    const changes = steps.filter(({ action }) => action !== 'unchanged');
    if (changes.length > 0) process.exitCode = 1;
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(changes.map(asJson), null, 2)}\n`
        : changes.map((step) => unified(step, options.file.join(' '))).join(''),
    );
  });
}

const asJson = ({ action, kind, ref, before, after }: Step) => ({
  object: objectName(kind, ref),
  action,
  ...(before === undefined ? {} : { before: written(before) }),
  ...(after === undefined ? {} : { after: written(after) }),
});

/** One object's change in the unified form; all of its lines are shown, for there are few. */
export function unified({ kind, ref, before, after, expected }: Step, where: string): string {
  const name = objectName(kind, ref);
  const [old, now] = [yamlLines(before), yamlLines(after)];
  return [
    `--- ${name}${expected === 0 ? ' (not there)' : ` (revision ${expected})`}`,
    `+++ ${name} (${where})`,
    `@@ -${range(old)} +${range(now)} @@`,
    ...lineDiff(old, now),
    '',
  ].join('\n');
}

const range = (lines: readonly string[]): string => (lines.length === 0 ? '0,0' : `1,${lines.length}`);
