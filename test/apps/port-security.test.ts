import t from 'tap';
import { given } from './given.js';

const one = (extra = '') => `
objects:
  - {kind: lswitch, id: n, unique_key: 7}
  - {kind: lport, id: vm, lswitch: n, unique_key: 0x11, macs: ['fa:16:3e:00:00:11'], ips: [10.0.0.1, '2001:db8::11']${extra}}
`;
const table5 = (extra = '') => given(one(extra)).table(5);

void t.test('a port sends from its own MAC, IPv4, IPv6 and ARP addresses, and from none while it has none', (t) => {
  const accept = 'actions=load:0xffff->NXM_OF_IN_PORT[],goto_table';
  t.same(table5(), [
    'table=5, priority=0 actions=drop',
    `table=5, priority=200,arp,reg6=0x11,dl_src=fa:16:3e:00:00:11,arp_spa=10.0.0.1,arp_sha=fa:16:3e:00:00:11 ${accept}:10`,
    `table=5, priority=200,ip,reg6=0x11,dl_src=fa:16:3e:00:00:11,nw_src=10.0.0.1 ${accept}:10`,
    `table=5, priority=200,ipv6,reg6=0x11,dl_src=fa:16:3e:00:00:11,ipv6_src=2001:db8::11 ${accept}:6`,
    `table=5, priority=200,ipv6,reg6=0x11,dl_src=fa:16:3e:00:00:11,ipv6_src=fe80::f816:3eff:fe00:11 ${accept}:6`,
    `table=5, priority=210,arp,reg6=0x11,dl_src=fa:16:3e:00:00:11,arp_spa=0.0.0.0,arp_op=1,arp_sha=fa:16:3e:00:00:11 ${accept}:10`,
    ...[131, 133, 135, 143].map(
      (type) =>
        `table=5, priority=210,icmp6,reg6=0x11,dl_src=fa:16:3e:00:00:11,ipv6_src=::,icmp_type=${type} ${accept}:6`,
    ),
    `table=5, priority=210,udp,reg6=0x11,dl_src=fa:16:3e:00:00:11,nw_src=0.0.0.0,tp_src=68,tp_dst=67 ${accept}:10`,
    'table=5, priority=400,dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0 actions=drop',
  ]);
  t.end();
});

void t.test('what is for bridges only goes nowhere, from a port without port security and from a tunnel too', (t) => {
  const { table } = given(`
objects:
  - {kind: lswitch, id: n}
  - {kind: lport, id: a, lswitch: n, port_security: false, ips: []}
`);
  for (const id of [5, 100])
    t.ok(table(id).includes(`table=${id}, priority=400,dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0 actions=drop`));
  t.end();
});

void t.test('what it says of its neighbours must be true of itself', (t) => {
  const about = 'icmp6,reg6=0x11,dl_src=fa:16:3e:00:00:11';
  t.same(given(one()).table(6), [
    'table=6, priority=0 actions=goto_table:10',
    'table=6, priority=100,icmp6,icmp_type=134 actions=drop',
    'table=6, priority=100,icmp6,icmp_type=135 actions=drop',
    'table=6, priority=100,icmp6,icmp_type=136 actions=drop',
    'table=6, priority=100,icmp6,icmp_type=137 actions=drop',
    ...['00:00:00:00:00:00', 'fa:16:3e:00:00:11'].map(
      (sll) => `table=6, priority=200,${about},icmp_type=135,icmp_code=0,nd_sll=${sll} actions=goto_table:10`,
    ),
    ...['2001:db8::11', 'fe80::f816:3eff:fe00:11'].flatMap((target) =>
      ['00:00:00:00:00:00', 'fa:16:3e:00:00:11'].map(
        (tll) =>
          `table=6, priority=200,${about},icmp_type=136,icmp_code=0,nd_target=${target},nd_tll=${tll} actions=goto_table:10`,
      ),
    ),
    `table=6, priority=220,${about},ipv6_src=::,icmp_type=135,icmp_code=0 actions=drop`,
    ...['2001:db8::11', 'fe80::f816:3eff:fe00:11'].map(
      (target) =>
        `table=6, priority=230,${about},ipv6_src=::,icmp_type=135,icmp_code=0,nd_target=${target},nd_sll=00:00:00:00:00:00 actions=goto_table:10`,
    ),
  ]);
  t.end();
});

void t.test('address pairs widen what it may send; flows that a wider pair covers are not there twice', (t) => {
  const wide = table5(
    ", allowed_address_pairs: [{ip_address: 10.0.0.0/24}, {ip_address: 10.0.0.0/8, mac_address: 'fa:16:3e:00:00:99'}]",
  );
  t.ok(wide.some((flow) => flow.includes('dl_src=fa:16:3e:00:00:11,nw_src=10.0.0.0/24')));
  t.notOk(
    wide.some((flow) => flow.includes('dl_src=fa:16:3e:00:00:11,nw_src=10.0.0.1 ')),
    'covered by the pair',
  );
  t.ok(wide.some((flow) => flow.includes('dl_src=fa:16:3e:00:00:99,nw_src=10.0.0.0/8')));
  t.end();
});

void t.test('without port security everything passes; with it, other ethertypes only as listed', (t) => {
  t.same(table5(', port_security: false'), [
    'table=5, priority=0 actions=drop',
    'table=5, priority=200,reg6=0x11 actions=load:0xffff->NXM_OF_IN_PORT[],goto_table:10',
    'table=5, priority=400,dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0 actions=drop',
  ]);
  t.ok(
    table5(', allowed_ethertypes: [0x88cc]').some((flow) =>
      flow.includes('reg6=0x11,dl_src=fa:16:3e:00:00:11,dl_type=0x88cc'),
    ),
  );
  t.match(given(one(', allowed_ethertypes: [0x8100]')).refused, [
    /allowed_ethertypes.0: 33024: not allowed: an ethertype other than/,
  ]);
  t.end();
});
