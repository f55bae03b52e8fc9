// Statuses, objects and backups over a real nats-server.
import t from 'tap';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { refOf } from '../../src/model/ids.js';
import { Allocator } from '../../src/sync/allocate.js';
import { exportBackup, importBackup } from '../../src/sync/backup.js';
import { openStore } from '../../src/sync/buckets.js';
import { statusKey } from '../../src/sync/keys.js';
import { Northbound } from '../../src/sync/northbound.js';
import { listObjects, putObject, removeObject } from '../../src/sync/objects.js';
import { type Report, watchReports } from '../../src/sync/status-reader.js';
import { type StatusOptions, StatusWriter } from '../../src/sync/status.js';
import { until } from '../lab/process.js';
import { Recorder } from '../sync/recorder.js';
import { client, lab, natsOptions as options } from './sync-lab.js';

t.setTimeout(120_000);

const vm1 = refOf('red', 'vm1');

void t.test('of many statuses the newest is written, and an unchanged one is not', options, async (t) => {
  const { store } = await lab(t);
  const writer = new StatusWriter(store, { chassis: 'c1.example', nowMs: () => 0 });
  t.teardown(() => {
    writer.close();
  });
  const reports = new Map<string, Report>();
  t.teardown(
    watchReports(store, 'red', {
      report: (report) => reports.set(report.ref, report),
      gone: (report) => reports.delete(report.ref),
    }),
  );
  for (let revision = 1; revision <= 1000; revision += 1) writer.set('lport', vm1, { state: 'DOWN', revision });
  writer.set('lport', vm1, { state: 'ERROR', reason: 'no such network', revision: 1001 });
  await until('it is read', () => reports.get('red/vm1')?.status.revision === 1001);
  t.strictSame(reports.get('red/vm1'), {
    kind: 'lport',
    ref: 'red/vm1',
    chassis: 'c1.example',
    status: {
      state: 'ERROR',
      reason: 'no such network',
      revision: 1001,
      since: '1970-01-01T00:00:00.000Z',
      chassis: 'c1.example',
    },
    more: {},
  });
  const written = (await store.status.read('red.lport.vm1.c1=2Eexample'))?.revision ?? 0;
  t.ok(written <= 3, `a thousand statuses are ${written} messages`);
  writer.set('lport', vm1, { state: 'ERROR', reason: 'no such network', revision: 1001 });
  await writer.flush();
  await delay(100);
  t.equal((await store.status.read('red.lport.vm1.c1=2Eexample'))?.revision, written, 'not written again');
  writer.clear('lport', vm1);
  await until('it is gone', () => reports.size === 0);
});

void t.test(
  'what an earlier run left goes when the view is whole, and what still holds keeps its date',
  options,
  async (t) => {
    const { store } = await lab(t);
    const statusWriter = (settings: Partial<StatusOptions>) => {
      const made = new StatusWriter(store, { chassis: 'c1', ...settings });
      t.teardown(() => {
        made.close();
      });
      return made;
    };
    const first = statusWriter({ nowMs: () => 0 });
    first.set('lport', vm1, { state: 'ACTIVE', revision: 3 });
    first.set('lport', refOf('red', 'vm2'), { state: 'ACTIVE', revision: 4 });
    await until('both are written', async () => (await store.status.read('red.lport.vm2.c1'))?.text !== undefined);
    await store.status.put('red.lport.vm2.c2', { state: 'ACTIVE', revision: 4 });
    await store.status.put('_operator.chassis.c1.c1', { state: 'ACTIVE' });
    first.close();
    const second = statusWriter({ nowMs: () => 1e12 });
    second.set('lport', vm1, { state: 'ACTIVE', revision: 5 });
    await until('the revision moves on', async () =>
      (await store.status.read('red.lport.vm1.c1'))?.text?.includes('"revision":5'),
    );
    t.match((await store.status.read('red.lport.vm1.c1'))?.text, /"since":"1970/);
    t.type((await store.status.read('red.lport.vm2.c1'))?.text, 'string', 'nothing goes before the sweep');
    second.sweep();
    await until('the leftover is gone', async () => (await store.status.read('red.lport.vm2.c1'))?.text === undefined);
    t.type((await store.status.read('red.lport.vm2.c2'))?.text, 'string', 'another chassis’ word stays');
    t.type((await store.status.read('_operator.chassis.c1.c1'))?.text, 'string', 'the heartbeat is no leftover');
    const jsm = await jetstreamManager(store.nats.connection);
    await jsm.streams.delete('KV_damselfly_status');
    await openStore(store.nats);
    await until(
      'a lost status bucket is filled again',
      async () => (await store.status.read('red.lport.vm1.c1'))?.text !== undefined,
      15_000,
    );
  },
);

void t.test(
  'objects are checked before they are written, and written against the revision that was seen',
  options,
  async (t) => {
    const { store } = await lab(t);
    await t.rejects(putObject(store, 'lport', vm1, { lswitch: 'net1', colour: 'red' }), { name: 'NbError' });
    const revision = await putObject(store, 'lport', vm1, { lswitch: 'net1' }, 0);
    await t.rejects(putObject(store, 'lport', vm1, { lswitch: 'net2' }, 0), { code: 'NATS_CONFLICT', revision });
    await putObject(store, 'lport', vm1, { lswitch: 'net2' }, revision);
    await putObject(store, 'lswitch', refOf('blue', 'net'), {});
    t.match(await listObjects(store, 'red'), [
      { key: 'red.lport.vm1', fields: { lswitch: 'net2' }, record: { object: { value: { lswitch: 'red/net2' } } } },
    ]);
    t.equal((await listObjects(store, undefined)).length, 2);
    await removeObject(store, 'lport', vm1);
    t.strictSame(await listObjects(store, 'red'), []);
  },
);

void t.test('that some statuses cannot be written is told once, until all are', options, async (t) => {
  const { store } = await lab(t);
  const told: string[] = [];
  const writer = new StatusWriter(store, { chassis: 'c1', pauseMs: 5, failed: ({ code }) => told.push(code) });
  t.teardown(() => {
    writer.close();
  });
  const jsm = await jetstreamManager(store.nats.connection);
  await jsm.streams.update(store.status.stream, { max_msg_size: 1000 });
  const long = { state: 'ERROR', reason: 'x'.repeat(2000), revision: 1 } as const;
  const other = refOf('red', 'vm2');
  const isWritten = async (ref: typeof vm1, revision: number): Promise<boolean> =>
    (await store.status.read(statusKey('lport', ref, 'c1')))?.text?.includes(`"revision":${revision},`) === true;

  writer.set('lport', vm1, long);
  for (let revision = 1; revision <= 5; revision++) {
    writer.set('lport', other, { state: 'ACTIVE', revision });
    await until('the other one is written', () => isWritten(other, revision));
  }
  t.equal(told.length, 1, 'the others are written meanwhile, and that is no end of it');
  writer.set('lport', vm1, { state: 'ACTIVE', revision: 2 });
  await until('it is written', () => isWritten(vm1, 2));
  t.equal(told.length, 1);
  writer.set('lport', vm1, { ...long, revision: 3 });
  await until('it is told again', () => told.length === 2);
});

void t.test('what a tenant writes is repeated on plain subjects', options, async (t) => {
  const { store } = await lab(t);
  const seen: string[] = [];
  store.nats.connection.subscribe('damselfly.nb.red.>', { callback: (_error, { subject }) => void seen.push(subject) });
  await putObject(store, 'lswitch', refOf('blue', 'net'), {});
  await putObject(store, 'lswitch', refOf('red', 'net'), {});
  await until('it is heard', () => seen.length > 0);
  t.strictSame(seen, ['damselfly.nb.red.lswitch.net']);
});

void t.test('a store that was lost and imported again changes nothing for those who watch', options, async (t) => {
  const { server, store } = await lab(t);
  const allocator = new Allocator(store);
  const ports = Array.from({ length: 200 }, (_, n) => refOf('red', `vm${n}`));
  for (const port of ports) await putObject(store, 'lport', port, { lswitch: 'net1' });
  const numbers = await Promise.all(ports.map((port) => allocator.allocate('lport', 'lport', port)));
  await store.alloc.put('claim.red.vm1', { chassis: 'c1', since: '' });
  const nb = new Northbound(store, { graceMs: 200 });
  t.teardown(() => {
    nb.close();
  });
  const sink = new Recorder();
  nb.watch('red', sink);
  await until('it settles', () => sink.settledTenants.has('red'));
  const backup = await exportBackup(store);
  const [objects, keys] = [JSON.stringify([...sink.objects]), JSON.stringify([...sink.numbers].sort())];
  await server.stop('SIGKILL');
  server.eraseStore();
  await server.start();
  await until('the connection is back', () => store.nats.isUp());
  const operator = await client(server, t);
  await openStore(operator);
  await until('everything is held', () => sink.heldTenants.get('red')?.gone === 401, 20_000);
  t.equal(JSON.stringify([...sink.objects]), objects);
  const restored = (await openStore(operator)).store;
  const came = await importBackup(restored, JSON.parse(JSON.stringify(backup)) as typeof backup);
  t.strictSame(came.kept, []);
  await until('it is released', () => sink.heldTenants.size === 0);
  t.strictSame(
    sink.told.filter((line) => line.startsWith('gone') || line.endsWith('none') || line.endsWith('nobody')),
    [],
  );
  t.equal(JSON.stringify([...sink.objects].sort()), JSON.stringify((JSON.parse(objects) as string[][]).sort()));
  t.equal(JSON.stringify([...sink.numbers].sort()), keys);
  const again = await Promise.all(ports.map((port) => new Allocator(restored).allocate('lport', 'lport', port)));
  t.strictSame(again, numbers);
  t.match(await importBackup(restored, backup), { written: 0, kept: [] });
});
