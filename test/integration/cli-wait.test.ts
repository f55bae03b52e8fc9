// What apply, delete and wait answer: chassis that are played by the real status writer say ACTIVE, ERROR, or nothing.
import t, { type Test } from 'tap';
import type { Store } from '../../src/sync/buckets.js';
import { trunk } from '../cli/given.js';
import { playChassis, Shell } from './cli-lab.js';
import { lab, natsOptions } from './sync-lab.js';

t.setTimeout(120_000);

async function site(t: Test): Promise<{ shell: Shell; store: Store; file: string }> {
  const { server, store } = await lab(t);
  const shell = new Shell(t, { NATS_URL: server.url() });
  return { shell, store, file: shell.file('trunk.yaml', trunk) };
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
const isActive = (name: string) => (name.startsWith('lport ') ? ({ state: 'ACTIVE' } as const) : undefined);

void t.test('apply answers per chassis how many flows came and went, in which time', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  playChassis(t, store, 'c1', ['red'], { added: 4 });
  playChassis(t, store, 'chassis-2', ['red'], { added: 0, says: () => undefined });
  const { status, out } = await shell.run('apply', '-f', file);
  t.equal(status, 0, out);
  t.strictSame(lines(out).slice(7), [
    'c1         +28 −0 flows, 0.8 ms, ACTIVE',
    'chassis-2  +0 −0 flows, 0.8 ms, ACTIVE',
  ]);
  t.match((await shell.run('apply', '-f', file)).out, /^c1 +\+0 −0 flows, ACTIVE$/m, 'nothing written, nothing done');
  const gone = await shell.run('delete', 'cps', '88a39107-5b0c-5449-9a16-8b492443bd46', '-t', 'red');
  t.match(gone, { status: 0, out: /^c1 +\+0 −4 flows, 0\.8 ms, ACTIVE$/m });
});

void t.test(
  'an object that a chassis refuses is named with the reason, and the exit status is 1',
  natsOptions,
  async (t) => {
    const { shell, store, file } = await site(t);
    const says = (name: string) =>
      name === 'lport red/db'
        ? ({ state: 'ERROR', reason: 'Open vSwitch refuses the tunnel' } as const)
        : isActive(name);
    playChassis(t, store, 'c1', ['red'], { says });
    const { status, out } = await shell.run('apply', '-f', file);
    t.equal(status, 1);
    t.strictSame(lines(out).slice(7), [
      'c1  +7 −0 flows, 0.8 ms, 1 of 3 not ACTIVE',
      '  lport red/db: ERROR: Open vSwitch refuses the tunnel',
    ]);
    const json = JSON.parse((await shell.run('apply', '-f', file, '--json')).out) as unknown;
    t.match(json, {
      waited: true,
      chassis: [
        { tenant: 'red', chassis: 'c1', answer: 'done', objects: [{ object: 'lport red/db', state: 'ERROR' }, {}, {}] },
      ],
    });
  },
);

void t.test('a chassis that does not answer in time is named with what it has', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  playChassis(t, store, 'c1', ['red']);
  playChassis(t, store, 'c2', ['red'], { isMute: true });
  const begin = Date.now();
  const { status, out } = await shell.run('apply', '-f', file, '--timeout', '2');
  t.equal(status, 1);
  t.ok(Date.now() - begin >= 2000);
  t.match(out, /^c1 {2}\+7 −0 flows, 0\.8 ms, ACTIVE$/m);
  t.match(out, /^c2 {2}has not answered within 2 s: its switch has revision 0 of \d+$/m);
});

void t.test('a chassis that is long gone is not waited for', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  playChassis(t, store, 'c1', ['red']);
  // Its lease is so short that its last word is older when the other's heartbeat comes.
  await store.status.put('_operator.chassis.old.old', { state: 'ACTIVE', chassis: 'old', leaseMs: 20 });
  await store.status.put('red.chassis.old.old', { state: 'ACTIVE', revision: 0, recent: [] });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await store.status.put('_operator.chassis.c1.c1', { state: 'ACTIVE', chassis: 'c1', leaseMs: 60_000 });
  const { status, out } = await shell.run('apply', '-f', file);
  t.equal(status, 0, out);
  t.match(out, /^old +is gone: it was not heard of for its lease, and is not waited for$/m);
});

void t.test(
  'where no chassis has anything to do with the tenant, apply says so and does not wait long',
  natsOptions,
  async (t) => {
    const { shell, file } = await site(t);
    const { status, out } = await shell.run('apply', '-f', file);
    t.equal(status, 0);
    t.equal(lines(out).at(-1), 'written; no chassis has a port of red yet');
  },
);

void t.test('a chassis that takes notice only because of the write is waited for', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  const apply = shell.start('apply', '-f', file);
  setTimeout(() => {
    playChassis(t, store, 'c1', ['red']);
  }, 700);
  const { status, out } = await apply.ended;
  t.equal(status, 0);
  t.match(out, /^c1 {2}\+7 −0 flows, 0\.8 ms, ACTIVE$/m);
});

void t.test(
  'ports that are plugged nowhere are named; one that is switched off may be DOWN',
  natsOptions,
  async (t) => {
    const { shell, store } = await site(t);
    const says = (name: string) =>
      name === 'lport red/off' ? ({ state: 'DOWN', reason: 'is disabled (enabled: false)' } as const) : undefined;
    playChassis(t, store, 'c1', ['red'], { says });
    const objects = `
- {kind: lswitch, id: net1}
- {kind: lport, id: off, lswitch: net1, enabled: false}
- {kind: lport, id: vm1, lswitch: net1}
- {kind: lport, id: vm2, lswitch: net1}`;
    const { status, out } = await shell.pipe(objects, 'apply', '-f', '-', '-t', 'red');
    t.equal(status, 0, out);
    t.strictSame(lines(out).slice(4), [
      'c1  +4 −0 flows, 0.8 ms, 1 of 1 not ACTIVE',
      '  lport red/off: DOWN: is disabled (enabled: false)',
      'not plugged: lport red/vm1 and 1 more (an interface with external_ids:iface-id=vm1 is missing)',
    ]);
  },
);

void t.test('an object that waits for something is waited for', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  const says = (name: string) =>
    name === 'lport red/db' ? ({ state: 'DOWN', reason: 'waits for its tunnel' } as const) : isActive(name);
  playChassis(t, store, 'c1', ['red'], { says, wakesMs: 700 });
  const { status, out } = await shell.run('apply', '-f', file);
  t.equal(status, 0, out);
  t.match(out, /^c1 {2}\+7 −0 flows, 0\.8 ms, ACTIVE$/m);
});

void t.test('several tenants are answered for one by one', natsOptions, async (t) => {
  const { shell, store } = await site(t);
  playChassis(t, store, 'c1', ['red']);
  playChassis(t, store, 'c2', ['red', 'blue']);
  const objects = `
- {kind: lswitch, tenant: red, id: net1, shared_with: [blue]}
- {kind: lport, tenant: blue, id: b, lswitch: red/net1}`;
  const { status, out } = await shell.pipe(objects, 'apply', '-f', '-');
  t.equal(status, 0, out);
  t.strictSame(lines(out).slice(2), [
    'tenant blue:',
    '  c2  +1 −0 flows, 0.8 ms, ACTIVE',
    'tenant red:',
    '  c1  +1 −0 flows, 0.8 ms, ACTIVE',
    '  c2  +1 −0 flows, 0.8 ms, ACTIVE',
  ]);
});

const since = String.raw`since \d{4}-\d\d-\d\dT[\d:.]+Z`;

void t.test(
  'wait returns when an object stands as it is to at the revision that it has now',
  natsOptions,
  async (t) => {
    const { shell, store, file } = await site(t);
    await shell.run('apply', '-f', file, '--no-wait');
    const waiting = shell.run('wait', 'lport/vm1', '-t', 'red', '--for', 'ACTIVE');
    playChassis(t, store, 'c1', ['red'], {
      says: (name) => (name.startsWith('lport ') ? { state: 'DOWN', reason: 'no interface yet' } : undefined),
      wakesMs: 500,
    });
    t.match(await waiting, {
      status: 0,
      out: new RegExp(`^lport red/vm1: ACTIVE at c1, revision \\d+, ${since}\n$`),
      err: '',
    });
    const { status, out } = await shell.run('wait', 'lport/red/vm1', 'port/red/db', '--json', '--timeout', '5');
    t.equal(status, 0);
    t.match(JSON.parse(out), {
      reached: true,
      objects: [
        { object: 'lport red/vm1', for: 'ACTIVE', reached: true, statuses: [{ chassis: 'c1', state: 'ACTIVE' }] },
        { object: 'lport red/db', reached: true },
      ],
    });
    t.match(await shell.run('wait', 'lport/red/vm1', '--for', 'DOWN', '--timeout', '0.3'), {
      status: 1,
      out: /: ACTIVE at c1/,
      err: 'not DOWN within 0.3 s\n',
    });
  },
);

void t.test(
  'a revision that no switch has yet is waited for, and so is what no chassis has',
  natsOptions,
  async (t) => {
    const { shell, store, file } = await site(t);
    await shell.run('apply', '-f', file, '--no-wait');
    playChassis(t, store, 'c1', ['red']);
    const late = await shell.run('wait', 'lport/vm1', '-t', 'red', '--revision', '1000', '--timeout', '2');
    t.match(late, {
      status: 1,
      out: new RegExp(`^lport red/vm1: ACTIVE at c1, revision \\d+ of 1000, ${since}$`, 'm'),
      err: 'not ACTIVE within 2 s\n',
    });
    const none = await shell.run('wait', 'lswitch/red/net1', '--timeout', '0.3');
    t.match(none, { status: 1, out: 'lswitch red/net1: no chassis says anything of it\n' });
  },
);

void t.test('all chassis that say anything of an object have to agree', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  playChassis(t, store, 'c1', ['red']);
  playChassis(t, store, 'c2', ['red'], {
    says: (name) => (name === 'lport red/db' ? { state: 'ERROR', reason: 'no tunnel' } : undefined),
  });
  const { status, out } = await shell.run('wait', 'lport/red/db', '--timeout', '2');
  t.equal(status, 1);
  t.match(out, /^lport red\/db: ACTIVE at c1, /m);
  t.match(out, /^lport red\/db: ERROR at c2, revision \d+, since \S+: no tunnel$/m);
});

void t.test('what cannot be waited for is one line', natsOptions, async (t) => {
  const { shell, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  const wrong = [
    [['lport/red/nobody'], /^damselfly: lport red\/nobody: not there/],
    [['lport'], /^damselfly: lport: an object is KIND\/ID or KIND\/TENANT\/ID$/m],
    [['lprot/red/vm1'], /^damselfly: .*lprot.*lport/],
    [['lport/vm1'], /tenant/],
    [['lport/red/vm1', '--for', 'FINE'], /ACTIVE, DOWN, DEGRADED, ERROR, HELD/],
    [['lport/red/vm1', '--revision', '-3'], /at least 1/],
  ] as const;
  for (const [args, err] of wrong) {
    const said = await shell.run('wait', ...args);
    t.equal(said.out, '');
    t.not(said.status, 0);
    t.match(said.err, err);
  }
  t.match(await shell.run('wait', '--help'), {
    status: 0,
    out: /Exit status[^]*Example:\n {2}damselfly wait --for ACTIVE/,
  });
});
