// docs/cases.md cannot lie: every case is there, its test bears its id, and the line without which that fails is in the code.
import { readFileSync } from 'node:fs';
import t from 'tap';

/** The cases that wait for services which do not exist yet; no other may. */
const deferrable = ['T29', 'T31', 'T32', 'T34', 'T42'];
const checkout = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, checkout), 'utf8');
const rows = read('docs/cases.md')
  .split('\n')
  .filter((line) => /^\| [TR]\d+ /.test(line))
  .map((line) =>
    line
      .slice(2, -2)
      .split(/ +\| +|\| +(?=\|)/)
      .map((cell) => cell.trim()),
  );
const code = (cell = ''): string => cell.replace(/^(`+) ?(.*?) ?\1$/, '$2');

void t.test('each case of trunks is decided once', (t) => {
  const ids = rows.map(([id]) => id).filter((id) => id?.startsWith('T'));
  t.same(
    ids,
    Array.from({ length: 48 }, (_, index) => `T${index + 1}`),
  );
  t.end();
});

void t.test('each has a test with its id and a line of the code, or may be deferred and says why', (t) => {
  for (const [id = '', , test = '', file = '', line = ''] of rows) {
    if (test.startsWith('deferred: ')) {
      t.ok(deferrable.includes(id), `${id} may be deferred`);
      continue;
    }
    t.match(read(`test/integration/${code(test)}.test.ts`), new RegExp(`['\`]${id} `), `${id} has a test`);
    const lines = read(`src/${code(file)}`).split('\n');
    t.ok(
      lines.some((text) => text.trim() === code(line)),
      `${id} names a line of ${code(file)}`,
    );
  }
  t.end();
});
