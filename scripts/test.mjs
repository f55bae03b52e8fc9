// Runs the tests: setup first, then the unit tests side by side, then those that start real programs one after the other.
// The last line is `N passed, N failed`, and the exit status says the same.
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { enterCheckout, setup } from './setup.mjs';
import { sourceFiles } from './missing.mjs';
import { progress, say, seconds } from './step.mjs';
import { killAll, runTestFile } from './tap-file.mjs';

const usage = `Usage: npm test -- [--unit] [--yes] [--no-install] [--timeout SECONDS] [PART OF A PATH ...]

Runs every test, or those whose path contains one of the parts given.
  --unit             only the tests that need neither root nor Debian packages (npm run test:unit)
  --timeout SECONDS  for one file, 300 by default; a file that takes longer is killed and has failed
  --yes, --no-install  as for npm run setup
DAMSELFLY_REQUIRE_ALL=1 makes a skipped test a failed one.
Example: npm test -- integration/lab`;

const requireAll = process.env.DAMSELFLY_REQUIRE_ALL === '1';

function options(args) {
  const found = { help: false, unit: false, yes: false, install: true, timeoutMs: 300_000, parts: [] };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--unit') found.unit = true;
    else if (arg === '--yes') found.yes = true;
    else if (arg === '--no-install') found.install = false;
    else if (arg === '--timeout') found.timeoutMs = Number(rest.shift()) * 1000;
    else if (arg === '--help') found.help = true;
    else if (arg.startsWith('-')) throw new Error(`unknown option ${arg}\n\n${usage}`);
    else found.parts.push(arg);
  }
  if (!(found.timeoutMs > 0)) throw new Error('--timeout needs a number of seconds');
  return found;
}

/** Test sources, never what older builds left in dist: `{ unit, integration }`. */
function testFiles({ unit: unitOnly, parts }) {
  const files = sourceFiles().filter((path) => path.startsWith('test/') && path.endsWith('.test.ts'));
  const chosen = files.filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
  const isIntegration = (path) => path.startsWith('test/integration/');
  return {
    unit: chosen.filter((path) => !isIntegration(path)),
    integration: unitOnly ? [] : chosen.filter(isIntegration),
  };
}

function indent(text) {
  return text.replace(/^/gm, '    ');
}

function report(file, { passed, failures, skips, ms }) {
  const counts = [
    `${passed} passed`,
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
    ...(skips.length > 0 ? [`${skips.length} skipped`] : []),
  ];
  say(`${failures.length > 0 ? 'FAIL' : 'ok  '}  ${file}  ${counts.join(', ')}  (${seconds(ms)})`);
  for (const { name, text } of failures) say(`  failed: ${name}\n${indent(text)}`);
  for (const { name, reason } of skips) say(`  skipped: ${name}${reason ? ` (${reason})` : ''}`);
}

/** Runs the files, `width` at a time, and adds their counts to `totals`. */
async function runAll(files, width, { timeoutMs }, totals) {
  const queue = [...files];
  const current = new Map();
  const live = progress('tests');
  live.note(() => [...current].map(([file, since]) => `${file} since ${seconds(Date.now() - since)}`).join(', '));
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      current.set(file, Date.now());
      const result = await runTestFile(`dist/${file.slice(0, -'.ts'.length)}.js`, timeoutMs);
      current.delete(file);
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
      report(file, result);
      totals.passed += result.passed;
      totals.failed += result.failures.length;
      totals.skipped += result.skips.length;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  live.end();
}

function summary({ passed, failed, skipped }) {
  const refused = requireAll ? skipped : 0;
  if (refused > 0) say(`DAMSELFLY_REQUIRE_ALL=1: the ${refused} skipped count as failed`);
  const rest = skipped - refused > 0 ? `, ${skipped - refused} skipped` : '';
  say(`${passed} passed, ${failed + refused} failed${rest}`);
  return failed + refused === 0 && passed > 0;
}

async function main(args) {
  const chosen = options(args);
  if (chosen.help) return say(usage);
  enterCheckout();
  await setup({ yes: chosen.yes, install: chosen.install, debian: !chosen.unit });
  const { unit, integration } = testFiles(chosen);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const interrupted = () => {
    killAll();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  say(`${unit.length + integration.length} files: ${unit.length} unit, ${integration.length} with real programs`);
  await runAll(unit, availableParallelism(), chosen, totals);
  await runAll(integration, 1, chosen, totals);
  if (!summary(totals)) process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say(`test: ${error.message}`);
  say('0 passed, 1 failed');
  process.exitCode = 1;
}
