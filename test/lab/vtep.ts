// A remote device: a namespace with a kernel VXLAN interface and no agent, as a machine behind a VTEP that nobody manages.
import { addNetns, ip, joinSegment, removeNetns, type Endpoint } from './netns.js';
import { run } from './process.js';
import type { Stack } from './guest.js';

/** Addresses on both layers, with prefix lengths; `peers` are the tunnel addresses to which it floods. */
export interface VtepOptions {
  readonly name: string;
  readonly underlay: string;
  readonly tunnelAddress: string;
  readonly vni: number;
  readonly mac: string;
  readonly address: string;
  readonly peers: readonly string[];
}

/** One running device; it is a stack whose interface is the VXLAN device. */
export interface Vtep extends Stack {
  readonly tunnelIp: string;
  readonly underlay: Endpoint;
  /** Gives the device another tunnel address, as a machine that was moved. */
  move(tunnelAddress: string): Promise<void>;
  close(): Promise<void>;
}

const device = 'vx0';

function bare(address: string): string {
  return address.replace(/\/.*/, '');
}

async function addTunnel(options: VtepOptions, tunnelAddress: string): Promise<void> {
  const { name, vni, mac, address, peers } = options;
  await ip(
    name,
    `link add ${device} address ${mac} type vxlan id ${vni} local ${bare(tunnelAddress)} dstport 4789`,
    `link set ${device} mtu 1450 up`,
    `addr add ${address} dev ${device}`,
  );
  for (const peer of peers) {
    await run('bridge', ['fdb', 'append', '00:00:00:00:00:00', 'dev', device, 'dst', peer], { netns: name });
  }
}

/** Makes a remote device on an underlay. */
export async function startVtep(options: VtepOptions): Promise<Vtep> {
  const { name } = options;
  await addNetns(name);
  const underlay = await joinSegment(options.underlay, name, 'phy0', options.tunnelAddress);
  await addTunnel(options, options.tunnelAddress);
  const vtep = {
    netns: name,
    device,
    mac: options.mac,
    address: bare(options.address),
    tunnelIp: bare(options.tunnelAddress),
    underlay,
    move: async (tunnelAddress: string) => {
      await ip(name, `link del ${device}`, 'addr flush dev phy0', `addr add ${tunnelAddress} dev phy0`);
      await addTunnel(options, tunnelAddress);
      vtep.tunnelIp = bare(tunnelAddress);
    },
    close: () => removeNetns(name),
  };
  return vtep;
}
