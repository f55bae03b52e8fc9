// `damselfly pipeline`: the tables and registers as they are declared, as the documentation has them.
import type { Command } from 'commander';
import { allApps } from '../apps/apps.js';
import { registers, tables } from '../apps/pipeline.js';

/** Adds the command. */
export function addPipeline(program: Command): void {
  program
    .command('pipeline')
    .description('print tables, registers and applications as they are declared')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  damselfly pipeline')
    .action((options: { readonly json?: boolean }) => {
      const apps = allApps.map(({ id, name, does }) => ({ id, name, does }));
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ tables, registers, apps }, null, 2)}\n` : pipelineText(),
      );
    });
}

/** The declaration as Markdown tables. */
export function pipelineText(): string {
  const names = new Map<number, string>(Object.entries(tables).map(([name, { id }]) => [id, name]));
  const named = (id: number): string => `${id} ${names.get(id) ?? ''}`.trim();
  const tableRows = Object.entries(tables).map(([name, table]) => {
    const next: readonly number[] = table.next;
    return `| ${table.id} | ${name} | ${table.does} | ${next.map(named).join(', ') || '–'} | ${table.miss === 'drop' ? 'drop' : named(table.miss)} |`;
  });
  const registerRows = Object.entries(registers).map(
    ([name, { field, start, bits, means }]) => `| ${field}[${start}..${start + bits - 1}] | ${name} | ${means} |`,
  );
  const appRows = allApps.map(({ id, name, does }) => `| ${id} | ${name} | ${does} |`);
  return [
    '| table | name | what it decides | goes to | miss |',
    '| --- | --- | --- | --- | --- |',
    ...tableRows,
    '',
    '| bits | register | meaning |',
    '| --- | --- | --- |',
    ...registerRows,
    '',
    '| cookie byte | application | what it does |',
    '| --- | --- | --- |',
    ...appRows,
    '',
  ].join('\n');
}
