// A conformance run as text: what was compared with whom, what is explained, what is not.
import { columns, type ConformanceReport } from './conformance.js';
import type { Cell } from './compare.js';

const firstColumnWidth = 36;
const columnWidth = 14;

function cellText(cell: Cell | undefined): string {
  if (!cell || (cell.compared === 0 && cell.unread.size === 0)) return '-';
  const unread = [...cell.unread.values()].reduce((sum, count) => sum + count, 0);
  return unread === 0 ? `${cell.compared}` : `${cell.compared} (${unread})`;
}

const line = (first: string, rest: readonly string[]) =>
  first.padEnd(firstColumnWidth) + rest.map((text) => text.padStart(columnWidth)).join('') + '\n';

/** The report as text. */
export function reportText({ options, versions, table, facts, explained, failures }: ConformanceReport): string {
  const rows = [...table].map(([kind, row]) =>
    line(
      kind,
      columns.map((column) => cellText(row.get(column))),
    ),
  );
  return [
    `seed ${options.seed}\n`,
    ...versions.map((version) => `${version}\n`),
    '\nMessages compared, by kind and reader; in brackets those that the reader was not asked about, explained below.\n\n',
    line('', columns),
    ...rows,
    '\n',
    ...facts.map((fact) => `${fact}\n`),
    '\nExplained:\n',
    ...[...explained].map(([because, count]) => `${count.toString().padStart(8)}  ${because}\n`),
    `\n${failures.length} disagreements without explanation\n`,
    ...failures.slice(0, 20).map((failure) => `  ${failure}\n`),
  ].join('');
}
