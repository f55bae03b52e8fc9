// What the switches have dropped because nobody named it: the flows that table 3 has learned, read and put into words.
import { transientCookie, type UnknownKind } from '../apps/unknown.js';
import { registers, tables, tunnelTypeCode } from '../apps/pipeline.js';
import { addressFrom } from '../model/addresses.js';
import { senderName } from '../model/endpoint.js';
import { byteOrder } from '../model/ids.js';
import { tunnelTypes } from '../model/kinds.js';
import { decode, type FlowStats, type Match } from '../ofp/index.js';
import { flowRequest } from '../switch/dump.js';
import type { Chassis } from './chassis.js';
import type { Controller } from './controller.js';

/** Something that was dropped: what came, from where, how often, and why it was nobody's. */
export interface Dropped {
  readonly chassis: string;
  readonly what: 'sender' | 'vni' | 'vlan';
  /** `vxlan 203.0.113.66`, or the interface. */
  readonly from: string;
  /** The VNI, or the VLAN id. */
  readonly number: number;
  /** At least so many. */
  readonly packets: number;
  /** Since when it is counted, in seconds before now. */
  readonly sinceSeconds: number;
  readonly reason: string;
}

/** What all chassis of a controller have dropped, the most frequent first. */
export async function droppedBy(controller: Controller): Promise<Dropped[]> {
  const all = await Promise.all([...controller.served.values()].map(({ chassis }) => droppedAt(chassis)));
  return all.flat().sort((a, b) => b.packets - a.packets || byteOrder(a.from, b.from) || a.number - b.number);
}

/** What one chassis has dropped. */
export async function droppedAt(chassis: Chassis): Promise<Dropped[]> {
  const kinds: readonly UnknownKind[] = ['sender', 'vlan'];
  const lists = await Promise.all(
    kinds.map(async (kind) => (await learned(chassis, kind)).map((flow) => told(chassis, kind, flow))),
  );
  return lists.flat();
}

async function learned({ session }: Chassis, kind: UnknownKind): Promise<FlowStats[]> {
  const flows: FlowStats[] = [];
  const selection = { table: tables.unknown.id, cookie: transientCookie(kind), cookieMask: (1n << 64n) - 1n };
  await session?.multipart(flowRequest(selection), (frame) => {
    const { message } = decode(frame);
    if (message.type === 'multipart_reply' && message.kind === 'flow') flows.push(...message.entries);
  });
  return flows;
}

function told(chassis: Chassis, kind: UnknownKind, { match, packetCount, durationSec }: FlowStats): Dropped {
  // The packet from which the switch learned was dropped before the flow was there to count it.
  const counts = { chassis: chassis.id, packets: Number(packetCount) + 1, sinceSeconds: durationSec };
  return kind === 'vlan' ? { ...ofVlan(chassis, match), ...counts } : { ...ofSender(chassis, match), ...counts };
}

/** The value of a field in a match, a masked one's as well; 0 where the match does not name it. */
function valueOf(match: Match, field: 'in_port' | 'vlan_vid' | 'reg3' | 'tun_id' | 'tun_src' | 'tun_ipv6_src'): bigint {
  const value = match[field] ?? 0;
  return BigInt(typeof value === 'object' ? value.value : value);
}

function ofVlan(chassis: Chassis, match: Match) {
  const ofport = Number(valueOf(match, 'in_port'));
  const port = chassis.session?.ports.get(ofport)?.name ?? `port ${ofport}`;
  const number = Number(valueOf(match, 'vlan_vid') & 0xfffn);
  return { what: 'vlan', from: port, number, reason: 'no child port of this interface has the VLAN id' } as const;
}

function ofSender({ view, world }: Chassis, match: Match) {
  const code = Number(valueOf(match, 'reg3')) & ((1 << registers.tunnelType.bits) - 1);
  const type = tunnelTypes.find((candidate) => tunnelTypeCode[candidate] === code) ?? tunnelTypes[0];
  const ipv4 = valueOf(match, 'tun_src');
  const { text: address } = ipv4 === 0n ? addressFrom(6, valueOf(match, 'tun_ipv6_src')) : addressFrom(4, ipv4);
  const number = Number(valueOf(match, 'tun_id'));
  const from = `${type} ${address}`;
  if (!view.senders.present(senderName({ type, address })))
    return {
      what: 'sender',
      from,
      number,
      reason: 'no chassis and no remote device that is needed here has the address',
    } as const;
  const network = [...world.lswitches.members()].find((ref) => view.network(ref)?.vni === number);
  const reason =
    network === undefined ? 'no network has the VNI' : `it has no device on lswitch ${network}, which has the VNI`;
  return { what: 'vni', from, number, reason } as const;
}
