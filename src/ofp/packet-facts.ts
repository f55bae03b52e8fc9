// What a flow knows of the packets that it gets: from its match, and from the actions before the one in question.
import type { FieldName } from './fields.js';
import type { Prerequisite } from './field-table.js';
import type { MatchEntry } from './match-codec.js';
import type { Masked } from './match.js';

/** What is known of a packet; 0 and false where nothing is. */
export interface PacketFacts {
  /** Namespace and type, 0 for an Ethernet frame (OpenFlow 1.5.1, 7.2.3.11). */
  readonly packetType: number;
  readonly ethType: number;
  readonly ipProto: number;
  readonly isLaterFragment: boolean;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly vlanTags: number;
  readonly ctState: Masked<number>;
}

type Facts = { -readonly [K in keyof PacketFacts]: PacketFacts[K] };

/** Numbers of ethertypes that the checks know. */
export const ethType = { ipv4: 0x0800, arp: 0x0806, rarp: 0x8035, ipv6: 0x86dd, nsh: 0x894f } as const;
/** Numbers of protocols over IP that the checks know. */
export const ipProto = { icmpv4: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;
const ethertypeSpace = 1;
const presentBit = 0x1000;
const laterBit = 2;
const neighbour = { solicit: 135, advert: 136 } as const;
const ctBit = { new: 1, established: 2, related: 4, reply: 8, invalid: 0x10, tracked: 0x20, snat: 0x40, dnat: 0x80 };

const wholeMask = 0xffff_ffff;

// By field: what its value says of the packets.
const says: Partial<Record<FieldName, (facts: Facts, value: number, mask: number) => void>> = {
  packet_type: (facts, value) => (facts.packetType = value),
  eth_type: (facts, value) => (facts.ethType = value),
  ip_proto: (facts, value) => (facts.ipProto = value),
  ip_frag: (facts, value) => (facts.isLaterFragment = (value & laterBit) !== 0),
  icmpv6_type: (facts, value) => (facts.icmpType = value),
  icmpv6_code: (facts, value) => (facts.icmpCode = value),
  vlan_vid: (facts, value) => (facts.vlanTags = value & presentBit ? 1 : 0),
  ct_state: (facts, value, mask) => (facts.ctState = { value, mask }),
};

/** What a match says of the packets. */
export function factsOf(entries: readonly MatchEntry[]): PacketFacts {
  const facts: Facts = {
    packetType: 0,
    ethType: 0,
    ipProto: 0,
    isLaterFragment: false,
    icmpType: 0,
    icmpCode: 0,
    vlanTags: 0,
    ctState: { value: 0, mask: 0 },
  };
  for (const { row, value, mask } of entries) says[row.name]?.(facts, Number(value), Number(mask ?? wholeMask));
  return facts;
}

/** The ethertype of what the packet begins with or carries. */
export const payloadType = ({ packetType, ethType }: PacketFacts): number =>
  packetType >>> 16 === ethertypeSpace ? packetType & 0xffff : packetType === 0 ? ethType : 0;

/** Whether an ethertype is MPLS's. */
export const isMpls = (type: number) => type === 0x8847 || type === 0x8848;
/** Whether an ethertype is IPv4's or IPv6's. */
export const isIp = (type: number) => type === ethType.ipv4 || type === ethType.ipv6;

const transport = (facts: PacketFacts, proto: number) =>
  isIp(payloadType(facts)) && facts.ipProto === proto && !facts.isLaterFragment;

const isNeighbour = (facts: PacketFacts, ...types: readonly number[]) =>
  meets.icmpv6(facts) && facts.icmpCode === 0 && types.includes(facts.icmpType);

// A connection is known where the match wants one of its properties, or tracked and not invalid.
const isTracked = ({ ctState: { value, mask } }: PacketFacts) =>
  (value & (ctBit.new | ctBit.established | ctBit.related | ctBit.reply | ctBit.snat | ctBit.dnat)) !== 0 ||
  ((value & ctBit.tracked) !== 0 && (mask & ctBit.invalid) !== 0 && (value & ctBit.invalid) === 0);

/** Whether the match wants packets that connection tracking found invalid. */
export const isInvalid = ({ ctState }: PacketFacts) => (ctState.value & ctBit.invalid) !== 0;

/** By kind of prerequisite (ovs-fields(7)): whether a packet of which so much is known has what the field needs. */
export const meets: Readonly<Record<Prerequisite, (facts: PacketFacts) => boolean>> = {
  none: () => true,
  eth: ({ packetType }) => packetType === 0,
  vlan: ({ packetType, vlanTags }) => packetType === 0 && vlanTags > 0,
  mpls: (facts) => isMpls(payloadType(facts)),
  ipv4: (facts) => payloadType(facts) === ethType.ipv4,
  ipv6: (facts) => payloadType(facts) === ethType.ipv6,
  ip: (facts) => isIp(payloadType(facts)),
  tcp: (facts) => transport(facts, ipProto.tcp),
  udp: (facts) => transport(facts, ipProto.udp),
  sctp: (facts) => transport(facts, ipProto.sctp),
  icmpv4: (facts) => payloadType(facts) === ethType.ipv4 && facts.ipProto === ipProto.icmpv4,
  icmpv6: (facts) => payloadType(facts) === ethType.ipv6 && facts.ipProto === ipProto.icmpv6,
  nd: (facts) => isNeighbour(facts, neighbour.solicit, neighbour.advert),
  nd_solicit: (facts) => isNeighbour(facts, neighbour.solicit),
  nd_advert: (facts) => isNeighbour(facts, neighbour.advert),
  arp: (facts) => payloadType(facts) === ethType.arp || payloadType(facts) === ethType.rarp,
  nsh: (facts) => payloadType(facts) === ethType.nsh,
  ct: isTracked,
};
