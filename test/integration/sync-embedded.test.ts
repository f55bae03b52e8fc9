// The nats-server of our own: found, shared, ended with its last user, and started again when it is gone.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { openStore } from '../../src/sync/buckets.js';
import { connectNats } from '../../src/sync/connect.js';
import { DataDirectory, defaultDataDirectory, readNatsUrl } from '../../src/sync/data-directory.js';
import { useEmbeddedNats } from '../../src/sync/embedded-nats.js';
import { until } from '../lab/process.js';
import { needing } from '../lab/requirements.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

const options = needing('nats-server', 'flock');
// A port of this process, so that a run beside another one does not meet its server.
const port = 20_000 + (process.pid % 10_000);

function folder(t: Test): string {
  const path = makeWorkDirectory();
  t.teardown(async () => {
    const pid = new DataDirectory(path).runningPid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await until('it has ended', () => new DataDirectory(path).runningPid() === undefined);
    removeWorkDirectory(path);
  });
  return path;
}

/** A process that uses the server of a folder until it is killed; resolves to it once it does. */
async function user(t: Test, dataDirectory: string) {
  const script = join(dataDirectory, 'user.mjs');
  const module = new URL('../../src/sync/embedded-nats.js', import.meta.url).href;
  await writeFile(
    script,
    `import { useEmbeddedNats } from '${module}';
const nats = await useEmbeddedNats({ dataDirectory: '${dataDirectory}', port: ${port} });
process.send({ url: nats.url, isStartedByUs: nats.isStartedByUs });
process.on('message', async () => { await nats.release(); process.disconnect(); });`,
  );
  const child = fork(script);
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = (await once(child, 'message')) as [{ url: string; isStartedByUs: boolean }];
  return { child, said };
}

void t.test('the server keeps its store, leaves its URL, and ends with its only user', options, async (t) => {
  const dataDirectory = folder(t);
  const first = await useEmbeddedNats({ dataDirectory, port });
  t.equal(first.isStartedByUs, true);
  t.match(first.url, /^nats:\/\/127\.0\.0\.1:\d+$/);
  t.equal(readNatsUrl(dataDirectory), first.url);
  const nats = await connectNats({ servers: first.url }, { name: 'test', once: true });
  await (await openStore(nats)).store.nb.put('red.lswitch.net', {});
  await nats.close();
  await first.release();
  t.equal(new DataDirectory(dataDirectory).runningPid(), undefined);
  t.equal(readNatsUrl(dataDirectory), undefined);
  const second = await useEmbeddedNats({ dataDirectory, port });
  const again = await connectNats({ servers: second.url }, { name: 'test', once: true });
  const { store, created } = await openStore(again);
  t.strictSame(created, []);
  t.equal((await store.nb.read('red.lswitch.net'))?.text, '{}');
  await again.close();
  await second.release();
});

void t.test(
  'four that start at the same time use one server, and it outlives the one that started it',
  options,
  async (t) => {
    const dataDirectory = folder(t);
    const users = await Promise.all([1, 2, 3, 4].map(() => user(t, dataDirectory)));
    t.equal(new Set(users.map(({ said }) => said.url)).size, 1);
    t.equal(users.filter(({ said }) => said.isStartedByUs).length, 1);
    const starter = users.find(({ said }) => said.isStartedByUs);
    const others = users.filter((each) => each !== starter);
    const pid = new DataDirectory(dataDirectory).runningPid();
    starter?.child.kill('SIGKILL');
    others[0]?.child.send('release');
    others[1]?.child.send('release');
    await Promise.all(
      [starter, others[0], others[1]].map((each) => (each ? once(each.child, 'exit') : Promise.resolve())),
    );
    t.equal(new DataDirectory(dataDirectory).runningPid(), pid, 'one still uses it');
    others[2]?.child.send('release');
    await once(others[2]?.child ?? process, 'exit');
    t.equal(new DataDirectory(dataDirectory).runningPid(), undefined, 'the last one ended it');
  },
);

void t.test('a server that was killed is started again on its port', options, async (t) => {
  const dataDirectory = folder(t);
  const restarted: string[] = [];
  const used = await useEmbeddedNats({ dataDirectory, port, restarted: (url) => restarted.push(url) });
  const pid = Number(await readFile(join(dataDirectory, 'nats.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await until('it is there again', () => restarted.length > 0);
  t.strictSame(restarted, [used.url]);
  await used.release();
});

void t.test('a port that is taken is passed over', options, async (t) => {
  const dataDirectory = folder(t);
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  t.teardown(() => void squatter.close());
  const used = await useEmbeddedNats({ dataDirectory, port });
  t.not(new URL(used.url).port, String(port));
  await used.release();
});

void t.test('without the program it says how to get it', options, async (t) => {
  const dataDirectory = folder(t);
  await t.rejects(useEmbeddedNats({ dataDirectory, program: 'no-such-nats-server' }), {
    code: 'NATS_SERVER_PROGRAM',
    message: 'no-such-nats-server is not installed: apt-get install nats-server, or name a running server with --nats',
  });
  const file = join(dataDirectory, 'file');
  await writeFile(file, '');
  await t.rejects(useEmbeddedNats({ dataDirectory: join(file, 'folder') }), /cannot be used.*--data-dir/);
  t.notOk(existsSync(join(dataDirectory, 'nats.url')));
});

void t.test('the folder is the system’s for root and the user’s own otherwise', options, (t) => {
  t.equal(defaultDataDirectory({}, 0), '/var/lib/damselfly');
  t.equal(defaultDataDirectory({ XDG_STATE_HOME: '/s' }, 1000), '/s/damselfly');
  t.match(defaultDataDirectory({}, 1000), /\/\.local\/state\/damselfly$/);
  t.end();
});
