// Remote devices: machines behind a VTEP that nobody manages are ports like any other. Their tunnel appears with the first of them
// and goes with the last (app tunnels, which also knows them by their VNI on the way in); what is theirs alone is the way out.
import { nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, tables } from './pipeline.js';
import { intoTunnel } from './tunnels.js';

function device(view: View, ref: Ref): Wanted {
  const port = view.port(ref);
  const name = view.isDevice(ref) ? view.endpointName(ref) : undefined;
  const actions = name === undefined ? undefined : intoTunnel(view, name);
  return port === undefined || actions === undefined
    ? nothing
    : { flows: [flow(tables.egress, priorities.normal, { reg7: port.key }, actions)] };
}

/** Remote devices. */
export const remoteDevices: App = {
  name: 'remote-devices',
  id: 7,
  does: 'reaches machines behind VTEPs that nobody manages',
  rules: [rule('lport', (view) => view.remotePorts, device)],
};
