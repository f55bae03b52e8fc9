// What must hold of the demo's networks while nothing changes: who talks, who does not, how often a broadcast arrives,
// what passes the underlay.
import { sealedInTunnel, type Outcome, type Placed } from '../test/lab/exchange.js';
import { arp, broadcastMac, icmp, tagsOf, udp, type Encapsulated, type Flow } from '../test/lab/packets.js';
import { exchanged, faultsOf, probes, talks, titled, type Line } from './line.js';
import { member, members, type Member } from './plan.js';
import type { Site } from './site.js';

/** A frame of a member as it looks at its machine's interface. */
function at(site: Site, it: Member, frame: (vids: readonly number[]) => Buffer): Placed {
  return { at: site.tap(it.machine), frame: frame(it.vid === 0 ? [] : [it.vid]) };
}

function between(from: Member, to: Member): Flow {
  return { src: from.mac, dst: to.mac, from: from.ip, to: to.ip };
}

/** Everybody who must reach each other, with why it is worth a line. */
const pairs: readonly (readonly [string, string, string])[] = [
  ['vm1', 'p1', 'untagged across chassis'],
  ['vm1-net2', 'p2', 'tagged to untagged across chassis'],
  ['vm1-net3', 'p3', 'tagged to untagged across chassis'],
  ['vm1-net2', 'q2', 'tagged to untagged on one chassis'],
  ['vm1', 'vm2', 'untagged, two trunks'],
  ['vm1-net2', 'vm2-net2', 'one network, two VLAN ids'],
  ['vm1-net3', 'vm2-net3', 'one network, two VLAN ids'],
  ['vm2-net2', 'vm2-twin', 'two children of one parent'],
  ['vm2-home', 'vm2', 'a child and its parent on one network'],
  ['vm1-net2', 'db', 'the remote device, both ways'],
  ['p2', 'db', 'the remote device, both ways'],
  ['b1', 'b2', 'with addresses that red uses too'],
];

/** Pairs that must not: a frame to the other's MAC and address goes nowhere. */
const strangers: readonly (readonly [string, string, string])[] = [
  ['vm1', 'p2', 'another network'],
  ['vm1-net2', 'p3', 'another network'],
  ['vm1-net3', 'vm1-net2', 'another network, same cable'],
  ['vm1', 'b2', 'another tenant'],
  ['b1', 'p1', 'another tenant, same addresses'],
  ['p1', 'db', 'another network'],
];

function spoofing(site: Site): Line[] {
  const [from, to] = [member('vm1-net2'), member('p2')];
  const honest = between(from, to);
  const stranger = 'fa:16:3e:de:ad:01';
  const question = { op: 1 as const, sha: from.mac, spa: from.ip, tpa: to.ip };
  const [otherIp, takenIp] = ['10.2.0.77', member('q2').ip];
  const frames: readonly (readonly [string, string, string, (vids: readonly number[]) => Buffer])[] = [
    [
      'mac',
      'from a MAC that is not its own',
      `a frame from ${stranger}`,
      (vids) => icmp({ ...honest, src: stranger, vids }),
    ],
    [
      'ip',
      'from an IP address that is not its own',
      `a frame from ${otherIp}`,
      (vids) => icmp({ ...honest, from: otherIp, vids }),
    ],
    [
      'arp-mac',
      'ARP with another MAC inside',
      `ARP: ${from.ip} is at ${stranger}`,
      (vids) => arp({ ...question, sha: stranger }, { vids, src: from.mac }),
    ],
    [
      'arp-ip',
      'ARP for an address that is another’s',
      `ARP: ${takenIp} is at ${from.mac}`,
      (vids) => arp({ ...question, spa: takenIp, tpa: takenIp }, { vids }),
    ],
  ];
  return frames.map(([id, what, sent, frame]) =>
    probes(site, {
      id: `spoof:${id}`,
      claim: `${titled(from)} cannot send ${what}`,
      sent,
      send: () => [at(site, from, frame)],
      expect: () => [],
      alsoTunnels: true,
    }),
  );
}

/** A broadcast reaches everybody of `among` who is on the sender's network once, and not its sender. */
export function broadcast(site: Site, from: Member, among: readonly Member[]): Line {
  const others = among.filter(({ network, name }) => network === from.network && name !== from.name);
  const flow = { src: from.mac, dst: broadcastMac, from: from.ip, to: '255.255.255.255' };
  const frame = (vids: readonly number[]) => udp({ ...flow, vids }, 4000, 4000);
  return {
    id: `broadcast:${from.name}`,
    claim: `${titled(from)} broadcasts: each other member once, itself never`,
    run: async () => {
      const expect = others.map((other) => at(site, other, frame));
      const outcome = await exchanged(site, [at(site, from, frame)], expect, site.taps);
      const faults = faultsOf(outcome);
      const seen = [copies(site, outcome, [...others, from]), ...faults].join('; ');
      return { held: faults.length === 0, sent: 'one frame', seen };
    },
  };
}

/** How many frames came to each member under its own tag: `1 at p2, q2; 0 at vm1`. */
function copies(site: Site, { arrived }: Outcome, of: readonly Member[]): string {
  const byCount = new Map<number, string[]>();
  for (const it of of) {
    const own = (vids: readonly number[]) =>
      it.vid === 0 ? vids.length === 0 : vids.length === 1 && vids[0] === it.vid;
    const count = arrived.filter(({ at, frame }) => at === site.tap(it.machine) && own(tagsOf(frame))).length;
    byCount.set(count, [...(byCount.get(count) ?? []), titled(it)]);
  }
  return [...byCount].map(([count, names]) => `${count} at ${names.join(', ')}`).join('; ');
}

/** A frame from one member to another's MAC and address that must not appear anywhere, the underlay included. */
export function isApart(site: Site, from: Member, to: Member, why: string): Line {
  return probes(site, {
    id: `apart:${from.name}:${to.name}`,
    claim: `${titled(from)} does not reach ${titled(to)}, ${why}`,
    sent: `a frame to ${to.ip} at its MAC`,
    send: () => [at(site, from, (vids) => icmp({ ...between(from, to), vids }))],
    expect: () => [],
    alsoTunnels: true,
  });
}

function localArp(site: Site): Line[] {
  return [
    ['vm1-net2', 'p2'],
    ['p2', 'vm1-net2'],
    ['vm1-net2', 'db'],
  ].map(([asker = '', asked = '']) => {
    const [from, to] = [member(asker), member(asked)];
    const question = { op: 1 as const, sha: from.mac, spa: from.ip, tpa: to.ip };
    const answer = { op: 2 as const, sha: to.mac, spa: to.ip, tha: from.mac, tpa: from.ip };
    return probes(site, {
      id: `arp:${asker}:${asked}`,
      claim: `${titled(from)} asks for ${titled(to)} by ARP, its own chassis answers`,
      sent: `ARP who-has ${to.ip}, answer`,
      send: () => [at(site, from, (vids) => arp(question, { vids }))],
      expect: () => [at(site, from, (vids) => arp(answer, { vids }))],
      alsoTunnels: true,
    });
  });
}

function unknownTags(site: Site): Line[] {
  const [open, strict, plain] = [member('vm1'), member('vm2'), member('p1')];
  const tagged = (from: Member, to: Member, vid: number) => icmp({ ...between(from, to), vids: [vid] });
  return [
    probes(site, {
      id: 'tag:passthrough',
      claim: 'a tag unknown to vm1 passes (unknown_vlans: passthrough)',
      sent: 'a frame to p1 with VLAN 55',
      send: () => [{ at: site.tap('vm1'), frame: tagged(open, plain, 55) }],
      expect: () => [{ at: site.tap('p1'), frame: tagged(open, plain, 55) }],
    }),
    probes(site, {
      id: 'tag:drop',
      claim: 'a tag unknown to vm2 is dropped (unknown_vlans: drop)',
      sent: 'a frame to p1 with VLAN 55',
      send: () => [{ at: site.tap('vm2'), frame: tagged(strict, plain, 55) }],
      expect: () => [],
      alsoTunnels: true,
    }),
    probes(site, {
      id: 'tag:inject',
      claim: 'nobody gets into vm2:7 by a tag on the network of vm2',
      sent: 'a frame from p1 to vm2 with VLAN 7',
      send: () => [{ at: site.tap('p1'), frame: tagged(plain, strict, 7) }],
      expect: () => [],
    }),
    probes(site, {
      id: 'tag:priority',
      claim: 'a priority tag (VLAN 0) counts as untagged',
      sent: 'a frame to p1 with VLAN 0',
      send: () => [{ at: site.tap('vm1'), frame: tagged(open, plain, 0) }],
      expect: () => [{ at: site.tap('p1'), frame: icmp(between(open, plain)) }],
    }),
  ];
}

function captured({ from, to, vni, inner }: Encapsulated): string {
  return `${from} > ${to} VNI ${vni}, ${tagsOf(inner).length === 0 ? 'no tag' : `VLAN ${tagsOf(inner).join(', ')}`}`;
}

/** What the underlay carries for a frame from one member to another: one packet, the network's VNI, no tag. */
function underlay(site: Site, vniOf: (network: string) => number): Line[] {
  return [
    ['vm1', 'p1'],
    ['vm1-net2', 'vm2-net2'],
    ['vm1-net3', 'p3'],
    ['vm1-net2', 'db'],
    ['b1', 'b2'],
  ].map(([a = '', b = '']) => {
    const [from, to] = [member(a), member(b)];
    const vni = vniOf(from.network);
    return {
      id: `vni:${a}:${b}`,
      claim: `underlay: ${titled(from)} → ${titled(to)} in VNI ${vni} (${from.network}), no tag`,
      run: async () => {
        const tap = site.underlay('c1');
        const frame = (vids: readonly number[]) => icmp({ ...between(from, to), vids });
        const { seals } = await exchanged(site, [at(site, from, frame)], [at(site, to, frame)], [tap]);
        const carried = sealedInTunnel(tap, seals);
        return {
          held:
            carried.length === 1 && carried.every((packet) => packet.vni === vni && tagsOf(packet.inner).length === 0),
          sent: 'one frame',
          seen: carried.map(captured).join('; ') || 'seen nowhere',
        };
      },
    };
  });
}

/** The lines about a network at rest, in the order in which they are shown. */
export function trafficLines(site: Site, vniOf: (network: string) => number): Line[] {
  return [
    ...pairs.map(([a, b, why]) => talks(site, member(a), member(b), why)),
    ...localArp(site),
    ...['vm1-net2', 'vm2-twin', 'db', 'p1'].map((name) => broadcast(site, member(name), members)),
    ...underlay(site, vniOf),
    ...strangers.map(([a, b, why]) => isApart(site, member(a), member(b), why)),
    ...spoofing(site),
    ...unknownTags(site),
  ];
}
