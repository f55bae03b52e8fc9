// A chassis: a network namespace with its own Open vSwitch, an integration bridge br-int, and br-phy, whose internal port
// has the tunnel address, so that the userspace datapath finds its way from the tunnel to the underlay.
import { addNetns, ip, joinSegment, removeNetns, type Endpoint } from './netns.js';
import { Ovs } from './ovs.js';
import { ping } from './ping.js';
import { run, until } from './process.js';

/** Addresses are written with their prefix length, as `172.31.0.1/24`. */
export interface ChassisOptions {
  readonly name: string;
  readonly underlay: string;
  readonly tunnelAddress: string;
  readonly tunnelAddress6?: string;
  readonly management?: { readonly segment: string; readonly address: string };
}

/** One running chassis; `underlay` is where its tunnel traffic can be captured, `tunnelIp` the first of its addresses. */
export class Chassis {
  readonly name: string;
  readonly ovs: Ovs;
  readonly tunnelIp: string;
  readonly tunnelIps: readonly string[];
  readonly underlay: Endpoint;

  private constructor({ name, tunnelAddress, tunnelAddress6 }: ChassisOptions, ovs: Ovs, underlay: Endpoint) {
    const bare = (address: string) => address.replace(/\/.*/, '');
    this.name = name;
    this.ovs = ovs;
    this.tunnelIp = bare(tunnelAddress);
    this.tunnelIps = [this.tunnelIp, ...(tunnelAddress6 === undefined ? [] : [bare(tunnelAddress6)])];
    this.underlay = underlay;
  }

  get netns(): string {
    return this.name;
  }

  /** Makes the namespace, starts its switch, gives it both bridges. */
  static async start(options: ChassisOptions): Promise<Chassis> {
    const { name, tunnelAddress, tunnelAddress6, management } = options;
    await addNetns(name, { ipv6: tunnelAddress6 !== undefined });
    const underlay = await joinSegment(options.underlay, name, 'phy0');
    if (management !== undefined) await joinSegment(management.segment, name, 'mgmt0', management.address);
    const ovs = await Ovs.start({ datapath: 'netdev', netns: name, systemId: name });
    await ovs.addBridge('br-phy', { failMode: 'standalone' });
    await ovs.addPort('br-phy', 'phy0');
    const address6 = tunnelAddress6 === undefined ? [] : [`addr add ${tunnelAddress6} dev br-phy nodad`];
    await ip(name, `addr add ${tunnelAddress} dev br-phy`, ...address6, 'link set br-phy up');
    await ovs.addBridge('br-int');
    return new Chassis(options, ovs, underlay);
  }

  /** Runs a program in this chassis' namespace. */
  run(command: string, args: readonly string[], timeoutMs?: number): Promise<string> {
    return run(command, args, { netns: this.name, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /**
   * Waits until the underlay carries packets to a peer and back, and the switch knows the peer's MAC address, so that the first
   * packet into a tunnel is not the one that waits for it. The switch learns by listening to the kernel's ARP, and listens only
   * once it has a tunnel port.
   */
  async meet(peerIp: string): Promise<void> {
    await until(`${this.name} knows ${peerIp} on the underlay`, async () => {
      await this.run('ip', ['neigh', 'flush', 'dev', 'br-phy']);
      const { answered } = await ping(this, peerIp, 1);
      return answered === 1 && (await this.ovs.appctl('tnl/arp/show')).split(/\s+/).includes(peerIp);
    });
  }

  /** After the switch was started anew: its internal port is a new device and has lost its address. */
  async restoreAddress(tunnelAddress: string): Promise<void> {
    await ip(this.name, `addr replace ${tunnelAddress} dev br-phy`, 'link set br-phy up');
  }

  /** Ends the switch and removes the namespace. */
  async close(): Promise<void> {
    await this.ovs.close();
    await removeNetns(this.name);
  }
}
