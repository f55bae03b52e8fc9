// Table 0, ports of their own: which port and which network a packet from an interface belongs to.
import { load, popVlan, resubmit } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, rule, shape } from './app.js';
import { priorities, tables } from './pipeline.js';

/** The actions by which a packet becomes that of a port, in the spelling of the specification. */
export const identify = (key: number, network: number) => [
  load('reg6', key),
  load('metadata', network),
  resubmit(tables.portSecurity.id),
];

/** VLAN id 0 with any priority: a tag that carries a priority only (IEEE 802.1Q, 9.6). */
export const priorityTag = { value: 0x1000, mask: 0x1fff } as const;

const untagged = shape([bits.ofport, bits.key, bits.key], (ofport, key, network) =>
  flow(tables.classification, priorities.normal, { in_port: ofport }, identify(key, network)),
);

const priorityTagged = shape([bits.ofport, bits.key, bits.key], (ofport, key, network) =>
  flow(tables.classification, priorities.child, { in_port: ofport, vlan_vid: priorityTag }, [
    popVlan(),
    ...identify(key, network),
  ]),
);

function classified(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined || port.tag !== undefined) return nothing;
  const { ofport, key, network } = port;
  return {
    flows: [
      untagged(ofport, key, network.key),
      // A tag that names no VLAN makes no child.
      priorityTagged(ofport, key, network.key),
    ],
  };
}

/** Classification by interface. */
export const classification: App = {
  name: 'classification',
  id: 1,
  does: 'tells by its interface which port and network a packet belongs to',
  rules: [rule('lport', (view) => view.localPorts, classified)],
};
