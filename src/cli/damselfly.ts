#!/usr/bin/env node
// The command line: one file per command; this one only lists them, and loads no more than the one that is asked for.
import { Command, CommanderError } from 'commander';
import { failureLine, hasCode } from '../controller/failure.js';
import { refusedStatus } from './exit-status.js';
import { version } from './version.js';

const commands = {
  controller: async () => (await import('./controller.js')).addController,
  apply: async () => (await import('./apply.js')).addApply,
  get: async () => (await import('./get.js')).addGet,
  delete: async () => (await import('./delete.js')).addDelete,
  diff: async () => (await import('./diff.js')).addDiff,
  wait: async () => (await import('./wait.js')).addWait,
  watch: async () => (await import('./watch.js')).addWatch,
  nb: async () => (await import('./nb.js')).addNb,
  status: async () => (await import('./status.js')).addStatus,
  explain: async () => (await import('./explain.js')).addExplain,
  'remote-device': async () => (await import('./remote-device.js')).addRemoteDevice,
  compile: async () => (await import('./compile.js')).addCompile,
  cleanup: async () => (await import('./cleanup.js')).addCleanup,
  config: async () => (await import('./config.js')).addConfig,
  schema: async () => (await import('./schema.js')).addSchema,
  pipeline: async () => (await import('./pipeline.js')).addPipeline,
  ofp: async () => (await import('./ofp.js')).addOfp,
};

/** The commands whose files a command line needs: the one that it names, none for the version, else all, to list them. */
function neededBy(word: string | undefined) {
  if (word === '--version' || word === '-V') return [];
  const named = Object.entries(commands).filter(([name]) => name === word);
  return (named.length > 0 ? named : Object.entries(commands)).map(([, load]) => load);
}

const program = new Command('damselfly')
  .description('Tenant networks on Open vSwitch: an OpenFlow 1.3 controller with NATS as its northbound.')
  .version(version())
  .showHelpAfterError('(--help shows what there is, with an example)')
  .exitOverride();

for (const add of await Promise.all(neededBy(process.argv[2]).map((load) => load()))) add(program);

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
    process.exitCode = hasCode(error, 'FILE') ? refusedStatus : 1;
  }
}
