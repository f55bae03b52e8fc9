// Who counts as a user: processes that run, each once, and nobody whose process id was given to another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ProcessRegister } from '../../src/sync/process-register.js';

void t.test('a process counts once, from entering to leaving', (t) => {
  const register = new ProcessRegister(join(t.testdir(), 'users'));
  t.strictSame(register.users(), []);
  register.enter();
  register.enter();
  t.strictSame(register.users(), [process.pid]);
  register.leave();
  register.leave();
  t.strictSame(register.users(), []);
  t.end();
});

void t.test('a killed process, a process id given out again and a stray file do not count, and go', async (t) => {
  const folder = t.testdir();
  const register = new ProcessRegister(folder);
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  register.enter(child.pid);
  t.strictSame(register.users(), [child.pid]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  writeFileSync(join(folder, `${process.pid}.1`), '');
  writeFileSync(join(folder, 'stray'), '');
  t.strictSame(register.users(), []);
  t.strictSame(readdirSync(folder), []);
});
