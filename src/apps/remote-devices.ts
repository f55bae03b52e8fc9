// Remote devices: machines behind a VTEP that nobody manages are ports like any other. Their tunnel appears with the first of them
// and goes with the last (app tunnels); what is theirs alone is the way out, and a VNI of their own on the way in.
import { load, resubmit } from '../ofp/index.js';
import { nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, tables } from './pipeline.js';
import { cameThrough, intoTunnel, sentBy } from './tunnels.js';

/** Above the networks' own VNIs. */
const ownVni = 150;

function device(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const name = view.isDevice(ref) ? view.endpointName(ref) : undefined;
  const actions = name === undefined ? undefined : intoTunnel(view, name);
  return port === undefined || actions === undefined
    ? nothing
    : { flows: [flow(tables.egress, priorities.normal, { reg7: port.key }, actions)] };
}

/** A device that uses another VNI than its network is recognised by its address as well. */
function foreignVni(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const endpoint = view.isDevice(ref) ? view.endpointOf(ref) : undefined;
  if (port === undefined || endpoint === undefined || endpoint.vni === port.network.vni) return nothing;
  const match = { ...cameThrough(endpoint.type), tun_id: endpoint.vni, ...sentBy(endpoint.address) };
  return {
    flows: [
      flow(tables.tunnelNetwork, ownVni, match, [
        load('metadata', port.network.key),
        resubmit(tables.tunnelDestination.id),
      ]),
    ],
  };
}

/** Remote devices. */
export const remoteDevices: App = {
  name: 'remote-devices',
  id: 7,
  does: 'reaches machines behind VTEPs that nobody manages',
  rules: [rule('lport', (view) => view.remotePorts, device), rule('lport', (view) => view.remotePorts, foreignVni)],
};
