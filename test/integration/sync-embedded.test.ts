// The embedded nats-server: one per data directory however many controllers start at once, gone with the last of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import t, { type Test } from 'tap';
import { readUrlFile } from '../../src/sync/data-dir.js';
import { EmbeddedNatsError, joinEmbeddedNats, stopUnusedNats } from '../../src/sync/embedded-nats.js';
import { until } from '../lab/process.js';
import { needing } from '../lab/requirements.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

const needs = needing('nats-server', 'flock');
const module = fileURLToPath(new URL('../../src/sync/embedded-nats.js', import.meta.url));

/** A data directory that takes its server with it, whatever the test left running. */
function dataDirectory(t: Test, port: number): { dataDir: string; port: number } {
  const dataDir = makeWorkDirectory();
  t.teardown(() => {
    const pid = serverPid(dataDir);
    if (pid !== undefined && isRunning(pid)) process.kill(pid, 'SIGKILL');
    removeWorkDirectory(dataDir);
  });
  return { dataDir, port };
}

function serverPid(dataDir: string): number | undefined {
  const path = join(dataDir, 'nats.pid');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined;
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Another process that joins, says the address, and leaves in good order when its input ends. */
function anotherController(t: Test, options: { dataDir: string; port: number }): ChildProcess {
  const script = `import { joinEmbeddedNats } from ${JSON.stringify(module)};
    const nats = await joinEmbeddedNats(${JSON.stringify(options)});
    process.stdout.write(JSON.stringify({ url: nats.url, started: nats.started }));
    process.stdin.on('end', async () => { await nats.leave(); process.exit(0); }).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function saidBy(child: ChildProcess): Promise<{ url: string; started: boolean }> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as { url: string; started: boolean };
}

void t.test(
  'six controllers that start at once use one server, which exactly one of them started',
  needs,
  async (t) => {
    const options = dataDirectory(t, 26655);
    const children = Array.from({ length: 6 }, () => anotherController(t, options));
    const said = await Promise.all(children.map(saidBy));
    t.equal(new Set(said.map(({ url }) => url)).size, 1);
    t.equal(said.filter(({ started }) => started).length, 1);
    t.equal(readUrlFile(options.dataDir), said[0]?.url);
    t.equal(readdirSync(join(options.dataDir, 'nats.users')).length, 6);
  },
);

void t.test(
  'the server outlives its starter, orderly or killed, while another uses it; the last one stops it',
  needs,
  async (t) => {
    const options = dataDirectory(t, 26755);
    const starter = anotherController(t, options);
    const first = await saidBy(starter);
    t.equal(first.started, true);
    const killed = anotherController(t, options);
    await saidBy(killed);
    const last = await joinEmbeddedNats(options);
    t.equal(last.started, false);
    const pid = serverPid(options.dataDir)!;
    starter.stdin!.end();
    await once(starter, 'exit');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    t.ok(isRunning(pid), 'still there for the third');
    const client = await connect({ servers: last.url });
    t.equal((await (await jetstreamManager(client)).getAccountInfo()).streams, 0);
    await client.close();
    t.equal(await last.leave(), true, 'the killed one does not count');
    t.notOk(isRunning(pid));
  },
);

void t.test('a server that was killed is revived on its port with its store', needs, async (t) => {
  const options = dataDirectory(t, 26855);
  const nats = await joinEmbeddedNats(options);
  const client = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  t.teardown(() => client.close());
  await (await jetstreamManager(client)).streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(client).publish('kept.a', 'x');
  const pid = serverPid(options.dataDir)!;
  process.kill(pid, 'SIGKILL');
  await until('the server is gone', () => !isRunning(pid));
  t.equal(await nats.revive(), nats.url);
  t.not(serverPid(options.dataDir), pid);
  await until('the client is back', () =>
    client.rtt().then(
      () => true,
      () => false,
    ),
  );
  t.equal((await (await jetstreamManager(client)).streams.info('kept')).state.messages, 1);
  t.equal(await nats.revive(), nats.url, 'reviving what runs changes nothing');
  await client.close();
  t.equal(await nats.leave(), true);
});

void t.test('a taken port is passed over, also by another program', needs, async (t) => {
  const taken = createServer().listen(26955, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const nats = await joinEmbeddedNats(dataDirectory(t, 26955));
  t.equal(nats.url, 'nats://127.0.0.1:26956');
  await nats.leave();
});

void t.test('an address from before whose port another program has taken for good is given up', needs, async (t) => {
  const options = dataDirectory(t, 27005);
  await (await joinEmbeddedNats(options)).leave();
  t.equal(readUrlFile(options.dataDir), 'nats://127.0.0.1:27005');
  const taken = createServer().listen(27005, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const nats = await joinEmbeddedNats(options);
  t.equal(nats.url, 'nats://127.0.0.1:27006');
  t.equal(readUrlFile(options.dataDir), nats.url);
  await nats.leave();
});

void t.test('a user file of a process id that was given out again does not keep the server', needs, async (t) => {
  const options = dataDirectory(t, 27055);
  const users = join(options.dataDir, 'nats.users');
  mkdirSync(users);
  writeFileSync(join(users, `${process.pid}.1`), '');
  const nats = await joinEmbeddedNats(options);
  t.equal(await nats.leave(), true);
  t.equal(await stopUnusedNats(options.dataDir), false, 'nothing to stop any more');
});

void t.test('a server that cannot start, and one that is not installed, are one line each', needs, async (t) => {
  const options = dataDirectory(t, 27155);
  writeFileSync(join(options.dataDir, 'nats'), 'not a folder');
  await t.rejects(joinEmbeddedNats(options), {
    name: 'EmbeddedNatsError',
    message: /does not start: see .*nats\.log$/,
  });
  t.strictSame(readdirSync(join(options.dataDir, 'nats.users')), []);
  await t.rejects(joinEmbeddedNats({ ...dataDirectory(t, 27205), program: 'no-such-server' }), {
    message: /^no-such-server is not installed: apt-get install nats-server, or .* --nats$/,
  });
  const blocked = dataDirectory(t, 27255);
  writeFileSync(join(blocked.dataDir, 'file'), '');
  const error = await joinEmbeddedNats({ ...blocked, dataDir: join(blocked.dataDir, 'file') }).catch((e: unknown) => e);
  t.ok(error instanceof EmbeddedNatsError);
});
