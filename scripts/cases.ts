// The tables of docs/cases.md as data.

/** One row; one that is deferred has a reason instead of a proof. */
export interface FieldCase {
  readonly id: string;
  readonly deferred: string | undefined;
  /** What proves it, as paths of the checkout, and the line of the source without which that fails. */
  readonly proof: { readonly test: string; readonly file: string; readonly line: string };
}

/** Every case of the tables, in their order. */
export function readCases(text: string): FieldCase[] {
  const rows = text.split('\n').filter((line) => /^\| [TR]\d+ /.test(line));
  return rows.map((row) => {
    const cells = row.slice(2, -2).split(/ +\| +|\| +(?=\|)/);
    const [id = '', , test = '', file, line] = cells.map((cell) => cell.trim());
    const proof = { test: `test/integration/${code(test)}.test.ts`, file: `src/${code(file)}`, line: code(line) };
    return { id, deferred: /^deferred: (.+)$/.exec(test)?.[1], proof };
  });
}

/** What stands between backticks; a bar is written with a backslash in tables. */
const code = (cell = ''): string => cell.replace(/^(`+) ?(.*?) ?\1$/, '$2').replaceAll('\\|', '|');
