// The demo's site: two chassis on an underlay, a management network with NATS, machines, and the remote device.
import { Chassis } from '../test/lab/chassis.js';
import { plugGuest, TrunkGuest, type Guest, type Stack } from '../test/lab/guest.js';
import { NatsServer } from '../test/lab/nats.js';
import { addSegment, type Endpoint } from '../test/lab/netns.js';
import { startVtep, type Vtep } from '../test/lab/vtep.js';
import { Wire, type Tap } from '../test/lab/wire.js';
import {
  chassisAddresses,
  managementAddresses,
  member,
  members,
  trunkMachines,
  type ChassisName,
  type Member,
} from './plan.js';

const management = 'mgmt';
const deviceAddress = '172.31.0.9/24';

/** Where things of the demo are; `taps` are by machine, `underlay` by chassis (and `db`). */
export class Site {
  readonly wire = new Wire();
  readonly nats: NatsServer;
  readonly chassis: Readonly<Record<ChassisName, Chassis>>;
  readonly #guests = new Map<string, Guest>();
  readonly #trunks = new Map<string, TrunkGuest>();
  readonly #taps = new Map<string, Tap>();
  readonly #underlay = new Map<string, Tap>();
  #device: Vtep | undefined;

  private constructor(nats: NatsServer, chassis: Readonly<Record<ChassisName, Chassis>>) {
    this.nats = nats;
    this.chassis = chassis;
  }

  /** Builds the underlay, NATS and both chassis; nothing is plugged yet. */
  static async build(): Promise<Site> {
    await addSegment('underlay');
    await addSegment(management, `${managementAddresses.nats}/24`);
    const chassisAt = (name: ChassisName) =>
      Chassis.start({
        name,
        underlay: 'underlay',
        tunnelAddress: chassisAddresses[name],
        management: { segment: management, address: managementAddresses[name] },
      });
    const nats = await NatsServer.start({ host: managementAddresses.nats });
    const site = new Site(nats, {
      c1: await chassisAt('c1'),
      c2: await chassisAt('c2'),
    });
    for (const { name, underlay } of Object.values(site.chassis))
      site.#underlay.set(name, await site.wire.tap(underlay));
    return site;
  }

  /** Plugs every machine into its chassis. */
  async plugMachines(): Promise<void> {
    for (const it of members.filter(({ name, machine }) => name === machine)) {
      if (it.chassis === undefined) continue;
      const chassis = this.chassis[it.chassis];
      const plug = { name: it.machine, ifaceId: it.machine, tenant: it.tenant };
      if (trunkMachines.includes(it.machine)) await this.#plugTrunk(chassis, plug);
      else await this.#plugGuest(it, chassis, plug);
    }
  }

  async #plugGuest(
    it: Member,
    chassis: Chassis,
    plug: { name: string; ifaceId: string; tenant: string },
  ): Promise<void> {
    const guest = await plugGuest(chassis, { ...plug, mac: it.mac, addresses: [`${it.ip}/24`] });
    this.#guests.set(it.machine, guest);
    await this.#listen(it.machine, guest);
  }

  async #plugTrunk(chassis: Chassis, plug: { name: string; ifaceId: string; tenant: string }): Promise<void> {
    const trunk = await TrunkGuest.plug(chassis, plug);
    this.#trunks.set(plug.name, trunk);
    for (const { name, vid, mac, ip } of members.filter(({ machine }) => machine === plug.name)) {
      await trunk.addLeg(legName(name), vid, { mac, addresses: [`${ip}/24`] });
    }
    await this.#listen(plug.name, trunk.nic);
  }

  async #listen(machine: string, endpoint: Endpoint): Promise<void> {
    this.#taps.set(machine, await this.wire.tap(endpoint));
  }

  /** Starts the remote device, whose network has that VNI. */
  async startDevice(vni: number): Promise<void> {
    const { mac, ip } = member('db');
    const peers = Object.values(this.chassis).map(({ tunnelIp }) => tunnelIp);
    const common = { name: 'db', underlay: 'underlay', vni, mac, peers };
    const device = await startVtep({ ...common, tunnelAddress: deviceAddress, address: `${ip}/24` });
    this.#device = device;
    this.#underlay.set('db', await this.wire.tap(device.underlay));
    await this.#listen('db', device);
  }

  /** Lets the ends of the tunnels find each other on the underlay; only once the controllers have made the tunnel ports. */
  async warmTunnels(): Promise<void> {
    const { c1, c2 } = this.chassis;
    await Promise.all([c1.meet(c2.tunnelIp), c2.meet(c1.tunnelIp)]);
    if (this.#device) await Promise.all([c1.meet(this.#device.tunnelIp), c2.meet(this.#device.tunnelIp)]);
  }

  /** Lets both switches forward by their flows as they are now, at once. */
  async forgetDecisions(): Promise<void> {
    await Promise.all(Object.values(this.chassis).map(({ ovs }) => ovs.forgetDecisions()));
  }

  /** Gives the remote device another tunnel address; its tap follows it to the new interface. */
  async moveDevice(tunnelAddress: string): Promise<void> {
    await this.wire.untap(this.device);
    await this.device.move(tunnelAddress);
    await this.#listen('db', this.device);
  }

  get device(): Vtep {
    if (this.#device === undefined) throw new Error('the remote device is not there yet');
    return this.#device;
  }

  /** The network stack of a member. */
  stack({ name, machine }: Member): Stack {
    const stack = name === 'db' ? this.#device : (this.#guests.get(machine) ?? this.trunk(machine).leg(legName(name)));
    if (stack === undefined) throw new Error(`${name} has no stack`);
    return stack;
  }

  /** The machine of that name that tags its own frames. */
  trunk(machine: string): TrunkGuest {
    const trunk = this.#trunks.get(machine);
    if (trunk === undefined) throw new Error(`${machine} is no trunk machine`);
    return trunk;
  }

  /** The ofport of a machine on its chassis. */
  ofport(machine: string): number {
    return (this.#guests.get(machine) ?? this.trunk(machine)).ofport;
  }

  /** The interface of a machine, where its frames can be seen and sent with their tags. */
  tap(machine: string): Tap {
    const tap = this.#taps.get(machine);
    if (tap === undefined) throw new Error(`nobody listens at ${machine}`);
    return tap;
  }

  /** The interfaces of all machines. */
  get taps(): readonly Tap[] {
    return [...this.#taps.values()];
  }

  /** The underlay's end of the cable of a chassis or of the device. */
  underlay(name: string): Tap {
    const tap = this.#underlay.get(name);
    if (tap === undefined) throw new Error(`nobody listens at the underlay of ${name}`);
    return tap;
  }

  /** All of the underlay's ends. */
  get underlays(): readonly Tap[] {
    return [...this.#underlay.values()];
  }
}

/** A member's interface inside its machine; names of interfaces have at most 15 characters. */
export function legName(name: string): string {
  return name.slice(0, 15);
}
