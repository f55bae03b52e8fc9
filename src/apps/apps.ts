// All apps, in the order in which listings show them. The number of each is its mark in the cookies of its flows.
import type { App } from './app.js';
import { arpResponder } from './arp-responder.js';
import { classification } from './classification.js';
import { dispatch } from './dispatch.js';
import { flooding } from './flooding.js';
import { l2 } from './l2.js';
import { misses } from './misses.js';
import { portSecurity } from './port-security.js';
import { remoteDevices } from './remote-devices.js';
import { tunnels } from './tunnels.js';
import { unknown } from './unknown.js';
import { vlanAwarePorts } from './vlan-aware-ports.js';

/** Every app that there is. */
export const allApps: readonly App[] = uniquelyNumbered([
  misses,
  classification,
  vlanAwarePorts,
  portSecurity,
  arpResponder,
  l2,
  flooding,
  tunnels,
  remoteDevices,
  unknown,
  dispatch,
]);

/** The app whose flows carry a number in their cookies; undefined if there is none. */
export const appById = (id: number): App | undefined => allApps.find((app) => app.id === id);

function uniquelyNumbered(apps: readonly App[]): readonly App[] {
  for (const [i, app] of apps.entries()) {
    if (app.id < 0 || app.id > 0xfe) throw new Error(`app ${app.name}: ${app.id} is not a number from 0 to 0xfe`);
    const twin = apps.slice(0, i).find((other) => other.id === app.id || other.name === app.name);
    if (twin !== undefined) throw new Error(`apps ${twin.name} and ${app.name} share a name or a number`);
  }
  return apps;
}
