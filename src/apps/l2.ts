// Tables 55, 75 and 100, unicast: which port of the network has the destination's MAC address, and whether it is here.
import { load } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import { macNumber } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, rule, shape } from './app.js';
import { priorities, tables } from './pipeline.js';

const toMac = shape([bits.key, bits.mac, bits.key], (network, mac, key) =>
  flow(tables.l2, priorities.normal, { metadata: network, eth_dst: mac }, [load('reg7', key)], { goto: tables.egress }),
);

const fromTunnel = shape([bits.key, bits.mac, bits.key], (network, mac, key) =>
  flow(tables.tunnelDestination, priorities.normal, { metadata: network, eth_dst: mac }, [load('reg7', key)], {
    goto: tables.ingressConntrack,
  }),
);

const isHere = shape([bits.key], (key) =>
  flow(tables.egress, priorities.normal, { reg7: key }, [], { goto: tables.ingressConntrack }),
);

/** From ports of this chassis to a port of the network, wherever that is. */
function known(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  if (port === undefined) return nothing;
  return { flows: port.macs.map((mac) => toMac(port.network.key, macNumber(mac), port.key)) };
}

/** To a port that is here, from here and from tunnels. */
function here(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  const { key, network, macs } = port;
  return { flows: [isHere(key), ...macs.map((mac) => fromTunnel(network.key, macNumber(mac), key))] };
}

/** Layer 2 look-up. */
export const l2: App = {
  name: 'l2',
  id: 4,
  does: 'finds the port that a unicast frame is for, by network and MAC address',
  rules: [
    rule('lport', (view) => view.localPorts, known),
    rule('lport', (view) => view.remotePorts, known),
    rule('lport', (view) => view.localPorts, here),
  ],
};
