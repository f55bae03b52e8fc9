// Random frames for the isolation test, and whose each of them is by the words of the specification.
import fc from 'fast-check';
import { arp, broadcastMac, ethernet, neighborSolicitation, udp } from '../lab/packets.js';
import {
  chassisAddress,
  childVids,
  ipv4Of,
  ipv6Of,
  macOf,
  networkRefs,
  type Site,
  type SitePort,
  type Slot,
  tunnelTo,
  vteps,
} from './isolation-sites.js';

/** A frame, described by what its sender is up to. */
export interface FrameIdea {
  readonly from: { readonly slot: number } | { readonly address: string; readonly network: string };
  /** VLAN ids from the outside inwards. */
  readonly tags: readonly number[];
  readonly to: 'broadcast' | 'multicast' | 'bridges' | number;
  readonly payload: 'ipv4' | 'ipv6' | 'arp' | 'solicitation' | 'other';
  /** Whose addresses it says it has; undefined: its own. */
  readonly mac: number | undefined;
  readonly ip: number | undefined;
  /** Whom an ARP request or a solicitation asks for. */
  readonly asks: number;
}

/** Whose frame it is, and what is left of its tags. */
export interface Sender {
  /** The slot that it came in by; undefined: a tunnel. */
  readonly slot: Slot | undefined;
  /** Undefined: nobody's frame, or from a tunnel. */
  readonly port: SitePort | undefined;
  readonly network: string | undefined;
  readonly tags: readonly number[];
  /** A tag was taken off: with Open vSwitch's `vlan-limit=1` it does not look behind the next. */
  readonly popped: boolean;
}

const someone = fc.integer({ min: 1, max: 10 });
const rarely = fc.option(someone, { nil: undefined, freq: 1 });
const mostlyOwn = fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: rarely });
const someTag = fc.constantFrom(0, ...childVids, 30);

export const ideas: fc.Arbitrary<FrameIdea> = fc.record({
  from: fc.oneof(
    { weight: 4, arbitrary: fc.record({ slot: fc.nat(4) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        address: fc.constantFrom(chassisAddress, ...vteps, '203.0.113.66'),
        network: fc.constantFrom(...networkRefs, 'nobody’s'),
      }),
    },
  ),
  tags: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.tuple(someTag) },
    { weight: 2, arbitrary: fc.tuple(someTag, someTag) },
    { weight: 1, arbitrary: fc.tuple(someTag, someTag, someTag) },
  ),
  to: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom<FrameIdea['to']>('broadcast', 'multicast') },
    { weight: 3, arbitrary: someone },
    { weight: 1, arbitrary: fc.constant<FrameIdea['to']>('bridges') },
  ),
  payload: fc.constantFrom('ipv4', 'ipv6', 'arp', 'solicitation', 'other'),
  mac: mostlyOwn,
  ip: mostlyOwn,
  asks: someone,
});

/** Whose a frame is. */
export function senderOf({ slots }: Site, { from, tags }: FrameIdea): Sender {
  if ('address' in from) return { slot: undefined, port: undefined, network: from.network, tags, popped: false };
  const slot = slots[from.slot % slots.length];
  if (slot === undefined) throw new Error('a site has a slot');
  const [outer, ...inner] = tags;
  const whose = (port: SitePort | undefined, popped: boolean): Sender => ({
    slot,
    port: slot.port.enabled && port?.enabled === true ? port : undefined,
    network: port?.network,
    tags: popped ? inner : tags,
    popped,
  });
  if (outer === undefined) return whose(slot.port, false);
  if (outer === 0) return whose(slot.port, true);
  const child = slot.children.find(({ vid }) => vid === outer);
  if (child !== undefined) return whose(child.enabled ? child.port : undefined, true);
  return whose(slot.port.dropsUnknown ? undefined : slot.port, false);
}

/** The MAC address that a frame says it comes from, by number. */
export const claimedMac = (idea: FrameIdea, sender: Sender): number => idea.mac ?? sender.port?.mac ?? 1;
/** The IP addresses that it says it comes from, by number. */
export const claimedIp = (idea: FrameIdea, sender: Sender): number => idea.ip ?? sender.port?.mac ?? 1;

const group = { broadcast: broadcastMac, multicast: '01:00:5e:00:00:fb', bridges: '01:80:c2:00:00:0e' } as const;

/** The frame as bytes, and how it comes in, as ofproto/trace takes them. */
export function frameBytes(
  site: Site,
  idea: FrameIdea,
  sender: Sender,
  keys: Readonly<Record<string, number>>,
): { metadata: string; hex: string } {
  const { from } = idea;
  const vni = 'network' in from ? (keys[`lswitch ${from.network}`] ?? 0xabcd) : 0;
  const metadata =
    'address' in from
      ? `in_port=${tunnelTo(site, from.address)},tun_id=${vni},tun_src=${from.address},tun_dst=192.0.2.1`
      : `in_port=${sender.slot?.ofport}`;
  return { metadata, hex: bytes(idea, sender).toString('hex') };
}

function bytes(idea: FrameIdea, sender: Sender): Buffer {
  const { tags: vids, asks } = idea;
  const [mac, ip] = [claimedMac(idea, sender), claimedIp(idea, sender)];
  const [src, dst] = [macOf(mac), typeof idea.to === 'number' ? macOf(idea.to) : group[idea.to]];
  const solicited = { src, dst, from: ipv6Of(ip), to: `ff02::1:ff00:${asks.toString(16)}`, vids };
  switch (idea.payload) {
    case 'ipv4':
      return udp({ src, dst, from: ipv4Of(ip), to: ipv4Of(asks), vids }, 1000, 2000);
    case 'ipv6':
      return ethernet(src, dst, 0x86dd, ipv6Udp(solicited), vids);
    case 'arp':
      return arp({ op: 1, sha: src, spa: ipv4Of(ip), tpa: ipv4Of(asks) }, { vids, dst });
    case 'solicitation':
      return neighborSolicitation(solicited, ipv6Of(asks));
    case 'other':
      return ethernet(src, dst, 0x88b5, Buffer.alloc(46), vids);
  }
}

/** An IPv6 packet with an empty UDP datagram (RFC 8200, 3), made of a solicitation's own header. */
function ipv6Udp(flow: Parameters<typeof neighborSolicitation>[0]): Buffer {
  const etherHeadSize = 14;
  const header = neighborSolicitation({ ...flow, vids: [] }, flow.from).subarray(etherHeadSize, etherHeadSize + 40);
  header.writeUInt16BE(8, 4);
  header[6] = 17;
  return Buffer.concat([header, Buffer.from([0x03, 0xe8, 0x07, 0xd0, 0, 8, 0, 1])]);
}
