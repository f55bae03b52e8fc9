// The site of the matrix: two chassis whose tunnels have addresses of both families, machines, and three far ends that are set up by
// what `damselfly remote-device config` prints, and by nothing else.
import { z } from 'zod';
import { Chassis } from '../test/lab/chassis.js';
import { plugGuest } from '../test/lab/guest.js';
import { NatsServer } from '../test/lab/nats.js';
import { addNetns, addSegment, type Endpoint, ip, joinSegment } from '../test/lab/netns.js';
import { run, until } from '../test/lab/process.js';
import { type Tap, Wire } from '../test/lab/wire.js';
import { chassisAddresses, type ChassisName, demoFile, managementAddresses, type Member, membersOf } from './plan.js';
import { Controller, damselfly, dataDir } from './program.js';

const file = demoFile('matrix.yaml');
const all = membersOf(file);
/** Who is in the matrix, in its order: the members of its one network. */
export const matrixMembers: readonly Member[] = all.filter(({ network }) => network === 'red/net');

/** Where frames enter and leave, by machine. */
export interface MatrixSite {
  readonly wire: Wire;
  readonly taps: ReadonlyMap<string, Tap>;
}

const addresses6 = { c1: 'fd00:31::1/64', c2: 'fd00:31::2/64' } as const;
const farAddresses = { vtep4: '172.31.0.9/24', vtep6: 'fd00:31::9/64', gre: '172.31.0.10/24' } as const;

/** Each question starts a program, which takes seconds on a busy machine. */
const readyMs = 30_000;

type ChassisPair = Readonly<Record<ChassisName, Chassis>>;

/** Builds everything; `say` is told what comes next. */
export async function buildMatrixSite(say: (text: string) => void): Promise<MatrixSite> {
  say('Two chassis, an underlay of IPv4 and IPv6, NATS …');
  await addSegment('underlay');
  await addSegment('mgmt', `${managementAddresses.nats}/24`);
  const nats = await NatsServer.start({ host: managementAddresses.nats });
  const pair = { c1: await chassisAt('c1'), c2: await chassisAt('c2') };
  say('Two controllers …');
  await Promise.all(Object.values(pair).map((chassis) => startController(chassis, nats.url())));
  say('Machines, damselfly apply -f demo/matrix.yaml …');
  const endpoints = new Map<string, Endpoint>();
  for (const { name, machine, chassis, mac, tenant } of all)
    if (name === machine && chassis !== undefined)
      endpoints.set(name, await plugGuest(pair[chassis], { name, ifaceId: name, tenant, mac }));
  await damselfly(nats.url(), ['apply', '-f', file]);
  say('Far ends, each by the commands of damselfly remote-device config …');
  const configure = (name: string) => farEnd(pair, nats.url(), name);
  endpoints.set('vtep4', await linuxFarEnd('vtep4', configure));
  endpoints.set('vtep6', await linuxFarEnd('vtep6', configure));
  const foreign = await foreignSwitch(configure);
  endpoints.set('gre', foreign.endpoint);
  await warm(pair, foreign.chassis);
  const wire = new Wire();
  const taps = new Map<string, Tap>();
  for (const [machine, endpoint] of endpoints) taps.set(machine, await wire.tap(endpoint));
  return { wire, taps };
}

const chassisAt = (name: ChassisName): Promise<Chassis> =>
  Chassis.start({
    name,
    underlay: 'underlay',
    tunnelAddress: chassisAddresses[name],
    tunnelAddress6: addresses6[name],
    management: { segment: 'mgmt', address: managementAddresses[name] },
  });

async function startController(chassis: Chassis, natsUrl: string): Promise<void> {
  await chassis.ovs.vsctl('set-controller', 'br-int', 'tcp:127.0.0.1:6653');
  await new Controller(chassis, { natsUrl, repair: true }).start();
}

/** What the far end of a device has to be told. */
interface Configuration {
  readonly vni: number;
  readonly commands: Readonly<Record<'linux' | 'ovs', string>>;
}

type Configure = (device: string) => Promise<Configuration>;

const farEndSchema = z.object({ vni: z.number(), peers: z.array(z.unknown()) });

/** The configuration, as soon as it names both chassis. */
async function farEnd(pair: ChassisPair, natsUrl: string, device: string): Promise<Configuration> {
  const asked = (...words: readonly string[]) =>
    damselfly(natsUrl, ['remote-device', 'config', `red/${device}`, '--data-dir', dataDir(pair.c1), ...words]);
  const { vni } = await until(
    `${device} is to be reached from both chassis`,
    async () => {
      const end = await asked('--json').then(
        (text) => farEndSchema.parse(JSON.parse(text)),
        () => undefined, // not known there yet
      );
      return end?.peers.length === 2 ? end : undefined;
    },
    readyMs,
  );
  return { vni, commands: { linux: await asked(), ovs: await asked('--for', 'ovs') } };
}

/** A Linux machine with the kernel's own VXLAN. */
async function linuxFarEnd(name: 'vtep4' | 'vtep6', configure: Configure): Promise<Endpoint> {
  const address = farAddresses[name];
  await addNetns(name, { ipv6: true });
  await joinSegment('underlay', name, 'phy0');
  await ip(name, `addr add ${address} dev phy0${address.includes(':') ? ' nodad' : ''}`);
  const { vni, commands } = await configure(name);
  await run('sh', ['-e'], { netns: name, input: commands.linux });
  return { netns: name, device: `vx${vni}` };
}

/** An Open vSwitch that has no controller and is nobody's chassis. */
async function foreignSwitch(configure: Configure): Promise<{ chassis: Chassis; endpoint: Endpoint }> {
  const addresses = { tunnelAddress: farAddresses.gre, tunnelAddress6: 'fd00:31::10/64' }; // with IPv6: the device has addresses of both
  const chassis = await Chassis.start({ name: 'gre', underlay: 'underlay', ...addresses });
  const { vni, commands } = await configure('gre');
  const bridge = `br${vni}`;
  await chassis.ovs.addBridge(bridge, { failMode: 'standalone' }); // its datapath is of another type than usual
  await run('sh', ['-e'], { netns: 'gre', input: commands.ovs, env: { OVS_RUNDIR: chassis.ovs.dir } });
  return { chassis, endpoint: { netns: 'gre', device: bridge } };
}

/** Lets the ends of the tunnels find each other on the underlay. */
async function warm({ c1, c2 }: ChassisPair, foreign: Chassis): Promise<void> {
  const far = Object.values(farAddresses).map((address) => address.replace(/\/.*/, ''));
  for (const [one, peers] of [
    [c1, [...c2.tunnelIps, ...far]],
    [c2, [...c1.tunnelIps, ...far]],
    [foreign, [c1.tunnelIp, c2.tunnelIp]],
  ] as const)
    for (const peer of peers) await one.meet(peer);
}
