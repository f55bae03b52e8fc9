// Runs one compiled test file and reads its TAP: what passed, failed and was skipped, and why. A hung file is killed.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';

const point = /^(not )?ok\b(?: \d+)?(?: - )?(.*?)(?: # (SKIP|TODO|time=)(.*?))?(?: \{)?$/i;
const nestedSkip = /^\s+ok\b(?: \d+)?(?: - )?(.*?) # SKIP\s*(.*?)(?: \{)?$/i;
const quotedLines = 120;
const running = new Set();

/** Kills the test files that run at the moment, with everything they started. */
export function killAll() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/**
 * Top-level points of TAP text. A point whose subtests were skipped counts as skipped: it promised more than it showed.
 * Returns `{ passed, failures: [{ name, text }], skips: [{ name, reason }] }`.
 */
export function readTap(text) {
  const result = { passed: 0, failures: [], skips: [] };
  let block = [];
  let skipReason;
  for (const line of text.split('\n')) {
    block.push(line);
    const [, skippedName, why] = nestedSkip.exec(line) ?? [];
    skipReason ??= why || skippedName;
    const allSkipped = /^1\.\.0 # SKIP\s*(.*)$/i.exec(line);
    if (allSkipped) result.skips.push({ name: 'the whole file', reason: allSkipped[1] });
    const [matched, not, name, directive, rest] = point.exec(line) ?? [];
    if (matched === undefined) continue;
    const kind = (directive ?? '').toUpperCase();
    if (not !== undefined && kind !== 'TODO')
      result.failures.push({ name, text: block.slice(-quotedLines).join('\n') });
    else if (kind === 'SKIP' || kind === 'TODO') result.skips.push({ name, reason: rest.trim() });
    else if (skipReason !== undefined) result.skips.push({ name, reason: skipReason });
    else result.passed += 1;
    block = [];
    skipReason = undefined;
  }
  return result;
}

function verdict({ code, signal, timedOut, stdout, stderr }, timeoutMs) {
  const result = readTap(stdout);
  const tail = `${stdout}\n${stderr}`.trimEnd().split('\n').slice(-quotedLines).join('\n');
  const add = (name) => result.failures.push({ name, text: tail });
  if (timedOut) add(`hung: killed after ${timeoutMs / 1000} s`);
  else if (code !== 0 && result.failures.length === 0)
    add(signal ? `ended by ${signal}` : `exit status ${code} although no test failed`);
  else if (result.passed + result.failures.length + result.skips.length === 0) add('the file holds no test');
  else if (result.failures.length > 0 && stderr !== '')
    result.failures[0].text += `\nstandard error:\n${stderr.trimEnd().split('\n').slice(-quotedLines).join('\n')}`;
  return result;
}

/** Runs `node file` in a process group of its own and resolves to its result; never rejects. */
export function runTestFile(file, timeoutMs) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, TAP_TIMEOUT: '0' }, // a file has the time that we give it, not tap's 30 s
    });
    running.add(child);
    const end = { stdout: '', stderr: '', timedOut: false };
    child.stdout.setEncoding('utf8').on('data', (chunk) => (end.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (end.stderr += chunk));
    const timer = setTimeout(() => {
      end.timedOut = true;
      killGroup(child);
    }, timeoutMs);
    child.on('error', (error) => (end.stderr += error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ ...verdict({ ...end, code, signal }, timeoutMs), ms: Date.now() - started });
    });
  });
}
