// docs/cases.md cannot lie: every case is there, its test bears its id, and the line without which that fails is in the code.
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { readCases } from '../../scripts/cases.js';

/** The cases that wait for what does not exist yet; no other may. */
const deferrable = 'T29 T31 T32 T34 T42 R21 R22 R23 R28 R29 R30 R36 R37'.split(' ');
const checkout = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, checkout), 'utf8');
const cases = readCases(read('docs/cases.md'));

/** A file of tests with the files beside it that it imports: where tests of several files are written. */
function withImported(path: string): string {
  const text = read(path);
  const beside = [...text.matchAll(/from '\.\/([^']+)\.js'/g)].map(([, name = '']) => `test/integration/${name}.ts`);
  return [text, ...beside.filter((each) => existsSync(new URL(each, checkout))).map(read)].join('\n');
}

void t.test('each case of trunks and of remote devices is decided once', (t) => {
  for (const [letter, count] of [
    ['T', 48],
    ['R', 37],
  ] as const)
    t.same(
      cases.map(({ id }) => id).filter((id) => id.startsWith(letter)),
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
  t.end();
});

void t.test('each has a test with its id and a line of the code, or may be deferred and says why', (t) => {
  for (const { id, deferred, proof } of cases) {
    if (deferred !== undefined) {
      t.ok(deferrable.includes(id), `${id} may be deferred`);
      continue;
    }
    t.match(withImported(proof.test), new RegExp(`['\`](?:[TR]\\d+ )*${id} `), `${id} has a test`);
    const lines = read(proof.file).split('\n');
    t.ok(
      lines.some((text) => text.trim() === proof.line),
      `${id} names a line of ${proof.file}`,
    );
    t.notMatch(proof.line, /^(import|export|const|let|function) /, `${id}: without a declaration there is no program`);
  }
  t.end();
});
