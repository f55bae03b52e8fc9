// Numbers, addresses, iface-ids and claims over a real nats-server: raced for from two connections, taken once.
import { jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { refOf } from '../../src/model/ids.js';
import { allocateAddresses, releaseAddresses } from '../../src/sync/addresses.js';
import { Allocator } from '../../src/sync/allocate.js';
import { openStore } from '../../src/sync/buckets.js';
import { Registration } from '../../src/sync/registration.js';
import { Claims } from '../../src/sync/claims.js';
import { Heartbeat } from '../../src/sync/heartbeat.js';
import { IfaceSearch } from '../../src/sync/iface.js';
import { Liveness } from '../../src/sync/liveness.js';
import { until } from '../lab/process.js';
import { client, lab, natsOptions as options } from './sync-lab.js';

t.setTimeout(120_000);

const port = (n: number | string) => refOf('red', `p${n}`);

void t.test('two connections that allocate at the same time give out each number once', options, async (t) => {
  const { server, store } = await lab(t);
  const other = (await openStore(await client(server, t))).store;
  const [a, b] = [new Allocator(store), new Allocator(other)];
  const jobs = Array.from({ length: 500 }, (_, n) => [
    a.allocate('lport', 'lport', port(n)),
    b.allocate('lport', 'lport', port(1000 + n)),
  ]);
  const numbers = await Promise.all(jobs.flat());
  t.equal(new Set(numbers).size, 1000, 'unique');
  t.ok(Math.max(...numbers) <= 1100, `dense: the largest is ${Math.max(...numbers)}`);
  for (const n of [0, 499, 1000, 1499])
    t.equal(await b.allocate('lport', 'lport', port(n)), numbers[n < 1000 ? 2 * n : 2 * (n - 1000) + 1], 'kept');
  const holder = await store.alloc.read(`lport.${numbers[0]}`);
  t.strictSame(JSON.parse(holder?.text ?? ''), { kind: 'lport', object: 'red/p0' }, 'number to object');
});

void t.test('two connections that allocate for the same objects agree', options, async (t) => {
  const { server, store } = await lab(t);
  const other = (await openStore(await client(server, t))).store;
  const [a, b] = [new Allocator(store), new Allocator(other)];
  const of = (each: Allocator) =>
    Promise.all(Array.from({ length: 500 }, (_, n) => each.allocate('lswitch', 'lswitch', port(n))));
  const [first, second] = await Promise.all([of(a), of(b)]);
  t.strictSame(first, second);
  t.equal(new Set(first).size, 500);
  const later = await new Allocator(other).allocate('lswitch', 'lswitch', port('later'));
  t.ok(later > Math.max(...first) && later <= 750, `a race wastes few numbers: the next is ${later}`);
});

void t.test(
  'an allocation that was cut short is taken up, and a number of the past is never given again',
  options,
  async (t) => {
    const { store } = await lab(t);
    await store.alloc.put('lport.1', { kind: 'lport', object: 'red/p1' });
    t.equal(await new Allocator(store).allocate('lport', 'lport', port(1)), 1, 'adopted');
    await store.alloc.remove('lport.2');
    await store.alloc.remove('lport.red.lport.p1');
    t.equal(await new Allocator(store).allocate('lport', 'lport', port(2)), 3);
  },
);

void t.test(
  'an operator gives a network its VNI, and no network gets a key that is another one\u2019s VNI',
  options,
  async (t) => {
    const { store } = await lab(t);
    const allocator = new Allocator(store);
    await allocator.fix('vni', 'lswitch', refOf('red', 'net1'), 2);
    await allocator.fix('vni', 'lswitch', refOf('red', 'net1'), 2);
    await t.rejects(allocator.fix('vni', 'lswitch', refOf('blue', 'net'), 2), { code: 'NATS_NUMBER_TAKEN' });
    await t.rejects(allocator.fix('vni', 'lswitch', refOf('red', 'net1'), 3), /has vni 2 already/);
    await t.rejects(allocator.fix('vni', 'lswitch', refOf('red', 'net1'), 2 ** 24), /an integer from 1 to 16777215/);
    const keys = [];
    for (const id of ['a', 'b', 'c']) keys.push(await allocator.allocate('lswitch', 'lswitch', refOf('blue', id)));
    t.strictSame(keys, [1, 3, 4]);
    await t.rejects(allocator.fix('vni', 'lswitch', refOf('red', 'net9'), 3), /belongs to another object/);
  },
);

void t.test('addresses of a network are given once, kept, moved and given back', options, async (t) => {
  const { server, store } = await lab(t);
  const other = (await openStore(await client(server, t))).store;
  const net = refOf('red', 'net');
  const candidates = Array.from({ length: 60 }, (_, n) => `10.1.0.${n + 2}`);
  const given = await Promise.all(
    Array.from({ length: 50 }, (_, n) => allocateAddresses(n % 2 === 0 ? store : other, port(n), net, [candidates])),
  );
  t.equal(new Set(given.flat()).size, 50);
  t.strictSame(await allocateAddresses(other, port(7), net, [candidates]), given[7], 'kept');
  const twice = await Promise.all([store, other].map((each) => allocateAddresses(each, port('x'), net, [candidates])));
  t.strictSame(twice[0], twice[1], 'one port asked for twice has one address');
  const [moved] = await allocateAddresses(store, port(7), refOf('red', 'elsewhere'), [candidates]);
  t.equal(moved, candidates[0]);
  t.strictSame(await allocateAddresses(store, port('y'), net, [given[7] ?? []]), given[7], 'the old one is free');
  await releaseAddresses(store, port(3));
  t.strictSame(await allocateAddresses(other, port('z'), net, [given[3] ?? []]), given[3]);
  await t.rejects(
    allocateAddresses(store, port('full'), net, [['10.1.0.2']]),
    /no address of a subnet of red\/net is left/,
  );
});

void t.test(
  'an iface-id that one tenant has is that one\u2019s for good; one that two have is nobody\u2019s',
  options,
  async (t) => {
    const { store } = await lab(t);
    const allocator = new Allocator(store);
    const search = (id: string) => {
      const told: string[] = [];
      const found = new IfaceSearch(store, allocator, id, {
        resolved: (ref) => told.push(ref),
        unresolved: (problem) => told.push(problem),
      });
      t.teardown(() => {
        found.close();
      });
      return told;
    };
    const late = search('vm.1');
    await until('it says what it waits for', () => late.includes('no tenant has an lport "vm.1" yet'));
    await store.nb.put('red.lport.vm=2E1', {});
    await until('it is found', () => late.includes('red/vm.1'));
    await store.nb.put('blue.lport.vm=2E1', {});
    const again = search('vm.1');
    await until('the record stands', () => again.length > 0);
    t.strictSame(again, ['red/vm.1']);
    await store.nb.put('red.lport.two', {});
    await store.nb.put('blue.lport.two', {});
    const two = search('two');
    await until('it says what to set', () => two.length > 0);
    t.match(two[0], /more than one tenant .* set external_ids:damselfly-tenant/);
    t.notMatch(two[0], /red|blue/);
    await store.nb.remove('blue.lport.two');
    await until('one is left', () => two.includes('red/two'));
  },
);

void t.test(
  'a port is claimed by one chassis; the second is told once, and gets it when it is given back',
  options,
  async (t) => {
    const { server, store } = await lab(t);
    const other = (await openStore(await client(server, t))).store;
    const alive = { isGone: () => false };
    const told: string[] = [];
    const claims = (chassis: string, at: typeof store, liveness = alive) => {
      const made = new Claims(
        at,
        liveness,
        { chassis, retryMs: 50 },
        {
          won: (ref) => told.push(`${chassis} won ${ref}`),
          lost: (ref, holder) => told.push(`${chassis} lost ${ref} to ${holder}`),
          failed: (ref, error) => told.push(`${chassis} ${ref} ${error.message}`),
        },
      );
      t.teardown(() => {
        made.close();
      });
      return made;
    };
    const [c1, c2] = [claims('c1', store), claims('c2', other)];
    for (let n = 0; n < 50; n += 1) {
      c1.want(port(n));
      c2.want(port(n));
    }
    await until('each knows', () => told.length === 100);
    for (let n = 0; n < 50; n += 1) {
      const won = told.filter((line) => line.endsWith(` won red/p${n}`));
      t.equal(won.length, 1);
      t.ok(told.some((line) => line.includes(` lost red/p${n} to ${won[0]?.slice(0, 2)}`)));
    }
    const winner = told.find((line) => line.includes(' won red/p0'))?.slice(0, 2);
    (winner === 'c1' ? c1 : c2).unwant(port(0));
    const loser = winner === 'c1' ? 'c2' : 'c1';
    await until('the other gets it', () => told.includes(`${loser} won red/p0`));
    (winner === 'c1' ? c1 : c2).unwant(port(0));
    await until('nothing else changed', async () => (await store.alloc.read('claim.red.p0'))?.text?.includes(loser));
    t.equal(told.length, 101, 'each was told once');
    const heir = claims('c3', store, { isGone: () => true });
    heir.want(port(1));
    await until('the claim of a chassis that is gone is taken over', () => told.includes('c3 won red/p1'));
  },
);

void t.test(
  'a chassis registers itself once, and again when its object or the whole bucket is gone',
  options,
  async (t) => {
    const { server, store } = await lab(t);
    const other = (await openStore(await client(server, t))).store;
    const value = { ips: ['192.0.2.1'], tunnel_types: ['vxlan' as const] };
    const key = '_operator.chassis.c1=2Eexample';
    const read = async () => (await other.nb.read(key).catch(() => undefined))?.text;
    const faults: string[] = [];
    const register = (ips: string[]) =>
      new Registration(store, 'c1.example', { ...value, ips }, ({ code }) => {
        faults.push(code);
      });
    const first = register(value.ips);
    await until('it is registered', async () => (await read())?.includes('192.0.2.1'));
    const revision = (await other.nb.read(key))?.revision;
    first.close();
    const second = register(value.ips);
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.equal((await other.nb.read(key))?.revision, revision, 'what is right is not written again');
    await other.nb.remove(key);
    await until('it is registered again', async () => (await read())?.includes('192.0.2.1'), 20_000);
    await (await jetstreamManager(other.nats.connection)).streams.delete(other.nb.stream);
    await openStore(other.nats);
    await until('it is registered in the new bucket', async () => (await read())?.includes('192.0.2.1'), 20_000);
    second.close();
    const moved = register(['192.0.2.7']);
    t.teardown(() => {
      moved.close();
    });
    await until('another address is written over it', async () => (await read())?.includes('192.0.2.7'));
  },
);

void t.test('a heartbeat keeps a chassis from being gone', options, async (t) => {
  const { server, store } = await lab(t);
  const other = (await openStore(await client(server, t))).store;
  const heart = new Heartbeat(store, { chassis: 'c1.example', leaseMs: 600, status: () => ({ state: 'ACTIVE' }) });
  const liveness = new Liveness(other);
  t.teardown(() => {
    heart.close();
    liveness.close();
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  t.equal(liveness.isGone('c1.example'), false);
  heart.close();
  const silentSince = performance.now();
  await until('it is gone', () => liveness.isGone('c1.example'));
  t.ok(performance.now() - silentSince > 350, 'not before its lease was over');
  t.equal(liveness.isGone('never.heard.of'), false, 'nobody is gone before a lease has passed');
});
