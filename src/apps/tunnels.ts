// Overlay tunnels to other chassis: tunnel ports, who may send through them, which network a VNI is, and the way out.
import { load, loadBits, output, resubmit, setField } from '../ofp/index.js';
import type { Action } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import { addressNumber, ipv4Number, parseAddress } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import type { TunnelType } from '../model/kinds.js';
import { type Endpoint, parseEndpointName } from '../model/placement.js';
import type { View } from '../model/view.js';
import { type App, flow, namedRule, rule } from './app.js';
import { priorities, registers, tables, tunnelTypeCode } from './pipeline.js';

/** The actions that send a packet to an endpoint, given by its name; undefined until its tunnel port is there. */
export function intoTunnel(view: View, name: string): Action[] | undefined {
  const endpoint = parseEndpointName(name);
  const key = view.tunnelKey(endpoint);
  const ofport = view.tunnelPort(key);
  if (ofport === undefined) return undefined;
  const toAddress = key === endpoint.type ? destination(endpoint) : [];
  return [setField('tun_id', endpoint.vni), ...toAddress, output(ofport)];
}

/** Where a `remote_ip=flow` port shall send: the address, and no address of the other family left over from another copy. */
function destination(endpoint: Omit<Endpoint, 'tunnel'>): Action[] {
  const address = parseAddress(endpoint.address);
  if (address === undefined) return [];
  return address.family === 4
    ? [setField('tun_dst', ipv4Number(address)), setField('tun_ipv6_dst', 0n)]
    : [setField('tun_dst', 0), setField('tun_ipv6_dst', addressNumber(address))];
}

/** The type of tunnel that a packet came from, as a match on its register. */
const cameThrough = (type: TunnelType) => ({
  reg3: { value: tunnelTypeCode[type], mask: (1 << registers.tunnelType.bits) - 1 },
});

/** A tunnel port, and table 0's flow per sender: what comes from an address that nobody named is dropped there. */
function tunnel(view: View, key: string): Wanted {
  const ofport = view.tunnelPort(key);
  const endpoints = [...view.tunnels.at(key).keys()].map(parseEndpointName);
  const [first] = endpoints;
  if (first === undefined) return nothing;
  const perRemote = key !== first.type;
  const wanted = { key, type: first.type, remote: perRemote ? first.address : 'flow' };
  const { field, start, bits } = registers.tunnelType;
  const accept = [loadBits(field, start, bits, tunnelTypeCode[first.type]), resubmit(tables.tunnelNetwork.id)];
  const senders = perRemote ? [{}] : [...new Set(endpoints.map(({ address }) => address))].sort().map(sentBy);
  return {
    tunnels: [wanted],
    flows:
      ofport === undefined
        ? []
        : senders.map((sender) =>
            flow(tables.classification, priorities.normal, { in_port: ofport, ...sender }, accept),
          ),
  };
}

/** The match on a tunnel packet's sender; one that sends by IPv6 has no IPv4 address, which keeps the flows of both apart. */
function sentBy(text: string): { tun_src?: number; tun_ipv6_src?: bigint } {
  const address = parseAddress(text);
  if (address === undefined) return {};
  return address.family === 4 ? { tun_src: ipv4Number(address) } : { tun_src: 0, tun_ipv6_src: addressNumber(address) };
}

/** Table 2: the network of a VNI, from those alone behind whom the network has ports: another VTEP that names it is not heard. */
function network(view: View, ref: Ref): Wanted {
  const known = view.network(ref);
  if (known === undefined) return nothing;
  const senders = [...view.endpointsOf.at(ref).keys()].sort().map(parseEndpointName);
  return {
    flows: senders.map(({ type, address, vni }) =>
      flow(tables.tunnelNetwork, priorities.normal, { ...cameThrough(type), tun_id: vni, ...sentBy(address) }, [
        load('metadata', known.key),
        resubmit(tables.tunnelDestination.id),
      ]),
    ),
  };
}

/** The way out to a port on another chassis. */
function remotePort(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const name = view.isDevice(ref) ? undefined : view.endpointName(ref);
  const actions = name === undefined ? undefined : intoTunnel(view, name);
  return port === undefined || actions === undefined
    ? nothing
    : { flows: [flow(tables.egress, priorities.normal, { reg7: port.key }, actions)] };
}

/** Tunnels to other chassis. */
export const tunnels: App = {
  name: 'tunnels',
  id: 6,
  does: 'carries networks between chassis over vxlan, geneve and gre',
  rules: [
    namedRule('tunnel', (view) => view.tunnels, tunnel),
    rule('lswitch', (view) => view.localPortsOf, network),
    rule('lport', (view) => view.remotePorts, remotePort),
  ],
};
