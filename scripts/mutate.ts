// `npm run mutate`: takes out, one at a time, each line that docs/cases.md names, and shows that the test of
// the case then fails, and how. It works in a copy of what is built; the sources stay as they are.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { script } from './asked.js';
import { type FieldCase, readCases } from './cases.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const timeoutMs = 120_000;
/** What a program says that is none any more without the line: such a failure shows nothing of the case. */
const crash = /is not defined|SyntaxError/;
/** So much of a failure's own words is printed. */
const quotedLines = 6;
/** What is read or imported beside the compiled code. */
const besides = ['node_modules', 'package.json', 'test', 'docs', 'DESIGN.md'];

type Proof = FieldCase['proof'];

/** The source without the line, as JavaScript. Types do not matter: what a compiler sees a test need not. */
function compiledWithout({ file, line }: Proof): string {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const at = lines.findIndex((each) => each.trim() === line);
  if (at < 0) throw new Error(`${file} has no line ${line}`);
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  const text = lines.toSpliced(at, 1).join('\n');
  const { outputText, diagnostics = [] } = ts.transpileModule(text, { compilerOptions, reportDiagnostics: true });
  const [broken] = diagnostics;
  if (broken === undefined) return outputText;
  const reason = ts.flattenDiagnosticMessageText(broken.messageText, ' ');
  throw new Error(`${file} is no program without "${line}": ${reason}`);
}

type Verdict = 'red' | 'STAYS GREEN' | 'CRASHES' | 'NOT REACHED' | 'DOES NOT END';

/** What became of a test, and the words of the first failure in its point. */
interface Outcome {
  readonly verdict: Verdict;
  readonly words: readonly string[];
}

/** Runs the test of a case until its point has failed; alone, or with what comes before it in its file. */
async function outcome(copy: string, id: string, { test }: Proof, alone: boolean): Promise<Outcome> {
  const file = join(copy, 'dist', test.replace(/\.ts$/, '.js'));
  // Patterns for the names of tests, one for each level: every file has one test around those of the cases.
  const env = { ...process.env, TAP_TIMEOUT: '0', ...(alone ? { TAP_GREP: `/^/\n/(^| )${id} /` } : {}) };
  // The kernel ends the test with us, however we end.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, file], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let verdict: Verdict = 'NOT REACHED';
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => {
    verdict = 'DOES NOT END';
    lines.close();
  }, timeoutMs);
  let words: string[] = [];
  try {
    for await (const text of lines) {
      if (text.startsWith('# Subtest: ', text.search(/\S/))) words = [];
      else if (words.length > 0 || /^\s*not ok/.test(text)) words.push(text.trim());
      if (!/^\s*(not )?ok \d+ - /.test(text) || !text.split(/\s+/).includes(id)) continue;
      if (/^\s*not ok/.test(text)) return { verdict: crash.test(words[0] ?? '') ? 'CRASHES' : 'red', words };
      verdict = 'STAYS GREEN';
    }
    return { verdict, words: [] };
  } finally {
    clearTimeout(timer);
    child.stdout.destroy(); // whoever of the test still holds its other end
    stopGroup(child.pid);
  }
}

/** Ends a test with everything that it has started. */
function stopGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Writes a module of the copy, and the program anew that is made of all of them. */
function write(copy: string, script: string, text: string | Buffer): void {
  writeFileSync(script, text);
  execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs')], { cwd: copy });
}

/** Whether the test of a case fails without its line: alone if it passes alone with it, which takes less time. */
async function isRed(copy: string, id: string, proof: Proof): Promise<boolean> {
  const alone = (await outcome(copy, id, proof, true)).verdict === 'STAYS GREEN';
  const script = join(copy, 'dist', proof.file.replace(/\.ts$/, '.js'));
  const intact = readFileSync(script);
  write(copy, script, compiledWithout(proof));
  const { verdict, words } = await outcome(copy, id, proof, alone);
  write(copy, script, intact);
  const telling = words.filter((text, index) => index === 0 || /^[-+](?![-+]{2})/.test(text)).slice(0, quotedLines);
  const quoted = telling.map((text) => `    ${text}\n`).join('');
  process.stdout.write(
    `${id} ${verdict} without ${proof.file}: ${proof.line}${alone ? '' : ' (not alone)'}\n${quoted}`,
  );
  return verdict === 'red';
}

const program = script(
  'mutate',
  'Takes out each line that docs/cases.md names, and shows that the test of its case fails.',
)
  .argument('[cases...]', 'all, if none is named; T7, or T7..T12 in the order of the tables')
  .parse();

/** The cases that are asked for: all, some, or ranges in the order of the tables. */
function chosen(cases: readonly FieldCase[], asked: readonly string[]): readonly FieldCase[] {
  const indexOf = (id = ''): number => {
    const index = cases.findIndex((each) => each.id === id);
    if (index < 0) program.error(`error: ${id}: no case of docs/cases.md`);
    return index;
  };
  if (asked.length === 0) return cases;
  return asked.flatMap((word) => {
    const [first, last = first] = word.split('..').map(indexOf);
    return cases.slice(first, (last ?? 0) + 1);
  });
}

const cases = chosen(readCases(readFileSync(join(root, 'docs/cases.md'), 'utf8')), program.args);
const copy = mkdtempSync(join(tmpdir(), 'damselfly-mutate-'));
try {
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const name of besides) symlinkSync(join(root, name), join(copy, name));
  const results: boolean[] = [];
  for (const { id, deferred, proof } of cases) if (deferred === undefined) results.push(await isRed(copy, id, proof));
  process.stdout.write(`${results.filter(Boolean).length} of ${results.length} red\n`);
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
