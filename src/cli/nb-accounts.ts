// `damselfly nb accounts`: the accounts of a nats-server that serves tenants who do not trust each other, from a list of who there is.
import type { Command } from 'commander';
import { z } from 'zod';
import { isName, nameRule } from '../model/ids.js';
import { FileError, fileName, readYaml } from '../controller/text-file.js';
import { natsAccounts, type Parties } from '../sync/accounts.js';

const login = { user: z.string().min(1), password: z.string().min(1) };
const name = z.string().refine(isName, `a name: ${nameRule}`);
const prefix = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/)
  .default('damselfly');
const schema = z.strictObject({
  operator: z.strictObject(login),
  tenants: z.array(z.strictObject({ tenant: name, ...login })).default([]),
  controllers: z.array(z.strictObject({ name, chassis: z.array(name).min(1), ...login })).default([]),
  prefix,
});

/** Adds the command to `damselfly nb`. */
export function addAccounts(nb: Command): void {
  nb.command('accounts')
    .description('print the accounts block for nats-server: what each tenant and controller may do, and nothing else')
    .argument(
      '<file>',
      'YAML: {operator: {user, password}, tenants: [{tenant, user, password}], controllers: [{name, chassis: [ID...], user, password}]}',
    )
    .option('--json', 'as one JSON object')
    .addHelpText(
      'after',
      `
A tenant then works with --nats nats://USER:PASSWORD@HOST and --nats-party TENANT, a controller with --nats-party NAME.
Exit status: 0; 2 if the file is refused.

Example:
  damselfly nb accounts parties.yaml > /etc/nats/accounts.conf`,
    )
    .action((path: string, { json }: { readonly json?: boolean }) => {
      const accounts = natsAccounts(readParties(path));
      process.stdout.write(
        json === true ? `${JSON.stringify({ accounts })}\n` : `accounts: ${JSON.stringify(accounts, null, 2)}\n`,
      );
    });
}

/** Who there is, from a file. Throws FileError. */
function readParties(path: string): Parties {
  const result = schema.safeParse(readYaml(path));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new FileError(fileName(path), `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`);
}
