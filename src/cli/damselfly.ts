#!/usr/bin/env node
// The command line: one file per command; this one only lists them.
import { Command, CommanderError } from 'commander';
import { failureLine, hasCode } from '../controller/failure.js';
import { addApply } from './apply.js';
import { addCleanup } from './cleanup.js';
import { addCompile } from './compile.js';
import { addConfig } from './config.js';
import { addController } from './controller.js';
import { addDelete } from './delete.js';
import { addDiff } from './diff.js';
import { addExplain } from './explain.js';
import { addGet } from './get.js';
import { addNb } from './nb.js';
import { addOfp } from './ofp.js';
import { addPipeline } from './pipeline.js';
import { addSchema } from './schema.js';
import { addStatus } from './status.js';
import { addWatch } from './watch.js';
import { version } from './version.js';

const program = new Command('damselfly')
  .description('Tenant networks on Open vSwitch: an OpenFlow 1.3 controller with NATS as its northbound.')
  .version(version())
  .showHelpAfterError('(--help shows what there is, with an example)')
  .exitOverride();

const commands = [
  addController,
  addApply,
  addGet,
  addDelete,
  addDiff,
  addWatch,
  addNb,
  addStatus,
  addExplain,
  addCompile,
  addCleanup,
  addConfig,
  addSchema,
  addPipeline,
  addOfp,
];
for (const add of commands) add(program);

// Whoever reads what we print may have seen enough (`| head`): that is an end, not an error.
process.stdout.on('error', (error) => {
  if (!hasCode(error, 'EPIPE')) throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`damselfly: ${failureLine(error)}\n`);
    process.exitCode = 1;
  }
}
