// Guests: namespaces with a network stack of their own, plugged into a chassis as a virtual machine is. A trunk guest tags
// its frames itself: inside it a bridge of its own joins one namespace per VLAN ("leg") to its single NIC.
import { addCable, addNetns, ip, removeNetns, type Endpoint } from './netns.js';
import { Ovs } from './ovs.js';
import type { Chassis } from './chassis.js';

/** What a network stack has: its MAC and its addresses with their prefix lengths. */
export interface StackOptions {
  readonly mac: string;
  readonly addresses?: readonly string[];
}

/** How a guest is plugged; `ifaceId` is what the chassis learns it by. */
export interface PlugOptions {
  readonly name: string;
  readonly ifaceId?: string;
  readonly tenant?: string;
  readonly ofport?: number;
}

/** One network stack: an interface eth0 in a namespace. */
export interface Stack extends Endpoint {
  readonly netns: string;
  readonly mac: string;
  readonly address: string;
}

/** A guest with one plain interface. */
export interface Guest extends Stack {
  readonly port: string;
  readonly ofport: number;
  close(): Promise<void>;
}

const guestMtu = 1450;

async function addStack(netns: string, peer: Endpoint, { mac, addresses = [] }: StackOptions): Promise<Stack> {
  await addNetns(netns, { ipv6: addresses.some((address) => address.includes(':')) });
  await addCable({ netns, device: 'eth0' }, peer);
  const lines = addresses.map((address) => `addr add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`);
  await ip(netns, `link set eth0 address ${mac} mtu ${guestMtu}`, ...lines);
  return { netns, device: 'eth0', mac, address: (addresses[0] ?? '').replace(/\/.*/, '') };
}

async function plug(chassis: Chassis, port: string, { ifaceId, tenant, ofport }: PlugOptions): Promise<number> {
  return chassis.ovs.addPort('br-int', port, {
    ...(ifaceId === undefined ? {} : { ifaceId }),
    ...(ofport === undefined ? {} : { ofport }),
    set: tenant === undefined ? [] : [`external_ids:damselfly-tenant=${tenant}`],
  });
}

function portName(name: string): string {
  return `tap-${name}`.slice(0, 15);
}

async function unplug(chassis: Chassis, port: string): Promise<void> {
  await chassis.ovs.vsctl('--if-exists', 'del-port', 'br-int', port);
}

/** Makes a guest and plugs it into br-int of a chassis. */
export async function plugGuest(chassis: Chassis, options: PlugOptions & StackOptions): Promise<Guest> {
  const port = portName(options.name);
  const stack = await addStack(options.name, { netns: chassis.netns, device: port }, options);
  const ofport = await plug(chassis, port, options);
  const close = async () => {
    await unplug(chassis, port);
    await removeNetns(options.name);
  };
  return { ...stack, port, ofport, close };
}

/** A guest that tags its own frames. `nic` shows them as they are on its cable; legs are stacks on one VLAN each. */
export class TrunkGuest {
  readonly nic: Endpoint;
  readonly port: string;
  readonly ofport: number;
  readonly #ovs: Ovs;
  readonly #chassis: Chassis;
  readonly #name: string;
  readonly #legs = new Map<string, Stack>();

  private constructor(name: string, chassis: Chassis, ovs: Ovs, ofport: number) {
    this.nic = { netns: name, device: 'eth0' };
    this.port = portName(name);
    this.ofport = ofport;
    this.#name = name;
    this.#chassis = chassis;
    this.#ovs = ovs;
  }

  /** Makes the guest with its inner bridge and plugs it; it has no legs yet. */
  static async plug(chassis: Chassis, options: PlugOptions): Promise<TrunkGuest> {
    const { name } = options;
    await addNetns(name);
    await addCable({ netns: name, device: 'eth0' }, { netns: chassis.netns, device: portName(name) });
    const ovs = await Ovs.start({ datapath: 'netdev', netns: name, systemId: name });
    await ovs.addBridge('br0', { failMode: 'standalone' });
    await ovs.addPort('br0', 'eth0');
    const ofport = await plug(chassis, portName(name), options);
    return new TrunkGuest(name, chassis, ovs, ofport);
  }

  /** Adds a stack whose frames carry `vid` on the cable; 0 stands for untagged. The leg is named after the guest. */
  async addLeg(leg: string, vid: number, options: StackOptions): Promise<Stack> {
    const netns = `${this.#name}.${leg}`;
    const stack = await addStack(netns, { netns: this.#name, device: leg }, options);
    await this.#ovs.addPort('br0', leg, { port: [`tag=${vid}`] });
    this.#legs.set(leg, stack);
    return stack;
  }

  /** From now on the leg's frames carry another VLAN id. */
  async retagLeg(leg: string, vid: number): Promise<void> {
    await this.#ovs.vsctl('set', 'Port', leg, `tag=${vid}`);
    await this.#ovs.forgetDecisions();
  }

  /** The stack of a leg. */
  leg(name: string): Stack {
    const stack = this.#legs.get(name);
    if (stack === undefined) throw new Error(`${this.#name} has no leg ${name}`);
    return stack;
  }

  /** Unplugs the guest, ends its bridge, removes its namespaces. */
  async close(): Promise<void> {
    await unplug(this.#chassis, this.port);
    await this.#ovs.close();
    for (const { netns } of this.#legs.values()) await removeNetns(netns);
    await removeNetns(this.#name);
  }
}
