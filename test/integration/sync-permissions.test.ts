// What separates tenants, tried on a real nats-server: a hostile tenant with its own credentials changes nothing of another's
// and learns nothing of it, and everything that a tenant and a controller need works with theirs.
import t, { type Test } from 'tap';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { fencedDomain, natsAccounts } from '../../src/sync/accounts.js';
import type { Bucket, Entry } from '../../src/sync/bucket.js';
import { openStore } from '../../src/sync/buckets.js';
import { type Nats, connectNats } from '../../src/sync/connect.js';
import { tenantAllocFilter, tenantFilter } from '../../src/sync/keys.js';
import { Northbound } from '../../src/sync/northbound.js';
import { inboxPrefix, operatorPermissions, tenantPermissions } from '../../src/sync/permissions.js';
import { Watch } from '../../src/sync/watch.js';
import { NatsServer } from '../lab/nats.js';
import { until } from '../lab/process.js';
import { needing } from '../lab/requirements.js';
import { Recorder } from '../sync/recorder.js';
import {
  type Attack,
  type Attacker,
  attacks,
  espionage,
  isTelling,
  layOut,
  untouchable,
} from './northbound-attacks.js';

const needs = needing('nats-server', 'setpriv');
t.setTimeout(120_000);

const operator = { user: 'operator', password: 'o' };
const accounts = natsAccounts({
  operator,
  tenants: [
    { tenant: 'red', user: 'red', password: 'r' },
    { tenant: 'blue', user: 'blue', password: 'b' },
  ],
  controllers: [
    { name: 'host1', chassis: ['c1', 'c2.example'], user: 'host1', password: 'h' },
    { name: 'host2', chassis: ['c3'], user: 'host2', password: 'h' },
  ],
});

/** A server, the operator's connection with the buckets made, and what connects anybody else. */
async function site(t: Test, isFenced: boolean) {
  const server = await NatsServer.start(
    isFenced
      ? { settings: { accounts } }
      : {
          users: [
            { ...operator, ...operatorPermissions },
            { user: 'blue', password: 'b', ...tenantPermissions('blue') },
          ],
        },
  );
  t.teardown(() => server.close());
  const connectAs = async (user: string, password: string): Promise<Nats> => {
    const isOperator = user === operator.user;
    const nats = await connectNats(
      {
        servers: server.url(),
        user,
        password,
        ...(isOperator ? {} : { inboxPrefix: inboxPrefix(user) }),
        ...(isFenced && !isOperator ? { domain: fencedDomain() } : {}),
      },
      { name: user, once: true },
    );
    t.teardown(() => nats.close());
    return nats;
  };
  const nats = await connectAs(operator.user, operator.password);
  const { store } = await openStore(nats);
  await layOut(nats.connection);
  return { nats, store, connectAs };
}

/** Carries out one attack and resolves to what it changed for others, as names. */
async function damage(attack: Attack, blue: Attacker, nats: Nats): Promise<string[]> {
  const before = await untouchable(nats.connection);
  await attack.run(blue);
  await blue.connection.flush();
  // What the server does on its own after it has answered takes a moment; real attacks take effect at once.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const after = await untouchable(nats.connection);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** The tenant as an attacker who knows the stream's configuration exactly. */
async function attacker(party: Nats, operator: Nats, api = party.jetStreamApi): Promise<Attacker> {
  const jsm = await jetstreamManager(operator.connection);
  const { config } = await jsm.streams.info('KV_damselfly_nb');
  return { connection: party.connection, api, loosened: { ...config, max_msgs: 77 } };
}

void t.test('a tenant in an account of its own changes nothing of anybody else', needs, async (t) => {
  const { nats, connectAs } = await site(t, true);
  const blue = await connectAs('blue', 'b');
  for (const api of [blue.jetStreamApi, '$JS.API']) {
    const hostile = await attacker(blue, nats, api);
    for (const attack of attacks) t.strictSame(await damage(attack, hostile, nats), [], `${attack.name} (${api})`);
  }
});

void t.test('on one account, permissions alone do not keep it from that: these attacks are real', needs, async (t) => {
  for (const attack of attacks.filter(({ isReal }) => isReal === true)) {
    await t.test(attack.name, async (t) => {
      const { nats, connectAs } = await site(t, false);
      const hostile = await attacker(await connectAs('blue', 'b'), nats);
      t.not((await damage(attack, hostile, nats)).length, 0);
    });
  }
});

void t.test('a tenant learns nothing of another', needs, async (t) => {
  const { nats, connectAs } = await site(t, true);
  const blue = await connectAs('blue', 'b');
  for (const api of [blue.jetStreamApi, '$JS.API']) {
    const hostile = await attacker(blue, nats, api);
    for (const attack of espionage) {
      // A consumer on its own filter is its right, and all that a body can make of its own subject.
      const answer = String(await attack.run(hostile)).replaceAll('"filter_subject":"$KV.damselfly_nb.blue.>"', 'own');
      t.notOk(isTelling(answer) && !answer.includes('own'), `${attack.name} (${api}): ${answer.slice(0, 80)}`);
    }
  }
  const heard: string[] = [];
  // The server tells an account of the requests that it made itself, and may still be at it.
  const isOwnRequest = ({ subject, data }: Msg) =>
    subject === '$JS.EVENT.ADVISORY.API' && new TextDecoder().decode(data).includes('"acc":"TENANT-blue"');
  const listen = (message: Msg) => {
    if (!isOwnRequest(message)) heard.push(message.subject);
  };
  for (const subject of ['>', '$KV.>', 'damselfly.nb.red.>', 'damselfly.inbox.>', '_INBOX.>'])
    blue.connection.subscribe(subject, {
      callback: (_error, message) => {
        listen(message);
      },
    });
  await blue.connection.flush();
  await layOut(nats.connection);
  await nats.connection.request('$KV.damselfly_nb.blue.lport.last', '{}');
  await until('its own update, written last', () => heard.includes('damselfly.nb.blue.lport.last'));
  t.strictSame([...new Set(heard)], ['damselfly.nb.blue.lport.last']);
});

void t.test('whoever is trusted with everything gets by the same ways what a tenant does not', needs, async (t) => {
  const { nats } = await site(t, true);
  for (const attack of espionage.filter(({ isReal }) => isReal === true))
    t.ok(isTelling(await attack.run(await attacker(nats, nats))), attack.name);
});

void t.test(
  'a tenant writes, deletes, compares and sets, and watches its own and what became of it',
  needs,
  async (t) => {
    const { store: all, connectAs } = await site(t, true);
    const { store, created } = await openStore(await connectAs('blue', 'b'));
    t.strictSame(created, []);
    const revision = await store.nb.put('blue.lswitch.net1', { schema: 1, network_type: 'vxlan' }, 0);
    await t.rejects(store.nb.put('blue.lswitch.net1', { schema: 1 }, revision - 1), { code: 'NATS_CONFLICT' });
    t.equal((await store.nb.read('blue.lswitch.net1'))?.revision, revision);
    const republished: string[] = [];
    store.nats.connection.subscribe('damselfly.nb.blue.>', {
      callback: (_error, { subject }) => void republished.push(subject),
    });
    const seen: string[] = [];
    const watch = (bucket: Bucket, filter: string) => {
      const note = ({ key, text }: Entry) => void seen.push(`${key} ${text === undefined ? 'deleted' : 'set'}`);
      const failed = (error: Error) => void seen.push(error.message);
      const settled = () => void seen.push(`${filter} settled`);
      const made = new Watch(bucket, filter, { started: () => undefined, entry: note, settled, failed });
      t.teardown(() => {
        made.close();
      });
    };
    watch(store.nb, tenantFilter('blue'));
    watch(store.alloc, tenantAllocFilter('blue'));
    watch(store.status, tenantFilter('blue'));
    await until('all three settle', () => seen.filter((line) => line.endsWith('settled')).length === 3);
    await store.nb.remove('blue.lswitch.net1', revision);
    await all.alloc.put('claim.blue.vm1', { chassis: 'c1' });
    await all.status.put('blue.lport.vm1.c1', { state: 'ACTIVE' });
    await until('what followed', () => seen.length === 7 && republished.length === 1);
    t.strictSame(seen.sort(), [
      '*.blue.> settled',
      'blue.> settled',
      'blue.> settled',
      'blue.lport.vm1.c1 set',
      'blue.lswitch.net1 deleted',
      'blue.lswitch.net1 set',
      'claim.blue.vm1 set',
    ]);
  },
);

void t.test('a tenant cannot accept what is held back of another', needs, async (t) => {
  const { nats, store, connectAs } = await site(t, true);
  const blue = await connectAs('blue', 'b');
  const northbound = new Northbound(store);
  t.teardown(() => {
    northbound.close();
  });
  const accepted: string[] = [];
  northbound.accept = (tenant) => {
    accepted.push(tenant);
    return undefined;
  };
  // A consumer delivers where somebody listens to exactly that subject: the operator, say, who wants to see the answers.
  let isDelivered = false;
  nats.connection.subscribe('damselfly.accept.red', {
    callback: () => {
      isDelivered = true;
    },
  });
  await nats.connection.flush();
  await (await openStore(blue)).store.nb.put('blue.lswitch.red', { schema: 1 });
  const jsm = await jetstreamManager(blue.connection, { checkAPI: false, apiPrefix: blue.jetStreamApi });
  await jsm.consumers.add('KV_damselfly_nb', {
    name: 'forger',
    deliver_subject: 'damselfly.accept.red',
    deliver_policy: 'all',
    ack_policy: 'none',
    filter_subject: '$KV.damselfly_nb.blue.>',
  });
  await until('the forgery is delivered', () => isDelivered);
  nats.connection.publish('damselfly.accept.blue');
  await until('the operator accepts for blue', () => accepted.includes('blue'));
  t.strictSame(accepted, ['blue']);
});

void t.test(
  'a controller registers its chassis, allocates, claims, says what became of objects, and follows tenants',
  needs,
  async (t) => {
    const { nats, store: all, connectAs } = await site(t, true);
    const { store } = await openStore(await connectAs('host1', 'h'));
    await store.nb.put('_operator.chassis.c1', { schema: 1, ips: ['192.0.2.1'] });
    await store.nb.put('_operator.chassis.c2=2Eexample', { schema: 1, ips: ['192.0.2.2'] });
    await store.alloc.put('lport.7', { kind: 'lport', object: 'red/vm1' }, 0);
    await store.status.put('red.lport.vm1.c1', { state: 'ACTIVE' });
    await store.status.put('red.lport.vm1.c2=2Eexample', { state: 'ACTIVE' });
    const northbound = new Northbound(store, { lingerMs: 10, graceMs: 100 });
    t.teardown(() => {
      northbound.close();
    });
    const sink = new Recorder();
    northbound.watch('blue', sink);
    await until('the tenant settles', () => sink.settledTenants.has('blue'));
    await all.nb.put('blue.lswitch.net1', { schema: 1, network_type: 'vxlan' });
    await until('its network comes', () => sink.objects.has('lswitch blue/net1'));
    for (const [bucket, key] of [
      [store.nb, 'red.lport.vm1'],
      [store.nb, '_operator.chassis.c3'],
      [store.nb, '_operator.lport.vtep'],
      [store.status, 'red.lport.vm1.c3'],
    ] as const)
      await t.rejects(bucket.put(key, { forged: true }), `may not write ${key}`);
    // Nor by wanting an answer there: its account is as closed as a tenant's.
    const before = await untouchable(nats.connection);
    for (const subject of [
      store.nb.subject('red.lport.vm1'),
      '$JS.API.STREAM.DELETE.KV_damselfly_nb',
      store.status.subject('red.lport.vm1.c3'),
    ]) {
      store.nats.connection.publish(store.status.subject('red.lport.x.c1'), '', { reply: subject });
      store.nats.connection.publish(
        `${store.nats.jetStreamApi}.DIRECT.GET.KV_damselfly_status.${store.status.subject('red.lport.x.c1')}`,
        '',
        { reply: subject },
      );
    }
    await store.status.read('red.lport.x.c1');
    t.strictSame(await untouchable(nats.connection), before);
    const accepts: string[] = [];
    store.nats.connection.subscribe('damselfly.accept.*', {
      callback: (_e, { subject }) => void accepts.push(subject),
    });
    await store.nats.connection.flush();
    all.nats.connection.publish('damselfly.accept.red');
    await until('it hears the operator', () => accepts.length === 1);
  },
);
