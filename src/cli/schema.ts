// `damselfly schema KIND`: the JSON Schema of a kind, made from the schema that checks it.
import type { Command } from 'commander';
import { z } from 'zod';
import { parseKind } from '../model/parse.js';
import { kinds, schemas } from '../model/kinds.js';

/** Adds the command. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of a kind of object')
    .argument('[kind]', `one of ${kinds.join(', ')}, or an alias; all without it`)
    .option('--json', 'it is JSON with and without this')
    .addHelpText('after', '\nExample:\n  damselfly schema lport')
    .action((name: string | undefined) => {
      const of = (kind: (typeof kinds)[number]) => ({ title: kind, ...z.toJSONSchema(schemas[kind], { io: 'input' }) });
      const schema =
        name === undefined ? Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) : of(parseKind('schema', name));
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
}
