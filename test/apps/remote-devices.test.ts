// Machines behind VTEPs: what they may not name.
import t from 'tap';
import { given } from './given.js';

const twoTenants = `
objects:
  - {kind: chassis, id: c1, ips: [192.0.2.1], tunnel_types: [vxlan]}
  - {kind: lswitch, tenant: red, id: n, unique_key: 7}
  - {kind: lport, tenant: red, id: vm, lswitch: n, unique_key: 0x11, macs: ['fa:16:3e:00:00:11'], ips: [10.0.0.1], binding: {type: chassis, chassis: c1}}
  - {kind: lport, tenant: red, id: db, lswitch: n, unique_key: 0x12, macs: ['fa:16:3e:00:00:12'], ips: [10.0.0.2], binding: {type: vtep, vtep_address: 203.0.113.9}}
  - {kind: lswitch, tenant: blue, id: n, unique_key: 8}
  - {kind: lport, tenant: blue, id: vm, lswitch: n, unique_key: 0x21, macs: ['fa:16:3e:00:00:21'], ips: [10.0.0.1], binding: {type: chassis, chassis: c1}}
`;
const thief = (vni: number): string =>
  `  - {kind: lport, tenant: blue, id: thief, lswitch: n, unique_key: 0x22, macs: ['fa:16:3e:00:00:22'], ips: [10.0.0.2], binding: {type: vtep, vtep_address: 203.0.113.9, vni: ${vni}}}
`;
const ports = { ofports: { 'red/vm': 1, 'blue/vm': 2 }, tunnels: {}, bindings: {} };

void t.test('a device cannot name another network’s VNI: what comes with it stays that network’s', (t) => {
  const { table, refused } = given(twoTenants + thief(7), { ports });
  t.match(refused, [/lport blue\/thief: binding\.vni: 7: is the VNI of another network/]);
  t.same(table(2), given(twoTenants, { ports }).table(2));
  t.notMatch(table(75).join('\n'), 'reg7=0x22');
  t.end();
});

void t.test('a device may use a VNI of its own that no network has', (t) => {
  const { table, refused } = given(twoTenants + thief(99), { ports });
  t.same(refused, []);
  t.match(table(2).join('\n'), /tun_id=0x63,tun_src=203\.0\.113\.9 actions=load:0x8->OXM_OF_METADATA/);
  t.match(table(75).join('\n'), /reg7=0x22 actions=set_field:0x63->tun_id/);
  t.end();
});
