// Matches as ovs-ofctl takes them: its names for fields, its short forms of protocols.
import { field, fields, isFieldName, type AnyFieldValue, type FieldName, type FieldRow } from './fields.js';
import type { Masked, Match } from './match.js';
import { SyntaxProblem } from './parse-error.js';
import { parseNumber, parseValue } from './parse-values.js';
import type { Word } from './text-words.js';

const ip = { eth_type: 0x0800 };
const ipv6 = { eth_type: 0x86dd };

// Words that stand for a protocol.
type ShortForm = Partial<Record<'packet_type' | 'eth_type' | 'ip_proto', number>>;
const shortForms: ReadonlyMap<string, ShortForm> = new Map<string, ShortForm>([
  ['eth', { packet_type: 0 }],
  ['ip', ip],
  ['ipv4', ip],
  ['icmp', { ...ip, ip_proto: 1 }],
  ['tcp', { ...ip, ip_proto: 6 }],
  ['udp', { ...ip, ip_proto: 17 }],
  ['sctp', { ...ip, ip_proto: 132 }],
  ['ipv6', ipv6],
  ['ip6', ipv6],
  ['icmp6', { ...ipv6, ip_proto: 58 }],
  ['tcp6', { ...ipv6, ip_proto: 6 }],
  ['udp6', { ...ipv6, ip_proto: 17 }],
  ['sctp6', { ...ipv6, ip_proto: 132 }],
  ['arp', { eth_type: 0x0806 }],
  ['rarp', { eth_type: 0x8035 }],
  ['mpls', { eth_type: 0x8847 }],
  ['mplsm', { eth_type: 0x8848 }],
]);

const aliases: ReadonlyMap<string, FieldName> = new Map([
  ['dl_src', 'eth_src'],
  ['dl_dst', 'eth_dst'],
  ['dl_type', 'eth_type'],
  ['nw_src', 'ipv4_src'],
  ['nw_dst', 'ipv4_dst'],
  ['ip_src', 'ipv4_src'],
  ['ip_dst', 'ipv4_dst'],
  ['nw_proto', 'ip_proto'],
  ['nw_ecn', 'ip_ecn'],
  ['nw_frag', 'ip_frag'],
  ['tunnel_id', 'tun_id'],
  ['in_port_oxm', 'in_port'],
  ['icmp_type', 'icmpv4_type'],
  ['icmp_code', 'icmpv4_code'],
  ['nw_tos_shifted', 'ip_dscp'],
  ['nsp', 'nsh_spi'],
  ['nsi', 'nsh_si'],
  ['gtpu_flags', 'tun_gtpu_flags'],
  ['gtpu_msgtype', 'tun_gtpu_msgtype'],
]);

const byWireName: ReadonlyMap<string, FieldRow> = new Map([
  ...fields.map((row) => [row.oxm, row] as const),
  ...fields.map((row) => [row.nxm, row] as const),
]);

/** What protocol a match is about, as far as it says. */
export interface Protocol {
  readonly ethType: number | undefined;
  readonly ipProto: number | undefined;
}

const transports: ReadonlyMap<number, 'tcp' | 'udp' | 'sctp'> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);

// Names whose meaning depends on the protocol.
function byProtocol(name: string, { ethType, ipProto }: Protocol): FieldName | undefined {
  const end = name === 'tp_src' ? 'src' : name === 'tp_dst' ? 'dst' : undefined;
  const transport = transports.get(ipProto ?? 0);
  if (end && transport) return `${transport}_${end}`;
  const isIpv6 = ethType === ipv6.eth_type;
  if (isIpv6 && name === 'icmp_type') return 'icmpv6_type';
  if (isIpv6 && name === 'icmp_code') return 'icmpv6_code';
  const isArp = ethType === 0x0806 || ethType === 0x8035;
  if (isArp && (name === 'nw_proto' || name === 'ip_proto')) return 'arp_op';
  if (isArp && (name === 'nw_src' || name === 'ip_src')) return 'arp_spa';
  return isArp && (name === 'nw_dst' || name === 'ip_dst') ? 'arp_tpa' : undefined;
}

const unknownProtocol: Protocol = { ethType: undefined, ipProto: undefined };

/** The field that a name means: ours, ovs-ofctl's, or an OXM or NXM header's; undefined if none. */
export function fieldByName(name: string, protocol: Protocol = unknownProtocol): FieldRow | undefined {
  const known = byProtocol(name, protocol) ?? aliases.get(name) ?? (isFieldName(name) ? name : undefined);
  return known ? field(known) : byWireName.get(name);
}

const presentBit = 0x1000;
const noTag = 0xffff;

// OpenFlow 1.0's names for the tag; pcp alone asks for any tag.
function vlanFields(word: Word, given: Map<FieldName, GivenValue>): boolean {
  if (word.key === 'dl_vlan') {
    const vid = parseNumber(word.value, 16);
    given.set('vlan_vid', vid === noTag ? 0 : vid | presentBit);
    return true;
  }
  if (word.key !== 'dl_vlan_pcp' && word.key !== 'vlan_pcp') return false;
  if (!given.has('vlan_vid')) given.set('vlan_vid', { value: presentBit, mask: presentBit });
  given.set('vlan_pcp', parseNumber(word.value, 3));
  return true;
}

type GivenValue = AnyFieldValue | Masked<AnyFieldValue>;

function givenField(word: Word, protocol: Protocol, given: Map<FieldName, GivenValue>): void {
  if (word.key === 'nw_tos' || word.key === 'ip_tos') {
    given.set('ip_dscp', parseNumber(word.value, 8) >>> 2);
    return;
  }
  const row = fieldByName(word.key, protocol);
  if (!row) throw new SyntaxProblem(word.text, 'is no field, protocol or option');
  if (word.delimiter === '' && row.format === 'bytes') {
    given.set(row.name, { value: new Uint8Array(1), mask: new Uint8Array(1) });
    return;
  }
  if (word.delimiter !== '=') throw new SyntaxProblem(word.text, 'lacks a value');
  const { value, mask } = parseValue(word.value, row);
  given.set(row.name, mask === undefined ? value : { value, mask });
}

function protocolOf(words: readonly Word[]): Protocol {
  let protocol = unknownProtocol;
  for (const { key, value } of words) {
    const short = shortForms.get(key);
    if (short) protocol = { ethType: short.eth_type ?? protocol.ethType, ipProto: short.ip_proto ?? protocol.ipProto };
    if (key === 'dl_type' || key === 'eth_type') protocol = { ...protocol, ethType: parseNumber(value, 16) };
    if (key === 'nw_proto' || key === 'ip_proto') protocol = { ...protocol, ipProto: parseNumber(value, 8) };
  }
  return protocol;
}

/** A match from its words. Throws SyntaxProblem. */
export function matchOf(words: readonly Word[]): Match {
  const protocol = protocolOf(words);
  const given = new Map<FieldName, GivenValue>();
  // The tag's VID first: what a PCP means depends on it.
  const vlanFirst = [...words].sort(
    (a, b) => Number(b.key === 'dl_vlan' || b.key === 'vlan_vid') - Number(a.key === 'dl_vlan' || a.key === 'vlan_vid'),
  );
  for (const word of vlanFirst) {
    const short = word.delimiter === '' ? shortForms.get(word.key) : undefined;
    if (short)
      for (const [name, value] of Object.entries(short)) given.set(name as 'eth_type', value); // one of the keys of a short form
    else if (!vlanFields(word, given)) givenField(word, protocol, given);
  }
  // parseValue gives each field the type of value that the registry says.
  return Object.fromEntries(given);
}
