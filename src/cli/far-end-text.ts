// A far end's configuration as commands for a shell there: of Linux, whose own VXLAN, Geneve and GRE devices it uses, or of Open vSwitch.
import type { FarEnd } from '../controller/far-end.js';

/** The systems that commands are printed for. */
export const farEndSystems = ['linux', 'ovs'] as const;
/** One of them. */
export type FarEndSystem = (typeof farEndSystems)[number];

/** The commands, one per line, with comments. */
export function farEndText(end: FarEnd, system: FarEndSystem): string {
  const { device, network, type, address, vni, mtu } = end;
  const about = [
    `# lport ${device} behind ${address}: ${type}, VNI ${vni}, MTU ${mtu}, on lswitch ${network}`,
    `# for a shell at the far end, as root; once more whenever a chassis or a port joins the network`,
  ];
  const commands = system === 'ovs' ? openVswitch(end) : type === 'vxlan' ? linuxVxlan(end) : linuxBridged(end);
  return `${[...about, ...commands].join('\n')}\n`;
}

/** The device's own addresses on its interface. */
const addresses = ({ macs, ips, mtu }: FarEnd, device: string): string[] => [
  `ip link set ${device}${macs[0] === undefined ? '' : ` address ${macs[0]}`} mtu ${mtu} up`,
  ...ips.map((ip) => `ip addr replace ${ip} dev ${device}`),
];

/** Makes a link unless it is there. */
const link = (name: string, kind: string): string =>
  `ip link show ${name} >/dev/null 2>&1 || ip link add ${name} ${kind}`;

const destinationPort = ({ dstPort }: FarEnd): string => (dstPort === undefined ? '' : ` dstport ${dstPort}`);

/** One VXLAN device: what it floods goes to each chassis, and what is known goes where it is. */
function linuxVxlan(end: FarEnd): string[] {
  const name = `vx${end.vni}`;
  return [
    link(name, `type vxlan id ${end.vni} local ${end.address}${destinationPort(end)}`),
    ...addresses(end, name),
    ...end.peers.flatMap(({ address, macs }) => [
      `bridge fdb show dev ${name} | grep -q '^00:00:00:00:00:00 .*dst ${address} ' || bridge fdb append 00:00:00:00:00:00 dev ${name} dst ${address}`,
      ...macs.map((mac) => `bridge fdb replace ${mac} dev ${name} dst ${address}`),
    ]),
  ];
}

/** Geneve and GRE devices have one far end each; a bridge joins them, and never passes on from one to another. */
function linuxBridged(end: FarEnd): string[] {
  const { type, address: local, vni, mtu } = end;
  const bridge = `br${vni}`;
  const kind = (remote: string): string =>
    type === 'geneve'
      ? `type geneve id ${vni} remote ${remote}${destinationPort(end)}`
      : `type ${local.includes(':') ? 'ip6gretap' : 'gretap'} key ${vni} local ${local} remote ${remote}`;
  return [
    link(bridge, 'type bridge'),
    ...addresses(end, bridge),
    ...end.peers.flatMap(({ address }, i) => [
      link(`t${vni}-${i}`, kind(address)),
      `ip link set t${vni}-${i} mtu ${mtu} master ${bridge} up`,
      `bridge link set dev t${vni}-${i} isolated on`,
    ]),
  ];
}

/** A bridge with a tunnel port for each chassis; protected ports pass nothing on to one another. */
function openVswitch(end: FarEnd): string[] {
  const { type, address, vni, dstPort, macs, peers } = end;
  const bridge = `br${vni}`;
  const port = (peer: string, i: number): string =>
    [
      `ovs-vsctl --may-exist add-port ${bridge} t${vni}-${i} -- set port t${vni}-${i} protected=true`,
      `-- set interface t${vni}-${i} type=${type} options:remote_ip=${quoted(peer)}`,
      `options:local_ip=${quoted(address)} options:key=${vni}`,
      ...(dstPort === undefined ? [] : [`options:dst_port=${dstPort}`]),
    ].join(' ');
  return [
    `ovs-vsctl --may-exist add-br ${bridge}`,
    ...peers.map((peer, i) => port(peer.address, i)),
    ...(macs[0] === undefined ? [] : [`ovs-vsctl set bridge ${bridge} other_config:hwaddr=${quoted(macs[0])}`]),
    ...addresses(end, bridge),
  ];
}

/** A text with colons, for ovs-vsctl behind a shell. */
const quoted = (text: string): string => (text.includes(':') ? `'"${text}"'` : text);
