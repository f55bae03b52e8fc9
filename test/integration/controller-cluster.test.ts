// A northbound of three servers: what is written is kept, and every chassis ends in it, whichever server dies meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { refOf } from '../../src/model/ids.js';
import { openStore } from '../../src/sync/buckets.js';
import { connectNats } from '../../src/sync/connect.js';
import { SyncError } from '../../src/sync/errors.js';
import { nbKey } from '../../src/sync/keys.js';
import { NatsCluster } from '../lab/nats-cluster.js';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(180_000);

const ports = Array.from({ length: 8 }, (_, index) => `p${index}`);
const macOf = (write: number): string => `fa:16:3e:00:${hex(write >> 8)}:${hex(write & 0xff)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const member = (write: number) => ({ lswitch: 'net', macs: [macOf(write)], ips: [] });

/** Which server leads a bucket's replicas; undefined while none does. */
async function leaderOf(site: Site, bucket: string): Promise<string | undefined> {
  const jsm = await jetstreamManager(site.store.nats.connection, { checkAPI: false });
  return (await jsm.streams.info(bucket).catch(() => undefined))?.cluster?.leader;
}

void t.test('a cluster loses its leaders in the midst of churn', wholeOptions, async (t) => {
  const cluster = await NatsCluster.start();
  const site = await Site.on(t, cluster);
  const jsm = await jetstreamManager(site.store.nats.connection, { checkAPI: false });
  for (const { stream } of [site.store.nb, site.store.alloc, site.store.status])
    t.equal((await jsm.streams.info(stream)).config.num_replicas, 3, `${stream} has three replicas`);
  await site.put('lswitch', 'red/net', {});
  await site.put('lport', 'red/still', { lswitch: 'net', macs: ['fa:16:3e:ff:ff:ff'], ips: [] });
  await site.plugged('br1', 'red/still', 'still');
  for (const [index, id] of ports.entries()) {
    await site.put('lport', `red/${id}`, member(index));
    await site.plugged('br1', `red/${id}`, id);
  }
  const controller = site.controller();
  for (const id of ['still', ...ports]) await site.active('lport', `red/${id}`);
  await site.converged();
  const ages = await site.ages();
  const startedMs = Date.now();

  /** The last write of each port that was acknowledged. */
  const kept = new Map<string, { readonly write: number; readonly revision: number }>();
  let write = ports.length;
  let unanswered = 0;
  const churn = async (answers: number): Promise<void> => {
    for (let answered = 0; answered < answers; write++) {
      const id = ports[write % ports.length] ?? '';
      try {
        kept.set(id, { write, revision: await site.put('lport', `red/${id}`, member(write)) });
        answered += 1;
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        unanswered += 1;
        await delay(20);
      }
    }
  };
  await churn(100);
  for (const { stream } of [site.store.nb, site.store.alloc]) {
    const leader = await until(`${stream} has a leader`, () => leaderOf(site, stream), patienceMs);
    const churning = churn(100);
    await cluster.server(leader).stop('SIGKILL');
    await churning;
    await until(`${stream} has another leader`, async () => (await leaderOf(site, stream)) !== leader, patienceMs);
    await churn(100);
    await cluster.server(leader).start();
  }
  t.comment(`${write} writes, ${unanswered} of them unanswered`);
  // What was not answered may be there or not; now every port has a last word that is.
  await until('writes are answered', () => site.put('lswitch', 'red/other', {}).catch(() => undefined), patienceMs);
  for (const [id, { write: last, revision }] of kept) {
    const entry = await until(
      'the cluster answers',
      () => site.store.nb.read(nbKey('lport', refOf('red', id))).catch(() => undefined),
      patienceMs,
    );
    const [mac = ''] = (JSON.parse(entry.text ?? '{}') as { macs: string[] }).macs;
    t.ok(entry.revision >= revision, `${id}: revision ${revision} or later is there`);
    t.ok(mac >= macOf(last), `${id}: ${macOf(last)} or a later one is there`);
    await site.active('lport', `red/${id}`, 'c1', entry.revision);
    t.ok(
      (await site.ours()).some((line) => line.includes(mac)),
      `${id}: its MAC address is on the switch`,
    );
  }
  await site.converged();
  const now = await site.ages();
  const passed = (Date.now() - startedMs) / 1000 - 2;
  for (const [flow, age] of ages)
    if (flow.includes('fa:16:3e:ff:ff:ff')) t.ok((now.get(flow) ?? 0) - age > passed, `never touched: ${flow}`);
  // A server that comes back gives an older state until it has caught up: that is no snapshot, and nothing to be held against.
  t.same(
    controller.log.filter(({ level }) => level >= 50),
    [],
  );

  const ends = await site.ours();
  await controller.stop();
  await site.ovs.ofctl(['del-flows', 'br1']);
  site.controller();
  await until('a cold start has served the bridge', async () => (await site.ours()).length === ends.length, patienceMs);
  await site.converged();
  t.strictSame(await site.ours(), ends, 'a cold start ends in the same flows');
});

void t.test('a controller that starts while the cluster has no leader waits for one', wholeOptions, async (t) => {
  const cluster = await NatsCluster.start();
  const site = await Site.on(t, cluster);
  await site.put('lswitch', 'red/net', {});
  await site.put('lport', 'red/vm', member(1));
  await site.plugged('br1', 'red/vm', 'vm');
  for (const name of ['n2', 'n3']) await cluster.server(name).stop('SIGKILL');
  const controller = site.controller();
  await controller.says(/the northbound has no JetStream at present; waiting for it/);
  for (const name of ['n2', 'n3']) await cluster.server(name).start();
  await controller.says(/^switch connected$/, 2 * patienceMs); // servers of 2.9 may take half a minute to agree on a leader
  await until('our own client is back', () => site.store.nats.isUp(), patienceMs);
  await site.active('lport', 'red/vm');
});

void t.test('a cluster of two servers cannot keep three replicas, and that is said', wholeOptions, async (t) => {
  const cluster = await NatsCluster.start(2);
  t.teardown(() => cluster.close());
  const nats = await connectNats({ servers: cluster.url() }, { name: 'test' });
  t.teardown(() => nats.close());
  const { created, notes } = await openStore(nats);
  t.equal(created.length, 3);
  t.match(notes, [/damselfly_nb: it has 1 of 3 replicas.*nats stream edit/, /damselfly_alloc/, /damselfly_status/]);
});
