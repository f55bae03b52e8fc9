// The control socket: askers that vanish do not disturb the controller, and what a killed controller left does not disturb askers.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { askAll, controlFolder, openControl } from '../../src/controller/control.js';

function dataDirectory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'damselfly-control-'));
  t.teardown(() => {
    rmSync(dir, { recursive: true });
  });
  return dir;
}

/** A socket on which nobody listens any more, named after a process; resolves to its path. */
function deafSocket(dir: string, pid: string): string {
  const path = `${JSON.stringify(controlFolder(dir))} + '/' + ${pid} + '.sock'`;
  const killed = `require('net').createServer().listen(${path}, () => process.kill(process.pid, 'SIGKILL'))`;
  const { pid: own } = spawnSync(process.execPath, ['-e', killed]);
  return join(controlFolder(dir), `${pid === 'process.pid' ? own : pid}.sock`);
}

void t.test('the socket of a controller that was killed is passed over and removed', async (t) => {
  const dir = dataDirectory(t);
  t.teardown(await openControl(dir, ({ ask }) => `${ask}!`));
  const left = deafSocket(dir, 'process.pid');
  t.ok(existsSync(left));
  t.strictSame(await askAll(dir, { ask: 'status' }), ['status!']);
  t.notOk(existsSync(left));
});

void t.test('the socket of a process that runs, and does not listen yet, is passed over and stays', async (t) => {
  const dir = dataDirectory(t);
  t.teardown(await openControl(dir, ({ ask }) => `${ask}!`));
  const early = deafSocket(dir, String(process.ppid));
  t.ok(existsSync(early));
  t.strictSame(await askAll(dir, { ask: 'status' }), ['status!']);
  t.ok(existsSync(early));
});

void t.test('an asker that goes without its answer harms nobody', async (t) => {
  const dir = dataDirectory(t);
  let asked = 0;
  t.teardown(await openControl(dir, () => 'x'.repeat(1 << 20).slice(asked++)));
  const path = join(controlFolder(dir), `${process.pid}.sock`);
  for (let count = 0; count < 5; count++) {
    const socket = createConnection(path);
    await once(socket, 'connect');
    socket.write('{"ask": "status"}\n{"ask": "status"}\n');
    socket.destroy();
    await once(socket, 'close');
  }
  t.equal((await askAll(dir, { ask: 'status' })).length, 1);
});
