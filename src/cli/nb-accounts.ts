// `damselfly nb accounts`: the accounts of a nats-server that serves tenants who do not trust each other, from a list of who there is.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { natsAccounts, type Parties } from '../sync/accounts.js';

const login = { user: z.string().min(1), password: z.string().min(1) };
const name = z.string().regex(/^[^/\s]{1,63}$/, 'a name of 1 to 63 characters without spaces or /');
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
    .addHelpText(
      'after',
      `
A tenant then works with --nats nats://USER:PASSWORD@HOST and --nats-party TENANT, a controller with --nats-party NAME.
Exit status: 0; 2 if the file is refused.

Example:
  damselfly nb accounts parties.yaml > /etc/nats/accounts.conf`,
    )
    .action((path: string) => {
      const parties = readParties(path);
      if (typeof parties === 'string') {
        process.stderr.write(`damselfly: ${path}: ${parties}\n`);
        process.exitCode = 2;
      } else process.stdout.write(`accounts: ${JSON.stringify(natsAccounts(parties), null, 2)}\n`);
    });
}

/** Who there is, from a file, or why it cannot be read. */
function readParties(path: string): Parties | string {
  try {
    const result = schema.safeParse(parse(readFileSync(path === '-' ? 0 : path, 'utf8')));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}
