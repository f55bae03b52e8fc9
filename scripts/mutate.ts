// npm run mutate [-- ID …]: takes out, one at a time, each line that docs/cases.md names, and shows that the test of the case then fails.
// It works in a copy of what is built; the sources stay as they are.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type FieldCase, readCases } from './cases.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const timeoutMs = 120_000;
/** Without the line nothing came as far as the test, which says nothing of the line. */
const notReached = 'the test was not reached';
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

/** Runs the test of a case until its point fails: that point, or undefined if it never does. */
async function failureOf(copy: string, id: string, { test }: Proof): Promise<string | undefined> {
  const file = join(copy, 'dist', test.replace(/\.ts$/, '.js'));
  const env = { ...process.env, TAP_TIMEOUT: '0' };
  // The kernel ends the test with us, however we end.
  const words = ['--pdeathsig', 'KILL', process.execPath, file];
  const child = spawn('setpriv', words, { env, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const timer = setTimeout(() => child.stdout.destroy(), timeoutMs);
  let isReached = false;
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      if (!/^\s*(not )?ok \d+ - /.test(text) || !text.split(/\s+/).includes(id)) continue;
      isReached = true;
      if (/^\s*not ok/.test(text)) return text.trim();
    }
    return isReached ? undefined : notReached;
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

/** Whether the test of a case fails without its line. */
async function isRed(copy: string, id: string, proof: Proof): Promise<boolean> {
  const script = join(copy, 'dist', proof.file.replace(/\.ts$/, '.js'));
  const intact = readFileSync(script);
  writeFileSync(script, compiledWithout(proof));
  const failure = await failureOf(copy, id, proof);
  writeFileSync(script, intact);
  const verdict = failure === undefined ? 'STAYS GREEN' : failure === notReached ? 'NOT REACHED' : 'red';
  process.stdout.write(`${id} ${verdict} without ${proof.file}: ${proof.line}\n    ${failure ?? proof.test}\n`);
  return verdict === 'red';
}

const asked = process.argv.slice(2);
const cases = readCases(readFileSync(join(root, 'docs/cases.md'), 'utf8'));
const copy = mkdtempSync(join(tmpdir(), 'damselfly-mutate-'));
try {
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const name of besides) symlinkSync(join(root, name), join(copy, name));
  const results: boolean[] = [];
  for (const { id, deferred, proof } of cases)
    if (deferred === undefined && (asked.length === 0 || asked.includes(id)))
      results.push(await isRed(copy, id, proof));
  process.stdout.write(`${results.filter(Boolean).length} of ${results.length} red\n`);
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
