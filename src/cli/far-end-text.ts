// A far end's configuration as commands for a shell there: of Linux, whose own VXLAN, Geneve and GRE devices it uses, or of Open vSwitch.
import { createHash } from 'node:crypto';
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

/**
 * The interface for one peer, of the 15 bytes that Linux allows: named after the peer, so that it stays the same when others join
 * or go.
 */
const portName = ({ type, vni }: FarEnd, peer: string): string =>
  `t${vni.toString(36)}-${createHash('sha256').update(`${type} ${peer}`).digest('hex').slice(0, 8)}`;

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
  const { vni, mtu } = end;
  const bridge = `br${vni}`;
  const kindTo = end.type === 'geneve' ? geneve : gre;
  return [
    link(bridge, 'type bridge'),
    ...addresses(end, bridge),
    ...end.peers.flatMap(({ address }) => {
      const name = portName(end, address);
      return [
        link(name, kindTo(end, address)),
        `ip link set ${name} mtu ${mtu} master ${bridge} up`,
        `bridge link set dev ${name} isolated on`,
      ];
    }),
  ];
}

const geneve = (end: FarEnd, peer: string): string => `type geneve id ${end.vni} remote ${peer}${destinationPort(end)}`;

/** Linux takes GRE packets with a checksum only where it has been told to, and by IPv6 puts an option before them unless told not to. */
function gre({ address, vni, csum }: FarEnd, peer: string): string {
  const ends = `key ${vni} local ${address} remote ${peer}${csum ? ' csum' : ''}`;
  return address.includes(':') ? `type ip6gretap ${ends} encaplimit none` : `type gretap ${ends}`;
}

/** A bridge with a tunnel port for each chassis; protected ports pass nothing on to one another. */
function openVswitch(end: FarEnd): string[] {
  const { type, address, vni, dstPort, macs, peers } = end;
  const bridge = `br${vni}`;
  const port = (name: string, peer: string): string =>
    [
      `ovs-vsctl --may-exist add-port ${bridge} ${name} -- set port ${name} protected=true`,
      `-- set interface ${name} type=${type} options:remote_ip=${quoted(peer)}`,
      `options:local_ip=${quoted(address)} options:key=${vni}`,
      ...(dstPort === undefined ? [] : [`options:dst_port=${dstPort}`]),
    ].join(' ');
  return [
    `ovs-vsctl --may-exist add-br ${bridge}`,
    ...peers.map((peer) => port(portName(end, peer.address), peer.address)),
    ...(macs[0] === undefined ? [] : [`ovs-vsctl set bridge ${bridge} other_config:hwaddr=${quoted(macs[0])}`]),
    ...addresses(end, bridge),
  ];
}

/** A text with colons, for ovs-vsctl behind a shell. */
const quoted = (text: string): string => (text.includes(':') ? `'"${text}"'` : text);
