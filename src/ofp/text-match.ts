// A match as ovs-ofctl prints it: its order, its names, its short forms of protocols.
import { type AnyFieldValue, type FieldName, type FieldRow } from './fields.js';
import { canonicalEntries } from './match-codec.js';
import type { Match } from './match.js';
import {
  erspanVersion,
  matchNames,
  order,
  shortProtocols,
  shortTypes,
  unmasked,
  type Place,
} from './text-match-names.js';
import {
  ctStateFlags,
  formatDecimal,
  formatFlags,
  formatHex,
  formatMaskedFlags,
  formatPort,
  formatValue,
  fragNames,
  hex,
  padded,
  tcpFlags,
  tunFlags,
} from './text-values.js';

interface Entry {
  readonly row: FieldRow;
  readonly value: number | bigint;
  readonly mask: number | bigint | undefined;
}
type Entries = ReadonlyMap<FieldName, Entry>;

function fragText({ value, mask }: Entry): string {
  const first = Number(value) & 1;
  const later = Number(value) & 2;
  if (mask === 1) return first ? 'yes' : 'no';
  if (mask === 2) return later ? 'later' : 'not_later';
  return fragNames[Number(value)] ?? '<error>';
}

function flagsText({ row, value, mask }: Entry, names: readonly string[]): string {
  // tun_flags has more flags inside the switch than a match can name, so it is never exact.
  const every = row.name !== 'tun_flags' && (mask === undefined || Number(mask) === 2 ** names.length - 1);
  return every ? formatFlags(names, Number(value)) : formatMaskedFlags(names, Number(value), Number(mask ?? 1));
}

function packetTypeText({ value }: Entry): string {
  return `(${Number(value) >>> 16},${padded(Number(value) & 0xffff, 1)})`;
}

const wholeLabel = 0xf_ffff;

function entryText(entry: Entry): string {
  const { row, value, mask } = entry;
  switch (row.name) {
    case 'ip_frag':
      return fragText(entry);
    case 'ct_state':
      return flagsText(entry, ctStateFlags);
    case 'tcp_flags':
      return flagsText(entry, tcpFlags);
    case 'tun_flags':
      return flagsText(entry, tunFlags);
    case 'packet_type':
      return packetTypeText(entry);
    case 'ct_zone':
      return value.toString();
    case 'recirc_id':
      return hex(value);
    case 'ipv6_label':
      return mask === undefined || mask === wholeLabel ? padded(value, 5) : `${padded(value, 5)}/${padded(mask, 5)}`;
    case 'nsh_spi':
      return padded(value, 1);
    case 'eth_type':
      return padded(value, 4);
    case 'nsh_flags':
      return mask === undefined ? genericText(entry) : `${padded(value, 2)}/${padded(mask, 2)}`;
    default:
      return genericText(entry);
  }
}

function genericText({ row, value, mask: given }: Entry): string {
  const mask = unmasked.has(row.name) ? undefined : given;
  if (row.format === 'port' || row.format === 'port16') return formatPort(Number(value));
  if (row.format === 'decimal') return formatDecimal(row, value, mask);
  if (row.format === 'hex') return formatHex(row, value, mask);
  return formatValue(row, value, mask);
}

// An address whose mask is longer than its field, or of no bits, cannot occur: canonicalEntries drops it.
const dscpShift = 2;

function named(entry: Entry): string {
  const { row, value } = entry;
  if (row.name === 'ip_dscp') return `nw_tos=${Number(value) << dscpShift}`;
  return `${matchNames[row.name] ?? row.text}=${entryText(entry)}`;
}

function shortForm(entries: Entries): { text: string | undefined; hides: readonly FieldName[] } {
  const type = Number(entries.get('eth_type')?.value ?? 0);
  const protocol = entries.get('ip_proto');
  const byProtocol = protocol && shortProtocols.get(type)?.get(Number(protocol.value));
  if (byProtocol) return { text: byProtocol, hides: ['eth_type', 'ip_proto'] };
  return { text: shortTypes.get(type), hides: shortTypes.has(type) ? ['eth_type'] : [] };
}

const presentBit = 0x1000;
const vidBits = 0x0fff;

// The tag's fields, as dl_vlan and dl_vlan_pcp where a tag is required and they are exact, else as vlan_tci.
function vlanText(entries: Entries): string[] {
  const vid = entries.get('vlan_vid');
  const pcp = entries.get('vlan_pcp');
  if (!vid && !pcp) return [];
  const mask = Number(vid ? (vid.mask ?? presentBit | vidBits) : 0) | (pcp ? 0xf000 : 0);
  const tci = Number(vid?.value ?? 0) | (pcp ? (Number(pcp.value) << 13) | presentBit : 0);
  const vidMask = mask & vidBits;
  const pcpExact = pcp !== undefined;
  if (mask & tci & presentBit && (vidMask === 0 || vidMask === vidBits) && (vidMask || pcpExact))
    return [...(vidMask ? [`dl_vlan=${tci & vidBits}`] : []), ...(pcpExact ? [`dl_vlan_pcp=${tci >>> 13}`] : [])];
  return [mask === 0xffff ? `vlan_tci=${padded(tci, 4)}` : `vlan_tci=${padded(tci, 4)}/${padded(mask, 4)}`];
}

// With recirc_id it is the match of a datapath flow, whose type of packet ovs-ofctl spells out.
const saysEthernet = (entries: Entries) =>
  entries.has('recirc_id') && [...entries.values()].some(({ row }) => row.prerequisite !== 'none');

// ovs-ofctl says nothing of Ethernet, which is what packets are, of NSH's context headers but for the type that has them, nor of the original ports of a connection of
// unknown protocol.
const contexts: ReadonlySet<string> = new Set(['nsh_c1', 'nsh_c2', 'nsh_c3', 'nsh_c4']);
const goesUnsaid = (place: FieldName, entries: Entries) =>
  (place === 'packet_type' && entries.get(place)?.value === 0) ||
  (contexts.has(place) && entries.get('nsh_mdtype')?.value !== 1) ||
  ((place === 'ct_tp_src' || place === 'ct_tp_dst') && !entries.has('ct_nw_proto'));

function placeText(place: Place, entries: Entries, short: string[]): string[] {
  if (place === 'short') return short;
  if (place === 'vlan') return vlanText(entries);
  const version = erspanVersion[place];
  if (version !== undefined && Number(entries.get('tun_erspan_ver')?.value) !== version) return [];
  const entry = entries.get(place);
  return entry && !goesUnsaid(place, entries) ? [named(entry)] : [];
}

// A Geneve option; a mask without ones asks only that it is there.
function optionText(row: FieldRow, value: AnyFieldValue, mask: AnyFieldValue | undefined): string {
  const bytes = mask instanceof Uint8Array ? mask : Uint8Array.of(0xff);
  if (bytes.every((byte) => byte === 0)) return row.text;
  return `${row.text}=${formatValue(row, value, bytes.every((byte) => byte === 0xff) ? undefined : mask)}`;
}

/** A match as ovs-ofctl prints it, without priority; empty for one that matches everything. Raw fields are left out. */
export function formatMatch(match: Match): string {
  const entries = new Map<FieldName, Entry>();
  const options: string[] = [];
  for (const { row, value, mask } of canonicalEntries(match)) {
    if (value instanceof Uint8Array || mask instanceof Uint8Array) options.push(optionText(row, value, mask));
    else entries.set(row.name, { row, value, mask });
  }
  const { text, hides } = shortForm(entries);
  const short = [...(saysEthernet(entries) ? ['eth'] : []), ...(text ? [text] : [])];
  for (const name of hides) entries.delete(name);
  const parts = order.flatMap((place) => {
    const found = placeText(place, entries, short);
    return place === 'tun_flags' ? [...found, ...options] : found;
  });
  return parts.join(',');
}
