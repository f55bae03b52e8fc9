// `damselfly nb`: the northbound as a whole: export, import, and accepting one that went back in time.
import type { Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { FileError, fileName, readYaml } from '../controller/text-file.js';
import { type Backup, exportBackup, importBackup } from '../sync/backup.js';
import type { Store } from '../sync/buckets.js';
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
  const nb = program.command('nb').description('the northbound as a whole: export, import, accept, accounts');
  withNorthboundOptions(nb.command('export'))
    .description('print everything that the northbound holds, allocations and claims included, as JSON')
    .addHelpText('after', '\nExample:\n  damselfly nb export > northbound.json')
    .action(async (options: NorthboundOptions) => {
      const backup = await withNorthbound(options, false, exportBackup);
      process.stdout.write(`${JSON.stringify(backup, null, 1)}\n`);
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
  addAccounts(nb);
}

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
