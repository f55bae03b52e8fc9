// `damselfly explain`: whose flow is that, and since when.
import type { Command } from 'commander';
import { askAll } from '../controller/control.js';
import { type Explanation, readFlowLine } from '../controller/explain.js';
import { failureLine } from '../controller/failure.js';
import { configFromCli, type ConfigOptions } from './config.js';

/** The verdicts, from the one that says most. */
const order: readonly Explanation['verdict'][] = ['ours', 'stale', 'foreign', 'unknown'];

/** Adds the command. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say of a line of ovs-ofctl dump-flows which app wants it, for which object, since which revision')
    .argument('<line>', 'the line, with its cookie if there is one')
    .option('--chassis <id>', 'ask about this chassis only')
    .option('--config <file>', 'configuration file')
    .option('--data-dir <path>', 'the data directory of the controllers')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit status 1 if it is not a flow of ours that is wanted.\n\nExample:\n  damselfly explain "$(ovs-ofctl -O OpenFlow13 dump-flows br-int | sed -n 5p)"`,
    )
    .action(async (line: string, options: ConfigOptions) => {
      refuseGarbage(line);
      const { config } = await configFromCli({ ...options, chassis: undefined });
      const all = (await askAll(config.data_dir, { ask: 'explain', argument: line })).flatMap(
        (answer) => answer as Explanation[],
      ); // our own controller's answer
      const asked = all.filter(({ chassis }) => options['chassis'] === undefined || options['chassis'] === chassis);
      const best = Math.min(...asked.map(({ verdict }) => order.indexOf(verdict)));
      const told = asked.filter(({ verdict }) => order.indexOf(verdict) === best);
      if (told.length === 0) throw new Error(`no controller serves a bridge here (data directory ${config.data_dir})`);
      process.stdout.write(options['json'] === true ? `${JSON.stringify(told, null, 2)}\n` : told.map(shown).join(''));
      if (best > 0) process.exitCode = 1;
    });
}

function refuseGarbage(line: string): void {
  try {
    readFlowLine(line);
  } catch (error) {
    throw new Error(`that is no flow: ${failureLine(error)}. Give one line of ovs-ofctl -O OpenFlow13 dump-flows`);
  }
}

const shown = ({ chassis, words }: Explanation): string =>
  `${[`chassis ${chassis}:`, ...words.map((text) => `  ${text}`)].join('\n')}\n`;
