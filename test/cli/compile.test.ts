// The door through which anybody checks us: what compile promises of its output.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decode } from '../../src/ofp/index.js';

const cli = new URL('../../src/cli/program.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'damselfly-compile-'));
t.teardown(() => {
  rmSync(folder, { recursive: true });
});
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const run = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, 'compile', ...args], { encoding: 'utf8' });

const networks = [
  '- {kind: lswitch, id: n1}',
  '- {kind: lswitch, id: n0, unique_key: 2}',
  '- {kind: subnet, id: s, lswitch: n1, cidr: 10.0.0.0/29}',
];
const objects = (of: readonly string[]) => `tenant: red\nobjects:\n${of.map((line) => `  ${line}\n`).join('')}`;
const good = [
  ...networks,
  '- {kind: lport, id: b, lswitch: n1}',
  '- {kind: lport, id: a, lswitch: n1, unique_key: 1}',
  '- {kind: lport, id: c, lswitch: n0, ips: [10.9.0.1]}',
  '- {kind: lport, id: elsewhere, lswitch: n1, ips: [], binding: {type: chassis, chassis: c2}}',
  '- {kind: lport, id: db, lswitch: n1, ips: [10.0.0.3], binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}}',
  '- {kind: subport, parent: a, port: c, segmentation_id: 7}',
  '- {kind: chassis, id: c2, ips: [192.0.2.2], tunnel_types: [vxlan]}',
];

void t.test('the same objects give the same bytes, in whatever order they come', (t) => {
  const [one, two] = [file('one.yaml', objects(good)), file('two.yaml', objects([...good].reverse()))];
  for (const format of ['text', 'hex', 'json'])
    t.equal(
      run('-f', one, '--chassis', 'c1', '--format', format),
      run('-f', two, '--chassis', 'c1', '--format', format),
      format,
    );
  t.end();
});

void t.test('numbers that nobody gives are the smallest free, in byte order; auto addresses too', (t) => {
  const ports = file('ports.yaml', 'ofports: {red/b: 3}\ntunnels: {vxlan/192.0.2.2: 1}\n');
  const result = JSON.parse(
    run('-f', file('n.yaml', objects(good)), '--chassis', 'c1', '--ports', ports, '--json'),
  ) as Record<string, unknown>;
  t.match(result, {
    ports: {
      ofports: { 'red/a': 2, 'red/b': 3 },
      tunnels: { 'vxlan/192.0.2.2': 1, 'vxlan/203.0.113.9': 4, vxlan: 5 },
      keys: {
        'lport red/a': 1,
        'lport red/b': 2,
        'lport red/c': 3,
        'lport red/db': 4,
        'lport red/elsewhere': 5,
        'lswitch red/n0': 2,
        'lswitch red/n1': 1,
      },
    },
    refused: [],
  });
  const text = run('-f', join(folder, 'n.yaml'), '--chassis', 'c1');
  t.match(text, /nw_src=10\.0\.0\.2 .*lport red\/a/, 'the first free address goes to the first port');
  t.match(text, /nw_src=10\.0\.0\.4 .*lport red\/b/, 'one that is written down is not given out');
  t.end();
});

void t.test('an ofport of 0 is not there yet, and a chassis of --ports holds against none', (t) => {
  const ports = file('zero.yaml', 'ofports: {red/a: 0}\n');
  const text = run('-f', file('z.yaml', objects(good)), '--chassis', 'c1', '--ports', ports);
  t.notMatch(text, /# \S+ lport red\/a$/m);
  const bound = file('bound.yaml', 'bindings: {red/b: c2}\n');
  t.match(
    run('-f', join(folder, 'z.yaml'), '--chassis', 'c1', '--ports', bound),
    /reg7=0x2 actions=set_field:0x1->tun_id,output:\d+ # tunnels lport red\/b/,
  );
  t.end();
});

void t.test('hex is groups, then flows, each one message with xid 0, that text is made of', (t) => {
  const path = file('h.yaml', objects(good));
  const messages = run('-f', path, '--chassis', 'c1', '--format', 'hex')
    .trim()
    .split('\n')
    .map((line) => decode(Buffer.from(line, 'hex')));
  t.ok(messages.every(({ xid }) => xid === 0));
  const types = messages.map(({ message }) => message.type);
  t.same(
    types,
    [...types]
      .sort()
      .reverse()
      .sort((a, b) => (a === b ? 0 : a === 'group_mod' ? -1 : 1)),
  );
  const tables = messages.flatMap(({ message }) => (message.type === 'flow_mod' ? [message.table] : []));
  t.same(
    tables,
    [...tables].sort((a, b) => b - a),
    'from the last table to the first',
  );
  t.equal(tables.length, run('-f', path, '--chassis', 'c1').trim().split('\n').length);
  t.end();
});

void t.test('refused objects go to standard error with exit status 3; the rest is printed', (t) => {
  const numbers = ['--ports', file('numbers.yaml', 'tunnels: {vxlan: 7, vxlan/192.0.2.2: 8, vxlan/203.0.113.9: 9}\n')];
  const bad = spawnSync(
    process.execPath,
    [
      cli,
      'compile',
      '-f',
      file(
        'bad.yaml',
        objects([
          ...good,
          '- {kind: lport, id: x, lswitch: nowhere}',
          '- {kind: lprot, id: y}',
          '- {kind: lport, id: z, lswitch: n1, mac: auto}',
        ]),
      ),
      '--chassis',
      'c1',
      ...numbers,
    ],
    { encoding: 'utf8' },
  );
  t.equal(bad.status, 3);
  t.equal(bad.stdout, run('-f', file('good.yaml', objects(good)), '--chassis', 'c1', ...numbers));
  t.match(bad.stderr, /ERROR lport red\/z: mac: not a field of lport; did you mean macs\?/);
  t.match(bad.stderr, /lport red\/x: lswitch: "red\/nowhere": waits for lswitch red\/nowhere/);
  t.match(bad.stderr, /object 12 \(y\): kind: "lprot": not a kind; did you mean lport\?/);
  t.end();
});
