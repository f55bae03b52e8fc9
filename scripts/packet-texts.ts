// Packets as ovs-appctl netdev-dummy/receive takes them.
const eth = 'in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02)';
const ipv4 = (protocol: number, more: string) =>
  `${eth},eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=${protocol},tos=0,ttl=64,frag=no),${more}`;
const ipv6 = (protocol: number, more: string) =>
  `${eth},eth_type(0x86dd),ipv6(src=fe80::1,dst=fe80::2,label=0,proto=${protocol},tclass=0,hlimit=64,frag=no),${more}`;

/** One packet of each sort, in an order that has numbers. */
export const packets: readonly string[] = [
  `${eth},eth_type(0x88b5)`,
  `${eth},eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=00:00:00:00:00:01,tha=00:00:00:00:00:00)`,
  ipv4(6, 'tcp(src=1000,dst=80),tcp_flags(syn)'),
  ipv4(17, 'udp(src=68,dst=67)'),
  ipv4(1, 'icmp(type=8,code=0)'),
  ipv6(6, 'tcp(src=1000,dst=443),tcp_flags(ack)'),
  ipv6(58, 'icmpv6(type=135,code=0),nd(target=fe80::2,sll=00:00:00:00:00:01,tll=00:00:00:00:00:00)'),
  `${eth},eth_type(0x8100),vlan(vid=100,pcp=3),encap(eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2))`,
];
