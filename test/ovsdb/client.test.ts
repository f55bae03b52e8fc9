import fc from 'fast-check';
import t from 'tap';
import { type LinkState, OvsdbClient } from '../../src/ovsdb/client.js';
import type { RowChange } from '../../src/ovsdb/replica.js';
import { FakeServer, HandClock, type FakeConnection } from './fake-server.js';

const map = { key: 'string', value: 'string', min: 0, max: 'unlimited' };
const schema = {
  name: 'db',
  tables: { Bridge: { columns: { name: { type: 'string' }, ids: { type: map }, ignored: { type: 'integer' } } } },
};
const uuid = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
const none = '00000000-0000-0000-0000-000000000000';

interface Set {
  server: FakeServer;
  clock: HandClock;
  client: OvsdbClient;
  changes: (readonly RowChange[])[];
  states: LinkState[];
}

function setUp(paths: readonly [string, ...string[]] = ['/db'], clock = new HandClock()): Set {
  const server = new FakeServer();
  const [changes, states]: [Set['changes'], LinkState[]] = [[], []];
  const [first, ...rest] = paths.map((path) => ({ type: 'unix' as const, path }));
  const client = new OvsdbClient({
    remotes: [first!, ...rest],
    database: 'db',
    tables: { Bridge: ['name', 'ids', 'missing_here'], Missing: ['x'] },
    onChanges: (some) => {
      changes.push(some);
      return [];
    },
    onState: (state) => states.push(state),
    clock,
    dial: server.dial,
  });
  client.start();
  return { server, clock, client, changes, states };
}

const row = (name: string, ids: [string, string][] = []): unknown => ({ initial: { name, ids: ['map', ids] } });

function snapshot(connection: FakeConnection, rows: object, transaction = 'txn-1'): void {
  connection.answer('get_schema', schema);
  connection.answer('monitor_cond_since', [false, transaction, { Bridge: rows }]);
}

const names = (client: OvsdbClient): unknown[] =>
  [...client.replica.rows('Bridge').values()].map((bridge) => bridge['name']);

const summary = (changes: readonly RowChange[]): string[] =>
  changes.map(({ uuid, before, after }) => `${uuid.slice(-1)} ${before ? (after ? 'changed' : 'gone') : 'new'}`);

void t.test('a client asks for the columns that the schema has, takes the snapshot and is up', (t) => {
  const { server, client, changes, states } = setUp();
  server.latest.accept();
  t.equal(client.state.type, 'down');
  snapshot(server.latest, { [uuid]: row('br0') });
  t.same(server.latest.asked('monitor_cond_since').params, [
    'db',
    'damselfly-1',
    { Bridge: [{ columns: ['name', 'ids'] }] },
    none,
  ]);
  t.same(server.latest.asked('set_db_change_aware').params, [true]);
  t.same(names(client), ['br0']);
  t.same(changes.map(summary), [['1 new']]);
  t.same(states, [{ type: 'up', sinceMs: 0 }]);
  t.end();
});

void t.test('a server without monitor_cond_since is asked with monitor_cond, and then with monitor', (t) => {
  const { server, client } = setUp();
  const unknown = { error: 'unknown method' };
  server.latest.accept();
  server.latest.answer('get_schema', schema);
  server.latest.refuse('monitor_cond_since', unknown);
  server.latest.refuse('monitor_cond', unknown);
  const id = server.latest.asked('monitor').params?.[1];
  server.latest.answer('monitor', { Bridge: { [uuid]: { new: { name: 'br0', ids: ['map', []] } } } });
  t.same(names(client), ['br0']);
  const update = { Bridge: { [uuid]: { old: { name: 'br0' }, new: { name: 'br1', ids: ['map', []] } } } };
  server.latest.say({ id: null, method: 'update', params: [id, update] });
  t.same(names(client), ['br1']);
  server.latest.say({ id: null, method: 'update', params: [id, { Bridge: { [uuid]: { old: { name: 'br1' } } } }] });
  t.same(names(client), []);
  t.end();
});

void t.test('an update in the same read as the snapshot is not lost', (t) => {
  const { server, client } = setUp();
  server.latest.accept();
  server.latest.answer('get_schema', schema);
  const update = { Bridge: { [other]: { insert: { name: 'br1' } } } };
  server.latest.answer('monitor_cond_since', [false, 'a', { Bridge: { [uuid]: row('br0') } }], {
    id: null,
    method: 'update3',
    params: ['damselfly-1', 'b', update],
  });
  t.same(names(client), ['br0', 'br1']);
  t.end();
});

/** A clock on which everything takes a millisecond. */
class TickingClock extends HandClock {
  #ticks = 0;
  override nowMs = (): number => ++this.#ticks;
}

const longLength = 2000;

/** A snapshot of so many rows that it is taken in slices, and an update behind it. */
function longSnapshot(): Set {
  const set = setUp(['/db'], new TickingClock());
  const rows = Array.from({ length: longLength }, (_, i) => [`${i}`, row(`br${i}`)] as const);
  const update = { Bridge: { 0: { modify: { name: 'behind' } } } };
  set.server.latest.accept();
  set.server.latest.answer('get_schema', schema);
  set.server.latest.answer('monitor_cond_since', [false, 'a', { Bridge: Object.fromEntries(rows) }], {
    id: null,
    method: 'update3',
    params: ['damselfly-1', 'b', update],
  });
  return set;
}

void t.test('a long snapshot is taken in slices, and what comes behind it waits', async (t) => {
  const { client, changes, server } = longSnapshot();
  t.equal(client.state.type, 'down');
  const answers: unknown[] = [];
  void client.transact([]).then((results) => answers.push(results));
  server.latest.answer('transact', []);
  let turns = 0;
  for (; client.state.type === 'down'; turns++) {
    t.same(names(client), []);
    t.same(answers, []);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (changes.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.ok(turns >= 10, `${turns} turns`);
  t.equal(names(client).length, longLength);
  t.equal(names(client)[0], 'behind');
  t.same(
    changes.map(({ length }) => length),
    [longLength, 1],
  );
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
});

void t.test('a connection that is lost within a long snapshot leaves it whole', (t) => {
  const { server, client, changes } = longSnapshot();
  server.latest.hangUp();
  t.equal(names(client).length, longLength);
  t.same(
    changes.map(({ length }) => length),
    [longLength],
  );
  t.equal(client.state.type, 'down');
  client.close();
  t.end();
});

void t.test('after an interruption it goes on from the last transaction, and takes what it missed', (t) => {
  const { server, client, clock, changes, states } = setUp();
  server.latest.accept();
  snapshot(server.latest, { [uuid]: row('br0') });
  const update = { Bridge: { [uuid]: { modify: { name: 'br1' } } } };
  server.latest.say({ id: null, method: 'update3', params: ['damselfly-1', 'txn-2', update] });
  clock.advance(2000);
  server.latest.hangUp();
  t.same(names(client), ['br1'], 'the replica stays as last seen');
  clock.advance(1000);
  t.equal(server.connections.length, 2);
  server.latest.accept();
  server.latest.answer('get_schema', schema);
  t.equal(server.latest.asked('monitor_cond_since').params?.[3], 'txn-2');
  server.latest.answer('monitor_cond_since', [
    true,
    'txn-3',
    { Bridge: { [uuid]: { modify: { ids: ['map', [['k', 'v']]] } } } },
  ]);
  t.same(names(client), ['br1']);
  t.same(client.replica.rows('Bridge').get(uuid)?.['ids'], new Map([['k', 'v']]));
  t.same(changes.map(summary), [['1 new'], ['1 changed'], ['1 changed']]);
  t.same(
    states.map(({ type, sinceMs }) => `${type} ${sinceMs}`),
    ['up 0', 'down 2000', 'up 3000'],
  );
  t.end();
});

void t.test('a whole snapshot after an interruption reports only what really differs', (t) => {
  const { server, client, clock, changes } = setUp();
  server.latest.accept();
  snapshot(server.latest, {
    [uuid]: row('br0', [
      ['a', '1'],
      ['b', '2'],
    ]),
    [other]: row('br1'),
  });
  const kept = client.replica.rows('Bridge').get(uuid);
  server.latest.hangUp();
  clock.advance(1000);
  server.latest.accept();
  const third = '00000000-0000-4000-8000-000000000003';
  snapshot(server.latest, {
    [uuid]: row('br0', [
      ['b', '2'],
      ['a', '1'],
    ]),
    [third]: row('br2'),
  });
  t.same(changes.map(summary), [
    ['1 new', '2 new'],
    ['3 new', '2 gone'],
  ]);
  t.equal(client.replica.rows('Bridge').get(uuid), kept, 'the row that did not change is the same object');
  t.end();
});

void t.test('an update that cannot be right ends the connection; the next starts from a whole snapshot', (t) => {
  const { server, client, clock, changes } = setUp();
  server.latest.accept();
  snapshot(server.latest, { [uuid]: row('br0') });
  const update = { Bridge: { [uuid]: { modify: { name: 'br1' } }, [other]: { modify: { name: 'never seen' } } } };
  server.latest.say({ id: null, method: 'update3', params: ['damselfly-1', 'txn-2', update] });
  t.ok(server.latest.isClosedByClient);
  t.match(client.state, { type: 'down', reason: { code: 'OVSDB_PEER_MALFORMED' } });
  t.same(names(client), ['br0'], 'half an update changes nothing');
  clock.advance(1000);
  server.latest.accept();
  server.latest.answer('get_schema', schema);
  t.equal(server.latest.asked('monitor_cond_since').params?.[3], none);
  server.latest.answer('monitor_cond_since', [false, 'txn-2', { Bridge: { [uuid]: row('br1') } }]);
  t.same(changes.map(summary), [['1 new'], ['1 changed']]);
  t.end();
});

void t.test('a monitor that is cancelled is asked for again on the same connection, schema first', (t) => {
  const { server, client } = setUp();
  server.latest.accept();
  snapshot(server.latest, { [uuid]: row('br0') });
  server.latest.say({ id: null, method: 'monitor_canceled', params: ['damselfly-1'] });
  const stale = { Bridge: { [uuid]: { modify: { name: 'stale' } } } };
  server.latest.say({ id: null, method: 'update3', params: ['damselfly-1', 'x', stale] });
  t.same(names(client), ['br0']);
  snapshot(server.latest, { [uuid]: row('br9') });
  t.equal(server.latest.asked('monitor_cond_since').params?.[1], 'damselfly-2');
  t.same(names(client), ['br9']);
  t.end();
});

void t.test('a changed schema is not asked for differences to the old one', (t) => {
  const { server, clock } = setUp();
  server.latest.accept();
  snapshot(server.latest, { [uuid]: row('br0') });
  server.latest.hangUp();
  clock.advance(1000);
  server.latest.accept();
  const larger = { tables: { Bridge: { columns: { ...schema.tables.Bridge.columns, missing_here: { type: map } } } } };
  server.latest.answer('get_schema', larger);
  t.same(server.latest.asked('monitor_cond_since').params?.slice(2), [
    { Bridge: [{ columns: ['name', 'ids', 'missing_here'] }] },
    none,
  ]);
  t.end();
});

void t.test('echo is answered with what it carried, other requests with an error, notifications not', (t) => {
  const { server } = setUp();
  server.latest.accept();
  const before = server.latest.sent.length;
  server.latest.say(
    { id: 'echo', method: 'echo', params: [] },
    { id: [7, { x: null }], method: 'echo', params: ['a', { b: 1 }] },
    { id: 3, method: 'steal_everything', params: [] },
    { id: null, method: 'rumour', params: [] },
    { id: null, method: 'update2', params: ['not ours', 'not even an update'] },
    { id: 999, result: 'nobody asked', error: null },
  );
  t.same(server.latest.sent.slice(before), [
    { id: 'echo', result: [], error: null },
    { id: [7, { x: null }], result: ['a', { b: 1 }], error: null },
    { id: 3, result: null, error: { error: 'unknown method', details: 'steal_everything' } },
  ]);
  t.notOk(server.latest.isClosedByClient);
  t.end();
});

void t.test('messages that are none end the connection with a reason, not the process', (t) => {
  for (const nonsense of [[], 7, null, {}, { id: 1, method: 'echo' }, { method: 3, id: 1 }]) {
    const { server, client } = setUp();
    server.latest.accept();
    const before = server.latest.sent.length;
    server.latest.say(nonsense, { id: 1, method: 'echo', params: [] });
    t.ok(server.latest.isClosedByClient, JSON.stringify(nonsense));
    t.equal(server.latest.sent.length, before, 'what comes after is not heard');
    t.match(client.state, { type: 'down', reason: { code: 'OVSDB_PEER_MALFORMED' } });
  }
  t.end();
});

void t.test('answers that are nonsense end the connection with a reason', (t) => {
  const nonsense: [string, unknown][] = [
    ['get_schema', {}],
    ['get_schema', { tables: { Bridge: { columns: { name: { type: 'colour' } } } } }],
    ['monitor_cond_since', {}],
    ['monitor_cond_since', [false, 'x', { Bridge: [] }]],
    ['monitor_cond_since', [false, 'x', { Bridge: { [uuid]: {} } }]],
    ['monitor_cond_since', [false, 'x', { Bridge: { [uuid]: { initial: { name: 7 } } } }]],
    ['monitor_cond_since', [false, 'x', { Bridge: { [uuid]: { initial: { ids: ['set', []] } } } }]],
    ['monitor_cond_since', [false, 'x', { Bridge: { [uuid]: { initial: { ids: ['map', [['odd']]] } } } }]],
  ];
  for (const [method, result] of nonsense) {
    const { server, client } = setUp();
    server.latest.accept();
    if (method !== 'get_schema') server.latest.answer('get_schema', schema);
    server.latest.answer(method, result);
    t.match(client.state, { type: 'down', reason: { code: 'OVSDB_PEER_MALFORMED' } }, JSON.stringify(result));
  }
  t.end();
});

void t.test('whatever a server says, the client goes on or hangs up, and never throws', (t) => {
  const nonsense = fc.oneof(
    fc.jsonValue(),
    fc.record({ id: fc.nat(5), result: fc.jsonValue(), error: fc.constant(null) }),
    fc.record({ id: fc.nat(5), error: fc.jsonValue() }),
    fc.record({
      id: fc.constant(null),
      method: fc.constantFrom('update', 'update2', 'update3', 'monitor_canceled', '__proto__'),
      params: fc.array(fc.oneof(fc.constant('damselfly-1'), fc.jsonValue())),
    }),
    fc.record({ id: fc.jsonValue(), method: fc.string(), params: fc.jsonValue() }),
  );
  let kept = 0;
  fc.assert(
    fc.property(fc.boolean(), fc.array(nonsense, { minLength: 1, maxLength: 8 }), (isUp, messages) => {
      const { server, client } = setUp();
      server.latest.accept();
      if (isUp) snapshot(server.latest, { [uuid]: row('br0') });
      server.latest.say(...messages);
      if (isUp) t.same(names(client), ['br0']);
      if (!server.latest.isClosedByClient) kept++;
    }),
    { numRuns: 2000 },
  );
  t.ok(kept > 0 && kept < 2000, `${kept} connections were kept`);
  t.end();
});

void t.test('a server without our database is left and tried again, with its own words as the reason', (t) => {
  const { server, client, clock } = setUp();
  server.latest.accept();
  server.latest.refuse('get_schema', { error: 'unknown database', details: 'db' });
  t.match(client.state, { type: 'down', reason: { message: /unknown database/ } });
  clock.advance(1000);
  t.equal(server.connections.length, 2);
  t.end();
});

void t.test('a silent server is probed, is stalled after a second, and comes back without a snapshot', (t) => {
  const { server, client, clock, states } = setUp();
  server.latest.accept();
  snapshot(server.latest, {});
  clock.advance(5000);
  t.same(server.latest.asked('echo').params, []);
  t.equal(client.state.type, 'up');
  clock.advance(1000);
  t.equal(client.state.type, 'stalled');
  server.latest.answer('echo', []);
  t.same(
    states.map(({ type, sinceMs }) => `${type} ${sinceMs}`),
    ['up 0', 'stalled 6000', 'up 6000'],
  );
  t.equal(server.connections.length, 1);
  t.end();
});

void t.test('a probe that was answered, or whose connection is gone, makes nothing stalled later', (t) => {
  const { server, client, clock, states } = setUp(['/a', '/b', '/c']);
  server.latest.accept();
  snapshot(server.latest, {});
  clock.advance(5000);
  server.latest.answer('echo', []);
  clock.advance(4999);
  clock.advance(1);
  server.latest.hangUp();
  clock.advance(0);
  server.latest.accept();
  snapshot(server.latest, {});
  clock.advance(4999);
  t.equal(client.state.type, 'up');
  t.same(
    states.map(({ type, sinceMs }) => `${type} ${sinceMs}`),
    ['up 0', 'down 10000', 'up 10000'],
  );
  clock.advance(1);
  t.same(server.latest.asked('echo').params, []);
  client.close();
  t.equal(clock.pending, 0, 'no timer outlives the client');
  t.end();
});

void t.test('a server that answers no probe is given up after ten seconds of silence', (t) => {
  const { server, client, clock } = setUp();
  server.latest.accept();
  snapshot(server.latest, {});
  clock.advance(9999);
  t.notOk(server.latest.isClosedByClient);
  clock.advance(1);
  t.ok(server.latest.isClosedByClient);
  t.match(client.state, { type: 'down', sinceMs: 10_000, reason: { message: /no answer to a probe/ } });
  t.end();
});

void t.test('that the server is away is said once, with the latest reason to be asked for', (t) => {
  const { server, client, clock, states } = setUp();
  server.latest.hangUp('permission denied');
  clock.advance(1000);
  server.latest.hangUp('refused');
  t.match(client.state, { type: 'down', sinceMs: 0, reason: { message: 'refused' } });
  clock.advance(2000);
  server.latest.accept();
  snapshot(server.latest, {});
  clock.advance(500);
  server.latest.hangUp('closed');
  clock.advance(4000);
  server.latest.hangUp('refused');
  t.match(client.state, { type: 'down', sinceMs: 3500, reason: { message: 'refused' } });
  t.same(
    states.map(
      (state) => `${state.type} ${state.sinceMs} ${state.type === 'down' ? (state.reason?.message ?? '') : ''}`,
    ),
    ['down 0 permission denied', 'up 3000 ', 'down 3500 closed'],
  );
  t.end();
});

void t.test('several remotes are tried in turn, the first round without waiting', (t) => {
  const { server, clock } = setUp(['/a', '/b', '/c']);
  for (let attempt = 0; attempt < 3; attempt++) {
    server.latest.hangUp('refused');
    clock.advance(0);
  }
  t.same(server.remotes, ['/a', '/b', '/c']);
  clock.advance(1000);
  t.same(server.remotes, ['/a', '/b', '/c', '/a']);
  t.end();
});

void t.test('a transaction answers with its results, or rejects with what is known', async (t) => {
  const { server, client } = setUp();
  await t.rejects(client.transact([]), { code: 'OVSDB_UNREACHABLE' });
  server.latest.accept();
  snapshot(server.latest, {});
  const select = { op: 'select' as const, table: 'Bridge', where: [], columns: ['name'] };
  const cases: [unknown, { code: string; message?: RegExp }][] = [
    [[{ error: 'timed out' }, null], { code: 'OVSDB_TRY_AGAIN', message: /operation 0: timed out/ }],
    [
      [{ rows: [] }, { error: 'constraint violation', details: 'why' }],
      { code: 'OVSDB_REFUSED', message: /operation 1: constraint violation: why/ },
    ],
    [
      [{ rows: [] }, { rows: [] }, { error: 'referential integrity violation' }],
      { code: 'OVSDB_REFUSED', message: /commit: referential/ },
    ],
    [[{ rows: [] }], { code: 'OVSDB_PEER_MALFORMED' }],
    ['nonsense', { code: 'OVSDB_PEER_MALFORMED' }],
    [[{ error: 'cluster error' }, null], { code: 'OVSDB_OUTCOME_UNKNOWN' }],
  ];
  for (const [result, error] of cases) {
    const outcome = client.transact([select, select]);
    server.latest.answer('transact', result);
    await t.rejects(outcome, error);
  }
  const refused = client.transact([select]);
  server.latest.refuse('transact', { error: 'permission error', details: 'no' });
  await t.rejects(refused, { code: 'OVSDB_REFUSED', message: /permission error: no/ });
  const committed = client.transact([select]);
  t.same(server.latest.asked('transact').params, [
    'db',
    { op: 'select', table: 'Bridge', where: [], columns: ['name'] },
  ]);
  server.latest.answer('transact', [{ rows: [{ name: 'br0' }] }]);
  t.same(await committed, [{ rows: [{ name: 'br0' }] }]);
});

void t.test('a transaction whose answer never comes has an unknown outcome', async (t) => {
  const { server, client, clock } = setUp();
  server.latest.accept();
  snapshot(server.latest, {});
  const cut = client.transact([]);
  server.latest.hangUp('reset');
  await t.rejects(cut, { code: 'OVSDB_OUTCOME_UNKNOWN', message: /reset/ });
  clock.advance(1000);
  server.latest.accept();
  snapshot(server.latest, {});
  const mute = client.transact([], 3000);
  clock.advance(3000);
  await t.rejects(mute, { code: 'OVSDB_OUTCOME_UNKNOWN', message: /3000 ms/ });
});

void t.test('waiting for the snapshot ends with the reason why there is none, and with the client', async (t) => {
  const { server, client, clock } = setUp();
  const failing = client.synced(1500, true);
  const waiting = client.synced(1500);
  const closing = client.synced(1_000_000);
  server.latest.hangUp('permission denied');
  await t.rejects(failing, { code: 'OVSDB_UNREACHABLE', message: 'permission denied' });
  clock.advance(1500);
  await t.rejects(waiting, { code: 'OVSDB_DEADLINE', message: /permission denied: not within 1500 ms/ });
  client.close();
  await t.rejects(closing, { code: 'OVSDB_CLOSED' });
  t.equal(clock.pending, 0, 'no timer outlives the client');
  const attempts = server.connections.length;
  clock.advance(60_000);
  t.equal(server.connections.length, attempts);
});
