// Flows as text, otherwise than dumps print them: the same in other words, as operators write it, and with something wrong in it.
import { fields } from '../../../src/ofp/index.js';
import type { Chance } from './chance.js';

// The parts are the groups of the pattern, all of which take part where it matches.
type Respell = (text: string, part: string, ...rest: readonly string[]) => string;

const fieldNames: ReadonlyMap<string, string> = new Map(fields.map(({ nxm, text }) => [nxm, text]));
const dotted = (length: number) => {
  const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff).join('.');
};
const inDecimal = (hex: string) => String(BigInt(hex));
const inHex = (decimal: string) => `0x${BigInt(decimal).toString(16)}`;

const inMatches: readonly (readonly [RegExp, Respell])[] = [
  [/\bnw_(src|dst)=/g, (_, end) => `ip_${end}=`],
  [/\bdl_(src|dst|type)=/g, (_, end) => `eth_${end}=`],
  [/\bnw_tos=(\d+)/g, (_, tos) => `ip_dscp=${Number(tos) >> 2}`],
  [/\bnw_ecn=/g, () => 'ip_ecn='],
  [/\btun_id=/g, () => 'tunnel_id='],
  [/\bdl_vlan=(\d+)/g, (_, vid) => `vlan_vid=${Number(vid) | 0x1000}`],
  [
    /\b(tcp|udp|sctp)(6?)\b(.*?)\btp_(src|dst)=/g,
    (_, protocol, six, rest, end) => `${protocol}${six}${rest}${protocol}_${end}=`,
  ],
  [/\bip(?=[ ,])/g, () => 'dl_type=0x800'],
  [/\barp(?=[ ,])/g, () => 'dl_type=0x0806'],
  [/\btcp(?=[ ,])/g, () => 'dl_type=0x800,nw_proto=6'],
  [/\budp6(?=[ ,])/g, () => 'ipv6,nw_proto=17'],
  [/(?<==[\d.]+)\/(\d{1,2})(?=[ ,])/g, (_, length) => `/${dotted(Number(length))}`],
  [/\b(reg\d+|metadata|pkt_mark)=(0x[0-9a-f]+)(?=[ ,])/g, (_, name, value) => `${name}=${inDecimal(value)}`],
  [
    /\b(priority|idle_timeout|hard_timeout|tp_src|tp_dst|conj_id)=(\d+)(?=[ ,])/g,
    (_, name, value) => `${name}=${inHex(value)}`,
  ],
  [/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, (mac) => mac.toUpperCase()],
  [/, | /g, () => ','],
  [/,(?!0x\w+\))/g, () => ' , '],
];
const inActions: readonly (readonly [RegExp, Respell])[] = [
  [/(?<=^|,)output:(\d+|[A-Z_]+)(?=,|$)/g, (_, port) => port],
  [/(?<=^|,)(output|group|set_queue|resubmit|push_vlan):/g, (_, name) => `${name}=`],
  [/(?<!\d\*)\b((?:NX|O|NXO|ONFO|ERICO)XM_\w+|NXM_\w+)/g, (name) => fieldNames.get(name) ?? name],
  [/(?<=->\w+)\[\](?=[,)]|$)/g, () => ''],
  [/\bload:(0x[0-9a-f]+)/g, (_, value) => `load:${inDecimal(value)}`],
  [/\bpop_vlan\b/g, () => 'strip_vlan'],
  [/\bset_field:([\d:a-f]+)->eth_(src|dst)/g, (_, mac, end) => `mod_dl_${end}:${mac}`],
  [/\bset_field:([\d.]+)->ip_(src|dst)/g, (_, address, end) => `mod_nw_${end}:${address}`],
  [/\bset_field:(\d+)->(?:tcp|udp|sctp)_(src|dst)/g, (_, port, end) => `mod_tp_${end}:${port}`],
  [/\bmembers:/g, () => 'slaves:'],
  [/,(?!ct\))/g, () => ', '],
];

function respelledBy(chance: Chance, text: string, rules: readonly (readonly [RegExp, Respell])[]): string {
  return rules.reduce(
    (soFar, [pattern, respell]) => (chance.oneIn(3) ? soFar.replace(pattern, respell as () => string) : soFar), // replace gives the parts
    text,
  );
}

/** The same flow in other words. */
export function respelled(chance: Chance, text: string): string {
  const [match = '', actions = ''] = text.split(/(?<=[\s,])actions=/);
  return `${respelledBy(chance, match, inMatches)}actions=${respelledBy(chance, actions, inActions)}`;
}

const characters = '0123456789abcdefx:./,()=->+[]_ "*';
const numbers = [
  '0',
  '07',
  '8',
  '64',
  '255',
  '256',
  '4096',
  '65536',
  '0xffffffff',
  '0x100000000',
  '-1',
  '1.5',
  '',
  '64/63',
];
const largerThanAny = ['18446744073709551616', '0xfffffffffffffffff'];

const inserted = (text: string, at: number, removed: number, part: string) =>
  text.slice(0, at) + part + text.slice(at + removed);

function withOtherNumber(chance: Chance, text: string): string {
  const { index, 0: number } = chance.pick([...text.matchAll(/0x[0-9a-f]+|\d+/g)]);
  return inserted(text, index, number.length, chance.pick([...numbers, ...largerThanAny]));
}

// Words and what stands between them take turns.
function withOtherWords(chance: Chance, text: string): string {
  const parts = text.split(/([\s,]+)/);
  const word = () => 2 * chance.below(Math.ceil(parts.length / 2));
  const [one, other] = [word(), word()];
  const [first = '', second = ''] = [parts[one], parts[other]];
  const kind = chance.below(3);
  if (kind === 0) return parts.toSpliced(one, 0, first, ',').join('');
  if (kind === 1) return parts.toSpliced(one, 2).join('');
  return parts.with(one, second).with(other, first).join('');
}

/** Text with something wrong in it, mostly. */
export function spoiled(chance: Chance, text: string): string {
  const at = chance.below(text.length);
  switch (chance.below(6)) {
    case 0:
      return inserted(text, at, 1, '');
    case 1:
      return inserted(text, at, 0, characters.charAt(chance.below(characters.length)));
    case 2:
      return inserted(text, at, 1, characters.charAt(chance.below(characters.length)));
    case 3:
      return withOtherNumber(chance, text);
    case 4:
      return text.slice(0, at);
    default:
      return withOtherWords(chance, text);
  }
}
