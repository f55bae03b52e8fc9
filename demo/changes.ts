// What the demo changes while it runs, and what must hold after each change.
import { setTimeout as delay } from 'node:timers/promises';
import { icmp } from '../test/lab/packets.js';
import { startPing } from '../test/lab/ping.js';
import { holds, probes, talks, titled, type Line } from './line.js';
import { member, members, type ChassisName } from './plan.js';
import type { Controller } from './program.js';
import type { Site } from './site.js';
import { broadcast, isApart } from './traffic.js';

/** One change with the lines that must hold once it is done. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly act: () => Promise<void>;
  readonly lines: readonly Line[];
}

/** What changes are made with: `damselfly` on the site's NATS, and the controllers. */
export interface Hands {
  readonly damselfly: (args: readonly string[], input?: string) => Promise<string>;
  readonly controllers: Readonly<Record<ChassisName, Controller>>;
}

const newVid = 101;
const pingIntervalMs = 20;
/** A tunnel port stays for half a second after its last flow. */
const tunnelPatienceMs = 5000;
const newDeviceAddress = '172.31.0.10/24';

function childRemoved(site: Site, { damselfly }: Hands): Step {
  const gone = member('vm1-net3');
  return {
    id: 'child-removed',
    title: 'The child of vm1 with VLAN 200 is removed',
    act: async () => {
      await damselfly(['delete', 'child_port_segmentation', 'vm1-on-net3', '-t', 'red']);
    },
    lines: [
      isApart(site, gone, member('p3'), 'its tag leads nowhere now'),
      isApart(site, member('p3'), gone, 'it is gone'),
      talks(site, member('vm1-net2'), member('p2'), 'the sibling is untouched'),
      talks(site, member('vm2-net3'), member('p3'), 'the network is untouched'),
    ],
  };
}

function vidChanged(site: Site, { damselfly }: Hands): Step {
  const child = { ...member('vm1-net2'), vid: newVid };
  const everybody = members.map((it) => (it.name === child.name ? child : it));
  const object = {
    tenant: 'red',
    kind: 'child_port_segmentation',
    parent: 'vm1',
    port: child.name,
    segmentation_id: newVid,
  };
  const p2 = member('p2');
  const flow = { src: child.mac, dst: p2.mac, from: child.ip, to: p2.ip };
  return {
    id: 'vid-changed',
    title: `The child of vm1 with VLAN 100 gets VLAN ${newVid}, in the northbound and in the machine`,
    act: async () => {
      await damselfly(['apply', '-f', '-'], JSON.stringify({ objects: [object] }));
      await site.trunk('vm1').retagLeg(child.name, newVid);
    },
    lines: [
      talks(site, child, p2, 'with the new tag'),
      talks(site, child, member('vm2-net2'), 'with the new tag'),
      broadcast(site, child, everybody),
      probes(site, {
        id: 'vid-changed:old',
        claim: 'the old tag leads nowhere',
        sent: 'a frame to p2 with VLAN 100',
        send: () => [{ at: site.tap('vm1'), frame: icmp({ ...flow, vids: [100] }) }],
        expect: () => [],
        alsoTunnels: true,
      }),
    ],
  };
}

/** No chassis has a tunnel port to that address, or each has one. */
function tunnelPorts(site: Site, address: string, each: number): Line {
  const claim =
    each === 0
      ? `no chassis has a tunnel port to ${address} any more`
      : `each chassis has one tunnel port to ${address}`;
  const look = async () => {
    const found = await Promise.all(
      Object.values(site.chassis).map(async ({ name, ovs }) => {
        const rows = await ovs.vsctl('--bare', '--columns=name', 'find', 'Interface', `options:remote_ip="${address}"`);
        return { name, count: rows.split('\n').filter((line) => line !== '').length };
      }),
    );
    return {
      held: found.every(({ count }) => count === each),
      seen: found.map(({ name, count }) => `${count} on ${name}`).join(', '),
    };
  };
  return holds(`tunnels:${address}`, claim, 'ovs-vsctl find Interface', async () => {
    const deadlineMs = performance.now() + tunnelPatienceMs;
    for (;;) {
      const result = await look();
      if (result.held || performance.now() > deadlineMs) return result;
      await delay(100);
    }
  });
}

function deviceMoved(site: Site, { damselfly }: Hands): Step {
  const [old, now] = [site.device.tunnelIp, newDeviceAddress.replace(/\/.*/, '')];
  const { mac, ip } = member('db');
  const binding = { binding_profile: { port_key: 'remote_port', host_ip: now } };
  const object = { tenant: 'red', kind: 'lport', id: 'db', lswitch: 'net2', macs: [mac], ips: [ip], ...binding };
  const everybody = members.map((it) => (it.name === 'vm1-net2' ? { ...it, vid: newVid } : it));
  return {
    id: 'device-moved',
    title: `The remote device moves to ${now}`,
    act: async () => {
      await site.moveDevice(newDeviceAddress);
      await damselfly(['apply', '-f', '-'], JSON.stringify({ objects: [object] }));
      await site.warmTunnels();
    },
    lines: [
      talks(site, { ...member('vm1-net2'), vid: newVid }, member('db'), 'at its new address'),
      talks(site, member('p2'), member('db'), 'at its new address'),
      broadcast(site, member('p2'), everybody),
      tunnelPorts(site, now, 1),
      tunnelPorts(site, old, 0),
    ],
  };
}

function deviceRemoved(site: Site, { damselfly }: Hands): Step {
  const [db, p2] = [member('db'), member('p2')];
  const rest = members
    .filter(({ name }) => name !== 'db')
    .map((it) => (it.name === 'vm1-net2' ? { ...it, vid: newVid } : it));
  return {
    id: 'device-removed',
    title: 'The remote device is removed from the northbound',
    act: async () => {
      await damselfly(['delete', 'lport', 'db', '-t', 'red']);
    },
    lines: [
      isApart(site, p2, db, 'nobody knows it'),
      probes(site, {
        id: 'device-removed:back',
        claim: 'what it still sends reaches nobody',
        sent: 'a frame to p2 through its tunnel',
        send: () => [{ at: site.tap('db'), frame: icmp({ src: db.mac, dst: p2.mac, from: db.ip, to: p2.ip }) }],
        expect: () => [],
      }),
      broadcast(site, p2, rest),
      tunnelPorts(site, newDeviceAddress.replace(/\/.*/, ''), 0),
    ],
  };
}

/** Ages of a switch's flows in seconds, the youngest first. */
async function flowAges(site: Site, name: ChassisName): Promise<number[]> {
  const text = await site.chassis[name].ovs.ofctl(['dump-flows', 'br-int']);
  return [...text.matchAll(/duration=([\d.]+)s/g)].map(([, age]) => Number(age)).sort((a, b) => a - b);
}

/** The controller of c1 is killed and started again under pings; `meanwhile` happens while nobody controls c1. */
export function controllerKilled(
  site: Site,
  { controllers }: Hands,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Step {
  const watched = [
    { from: member('vm1'), to: member('p1') },
    { from: member('vm2-net2'), to: member('q2') },
  ];
  let losses = watched.map(() => ({ sent: 0, answered: 0 }));
  let killedAt = Date.now();
  return {
    id: 'controller-killed',
    title: 'The controller of c1 is killed (SIGKILL) and started again under running pings',
    act: async () => {
      const pings = watched.map(({ from, to }) => startPing(site.stack(from), site.stack(to).address, pingIntervalMs));
      await delay(500);
      await controllers.c1.kill();
      killedAt = Date.now();
      await meanwhile();
      await delay(1_000);
      await controllers.c1.start();
      await delay(2_000);
      losses = await Promise.all(pings.map((running) => running.stop()));
    },
    lines: [
      ...watched.map(({ from, to }, index) =>
        holds(
          `killed:${from.name}:${to.name}`,
          `${titled(from)} to ${titled(to)} loses nothing`,
          `one echo request every ${pingIntervalMs} ms`,
          () => {
            const { sent, answered } = losses[index] ?? { sent: 0, answered: 0 };
            return Promise.resolve({
              held: sent > 100 && answered === sent,
              seen: `${sent} sent, ${sent - answered} lost`,
            });
          },
        ),
      ),
      holds('killed:flows', 'no flow of c1 was touched, each is older than the kill', 'dump-flows', async () => {
        const sinceKill = (Date.now() - killedAt) / 1000;
        const ages = await flowAges(site, 'c1');
        const [youngest = 0] = ages;
        return {
          held: ages.length > 0 && youngest > sinceKill,
          seen: `${ages.length} flows, all ${youngest.toFixed(1)} s or older, kill ${sinceKill.toFixed(1)} s ago`,
        };
      }),
      talks(site, member('vm1'), member('p1'), 'still'),
    ],
  };
}

/** The changes in their order; each is made only when the one before is done. */
export const changes: readonly ((site: Site, hands: Hands) => Step)[] = [
  childRemoved,
  vidChanged,
  deviceMoved,
  deviceRemoved,
  controllerKilled,
];
