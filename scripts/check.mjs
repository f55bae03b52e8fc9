// Everything that must hold before a change goes in, one line each: types, lint, format, import rules, dead code, tests.
import process from 'node:process';
import { enterCheckout, setup } from './setup.mjs';
import { run, say, seconds } from './step.mjs';

const checks = [
  ['types', 'npx', ['tsc', '-p', 'tsconfig.json']],
  ['lint', 'npx', ['eslint', '.', '--cache', '--cache-location', 'dist/.eslintcache']],
  ['format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']],
  ['import rules', 'npx', ['depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'test']],
  ['dead code', 'npx', ['knip']],
  ['tests', process.execPath, ['scripts/test.mjs', ...process.argv.slice(2)]],
];

enterCheckout();
let failed = 0;
try {
  await setup({ debian: !process.argv.includes('--unit') });
  for (const [name, command, args] of checks) {
    const { code, output, ms } = await run(command, args, { label: name });
    const last = name === 'tests' ? `  ${output.trimEnd().split('\n').at(-1)}` : '';
    say(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name}${last}  (${seconds(ms)})`);
    if (code === 0) continue;
    failed += 1;
    say(output.trimEnd().replace(/^/gm, '    '));
  }
} catch (error) {
  failed += 1;
  say(`check: ${error.message}`);
}
process.exitCode = failed === 0 ? 0 : 1;
