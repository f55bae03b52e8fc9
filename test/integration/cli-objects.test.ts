// Objects through the command line: applied, read back, compared, deleted, on a real nats-server.
import t, { type Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { parseText } from '../../src/cli/files.js';
import type { Store } from '../../src/sync/buckets.js';
import { refOf } from '../../src/model/ids.js';
import { addressKey } from '../../src/sync/keys.js';
import { listObjects, putObject } from '../../src/sync/objects.js';
import { until } from '../lab/process.js';
import { trunk } from '../cli/given.js';
import { Shell } from './cli-lab.js';
import { lab, natsOptions } from './sync-lab.js';

t.setTimeout(120_000);

async function site(t: Test): Promise<{ shell: Shell; store: Store; file: string }> {
  const { server, store } = await lab(t);
  const shell = new Shell(t, { NATS_URL: server.url() });
  return { shell, store, file: shell.file('trunk.yaml', trunk) };
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

void t.test(
  'apply writes what differs, in the order of references, and a second time nothing',
  natsOptions,
  async (t) => {
    const { shell, store, file } = await site(t);
    const first = await shell.run('apply', '-f', file, '--no-wait');
    t.strictSame(
      { ...first, out: lines(first.out) },
      {
        status: 0,
        err: '',
        out: [
          'created    lswitch red/net1',
          'created    lswitch red/net2',
          'created    subnet red/sub2',
          'created    lport red/db',
          'created    lport red/vm1',
          'created    lport red/vm1-net2',
          'created    child_port_segmentation red/88a39107-5b0c-5449-9a16-8b492443bd46',
        ],
      },
    );
    const revisions = async () => (await listObjects(store, 'red')).map(({ key, revision }) => [key, revision]);
    const before = await revisions();
    const second = await shell.run('apply', '-f', file, '--no-wait');
    t.equal(lines(second.out).filter((line) => line.startsWith('unchanged')).length, 7);
    t.strictSame(await revisions(), before, 'no revision of the store has changed');
    shell.file('trunk.yaml', trunk.replace('10.1.0.5', '10.1.0.6'));
    const third = await shell.run('apply', '-f', file, '--no-wait');
    t.strictSame(
      lines(third.out).filter((line) => !line.startsWith('unchanged')),
      ['changed    lport red/vm1'],
    );
  },
);

void t.test('what get prints as YAML is what was applied, and applies again', natsOptions, async (t) => {
  const { shell, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  const yaml = await shell.run('get', '--all-tenants', '-o', 'yaml');
  const back = parseText('get', yaml.out);
  const given = parseText('file', trunk);
  const sorted = (objects: typeof given.objects) => [...objects].sort((a, b) => (a.ref < b.ref ? -1 : 1));
  t.strictSame(back.refused, []);
  t.strictSame(sorted(back.objects), sorted(given.objects));
  const again = await shell.pipe(yaml.out, 'apply', '-f', '-', '--dry-run');
  t.equal(again.status, 0);
  t.ok(
    lines(again.out).every((line) => line.startsWith('unchanged')),
    again.out,
  );
});

void t.test('a table shows keys, addresses that were given out, and what chassis say', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  await store.status.put('red.lport.vm1.c1', { state: 'DOWN', reason: 'waits for its parent', revision: 5 });
  await store.alloc.put('claim.red.vm1', { chassis: 'c1', sinceMs: 0 });
  const { out } = await shell.run('get', 'port', '-t', 'red');
  t.match(out, /^LPORT +LSWITCH +MACS +IPS +KEY +WHERE +STATE$/m);
  t.match(out, /^vm1 +net1 +\[fa:16:3e:00:00:01\] +\[10\.1\.0\.5\] +\d+ +c1 +c1: DOWN \(waits for its parent\)$/m);
  t.match(out, /^vm1-net2 +net2 +\[fa:16:3e:00:00:0\d\] +\[10\.2\.0\.2\] +\d+$/m);
  t.match(out, /^db .* vtep 203\.0\.113\.9$/m);
  const json = JSON.parse((await shell.run('get', 'lport', 'vm1', '-t', 'red', '--json')).out) as unknown[];
  t.match(json, [
    { kind: 'lport', tenant: 'red', id: 'vm1', chassis: 'c1', statuses: [{ chassis: 'c1', state: 'DOWN' }] },
  ]);
  const missing = await shell.run('get', 'lport', 'red/vm9');
  t.match(missing, { status: 1, err: 'lport red/vm9: not there\n' });
});

void t.test('everything wrong is named before anything is written', natsOptions, async (t) => {
  const { shell, store } = await site(t);
  const text = `
- {kind: lswitch, id: net1, mtu: 5}
- {kind: lport, id: a, lswitch: net1, mac: [x]}
- {kind: subport, parent: a, port: b, segmentation_id: 4095}
- {kind: lswitch, id: fine}`;
  const bad = await shell.pipe(text, 'apply', '-f', '-', '-t', 'red');
  t.equal(bad.status, 2);
  t.strictSame(lines(bad.err), [
    'lswitch red/net1: mtu: 5: not allowed: an integer from 68 to 65535',
    'lport red/a: mac: not a field of lport; did you mean macs?',
    lines(bad.err)[2],
    'nothing was written',
  ]);
  t.match(
    lines(bad.err)[2],
    /^child_port_segmentation red\/\S+: segmentation_id: 4095: not allowed: an integer from 1 to 4094$/,
  );
  t.strictSame(await listObjects(store, undefined), []);
  const dangling = await shell.pipe('{kind: lport, id: a, lswitch: net9}', 'apply', '-f', '-', '-t', 'red', '--json');
  t.equal(dangling.status, 2);
  t.match(JSON.parse(dangling.out), {
    refused: [{ object: 'lport red/a', faults: [{ field: 'lswitch', value: 'red/net9' }] }],
  });
  t.match(await shell.run('apply', '-f', 'no.yaml'), { status: 2, err: /^no\.yaml: file: there is no such file$/m });
  t.strictSame(await listObjects(store, undefined), []);
});

void t.test('files are held against what the northbound already holds', natsOptions, async (t) => {
  const { shell, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  const second = `
- {kind: lport, id: other, lswitch: net2}
- {kind: subport, parent: vm1, port: other, segmentation_id: 100}`;
  const refused = await shell.pipe(second, 'apply', '-f', '-', '-t', 'red', '--no-wait');
  t.equal(refused.status, 2);
  t.match(refused.err, /segmentation_id: 100: is used by another child of lport red\/vm1/);
  const accepted = await shell.pipe(second.replace('100', '101'), 'apply', '-f', '-', '-t', 'red', '--no-wait');
  t.equal(accepted.status, 0, accepted.err);
});

void t.test('numbers are given out once: a VNI or key of another object is refused by name', natsOptions, async (t) => {
  const { shell, store } = await site(t);
  const net = (id: string) => `{kind: lswitch, id: ${id}, segmentation_id: 5001}`;
  t.equal((await shell.pipe(net('a'), 'apply', '-f', '-', '-t', 'red', '--no-wait')).status, 0);
  const taken = await shell.pipe(net('b'), 'apply', '-f', '-', '-t', 'blue', '--no-wait');
  t.match(taken, { status: 2, err: /^lswitch blue\/b: segmentation_id: 5001: .*5001 belongs to another object$/m });
  t.strictSame(await listObjects(store, 'blue'), []);
  t.match((await shell.run('get', 'network', '-t', 'red')).out, /^a +vxlan +1 +5001$/m);
});

void t.test(
  'delete goes the other way round, keeps what is referred to, and gives addresses back',
  natsOptions,
  async (t) => {
    const { shell, store, file } = await site(t);
    await shell.run('apply', '-f', file, '--no-wait');
    const given = addressKey(refOf('red', 'net2'), '10.2.0.2');
    t.match(await store.alloc.read(given), { text: /vm1-net2/ });
    const kept = await shell.run('delete', 'network', 'net1', '-t', 'red');
    t.match(kept, { status: 2, err: /^lport red\/vm1: lswitch: "red\/net1": there is no lswitch red\/net1/ });
    t.match(await shell.run('delete', 'lport', 'red/nobody'), {
      status: 2,
      err: /^lport red\/nobody: id: is not there$/m,
    });
    t.equal((await listObjects(store, 'red')).length, 7);
    const gone = await shell.run('delete', '-f', file, '--no-wait');
    t.strictSame(
      lines(gone.out).map((line) => line.split(/ +/)[1]),
      ['child_port_segmentation', 'lport', 'lport', 'lport', 'subnet', 'lswitch', 'lswitch'],
    );
    t.strictSame(await listObjects(store, 'red'), []);
    t.equal(
      (await store.alloc.read('ip.red.lswitch.net2.10=2E2=2E0=2E2'.replace('10=2E2', '10=2E2')))?.text,
      undefined,
    );
    const again = await shell.run('apply', '-f', file, '--no-wait');
    t.equal(lines(again.out).filter((line) => line.startsWith('created')).length, 7, 'on the tombstones');
    const forced = await shell.run('delete', 'network', 'red/net1', '--force', '--no-wait');
    t.match(forced, { status: 0, out: 'deleted    lswitch red/net1\n' });
  },
);

void t.test('diff shows each change and exits with 1; without one it is silent', natsOptions, async (t) => {
  const { shell, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  t.strictSame(await shell.run('diff', '-f', file), { status: 0, out: '', err: '' });
  shell.file('trunk.yaml', trunk.replace('10.1.0.5', '10.1.0.6') + '  - {kind: lswitch, id: net3}\n');
  const changed = await shell.run('diff', '-f', file);
  t.equal(changed.status, 1);
  t.match(changed.out, /^--- lswitch red\/net3 \(not there\)$/m);
  t.match(changed.out, /^ ips:\n- {2}- 10\.1\.0\.5\n\+ {2}- 10\.1\.0\.6$/m);
  t.equal((await shell.pipe('{kind: lport, id: 1}', 'diff', '-f', '-', '-t', 'red')).status, 2);
});

void t.test('watch prints a line per change until it is interrupted', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  const watch = shell.start('watch', 'lport', '-t', 'red', '--status');
  const asYaml = shell.start('watch', 'lport', '-t', 'red', '-o', 'yaml');
  const vm1 = { lswitch: 'net1', macs: ['fa:16:3e:00:00:01'], ips: ['10.1.0.7'] };
  await until('the watch has begun', async () => {
    await putObject(store, 'lport', refOf('red', 'tick'), { lswitch: 'net1' });
    return watch.said.out.includes('red/tick') && asYaml.said.out.includes('red/tick');
  });
  await putObject(store, 'lport', refOf('red', 'vm1'), vm1);
  await putObject(store, 'lswitch', refOf('red', 'net1'), { mtu: 1400 });
  await putObject(store, 'lport', refOf('blue', 'vm1'), vm1);
  await store.nb.put('red.lport.poor', { lswitch: 7 });
  await store.status.put('red.lport.vm1.c1', {
    state: 'ERROR',
    reason: 'no',
    revision: 9,
    since: '2026-01-01T00:00:00.5Z',
  });
  await shell.run('delete', 'lport', 'db', '-t', 'red', '--no-wait');
  await until('the last change is told', () => watch.said.out.includes('red/db'));
  await until('in YAML too', () => asYaml.said.out.includes('red/db'));
  for (const { child } of [watch, asYaml]) child.kill('SIGINT');
  const { status, out } = await watch.ended;
  t.equal(status, 0);
  const told = lines(out).filter((line) => !line.includes('red/tick'));
  t.equal(told.length, 4, out);
  t.match(
    told.find((line) => line.includes('changed')),
    /^\d\d:\d\d:\d\d\.\d{3} {2}r\d+ {2}lport red\/vm1 changed: ips: \[10\.1\.0\.5\] → \[10\.1\.0\.7\]$/,
  );
  t.match(out, /^\S+ {2}r\d+ {2}lport red\/poor cannot be read: .*lswitch: 7/m);
  t.match(out, /^00:00:00\.5\S* {2}r9 {2}lport red\/vm1 c1 says ERROR: no$/m);
  t.match(out, /^\S+ {2}r\d+ {2}lport red\/db deleted$/m);
  const last = parseAllDocuments((await asYaml.ended).out).at(-1);
  t.match(last?.toJS(), { object: 'lport red/db', change: 'deleted', what: [] });
});

void t.test('nb export and import bring every object and every number into an empty store', natsOptions, async (t) => {
  const { shell, store, file } = await site(t);
  await shell.run('apply', '-f', file, '--no-wait');
  await store.alloc.put('claim.red.vm1', { chassis: 'c1', sinceMs: 0 });
  const backup = await shell.run('nb', 'export');
  const other = await site(t);
  const path = other.shell.file('backup.json', backup.out);
  t.match(await other.shell.run('nb', 'import', path), { status: 0, out: /^\d+ written, 0 unchanged, 0 kept$/m });
  t.equal((await other.shell.run('nb', 'export')).out, backup.out);
  const changed = backup.out.replace('10.1.0.5', '10.1.0.99');
  t.not(changed, backup.out);
  other.shell.file('backup.json', changed);
  t.match(await other.shell.run('nb', 'import', path), { status: 1, out: /^kept, .*: red\.lport\.vm1$/m });
  t.match(await other.shell.run('nb', 'import', path, '--overwrite'), { status: 0, out: /^1 written/ });
  t.match(await other.shell.run('nb', 'import', other.file), { status: 2, err: /not what nb export prints/ });
});

void t.test('where there is no northbound, one line says what to do', natsOptions, async (t) => {
  const nowhere = new Shell(t, {});
  t.match(await nowhere.run('get', '-t', 'red'), {
    status: 1,
    err: /^damselfly: .*start damselfly controller.*--nats/,
  });
  nowhere.file('nats.url', 'nats://127.0.0.1:1\n');
  const refused = await nowhere.run('get', '-t', 'red');
  t.match(refused, { status: 1, err: /^damselfly: no NATS at nats:\/\/127\.0\.0\.1:1.*nats\.url.*\n$/ });
  t.equal(lines(refused.err).length, 1);
  const { server } = await lab(t);
  nowhere.file('nats.url', `${server.url()}\n`);
  t.match(await nowhere.run('get', '-t', 'red'), { status: 0, out: 'nothing there\n' });
  t.match(await nowhere.run('get'), { status: 1, err: /which tenant\? Give -t TENANT, or --all-tenants/ });
});

void t.test('an object that somebody else wrote meanwhile is not written over', natsOptions, async (t) => {
  const { shell, store } = await site(t);
  const base = '{kind: lswitch, id: net1, tenant: red, mtu: 1400}';
  await shell.pipe(base, 'apply', '-f', '-', '--no-wait');
  const { write } = await import('../../src/cli/write.js');
  const [before] = parseText('x', base).objects;
  const [after] = parseText('x', base.replace('1400', '1500')).objects;
  const { kind, ref } = after!;
  const [{ revision } = { revision: 0 }] = await listObjects(store, 'red');
  await putObject(store, 'lswitch', refOf('red', 'net1'), { mtu: 9000 });
  const step = { action: 'change', kind, ref, expected: revision, before: before!, after: after! } as const;
  await t.rejects(
    write(store, [step], () => undefined),
    { message: /lswitch red\/net1 was changed by somebody else/ },
  );
  t.match((await listObjects(store, 'red'))[0]?.fields, { mtu: 9000 });
});
