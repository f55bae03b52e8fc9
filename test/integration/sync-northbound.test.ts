// Snapshot and tail over a real nats-server: no gap, one order, through kills, reconnections and a store that went back.
import t, { type Test } from 'tap';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Store, openStore } from '../../src/sync/buckets.js';
import { connectNats } from '../../src/sync/connect.js';
import { calmLength, windowMs } from '../../src/sync/damper.js';
import { Northbound } from '../../src/sync/northbound.js';
import { NatsRelay } from '../lab/nats-relay.js';
import { until } from '../lab/process.js';
import { client, lab, natsOptions as options } from './sync-lab.js';
import { Recorder } from '../sync/recorder.js';

t.setTimeout(180_000);

function northbound(store: Store, t: Test, times = {}): Northbound {
  const nb = new Northbound(store, { lingerMs: 50, graceMs: 300, ...times });
  t.teardown(() => {
    nb.close();
  });
  return nb;
}

const mtuOf = (sink: Recorder, id: string) =>
  (sink.objects.get(`lswitch red/${id}`) as { mtu?: number } | undefined)?.mtu;
const lswitch = (n: number) => ({ schema: 1, network_type: 'vxlan', mtu: 1000 + n });

async function consumers(store: Store): Promise<string[]> {
  const jsm = await jetstreamManager(store.nats.connection);
  const found: string[] = [];
  for (const bucket of [store.nb, store.alloc])
    for await (const info of jsm.consumers.list(bucket.stream)) found.push(info.config.filter_subject ?? '>');
  return found.sort();
}

/** The consumers themselves: one that begins anew has another name. */
async function consumerNames(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of (await jetstreamManager(store.nats.connection)).consumers.list(store.nb.stream))
    names.push(name);
  return names.sort();
}

void t.test('an empty tenant settles, and a second sink is told the present state first', options, async (t) => {
  const { store } = await lab(t);
  const nb = northbound(store, t);
  const first = new Recorder();
  nb.watch('red', first);
  await until('the empty tenant settles', () => first.settledTenants.has('red'));
  await store.nb.put('red.lswitch.net1', lswitch(1));
  await store.nb.put('blue.lswitch.net1', lswitch(2));
  await store.alloc.put('lswitch.red.lswitch.net1', { number: 7 });
  await store.alloc.put('claim.red.vm1', { chassis: 'c1', since: '' });
  await store.alloc.put('ip.red.lport.vm1', { lswitch: 'red/net1', addresses: ['10.1.0.2'] });
  await until('all of it came', () => first.objects.size === 1 && first.addresses.size === 1);
  const second = new Recorder();
  nb.watch('red', second);
  t.strictSame(second.told, [
    'object lswitch red/net1',
    'allocated lswitch red/net1 7',
    'claimed red/vm1 c1',
    'addressed red/vm1 10.1.0.2 on red/net1',
    'settled red',
  ]);
  t.strictSame(
    first.told.filter((line) => line.includes('blue')),
    [],
  );
  t.strictSame(await consumers(store), ['$KV.damselfly_alloc.*.red.>', '$KV.damselfly_nb.red.>']);
  nb.unwatch('red', first);
  nb.unwatch('red', second);
  await store.nb.put('red.lswitch.net2', lswitch(2));
  await until('the linger is over', () => nb.tenants.length === 0);
  t.notOk(first.objects.has('lswitch red/net2'));
});

void t.test('writes during the snapshot are neither lost nor told in another order', options, async (t) => {
  const { server, store } = await lab(t);
  const writer = (await openStore(await client(server, t))).store;
  const count = 2000;
  await Promise.all(Array.from({ length: count }, (_, n) => writer.nb.put(`red.lswitch.n${n}`, lswitch(0))));
  let isOver = false;
  const churn = (async () => {
    for (let round = 1; round <= 5; round += 1)
      for (let n = 0; n < count; n += 50)
        await Promise.all(Array.from({ length: 50 }, (_, i) => writer.nb.put(`red.lswitch.n${n + i}`, lswitch(round))));
    for (let n = 0; n < count; n += 2) await writer.nb.remove(`red.lswitch.n${n}`);
    isOver = true;
  })();
  const nb = northbound(store, t);
  const sink = new Recorder();
  nb.watch('red', sink);
  await until('it settles under churn', () => sink.settledTenants.has('red'));
  t.notOk(isOver, 'the writer was still at it');
  await churn;
  await until('the last deletion came', () => sink.objects.size === count / 2);
  for (let n = 1; n < count; n += 2) t.match(sink.objects.get(`lswitch red/n${n}`), { mtu: 1005 });
  t.strictSame(
    sink.told.filter((line) => line.startsWith('held')),
    [],
  );
});

void t.test('a value that cannot be read is refused alone', options, async (t) => {
  const { store } = await lab(t);
  const { connection } = store.nats;
  const nb = northbound(store, t);
  const sink = new Recorder();
  nb.watch('red', sink);
  await store.nb.put('red.lswitch.good', lswitch(1));
  connection.publish('$KV.damselfly_nb.red.lswitch.bad', '{nonsense');
  connection.publish('$KV.damselfly_nb.red.lswitch.worse', '{"mtu": 1}');
  connection.publish('$KV.damselfly_nb.red.lswitch.newer', '{"schema": 99}');
  connection.publish('$KV.damselfly_nb.red.port.alias', '{}');
  connection.publish('$KV.damselfly_nb.red.what.ever.this.is', '{}');
  connection.publish('$KV.damselfly_alloc.lport.red.lport.vm1', '[]');
  await store.nb.put('red.lswitch.last', lswitch(1));
  await until('the last one came', () => sink.objects.has('lswitch red/last') && sink.told.length >= 9);
  t.strictSame([...sink.objects.keys()], ['lswitch red/good', 'lswitch red/last']);
  t.match(
    sink.told
      .filter((line) => /^(refused|stray)/.test(line))
      .sort()
      .join('\n'),
    /refused lswitch red\/bad: value: "\{nonsense": not JSON/,
  );
  t.equal(sink.told.filter((line) => line.startsWith('refused')).length, 3);
  t.ok(sink.told.includes('stray red.port.alias port: write it under lport'));
  t.ok(sink.told.some((line) => line.startsWith('stray red.what.ever.this.is')));
  t.ok(sink.told.some((line) => line.startsWith('stray lport.red.lport.vm1')));
  await store.nb.put('red.lswitch.bad', lswitch(1));
  await until('the mended one came', () => sink.objects.has('lswitch red/bad'));
});

void t.test('a server killed and started again in the middle of churn loses nothing', options, async (t) => {
  const { server, store } = await lab(t);
  const writer = (await openStore(await client(server, t))).store;
  const nb = northbound(store, t);
  const sink = new Recorder();
  nb.watch('red', sink);
  const last = new Map<string, number>();
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 100; n += 1) {
      const key = `red.lswitch.n${n % 20}`;
      const mtu = round * 100 + n;
      await writer.nb.put(key, lswitch(mtu));
      last.set(`lswitch red/n${n % 20}`, 1000 + mtu);
    }
    await server.stop('SIGKILL');
    await server.start();
    await until('the writer is back', () => writer.nats.isUp());
  }
  await writer.nb.put('red.lswitch.end', lswitch(0));
  await until('the last write came', () => sink.objects.has('lswitch red/end'), 20_000);
  for (const [name, mtu] of last) t.match(sink.objects.get(name), { mtu });
  t.strictSame(
    sink.told.filter((line) => /^(held|gone)/.test(line)),
    [],
  );
});

void t.test('after 100 reconnections there are as many consumers as filters', options, async (t) => {
  const { server, store } = await lab(t);
  const writer = (await openStore(await client(server, t))).store;
  const nb = northbound(store, t);
  const sink = new Recorder();
  nb.watch('red', sink);
  nb.watch('blue', sink);
  await until('both settle', () => sink.settledTenants.size === 2);
  for (let n = 0; n < 100; n += 1) {
    const back = new Promise<void>((resolve) => {
      const unlisten = store.nats.onReconnect(() => {
        unlisten();
        resolve();
      });
    });
    await store.nats.connection.reconnect();
    await writer.nb.put('red.lswitch.net1', lswitch(n));
    await back;
  }
  await until('the last write came', () => mtuOf(sink, 'net1') === 1099);
  const wanted = [
    '$KV.damselfly_alloc.*.blue.>',
    '$KV.damselfly_alloc.*.red.>',
    '$KV.damselfly_nb.blue.>',
    '$KV.damselfly_nb.red.>',
  ];
  await until('orphans are gone', async () => (await consumers(writer)).join() === wanted.join(), 15_000);
  t.strictSame(await consumers(writer), wanted);
  t.strictSame(
    sink.told.filter((line) => /^(held|gone)/.test(line)),
    [],
  );
});

void t.test('what is delivered twice is told once, and nothing begins anew', options, async (t) => {
  const { server, store } = await lab(t);
  const relay = await NatsRelay.open(server.port);
  t.teardown(() => {
    relay.close();
  });
  const nats = await connectNats({ servers: relay.url }, { name: 'test' });
  t.teardown(() => nats.close());
  const nb = northbound((await openStore(nats)).store, t);
  const sink = new Recorder();
  for (let n = 0; n < 50; n += 1) await store.nb.put(`red.lswitch.n${n}`, lswitch(0));
  relay.fate = () => 'twice';
  nb.watch('red', sink);
  await until('it settles', () => sink.settledTenants.has('red'));
  const before = await consumerNames(store);
  for (let n = 0; n < 200; n += 1) await store.nb.put(`red.lswitch.n${n % 50}`, lswitch(n));
  await until('the last one came', () => mtuOf(sink, 'n49') === 1199);
  t.ok(relay.counts.twice >= 250, `${relay.counts.twice} came twice`);
  t.equal(sink.told.length, 251, 'each write is told once');
  t.strictSame(await consumerNames(store), before);
});

void t.test(
  'of an object that is written without pause the newest is told now and then, others at once',
  options,
  async (t) => {
    const { server, store } = await lab(t);
    const writer = (await openStore(await client(server, t))).store;
    const nb = northbound(store, t);
    const sink = new Recorder();
    nb.watch('red', sink);
    await until('it settles', () => sink.settledTenants.has('red'));
    const startedMs = performance.now();
    let writes = 0;
    const storm = async () => {
      await Promise.all(Array.from({ length: 20 }, () => writer.nb.put('red.lswitch.storm', lswitch(writes++))));
    };
    for (let n = 0; n < 10; n += 1) {
      for (let i = 0; i < 20; i += 1) await storm();
      await writer.nb.put(`red.lswitch.n${n}`, lswitch(n));
    }
    const late = new Recorder();
    nb.watch('red', late);
    const withheld = ({ told }: Recorder) =>
      told.findLast((each) => each.startsWith('withheld')) ?? 'withheld red nothing';
    t.equal(withheld(late), withheld(sink), 'who comes meanwhile knows what waits');
    await until('the last one came', () => mtuOf(sink, 'storm') === 999 + writes);
    const windows = 1 + Math.ceil((performance.now() - startedMs) / windowMs);
    const line = 'object lswitch red/storm';
    const told = sink.told.filter((each) => each === line).length;
    t.ok(told <= (calmLength + 1) * windows, `${told} of ${writes} are told, in ${windows} windows`);
    t.ok(sink.told.indexOf('object lswitch red/n8') < sink.told.lastIndexOf(line), 'others do not wait for it');
    await until('nothing waits', () => sink.told.at(-1) === 'withheld red nothing');
  },
);

void t.test('a bucket deleted and made anew is held, restored is released, accepted is obeyed', options, async (t) => {
  const { server, store } = await lab(t);
  const operator = await client(server, t);
  const nb = northbound(store, t);
  const sink = new Recorder();
  nb.watch('red', sink);
  for (let n = 0; n < 10; n += 1) await store.nb.put(`red.lswitch.n${n}`, lswitch(n));
  await until('all came', () => sink.objects.size === 10);
  const told = sink.told.length;
  const remake = async () => {
    const jsm = await jetstreamManager(operator.connection);
    await jsm.streams.delete('KV_damselfly_nb');
    await openStore(operator);
  };
  await remake();
  await until('it is held', () => sink.heldTenants.get('red')?.gone === 10, 15_000);
  t.equal(sink.objects.size, 10);
  await Promise.all(Array.from({ length: 9 }, (_, n) => store.nb.put(`red.lswitch.n${n}`, lswitch(n))));
  await until('one is still missing', () => sink.heldTenants.get('red')?.gone === 1);
  await store.nb.put('red.lswitch.n9', lswitch(9));
  await until('it is released', () => sink.heldTenants.size === 0);
  t.strictSame(
    sink.told.slice(told).filter((line) => line.startsWith('gone')),
    [],
  );
  await store.nb.put('red.lswitch.n3', lswitch(33));
  await until('it goes on', () => mtuOf(sink, 'n3') === 1033);
  await remake();
  await store.nb.put('red.lswitch.n3', lswitch(4));
  await until('it is held again', () => sink.heldTenants.get('red')?.gone === 9, 15_000);
  const answer = await operator.connection.request('damselfly.accept.red', '');
  t.strictSame(answer.json(), { tenant: 'red', gone: 9, changed: 1 });
  t.strictSame([...sink.objects], [['lswitch red/n3', sink.objects.get('lswitch red/n3')]]);
  t.match(sink.objects.get('lswitch red/n3'), { mtu: 1004 });
  t.equal(sink.heldTenants.size, 0);
});
