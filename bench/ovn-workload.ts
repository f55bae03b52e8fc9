// The load of `preload` in OVN's words: the same networks, addresses and places.
import type { Load } from './preload.js';
import type { OvnPort } from './ovn-site.js';
import { portId, portValue } from './workload.js';

/** The load, and the port that comes and goes. */
export interface OvnLoad {
  readonly networks: ReadonlyMap<string, readonly OvnPort[]>;
  /** The names of the ports that are here. */
  readonly local: readonly string[];
  readonly extra: OvnPort;
}

/** Spreads ports as `populate` does. */
export function ovnLoad({ ports, localOneIn, portsPerNetwork = 50 }: Load): OvnLoad {
  const all = Array.from({ length: ports }, (_, index) => ovnPort(index, Math.floor(index / portsPerNetwork)));
  const networks = new Map<string, OvnPort[]>();
  for (const port of all) networks.set(port.network, [...(networks.get(port.network) ?? []), port]);
  const local = all.filter((_, index) => index % localOneIn === 0).map(({ name }) => name);
  return { networks, local, extra: ovnPort(ports, 0) };
}

function ovnPort(index: number, network: number): OvnPort {
  const { lswitch, macs, ips } = portValue(index, network, true);
  return { name: portId(index), network: lswitch, addresses: `${macs.join(' ')} ${ips.join(' ')}` };
}
