// Remote devices: machines behind a VTEP that nobody manages are ports like any other. Their tunnel appears with the first of them
// and goes with the last (app tunnels); what is theirs alone is the way out, and the networks on which their VTEP is heard.
import { load, resubmit } from '../ofp/index.js';
import { type Flow, nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import { parseEndpointName } from '../model/endpoint.js';
import type { Port } from '../model/port.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, tables } from './pipeline.js';
import { cameThrough, intoTunnel, sentBy } from './tunnels.js';

/** Above the flow for every chassis: the address of a VTEP may be a chassis' too. */
const fromVtep = 110;

function device(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const name = view.isDevice(ref) ? view.endpointName(ref) : undefined;
  if (port === undefined || name === undefined) return nothing;
  const actions = intoTunnel(view, name);
  const wayOut = actions === undefined ? [] : [flow(tables.egress, priorities.normal, { reg7: port.key }, actions)];
  return { flows: [...wayOut, wayIn(port, name)] };
}

/** Table 2: a VTEP is heard on the networks that have a device behind it, and on no other. Several devices share the flow. */
function wayIn(port: Port, endpoint: string): Flow {
  const { type, address, vni } = parseEndpointName(endpoint);
  return flow(tables.tunnelNetwork, fromVtep, { ...cameThrough(type), tun_id: vni, ...sentBy(address) }, [
    load('metadata', port.network.key),
    resubmit(tables.tunnelDestination.id),
  ]);
}

/** Remote devices. */
export const remoteDevices: App = {
  name: 'remote-devices',
  id: 7,
  does: 'reaches machines behind VTEPs that nobody manages',
  rules: [rule('lport', (view) => view.remotePorts, device)],
};
