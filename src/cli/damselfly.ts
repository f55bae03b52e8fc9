#!/usr/bin/env node
// The command line: one file per command; this one only lists them.
import { Command, CommanderError } from 'commander';
import { addApply } from './apply.js';
import { addCompile } from './compile.js';
import { addDelete } from './delete.js';
import { addGet } from './get.js';
import { addPipeline } from './pipeline.js';
import { addSchema } from './schema.js';
import { version } from './version.js';

const program = new Command('damselfly')
  .description('Tenant networks on Open vSwitch: an OpenFlow 1.3 controller with NATS as its northbound.')
  .version(version())
  .showHelpAfterError('(--help shows what there is, with an example)')
  .exitOverride();

for (const add of [addApply, addCompile, addDelete, addGet, addPipeline, addSchema]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`damselfly: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
