// Table 25: the network answers ARP requests for the addresses that it knows, at the sender's own switch.
import { load, move, setField } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import { ipv4Number, macNumber } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import type { Port } from '../model/port.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, rule, shape } from './app.js';
import { priorities, tables } from './pipeline.js';

const arp = { eth_type: 0x0806, arp_op: 1 } as const;
/** Above the answers: the owner asks in vain for its own address, as duplicate detection must. */
const owner = 200;

/** The request becomes the reply and goes back to its sender's port. */
const answer = shape([bits.key, bits.mac, bits.ipv4], (network, mac, ip) =>
  flow(
    tables.arp,
    priorities.normal,
    { ...arp, metadata: network, arp_tpa: ip },
    [
      move('eth_src', 'eth_dst'),
      setField('eth_src', mac),
      setField('arp_op', 2),
      move('arp_sha', 'arp_tha'),
      move('arp_spa', 'arp_tpa'),
      setField('arp_sha', mac),
      setField('arp_spa', ip),
      move('reg6', 'reg7'),
      load('reg6', 0), // not from a port: dispatch sends nothing back to its sender
    ],
    { goto: tables.dispatch },
  ),
);

const fromOwner = shape([bits.key, bits.key, bits.ipv4], (key, network, ip) =>
  flow(tables.arp, owner, { ...arp, reg6: key, metadata: network, arp_tpa: ip }, [], { goto: tables.l2 }),
);

const ipv4Of = ({ ips }: Port): number[] => ips.filter((ip) => ip.family === 4).map(ipv4Number);

/** One answer per IPv4 address, here and elsewhere. */
function answered(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const mac = port?.macs[0];
  if (port === undefined || mac === undefined) return nothing;
  const hardware = macNumber(mac);
  return { flows: ipv4Of(port).map((ip) => answer(port.network.key, hardware, ip)) };
}

function notItself(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  return { flows: ipv4Of(port).map((ip) => fromOwner(port.key, port.network.key, ip)) };
}

/** The ARP responder. */
export const arpResponder: App = {
  name: 'arp-responder',
  id: 8,
  does: 'answers ARP requests for known addresses at the sender’s own switch',
  rules: [
    rule('lport', (view) => view.localPorts, answered),
    rule('lport', (view) => view.remotePorts, answered),
    rule('lport', (view) => view.localPorts, notItself),
  ],
};
