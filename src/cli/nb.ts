// `damselfly nb`: the northbound as a whole: export, import, accepting one that went back in time, and throwing away what
// deleted objects left behind.
import { openSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { FileError, fileName, readYaml } from '../controller/text-file.js';
import { type Backup, exportBackup, importBackup } from '../sync/backup.js';
import type { Store } from '../sync/buckets.js';
import { compact, type Compaction, tombstones } from '../sync/compact.js';
import { acceptSubject } from '../sync/northbound.js';
import { addAccounts } from './nb-accounts.js';
import { type NorthboundOptions, withNorthbound, withNorthboundOptions } from './northbound-cli.js';

/** How long controllers may take to answer that they accepted, in milliseconds. */
const acceptMs = 1000;

const backupSchema = z.object({
  version: z.int(),
  objects: z.record(z.string(), z.unknown()),
  allocations: z.record(z.string(), z.unknown()),
});
const acceptedSchema = z.object({ gone: z.int(), changed: z.int() });

/** Adds the commands. */
export function addNb(program: Command): void {
  const nb = program.command('nb').description('the northbound as a whole: export, import, accept, compact, accounts');
  withNorthboundOptions(nb.command('export'))
    .description('print everything that the northbound holds, allocations and claims included, as JSON')
    .addHelpText('after', '\nExample:\n  damselfly nb export > northbound.json')
    .action(async (options: NorthboundOptions) => {
      const backup = await withNorthbound(options, false, exportBackup);
      process.stdout.write(backupText(backup));
    });
  withNorthboundOptions(nb.command('import'))
    .description('write what export printed; what is there already stays')
    .argument('<file>', 'the file; - is standard input')
    .option('--overwrite', 'objects that differ are written over; numbers and claims that are there stay all the same')
    .addHelpText(
      'after',
      `
Exit status: 0; 1 if something else was there and stays, or the northbound cannot be reached; 2 if the file is refused.

Example:
  damselfly nb import northbound.json`,
    )
    .action(importFile);
  withNorthboundOptions(nb.command('accept'))
    .description('obey the northbound of a tenant although it went back in time (its objects are HELD)')
    .argument('<tenant>', 'the tenant')
    .addHelpText(
      'after',
      `
Exit status: 0 if a controller obeyed, 1 if none held anything back.

Example:
  damselfly nb accept red`,
    )
    .action(accept);
  withNorthboundOptions(nb.command('compact'))
    .description('throw away the tombstones of deleted objects; needs the operator’s credentials')
    .requiredOption('--backup <file>', 'a new file: everything that lives is written there first')
    .option('--dry-run', 'only say how many there are')
    .addHelpText(
      'after',
      `
The buckets are sealed and made anew with what lives; until then writers are refused. Flows stay, and controllers go on by
themselves. Interrupted, it leaves sealed buckets: do it again with another file, then nb import the first one.

Example:
  damselfly nb compact --backup northbound.json`,
    )
    .action(compactBuckets);
  addAccounts(nb);
}

async function compactBuckets(
  options: NorthboundOptions & { readonly backup: string; readonly dryRun?: boolean },
): Promise<void> {
  const found = await withNorthbound(options, false, async (store) => {
    const now = await tombstones(store);
    if (options.dryRun === true || now.every((bucket) => bucket.tombstones === 0)) return now;
    const file = openSync(options.backup, 'wx', 0o600); // first: a file that is there stops us while nothing has changed
    return compact(store, (backup) => {
      writeFileSync(file, backupText(backup));
    });
  });
  const verb = options.dryRun === true ? 'would go' : 'gone';
  const line = ({ bucket, values, tombstones: count }: Compaction) =>
    `${bucket}: ${count} tombstones ${count === 0 ? 'are there' : verb}, ${values} values stay\n`;
  process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : found.map(line).join(''));
}

const backupText = (backup: Backup): string => `${JSON.stringify(backup, null, 1)}\n`;

async function importFile(path: string, options: NorthboundOptions & { readonly overwrite?: boolean }): Promise<void> {
  const backup = readBackup(path);
  const result = await withNorthbound(options, true, (store) =>
    importBackup(store, backup, options.overwrite === true),
  );
  const { written, unchanged, kept } = result;
  if (kept.length > 0) process.exitCode = 1;
  if (options.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else {
    process.stdout.write(`${written} written, ${unchanged} unchanged, ${kept.length} kept\n`);
    for (const key of kept) process.stdout.write(`kept, because something else is there: ${key}\n`);
  }
}

/** A backup from its file. Throws FileError. */
function readBackup(path: string): Backup {
  const result = backupSchema.safeParse(readYaml(path));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new FileError(
    fileName(path),
    `not what nb export prints: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

async function accept(tenant: string, options: NorthboundOptions): Promise<void> {
  const accepted = await withNorthbound(options, false, (store) => askAll(store, tenant));
  if (accepted.length === 0) process.exitCode = 1;
  if (options.json === true) process.stdout.write(`${JSON.stringify({ tenant, accepted }, null, 2)}\n`);
  else if (accepted.length === 0) process.stdout.write(`no controller holds back anything of ${tenant}\n`);
  else
    for (const { gone, changed } of accepted)
      process.stdout.write(`a controller obeys: ${gone} objects of ${tenant} gone, ${changed} changed\n`);
}

/** Asks every controller to obey; resolves to what those say that held something back. */
async function askAll({ nats, prefix }: Store, tenant: string): Promise<z.output<typeof acceptedSchema>[]> {
  const accepted: z.output<typeof acceptedSchema>[] = [];
  const inbox = nats.inbox();
  const answers = nats.connection.subscribe(inbox, {
    callback: (error, message) => {
      const answer = error === null ? acceptedSchema.safeParse(parse(message.string())).data : undefined;
      if (answer !== undefined) accepted.push(answer);
    },
  });
  nats.connection.publish(acceptSubject(prefix, tenant), '', { reply: inbox });
  await new Promise((resolve) => setTimeout(resolve, acceptMs));
  answers.unsubscribe();
  return accepted;
}
