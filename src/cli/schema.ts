// `damselfly schema KIND`: the JSON Schema of a kind, made from the schema that checks it.
import type { Command } from 'commander';
import { z } from 'zod';
import { type Kind, kinds, schemas } from '../model/kinds.js';
import { parseKind, schemaVersion } from '../model/parse.js';

/** Adds the command. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of a kind of object')
    .argument('[kind]', `one of ${kinds.join(', ')}, or an alias; all without it`)
    .option('--json', 'it is JSON with and without this')
    .addHelpText('after', '\nExample:\n  damselfly schema lport')
    .action((name: string | undefined) => {
      const schema =
        name === undefined
          ? Object.fromEntries(kinds.map((kind) => [kind, schemaOf(kind)]))
          : schemaOf(parseKind('schema', name));
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
}

/** What is read beside the fields of every kind, and of an lport. */
const besides = {
  schema: z.literal(schemaVersion).optional().describe('the version of the stored form'),
};
const bindingProfile = z
  .strictObject({ port_key: z.literal('remote_port'), host_ip: z.string() })
  .optional()
  .describe('the specification’s spelling of a binding of type vtep; not beside binding');

const schemaOf = (kind: Kind): object => {
  const more = kind === 'lport' ? { ...besides, binding_profile: bindingProfile } : besides;
  return { title: kind, ...z.toJSONSchema(schemas[kind].safeExtend(more), { io: 'input' }) };
};
