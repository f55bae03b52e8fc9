// Broadcasts: how many members of one network get copies, in which groups, and what is said of those who get none.
import t from 'tap';
import { compile, type Compiled } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';

const hex = (number: number) =>
  number
    .toString(16)
    .padStart(6, '0')
    .replace(/(..)(?=.)/g, '$1:');

/** A network with so many ports here and so many devices, each behind a VTEP of its own, compiled for c1. */
function network(locals: number, devices: number, tunnelMode: 'per-remote' | 'flow' = 'flow'): Compiled {
  const port = (id: string, key: number, more: object) => ({
    kind: 'lport',
    id,
    lswitch: 'net',
    unique_key: key,
    macs: [`fa:16:3e:${hex(key)}`],
    ips: [],
    ...more,
  });
  const objects = [
    { kind: 'chassis', id: 'c1', ips: ['192.0.2.1'], tunnel_types: ['vxlan'] },
    { kind: 'lswitch', id: 'net', unique_key: 7 },
    ...Array.from({ length: locals }, (_, i) => port(`p${i + 1}`, i + 1, { port_security: false })),
    ...Array.from({ length: devices }, (_, i) =>
      port(`d${i + 1}`, 100_001 + i, { binding: { type: 'vtep', vtep_address: `10.0.${i >> 8}.${i & 255}` } }),
    ),
  ];
  const parsed = parseText('test', JSON.stringify({ tenant: 'red', objects }));
  const ports = { ofports: {}, tunnels: { vxlan: 60_000 }, bindings: {} };
  return compile(parsed.objects, parsed.refused, { chassis: 'c1', tunnelMode, ports });
}

const groups = ({ groups }: Compiled): string[] => groups.map(({ frame }) => frameText(frame));
const floods = ({ flows }: Compiled): string[] =>
  flows
    .map(({ frame }) => frameText(frame).replace(/^cookie=0x[0-9a-f]+, /, ''))
    .filter((flow) => flow.includes('01:00:00:00:00:00/'))
    .sort();
/** The keys of ports that get a copy, in each group. */
const keysOf = (group: string): number[] =>
  [...group.matchAll(/load:(0x[0-9a-f]+)->NXM_NX_REG7/g)].map(([, key]) => Number(key));

void t.test('a small network is copied to in one translation', (t) => {
  const compiled = network(2, 1);
  t.same(groups(compiled), [
    'group_id=3489661040,type=all,bucket=actions=load:0x1->NXM_NX_REG7[],resubmit(,105),bucket=actions=load:0x2->NXM_NX_REG7[],resubmit(,105)',
    'group_id=3489661048,type=all,bucket=actions=set_field:0x7->tun_id,set_field:10.0.0.0->tun_dst,set_field:::->tun_ipv6_dst,output:60000',
  ]);
  t.same(floods(compiled), [
    'table=100, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489661040',
    'table=55, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489661040,group:3489661048',
  ]);
  t.end();
});

void t.test(
  'three thousand ports in one network all get a copy, in parts that Open vSwitch translates one by one',
  (t) => {
    const compiled = network(3000, 501);
    const [select, fromHere, toTunnels, ...parts] = groups(compiled);
    t.equal(select, 'group_id=3489660928,type=select,bucket=actions=resubmit(,101)');
    const fan = (...numbers: number[]) =>
      numbers
        .map((n) => `,bucket=actions=load:${n === 0 ? '0' : `0x${n.toString(16)}`}->NXM_NX_REG3[3..6],group:3489660928`)
        .join('');
    t.equal(fromHere, `group_id=3489660931,type=all${fan(0, 1, 2, 3)}`);
    t.equal(toTunnels, `group_id=3489660938,type=all${fan(8, 9)}`);
    t.same(
      parts.map((part) => /group_id=(\d+),type=all/.exec(part)?.[1]),
      [0, 1, 2, 3, 8, 9].map((part) => `${3489661040 + part}`),
    );
    t.equal(new Set(parts.flatMap(keysOf)).size, 3000);
    t.same(floods(compiled), [
      'table=100, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489660931',
      'table=55, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489660931,group:3489660938',
    ]);
    t.same(
      compiled.flows
        .map(({ frame }) => frameText(frame))
        .filter((flow) => flow.includes('reg3=0x48/0x78'))
        .map((flow) => flow.replace(/^.*?, /, '')),
      ['table=101, priority=100,reg3=0x48/0x78,metadata=0x7 actions=group:3489661049'],
    );
    t.same(compiled.refused, []);
    t.end();
  },
);

void t.test('as many ports as the groups hold get copies, and each of the others is DEGRADED by name', (t) => {
  const compiled = network(8002, 0);
  t.equal(new Set(groups(compiled).flatMap(keysOf)).size, 8000);
  t.same(
    compiled.refused.map(({ object, state }) => `${state} ${object}`),
    ['DEGRADED lport red/p8001', 'DEGRADED lport red/p8002'],
  );
  t.match(
    compiled.refused[0]?.text,
    'lswitch: "red/net": broadcasts do not reach the port: the groups of its network hold 8 times 1000 ports of one chassis',
  );
  t.end();
});

void t.test('five thousand tunnel endpoints: none shares a group id, and those without copies are named', (t) => {
  const compiled = network(1, 5000);
  const ids = compiled.groups.map(({ frame }) => /group_id=(\d+)/.exec(frameText(frame))?.[1]);
  t.equal(new Set(ids).size, ids.length);
  const copies = groups(compiled).flatMap((group) => [...group.matchAll(/tun_dst/g)]).length;
  const devices = compiled.refused.filter(({ object }) => object.startsWith('lport red/d'));
  t.equal(copies + devices.length, 5000);
  t.ok(copies > 3900, `${copies} get copies`);
  t.match(devices[0], {
    state: 'DEGRADED',
    text: /binding: "10\.0\..*": broadcasts do not reach the device: .* 8 times 500/,
  });
  const [whole] = compiled.refused.filter(({ object }) => object === 'lswitch red/net');
  t.match(whole, { state: 'DEGRADED', text: `broadcasts do not reach ${devices.length} of its tunnel endpoints` });
  t.end();
});
