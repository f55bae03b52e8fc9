// Overlay tunnels: the tunnel ports, who may send through them, which network a VNI is, and the way out to other chassis.
//
// A type of tunnel has a common port, which takes the far end's address from each packet, and in the mode per-remote a port of its own
// for each far end. Whoever is known is heard through both, and reached through the other while the one that the mode asks for is not
// there yet: so a running chassis changes its mode without losing a packet. What comes from nobody known ends up at the common port.
import { createHash } from 'node:crypto';
import { load, loadBits, output, resubmit, setField } from '../ofp/index.js';
import type { Action, Match } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import { addressNumber, ipv4Number, parseAddress } from '../model/addresses.js';
import type { OfPort, Ref } from '../model/ids.js';
import { type TunnelType, tunnelTypes } from '../model/kinds.js';
import { type Endpoint, parseEndpointName, parseSenderName, type Sender, senderName } from '../model/endpoint.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, namedRule, rule, shape } from './app.js';
import { priorities, registers, tables, tunnelTypeCode } from './pipeline.js';

/** The way to an endpoint: by a port that leads there alone, or by the common one, which must be told where. */
interface Way {
  readonly endpoint: Endpoint;
  readonly ofport: OfPort;
  readonly isCommon: boolean;
}

/** The way to an endpoint; undefined until a tunnel port is there. */
function wayTo(view: View, endpoint: Endpoint): Way | undefined {
  const preferred = view.tunnelKey(endpoint);
  if (view.tunnel(preferred)?.error !== undefined) return undefined;
  const own = view.tunnelPort(senderName(endpoint));
  const common = commonPort(view, endpoint);
  const ofport = preferred === endpoint.type ? (common ?? own) : (own ?? common);
  return ofport === undefined ? undefined : { endpoint, ofport, isCommon: ofport === common };
}

const along = ({ endpoint, ofport, isCommon }: Way): Action[] => [
  setField('tun_id', endpoint.vni),
  ...(isCommon ? destination(endpoint) : []),
  output(ofport),
];

/** The actions that send a packet to an endpoint, given by its name; undefined until a tunnel port is there. */
export function intoTunnel(view: View, name: string): Action[] | undefined {
  const way = wayTo(view, parseEndpointName(name));
  return way && along(way);
}

/** The port of a type, if that is one by which a sender is reached and heard at all. */
const commonPort = (view: View, { type, dstPort }: Sender): OfPort | undefined =>
  dstPort === undefined ? view.tunnelPort(type) : undefined;

/** Where a `remote_ip=flow` port shall send: the address, and no address of the other family left over from another copy. */
function destination(sender: Sender): Action[] {
  const address = parseAddress(sender.address);
  if (address === undefined) return [];
  const isIpv4 = address.family === 4;
  return [
    setField('tun_dst', isIpv4 ? ipv4Number(address) : 0),
    setField('tun_ipv6_dst', isIpv4 ? 0n : addressNumber(address)),
  ];
}

/** The match on the type of tunnel that a packet came through. */
export const cameThrough = (type: TunnelType): Match => ({
  reg3: { value: tunnelTypeCode[type], mask: bitsOf(registers.tunnelType) },
});

/** The match on a tunnel packet's sender; one that sends by IPv6 has no IPv4 address, which keeps the flows of both apart. */
export function sentBy(text: string): Match {
  const address = parseAddress(text);
  if (address === undefined) return {};
  return address.family === 4 ? { tun_src: ipv4Number(address) } : { tun_src: 0, tun_ipv6_src: addressNumber(address) };
}

/** The number to ask for, the same for the same tunnel everywhere: 0x8000 to 0xfeff, above what Open vSwitch gives out by itself. */
export const ofportRequest = (key: string): number =>
  0x8000 + (createHash('sha256').update(key).digest().readUInt32BE() % (0xff00 - 0x8000));

const bitsOf = ({ start, bits }: { start: number; bits: number }): number => ((1 << bits) - 1) << start;

/** Notes in its register how a packet came. */
const note = ({ field, start, bits }: (typeof registers)['tunnelType' | 'fromChassis'], value: number): Action =>
  loadBits(field, start, bits, value);

/** The common port of a type, there as soon as anybody is reached by the type; what nobody known sends is counted and dropped. */
function tunnelType(view: View, name: string): Wanted {
  const type = tunnelTypes.find((candidate) => candidate === name);
  if (type === undefined) return nothing;
  const ofport = view.tunnelPort(type);
  const came = note(registers.tunnelType, tunnelTypeCode[type]);
  return {
    tunnels: [{ key: type, type, remote: 'flow', options: {}, ofportRequest: ofportRequest(type) }],
    flows:
      ofport === undefined
        ? []
        : [
            flow(tables.classification, priorities.unknownSender, { in_port: ofport }, [
              came,
              resubmit(tables.unknown.id),
            ]),
          ],
  };
}

/** A far end: its own tunnel port where the mode has one, and table 0's flows by which it is heard. */
function sender(view: View, name: string): Wanted {
  const known = parseSenderName(name);
  const { type, address, dstPort } = known;
  const [own, common] = [view.tunnelPort(name), commonPort(view, known)];
  const options = { ...(dstPort === undefined ? {} : { dst_port: String(dstPort) }), ...view.tunnelOptions(name) };
  const accept = [
    note(registers.tunnelType, tunnelTypeCode[type]),
    ...(view.chassisSenders.has(name) ? [note(registers.fromChassis, 1)] : []),
    resubmit(tables.tunnelNetwork.id),
  ];
  const request = ofportRequest(name);
  // Once Open vSwitch makes it, its own port has all that it sends: it is heard there at once, where it was heard before.
  const early = common === undefined || view.tunnel(name)?.error !== undefined ? undefined : request;
  const in_port = own ?? (view.tunnelKey(known) === name ? early : undefined);
  const heard = [
    ...(in_port === undefined ? [] : [{ in_port }]),
    ...(common === undefined ? [] : [{ in_port: common, ...sentBy(address) }]),
  ];
  return {
    tunnels:
      view.tunnelKey(known) === name ? [{ key: name, type, remote: address, options, ofportRequest: request }] : [],
    flows: heard.map((match) => flow(tables.classification, priorities.normal, match, accept)),
  };
}

/** Table 2: the network of a VNI, from any managed chassis. One flow, however many there are of them. */
function network(view: View, ref: Ref): Wanted {
  const known = view.network(ref);
  if (known?.overlay === undefined) return nothing;
  const chassis = bitsOf(registers.tunnelType) | bitsOf(registers.fromChassis);
  const value = tunnelTypeCode[known.overlay] | bitsOf(registers.fromChassis);
  return {
    flows: [
      flow(tables.tunnelNetwork, priorities.normal, { reg3: { value, mask: chassis }, tun_id: known.vni }, [
        load('metadata', known.key),
        resubmit(tables.tunnelDestination.id),
      ]),
    ],
  };
}

const byOwnPort = shape([bits.key, bits.vni, bits.ofport], (key, vni, ofport) =>
  flow(tables.egress, priorities.normal, { reg7: key }, [setField('tun_id', vni), output(ofport)]),
);

/** The way out to a port on another chassis. */
function remotePort(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const endpoint = view.isDevice(ref) ? undefined : view.endpointOf(ref);
  const way = endpoint === undefined ? undefined : wayTo(view, endpoint);
  if (port === undefined || way === undefined) return nothing;
  return {
    flows: [
      way.isCommon
        ? flow(tables.egress, priorities.normal, { reg7: port.key }, along(way))
        : byOwnPort(port.key, way.endpoint.vni, way.ofport),
    ],
  };
}

/** Tunnels to other chassis. */
export const tunnels: App = {
  name: 'tunnels',
  id: 6,
  does: 'carries networks between chassis over vxlan, geneve and gre',
  rules: [
    namedRule('tunnel', (view) => view.tunnelTypes, tunnelType),
    namedRule('tunnel', (view) => view.senders, sender),
    rule('lswitch', (view) => view.localPortsOf, network),
    rule('lport', (view) => view.remotePorts, remotePort),
  ],
};
