// What compile prints, held against a bare Open vSwitch: it loads without an error or an overlap, a dump is compile's own text, and
// ofproto/trace says what becomes of packets.
import t from 'tap';
import { compile } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';
import { Ovs } from '../lab/ovs.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

const network = `
tenant: red
objects:
  - {kind: chassis, id: c1, ips: [192.0.2.1], tunnel_types: [vxlan, geneve, gre]}
  - {kind: lswitch, id: net1}
  - {kind: lswitch, id: net2}
  - {kind: lswitch, id: net3, network_type: geneve}
  - {kind: lport, id: trunk, lswitch: net1, unknown_vlans: drop, macs: ['fa:16:3e:00:00:01'], ips: [10.1.0.1, '2001:db8:1::1']}
  - {kind: lport, id: trunk-a, lswitch: net2, macs: ['fa:16:3e:00:00:0a'], ips: [10.2.0.1]}
  - {kind: lport, id: trunk-b, lswitch: net2, macs: ['fa:16:3e:00:00:0b'], ips: [10.2.0.2]}
  - {kind: lport, id: trunk-same, lswitch: net1, macs: ['fa:16:3e:00:00:0c'], ips: [10.1.0.2]}
  - {kind: child_port_segmentation, parent: trunk, port: trunk-a, segmentation_id: 100}
  - {kind: child_port_segmentation, parent: trunk, port: trunk-b, segmentation_id: 101}
  - {kind: child_port_segmentation, parent: trunk, port: trunk-same, segmentation_id: 102}
  - {kind: lport, id: vm1, lswitch: net1, macs: ['fa:16:3e:00:00:11'], ips: [10.1.0.11, '2001:db8:1::11'], allowed_address_pairs: [{ip_address: 10.1.0.0/28}]}
  - {kind: lport, id: vm2, lswitch: net2, macs: ['fa:16:3e:00:00:12'], ips: [10.2.0.12]}
  - {kind: lport, id: vm3, lswitch: net3, macs: ['fa:16:3e:00:00:13'], ips: [10.3.0.13], port_security: false}
  - {kind: lport, id: db, lswitch: net2, macs: ['fa:16:3e:00:00:1d'], ips: [10.2.0.29], binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}}
`;
const ports = {
  ofports: { 'red/trunk': 1, 'red/vm1': 2, 'red/vm2': 3, 'red/vm3': 4 },
  tunnels: { 'vxlan/203.0.113.9': 9 },
  bindings: {},
};

void t.test('compile against a bare switch', needing(...ovsPrograms), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0');
  for (const number of [1, 2, 3, 4]) await ovs.addPort('br0', `p${number}`, { type: 'dummy', ofport: number });
  await ovs.addPort('br0', 'vx', {
    type: 'vxlan',
    ofport: 9,
    set: ['options:remote_ip=203.0.113.9', 'options:key=flow'],
  });

  const { objects, refused } = parseText('test', network);
  const compiled = compile(objects, refused, { chassis: 'c1', tunnelMode: 'per-remote', ports });
  t.same(compiled.refused, []);
  const flows = compiled.flows.map(({ frame }) => frameText(frame));
  const groups = compiled.groups.map(({ frame }) => frameText(frame));
  await ovs.ofctl(['add-groups', 'br0', '-'], groups.join('\n'));
  const witnessed = flows.map((flow) => flow.replace(' actions=', ',check_overlap actions='));
  await ovs.ofctl(['add-flows', 'br0', '-'], witnessed.join('\n'));
  t.equal((await ovs.flows('br0')).length, flows.length, 'every flow is there, none overlaps another');
  await ovs.ofctl(['del-flows', 'br0']);
  await ovs.addFlows('br0', flows.join('\n'));
  t.same((await ovs.flows('br0')).sort(), [...flows].sort(), 'a dump is our own text');

  /** The datapath actions for a packet. */
  const trace = async (packet: string): Promise<string> => {
    const text = await ovs.appctl('ofproto/trace', 'br0', packet);
    return /^Datapath actions: (.*)$/m.exec(text)?.[1] ?? text;
  };
  const ip = (port: number, source: string, destination: string, from: string, to: string, tag = '') =>
    `in_port=${port},dl_src=fa:16:3e:00:00:${source},dl_dst=${destination.length === 2 ? `fa:16:3e:00:00:${destination}` : destination}${tag},ip,nw_src=${from},nw_dst=${to},nw_proto=17,nw_ttl=64`;
  const vlan = (vid: number) => `,dl_vlan=${vid},dl_vlan_pcp=0`;
  const all = 'ff:ff:ff:ff:ff:ff';

  t.equal(await trace(ip(2, '11', '01', '10.1.0.11', '10.1.0.1')), '1', 'untagged to the parent');
  t.equal(await trace(ip(1, '01', '11', '10.1.0.1', '10.1.0.11')), '2', 'the parent, untagged');
  t.equal(await trace(ip(1, '01', '11', '10.1.0.1', '10.1.0.11', vlan(0))), 'pop_vlan,2', 'a priority tag is no tag');
  t.equal(await trace(ip(1, '0a', '12', '10.2.0.1', '10.2.0.12', vlan(100))), 'pop_vlan,3', 'a child, by its tag');
  t.equal(
    await trace(ip(3, '12', '0b', '10.2.0.12', '10.2.0.2')),
    'push_vlan(vid=101,pcp=0),1',
    'to the other child, with its tag',
  );
  t.equal(
    await trace(ip(1, '0a', '0b', '10.2.0.1', '10.2.0.2', vlan(100))),
    'pop_vlan,push_vlan(vid=101,pcp=0),1',
    'between two children of one parent',
  );
  t.equal(await trace(ip(1, '0c', '01', '10.1.0.2', '10.1.0.1', vlan(102))), 'pop_vlan,1', 'a child to its own parent');
  t.equal(await trace(ip(1, '01', '0c', '10.1.0.1', '10.1.0.2')), 'push_vlan(vid=102,pcp=0),1', 'and back');
  t.equal(await trace(ip(1, '01', '11', '10.1.0.1', '10.1.0.11', vlan(77))), 'drop', 'an unknown tag, by policy');
  t.equal(await trace(ip(2, '11', '12', '10.1.0.11', '10.2.0.12')), 'drop', 'another network');
  t.equal(await trace(ip(2, '66', '01', '10.1.0.11', '10.1.0.1')), 'drop', 'a spoofed MAC address');
  t.equal(await trace(ip(2, '11', '01', '10.1.0.99', '10.1.0.1')), 'drop', 'a spoofed IP address');
  t.equal(await trace(ip(2, '11', '01', '10.1.0.15', '10.1.0.1')), '1', 'an allowed pair');
  t.equal(
    await trace(ip(4, '66', all, '1.2.3.4', '10.3.0.255')),
    'drop',
    'alone on its network: a broadcast has nobody to go to',
  );
  t.equal(
    await trace('in_port=2,dl_src=fa:16:3e:00:00:11,dl_dst=fa:16:3e:00:00:01,dl_type=0x88b5'),
    'drop',
    'an ethertype that is not listed',
  );
  t.equal(await trace('in_port=2,dl_src=fa:16:3e:00:00:11,dl_dst=01:80:c2:00:00:0e,dl_type=0x88cc'), 'drop', 'LLDP');

  const copies = (actions: string) => actions.split(/,(?![^(]*\))/).join(' ');
  t.equal(
    copies(await trace(ip(2, '11', all, '10.1.0.11', '10.1.0.255'))),
    '1 push_vlan(vid=102,pcp=0) 1',
    'a broadcast: once to the parent untagged, once to its child',
  );
  t.equal(
    copies(await trace(ip(1, '01', all, '10.1.0.1', '10.1.0.255'))),
    'push_vlan(vid=102,pcp=0) 1 pop_vlan 2',
    'not back to the sender, but to its own child',
  );
  const fromChild = copies(await trace(ip(1, '0a', all, '10.2.0.1', '10.2.0.255', vlan(100))));
  t.match(fromChild, /^pop_vlan push_vlan\(vid=101,pcp=0\) 1 pop_vlan 3/, 'each copy has its own tag');
  t.notMatch(fromChild, /vid=100/, 'and none goes back');

  const arp = (port: number, source: string, spa: string, tpa: string, more = '') =>
    `in_port=${port},dl_src=fa:16:3e:00:00:${source},dl_dst=${all}${more},arp,arp_op=1,arp_spa=${spa},arp_tpa=${tpa},arp_sha=fa:16:3e:00:00:${source},arp_tha=00:00:00:00:00:00`;
  const answer = (mac: string, spa: string, tpa: string, to: string) =>
    new RegExp(
      `eth\\(src=fa:16:3e:00:00:${mac},dst=fa:16:3e:00:00:${to}\\).*arp\\(sip=${spa},tip=${tpa},op=2,sha=fa:16:3e:00:00:${mac},tha=fa:16:3e:00:00:${to}`,
    );
  t.match(
    await trace(arp(3, '12', '10.2.0.12', '10.2.0.29')),
    answer('1d', '10.2.0.29', '10.2.0.12', '12'),
    'ARP for the remote device is answered here',
  );
  const tagged = await trace(arp(1, '0a', '10.2.0.1', '10.2.0.12', vlan(100)));
  t.match(tagged, answer('12', '10.2.0.12', '10.2.0.1', '0a'));
  t.notMatch(tagged, /vlan/, 'the child’s answer keeps its tag: taken off and put on again is nothing to do');
  t.equal(
    await trace(
      arp(2, '11', '10.1.0.13', '10.1.0.1').replace('arp_sha=fa:16:3e:00:00:11', 'arp_sha=fa:16:3e:00:00:66'),
    ),
    'drop',
    'a spoofed ARP sender',
  );
  t.notMatch(await trace(arp(2, '11', '0.0.0.0', '10.1.0.11')), /op=2/, 'nobody answers for the asker’s own address');

  const icmp6 = (type: number, src: string, more: string) =>
    `in_port=2,dl_src=fa:16:3e:00:00:11,dl_dst=33:33:00:00:00:01,icmp6,ipv6_src=${src},ipv6_dst=ff02::1,icmpv6_type=${type},icmpv6_code=0,nw_ttl=255${more}`;
  const [own, other] = ['2001:db8:1::11', '2001:db8:1::1'];
  t.match(await trace(icmp6(136, own, `,nd_target=${own},nd_tll=fa:16:3e:00:00:11`)), /^1/, 'a true advertisement');
  t.equal(
    await trace(icmp6(136, own, `,nd_target=${other},nd_tll=fa:16:3e:00:00:11`)),
    'drop',
    'an advertisement of another’s address',
  );
  t.equal(
    await trace(icmp6(136, own, `,nd_target=${own},nd_tll=fa:16:3e:00:00:66`)),
    'drop',
    'with another’s MAC address',
  );
  t.match(await trace(icmp6(135, own, `,nd_target=${other},nd_sll=fa:16:3e:00:00:11`)), /^1/, 'a true solicitation');
  t.equal(await trace(icmp6(135, own, `,nd_target=${other},nd_sll=fa:16:3e:00:00:66`)), 'drop', 'a false one');
  t.match(
    await trace(icmp6(135, '::', `,nd_target=${own},nd_sll=00:00:00:00:00:00`)),
    /^1/,
    'duplicate address detection',
  );
  t.equal(
    await trace(icmp6(135, '::', `,nd_target=${other},nd_sll=00:00:00:00:00:00`)),
    'drop',
    'for another’s address',
  );
  t.equal(await trace(icmp6(134, own, '')), 'drop', 'a router advertisement');

  const toDevice = await ovs.appctl('ofproto/trace', 'br0', ip(3, '12', '1d', '10.2.0.12', '10.2.0.29'));
  t.match(
    toDevice,
    /set_field:0x2->tun_id\s+output:9/,
    'to the remote device: through its tunnel, with the network’s VNI',
  );
  const fromTunnel = (vni: string, destination: string) =>
    `in_port=9,tun_id=${vni},tun_src=203.0.113.9,dl_src=fa:16:3e:00:00:1d,dl_dst=${destination},ip,nw_src=10.2.0.29,nw_dst=10.2.0.12,nw_proto=17,nw_ttl=64`;
  t.equal(await trace(fromTunnel('2', 'fa:16:3e:00:00:0a')), 'push_vlan(vid=100,pcp=0),1', 'from a tunnel to a child');
  t.equal(
    copies(await trace(fromTunnel('2', all))),
    'push_vlan(vid=100,pcp=0) 1 pop_vlan push_vlan(vid=101,pcp=0) 1 pop_vlan 3',
    'a broadcast from a tunnel stays here',
  );
  for (const last of ['00', '01', '0e', '0f'])
    t.equal(await trace(fromTunnel('2', `01:80:c2:00:00:${last}`)), 'drop', `from a tunnel to the bridges, ${last}`);
  t.match(await trace(fromTunnel('2', '01:80:c2:00:00:10')), 'push_vlan(vid=100', 'any other group address');
  t.equal(await trace(fromTunnel('77', all)), 'drop', 'an unknown VNI');
});
