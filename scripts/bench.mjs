// Runs the benchmarks: setup first, then the compiled program with the same arguments.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { enterCheckout, setup } from './setup.mjs';
import { say } from './step.mjs';

enterCheckout();
try {
  const figures = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const isHelp = process.argv.includes('--help');
  await setup({ ovn: !isHelp && (figures.length === 0 || figures.includes('ovn')) });
} catch (error) {
  say(`bench: ${error.message}`);
  process.exit(1);
}
const child = spawn(process.execPath, ['dist/bench/main.js', ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('close', (code) => process.exit(code ?? 1));
