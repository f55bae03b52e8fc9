import fc from 'fast-check';
import t from 'tap';
import { ofportRequest } from '../../src/apps/tunnels.js';
import { given } from './given.js';

const overlay = `
objects:
  - {kind: chassis, id: c1, ips: [192.0.2.1, '2001:db8::1'], tunnel_types: [vxlan, geneve, gre]}
  - {kind: chassis, id: c2, ips: [192.0.2.2], tunnel_types: [vxlan, geneve, gre]}
  - {kind: chassis, id: c3, ips: ['2001:db8::3'], tunnel_types: [vxlan, geneve, gre]}
  - {kind: lswitch, id: n, unique_key: 7}
  - {kind: lport, id: here, lswitch: n, unique_key: 0x11, macs: ['fa:16:3e:00:00:11'], ips: [10.0.0.1], binding: {type: chassis, chassis: c1}}
  - {kind: lport, id: there, lswitch: n, unique_key: 0x22, macs: ['fa:16:3e:00:00:22'], ips: [10.0.0.2], binding: {type: chassis, chassis: c2}}
  - {kind: lport, id: six, lswitch: n, unique_key: 0x33, macs: ['fa:16:3e:00:00:33'], ips: [10.0.0.3], binding: {type: chassis, chassis: c3}}
  - {kind: lport, id: db, lswitch: n, unique_key: 0x44, macs: ['fa:16:3e:00:00:44'], ips: [10.0.0.4], binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}}
`;
const ports = { ofports: { 'red/here': 5 }, tunnels: {}, bindings: {} };

void t.test('a tunnel port per remote endpoint: the way out, the way in, and one copy of a broadcast to each', (t) => {
  const { table, groups, compiled, refused } = given(overlay, { ports });
  t.same(refused, []);
  t.same(compiled.ports.tunnels, { 'vxlan/192.0.2.2': 1, 'vxlan/2001:db8::3': 2, 'vxlan/203.0.113.9': 3, vxlan: 4 });
  t.same(table(75), [
    'table=75, priority=0 actions=drop',
    'table=75, priority=100,reg7=0x11 actions=goto_table:105',
    'table=75, priority=100,reg7=0x22 actions=set_field:0x7->tun_id,output:1',
    'table=75, priority=100,reg7=0x33 actions=set_field:0x7->tun_id,output:2',
    'table=75, priority=100,reg7=0x44 actions=set_field:0x7->tun_id,output:3',
  ]);
  t.same(
    table(0).filter((flow) => !flow.includes('in_port=5')),
    [
      'priority=0 actions=drop',
      'priority=100,in_port=1 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
      'priority=100,in_port=2 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
      'priority=100,in_port=3 actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,2)',
      'priority=100,tun_src=0.0.0.0,tun_ipv6_src=2001:db8::3,in_port=4 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
      'priority=100,tun_src=192.0.2.2,in_port=4 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
      'priority=100,tun_src=203.0.113.9,in_port=4 actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,2)',
      'priority=50,in_port=4 actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,3)',
    ],
  );
  t.same(table(2), [
    'table=2, priority=0 actions=goto_table:3',
    'table=2, priority=100,reg3=0x5/0x7,tun_id=0x7 actions=load:0x7->OXM_OF_METADATA[],resubmit(,100)',
    'table=2, priority=110,reg3=0x1/0x3,tun_id=0x7,tun_src=203.0.113.9 actions=load:0x7->OXM_OF_METADATA[],resubmit(,100)',
  ]);
  t.same(groups, [
    'group_id=3489661040,type=all,bucket=actions=load:0x11->NXM_NX_REG7[],resubmit(,105)',
    'group_id=3489661048,type=all,bucket=actions=set_field:0x7->tun_id,output:1,bucket=actions=set_field:0x7->tun_id,output:2,bucket=actions=set_field:0x7->tun_id,output:3',
  ]);
  t.ok(
    table(55).includes(
      'table=55, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489661040,group:3489661048',
    ),
  );
  t.ok(
    table(100).includes(
      'table=100, priority=100,metadata=0x7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:3489661040',
    ),
    'from a tunnel to local ports only',
  );
  t.end();
});

void t.test(
  'one tunnel port for all: every output names its address and clears the other family; only known senders come in',
  (t) => {
    const { table, compiled } = given(overlay, { ports, tunnelMode: 'flow' });
    t.same(compiled.ports.tunnels, { vxlan: 1 });
    t.same(table(75).slice(2), [
      'table=75, priority=100,reg7=0x22 actions=set_field:0x7->tun_id,set_field:192.0.2.2->tun_dst,set_field:::->tun_ipv6_dst,output:1',
      'table=75, priority=100,reg7=0x33 actions=set_field:0x7->tun_id,set_field:0.0.0.0->tun_dst,set_field:2001:db8::3->tun_ipv6_dst,output:1',
      'table=75, priority=100,reg7=0x44 actions=set_field:0x7->tun_id,set_field:203.0.113.9->tun_dst,set_field:::->tun_ipv6_dst,output:1',
    ]);
    t.same(
      table(0).filter((flow) => flow.includes('in_port=1 ') || flow.includes('in_port=1,') || flow.includes('tun_')),
      [
        'priority=100,tun_src=0.0.0.0,tun_ipv6_src=2001:db8::3,in_port=1 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
        'priority=100,tun_src=192.0.2.2,in_port=1 actions=load:0x1->NXM_NX_REG3[0..1],load:0x1->NXM_NX_REG3[2],resubmit(,2)',
        'priority=100,tun_src=203.0.113.9,in_port=1 actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,2)',
        'priority=50,in_port=1 actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,3)',
      ],
    );
    t.end();
  },
);

void t.test('many devices behind one address share one tunnel; the last one takes it away', (t) => {
  const second = `
  - {kind: lport, id: db2, lswitch: n, macs: ['fa:16:3e:00:00:45'], ips: [], binding: {type: vtep, vtep_address: 203.0.113.9}}`;
  const tunnels = (yaml: string) => Object.keys(given(yaml, { ports }).compiled.ports.tunnels);
  t.same(tunnels(overlay + second), ['vxlan/192.0.2.2', 'vxlan/2001:db8::3', 'vxlan/203.0.113.9', 'vxlan']);
  t.same(tunnels(overlay.replace(/.*id: db,.*\n/, '')), ['vxlan/192.0.2.2', 'vxlan/2001:db8::3', 'vxlan']);
  t.end();
});

void t.test('a device of a network without a local port needs no tunnel and no flow', (t) => {
  const elsewhere = overlay.replace('chassis: c1}}', 'chassis: c2}}');
  const { compiled, flows } = given(elsewhere, { ports: { ...ports, ofports: {} } });
  t.same(compiled.ports.tunnels, {});
  t.notOk(flows.some((flow) => flow.includes('0x44')));
  t.end();
});

void t.test('a device may have a type and a VNI of its own, and is recognised by its address then', (t) => {
  const { table, compiled } = given(
    overlay.replace(
      'binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}',
      'binding: {type: vtep, vtep_address: 203.0.113.9, tunnel_type: geneve, vni: 99}',
    ),
    { ports },
  );
  t.ok('geneve/203.0.113.9' in compiled.ports.tunnels);
  t.ok(table(75).includes('table=75, priority=100,reg7=0x44 actions=set_field:0x63->tun_id,output:1'));
  t.same(table(2).slice(2), [
    'table=2, priority=110,reg3=0x2/0x3,tun_id=0x63,tun_src=203.0.113.9 actions=load:0x7->OXM_OF_METADATA[],resubmit(,100)',
  ]);
  t.end();
});

void t.test(
  'a chassis that is the VTEP of a device too is heard on the VNI of the device besides those of all networks',
  (t) => {
    const { table, compiled } = given(
      overlay.replace(
        'binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}',
        'binding: {type: vtep, vtep_address: 192.0.2.2, vni: 99}',
      ),
      { ports },
    );
    t.same(Object.keys(compiled.ports.tunnels), ['vxlan/192.0.2.2', 'vxlan/2001:db8::3', 'vxlan']);
    t.same(table(2).slice(1), [
      'table=2, priority=100,reg3=0x5/0x7,tun_id=0x7 actions=load:0x7->OXM_OF_METADATA[],resubmit(,100)',
      'table=2, priority=110,reg3=0x1/0x3,tun_id=0x63,tun_src=192.0.2.2 actions=load:0x7->OXM_OF_METADATA[],resubmit(,100)',
    ]);
    t.end();
  },
);

void t.test('chassis and networks cost flows one by one, and not each chassis times each network', (t) => {
  const size = (chassis: number, networks: number): number => {
    const each = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i + 1));
    const objects = [
      '- {kind: chassis, id: c1, ips: [192.0.2.1], tunnel_types: [vxlan]}',
      ...each(chassis, (c) => `- {kind: chassis, id: far${c}, ips: [198.51.100.${c}], tunnel_types: [vxlan]}`),
      ...each(networks, (n) => `- {kind: lswitch, id: n${n}}`),
      ...each(
        networks,
        (n) => `- {kind: lport, id: h${n}, lswitch: n${n}, macs: [], ips: [], binding: {type: chassis, chassis: c1}}`,
      ),
      ...each(chassis, (c) =>
        each(
          networks,
          (n) =>
            `- {kind: lport, id: r${c}-${n}, lswitch: n${n}, macs: [], ips: [], binding: {type: chassis, chassis: far${c}}}`,
        ).join('\n  '),
      ),
    ];
    const { table } = given(`objects:\n  ${objects.join('\n  ')}\n`);
    return table(0).length + table(2).length;
  };
  const [small, wider, longer] = [size(2, 2), size(4, 2), size(2, 4)];
  t.equal(size(4, 4), small + (wider - small) + (longer - small));
  t.end();
});

void t.test('a VTEP is heard on the networks that have a device behind it, and on no other', (t) => {
  const { table } = given(
    `${overlay}
  - {kind: lswitch, id: theirs, tenant: blue, unique_key: 8}
  - {kind: lport, id: vm, tenant: blue, lswitch: theirs, macs: ['fa:16:3e:00:00:51'], ips: [], binding: {type: chassis, chassis: c1}}
  - {kind: lport, id: far, tenant: blue, lswitch: theirs, macs: ['fa:16:3e:00:00:52'], ips: [], binding: {type: chassis, chassis: c2}}`,
    { ports },
  );
  t.same(
    table(2).filter((flow) => flow.includes('tun_id=0x8')),
    ['table=2, priority=100,reg3=0x5/0x7,tun_id=0x8 actions=load:0x8->OXM_OF_METADATA[],resubmit(,100)'],
  );
  t.end();
});

void t.test('an address of our own, a network that no tunnel carries, a family that we lack: refused by name', (t) => {
  const device = (binding: string, network = 'n') => `${overlay}
  - {kind: lswitch, id: flat, network_type: flat}
  - {kind: lport, id: x, lswitch: ${network}, macs: ['fa:16:3e:00:00:46'], ips: [], binding: ${binding}}`;
  t.match(given(device('{type: vtep, vtep_address: 192.0.2.1}'), { ports }).refused, [
    /lport red\/x: binding.vtep_address: "192.0.2.1": is a tunnel address of this chassis itself/,
  ]);
  t.match(given(device('{type: vtep, vtep_address: 203.0.113.1}', 'flat'), { ports }).refused, [
    /lport red\/x: lswitch: "red\/flat": must be an overlay network/,
  ]);
  t.end();
});

void t.test(
  'the numbers that tunnels ask for stay above what the switch gives out by itself, and are the same for ever',
  (t) => {
    fc.assert(fc.property(fc.string(), (key) => ofportRequest(key) >= 0x8000 && ofportRequest(key) < 0xff00));
    t.equal(ofportRequest('vxlan/192.0.2.9'), 34613);
    t.end();
  },
);

void t.test(
  'while the port of a sender is still to come it is heard at the number that was asked for, so that nothing of it is lost',
  (t) => {
    const tunnels = { vxlan: 4, 'vxlan/203.0.113.9': 0 };
    const { table } = given(overlay, { ports: { ...ports, tunnels } });
    t.ok(
      table(0).includes(
        `priority=100,in_port=${ofportRequest('vxlan/203.0.113.9')} actions=load:0x1->NXM_NX_REG3[0..1],resubmit(,2)`,
      ),
    );
    t.end();
  },
);
