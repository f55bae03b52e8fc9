// Starts the demo after set-up; what is asked of set-up (--yes, --no-install) is not passed on.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { enterCheckout, setup } from './setup.mjs';

const args = process.argv.slice(2);
const own = ['--yes', '--no-install'];
const isAskedForHelp = args.includes('--help');

enterCheckout();
try {
  await setup({ yes: args.includes('--yes'), install: !args.includes('--no-install'), debian: !isAskedForHelp });
} catch (error) {
  process.stderr.write(`demo: ${error.message}\n`);
  process.exit(1);
}
const words = ['--enable-source-maps', 'dist/demo/main.js', ...args.filter((arg) => !own.includes(arg))];
// The kernel ends the demo with us, however we end.
const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...words], { stdio: 'inherit' });
// Ctrl-C reaches the demo too; we wait for it and end as it does.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 130));
