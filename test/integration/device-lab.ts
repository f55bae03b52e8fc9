// A chassis whose underlay is a dummy bridge: whatever a tunnel port sends is in a capture file as real bytes, and tunnel packets that
// machines behind VTEPs would send come in as bytes. Nothing in here has seen our code but the switch.
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { graceMs } from '../../src/controller/tunnel-keeper.js';
import { operator, refIn } from '../../src/model/ids.js';
import { claimKey } from '../../src/sync/keys.js';
import { captured } from '../lab/captures.js';
import { arp, broadcastMac, udp } from '../lab/packets.js';
import { enterLab, ip } from '../lab/netns.js';
import { labPrograms, needing } from '../lab/requirements.js';
import { encapsulated, opened, type TunnelKind, type TunnelPacket } from '../lab/tunnel-packets.js';
import { type ControllerProcess, patienceMs, Site } from './controller-lab.js';
import { until } from '../lab/process.js';

/** What these tests need of the machine. */
export const deviceOptions = needing(...labPrograms, 'nats-server');

/** Our tunnel addresses, in both families. */
export const own4 = '192.0.2.1';
export const own6 = '2001:db8::1';
const [gateway4, gateway6] = ['192.0.2.254', '2001:db8::fe'];
const gatewayMac = 'aa:55:aa:55:00:fe';

/** Enters the lab, where our tunnel addresses are local: Open vSwitch wants a local route for each. */
export async function enterDeviceLab(moduleUrl: string): Promise<void> {
  await enterLab(moduleUrl);
  if (deviceOptions.skip === undefined)
    await ip(undefined, `addr add ${own4}/32 dev lo`, `addr add ${own6}/128 dev lo`);
}

/** A machine with its addresses on its network. */
export interface Station {
  readonly id: string;
  readonly mac: string;
  readonly ip: string;
}

/** A VM of this chassis. */
export interface Vm extends Station {
  readonly port: string;
  readonly ofport: number;
}

/** Everything that was sent during something: into the underlay, and to VMs by the names of their ports. */
export interface Sent {
  readonly underlay: readonly TunnelPacket[];
  readonly vms: Readonly<Record<string, readonly Buffer[]>>;
}

/** What became of frames that were sent both ways. */
export interface Lost {
  /** How many were sent each way while the action went on. */
  readonly during: number;
  readonly lostOut: number;
  readonly lostBack: number;
}

const station = (id: string, number: number): Station => ({
  id,
  mac: `fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`,
  ip: `10.0.0.${number}`,
});

/** A frame from one machine to another, or to all. */
export const frame = (from: Station, to: Station | 'all', data = ''): Buffer =>
  to === 'all'
    ? udp({ src: from.mac, dst: broadcastMac, from: from.ip, to: '10.0.0.255' }, 1000, 2000, Buffer.from(data))
    : udp({ src: from.mac, dst: to.mac, from: from.ip, to: to.ip }, 1000, 2000, Buffer.from(data));

/** An ARP request. */
export const asks = (from: Station, tpa: string): Buffer => arp({ op: 1, sha: from.mac, spa: from.ip, tpa });

/** A tunnel packet in one line: `vxlan 192.0.2.1 > 203.0.113.9 vni 7`. */
export const headline = ({ type, from, to, vni }: TunnelPacket): string => `${type} ${from} > ${to} vni ${vni}`;

/** One chassis with VMs, and devices that only its underlay knows. */
export class DeviceSite {
  readonly site: Site;
  readonly mode: 'per-remote' | 'flow';
  controller: ControllerProcess;
  readonly #phyMac: string;
  readonly #vms: Vm[] = [];

  private constructor(site: Site, mode: 'per-remote' | 'flow', controller: ControllerProcess, phyMac: string) {
    this.site = site;
    this.mode = mode;
    this.controller = controller;
    this.#phyMac = phyMac;
  }

  static async start(t: Test, mode: 'per-remote' | 'flow', ...more: readonly string[]): Promise<DeviceSite> {
    const site = await Site.start(t, { br1: 'c1' }, { systemRoutes: true });
    const { ovs } = site;
    await ovs.addBridge('br-phy', { failMode: 'standalone' });
    await ovs.addPort('br-phy', 'p0', { type: 'dummy', set: [`options:tx_pcap=${join(site.dir, 'p0.pcap')}`] });
    await ovs.appctl('netdev-dummy/ip4addr', 'br-phy', `${own4}/24`);
    await ovs.appctl('netdev-dummy/ip6addr', 'br-phy', `${own6}/64`);
    for (const [prefix, gateway] of [
      ['192.0.2.0/24'],
      ['203.0.113.0/24', gateway4],
      ['198.51.100.0/24', gateway4],
      ['2001:db8::/64'],
      ['2001:db8:1::/48', gateway6],
    ])
      await ovs.appctl('ovs/route/add', prefix ?? '', 'br-phy', ...(gateway === undefined ? [] : [gateway]));
    for (const gateway of [gateway4, gateway6]) await ovs.appctl('tnl/neigh/set', 'br-phy', gateway, gatewayMac);
    const phyMac = (await ovs.vsctl('get', 'Interface', 'br-phy', 'mac_in_use')).trim().replaceAll('"', '');
    return new DeviceSite(site, mode, DeviceSite.#controller(site, mode, more), phyMac);
  }

  static #controller(site: Site, mode: string, more: readonly string[]): ControllerProcess {
    return site.controller(['br1'], '--encap-ip', `${own4},${own6}`, '--tunnel-mode', mode, ...more);
  }

  /** Ends the controller and starts another. */
  async restart(mode: 'per-remote' | 'flow' = this.mode, ...more: readonly string[]): Promise<void> {
    await this.controller.stop();
    this.controller = DeviceSite.#controller(this.site, mode, more);
  }

  /** A VM on a network of tenant red, which is made with it. */
  async vm(id: string, network: string, number: number, fields: object = {}): Promise<Vm> {
    const { site } = this;
    const { mac, ip: address } = station(id, number);
    await site.put('lswitch', `red/${network}`, fields);
    await site.put('lport', `red/${id}`, { lswitch: network, macs: [mac], ips: [address] });
    const ofport = await site.ovs.addPort('br1', id, {
      type: 'dummy',
      ifaceId: id,
      set: ['external_ids:damselfly-tenant=red', `options:tx_pcap=${join(site.dir, `${id}.pcap`)}`],
    });
    await site.active('lport', `red/${id}`);
    const vm = { ...station(id, number), port: id, ofport };
    this.#vms.push(vm);
    return vm;
  }

  /** A device behind a VTEP; resolves when it is ACTIVE here. */
  async device(ref: string, lswitch: string, number: number, binding: object): Promise<Station> {
    const { mac, ip: address } = station(ref, number);
    const fields = { lswitch, macs: [mac], ips: [address], binding: { type: 'vtep', ...binding } };
    const revision = await this.site.put('lport', ref, fields);
    await this.site.active('lport', ref, 'c1', revision);
    return station(ref, number);
  }

  /** Takes devices away, those that are there; resolves when that is on the switch. */
  async without(...refs: readonly string[]): Promise<void> {
    for (const ref of refs) {
      if ((await this.site.store.nb.read(ref.replace('/', '.lport.'))) === undefined) continue;
      const revision = await this.site.remove('lport', ref);
      await this.site.acknowledged(ref.split('/')[0] ?? '', revision);
    }
  }

  /** A port on another chassis of ours, which is registered with these addresses. */
  async elsewhere(
    id: string,
    network: string,
    number: number,
    chassis: string,
    ips: readonly string[],
  ): Promise<Station> {
    const { site } = this;
    const { mac, ip: address } = station(id, number);
    await site.put('chassis', chassis, { ips, tunnel_types: ['vxlan', 'geneve', 'gre'] });
    const revision = await site.put('lport', `red/${id}`, { lswitch: network, macs: [mac], ips: [address] });
    await site.store.alloc.put(claimKey(refIn(operator, `red/${id}`)), { chassis, since: new Date().toISOString() });
    await site.acknowledged('red', revision);
    await until(`${id} is reached`, async () => (await site.ours()).some((flow) => flow.includes(mac)), patienceMs);
    await site.converged();
    return station(id, number);
  }

  /** Has a VM send a frame. */
  async sends(vm: Vm, bytes: Buffer): Promise<void> {
    await this.site.ovs.appctl('netdev-dummy/receive', vm.port, bytes.toString('hex'));
  }

  /** Has a tunnel packet arrive on the underlay. */
  async arrives(packet: Omit<TunnelPacket, 'to'> & { readonly to?: string }): Promise<void> {
    const to = packet.to ?? (packet.from.includes(':') ? own6 : own4);
    const bytes = encapsulated({ ...packet, to }, gatewayMac, this.#phyMac);
    await this.site.ovs.appctl('netdev-dummy/receive', 'p0', bytes.toString('hex'));
  }

  /** What is sent until nothing more is, once `action` is done. */
  async during(action: () => Promise<void>, ports: Readonly<Record<number, TunnelKind>> = {}): Promise<Sent> {
    const taps = ['p0', ...this.#vms.map(({ port }) => port)];
    const files = Object.fromEntries(taps.map((tap) => [tap, join(this.site.dir, `${tap}.pcap`)]));
    const { p0: underlay = [], ...vms } = await captured(files, action);
    return { underlay: underlay.flatMap((bytes) => opened(bytes, ports) ?? []), vms };
  }

  /** Has frames sent both ways between a VM and a device, some 50 a second, while `action` goes on and ten more; resolves to what was lost. */
  async lostDuring(
    vm: Vm,
    device: Station,
    packet: Omit<TunnelPacket, 'to' | 'inner'>,
    action: () => Promise<void>,
  ): Promise<Lost> {
    let last = Infinity;
    let count = 0;
    let during = 0;
    const numbered = (from: Station, to: Station, number: number) => frame(from, to, `${number} `);
    const sent = await this.during(async () => {
      const sending = (async () => {
        while (count < last) {
          count += 1;
          await this.sends(vm, numbered(vm, device, count));
          await this.arrives({ ...packet, inner: numbered(device, vm, count) });
        }
      })();
      await action();
      during = count;
      last = count + 10;
      await sending;
    });
    const out = new Set(sent.underlay.map(({ inner }) => inner.toString('hex')));
    const back = new Set((sent.vms[vm.port] ?? []).map((bytes) => bytes.toString('hex')));
    const lost = (from: Station, to: Station, seen: ReadonlySet<string>) =>
      Array.from({ length: count }, (_, i) => numbered(from, to, i + 1)).filter(
        (bytes) => !seen.has(bytes.toString('hex')),
      ).length;
    return { during, lostOut: lost(vm, device, out), lostBack: lost(device, vm, back) };
  }

  /** What a frame of a VM becomes. */
  from(vm: Vm, bytes: Buffer, ports: Readonly<Record<number, TunnelKind>> = {}): Promise<Sent> {
    return this.during(() => this.sends(vm, bytes), ports);
  }

  /** What becomes of a tunnel packet. */
  of(packet: Omit<TunnelPacket, 'to'> & { readonly to?: string }): Promise<Sent> {
    return this.during(() => this.arrives(packet));
  }

  /** Our tunnel ports as the database has them: `type remote_ip`, sorted. */
  async tunnels(): Promise<string[]> {
    const columns = ['--format=json', '--columns=type,options', 'list', 'Interface'];
    const { data } = JSON.parse(await this.site.ovs.vsctl(...columns)) as {
      data: [string, ['map', [string, string][]]][];
    };
    return data
      .map(([type, [, options]]) => `${type} ${new Map(options).get('remote_ip') ?? ''}`)
      .filter((line) => /^(vxlan|geneve|gre) /.test(line))
      .sort();
  }

  /** The same once none comes or goes any more: those that nothing needs stay for a moment. */
  async tunnelsAtRest(): Promise<string[]> {
    for (let before = await this.tunnels(); ;) {
      await delay(1.5 * graceMs);
      const now = await this.tunnels();
      if (now.join() === before.join()) return now;
      before = now;
    }
  }
}
