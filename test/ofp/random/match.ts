// Random matches: fields with what they need, and now and then without.
import { fields, type FieldRow, type Match } from '../../../src/ofp/index.js';
import type { Chance } from './chance.js';
import { randomMasked, randomValue } from './field-values.js';

type Prerequisite = FieldRow['prerequisite'];

const ipv4 = { eth_type: 0x0800 };
const ipv6 = { eth_type: 0x86dd };
const over = (ip_proto: number): readonly Match[] => [
  { ...ipv4, ip_proto },
  { ...ipv6, ip_proto },
];
const neighbour = (icmpv6_type: number): Match => ({ ...ipv6, ip_proto: 58, icmpv6_type, icmpv6_code: 0 });

/** Matches that let a flow use fields of each kind. */
const waysTo: Readonly<Record<Prerequisite, readonly Match[]>> = {
  none: [{}],
  eth: [{}],
  vlan: [{ vlan_vid: 0x1064 }, { vlan_vid: { value: 0x1000, mask: 0x1000 } }],
  mpls: [{ eth_type: 0x8847 }, { eth_type: 0x8848 }],
  ipv4: [ipv4],
  ipv6: [ipv6],
  ip: [ipv4, ipv6],
  tcp: over(6),
  udp: over(17),
  sctp: over(132),
  icmpv4: [{ ...ipv4, ip_proto: 1 }],
  icmpv6: [{ ...ipv6, ip_proto: 58 }],
  nd: [neighbour(135), neighbour(136)],
  nd_solicit: [neighbour(135)],
  nd_advert: [neighbour(136)],
  arp: [{ eth_type: 0x0806 }, { eth_type: 0x8035 }],
  nsh: [{ eth_type: 0x894f }],
  ct: [
    { ...ipv4, ct_state: { value: 0x22, mask: 0x22 } },
    { ...ipv6, ct_state: { value: 0x21, mask: 0x21 } },
  ],
};
const bases = [...new Set(Object.values(waysTo).flat())];

const has = (whole: Match, part: Match) =>
  Object.entries(part).every(([name, value]) => JSON.stringify(whole[name as 'in_port']) === JSON.stringify(value));
// Which fields each base lets a flow use; the VLAN tag goes with any of them.
const usable: ReadonlyMap<Match, readonly FieldRow[]> = new Map(
  bases.map((base) => [base, fields.filter(({ prerequisite }) => waysTo[prerequisite].some((way) => has(base, way)))]),
);

// Open vSwitch's table of Geneve options decides about these, and registers in pairs are registers.
const isPlain = (row: FieldRow) => row.size > 0;

/** What a random flow is about: the part of its match that says which protocol it is, and the fields that it may use. */
export interface Subject {
  readonly base: Match;
  readonly rows: readonly FieldRow[];
}

/** A subject. */
export function randomSubject(chance: Chance): Subject {
  const base = chance.pick(bases);
  const rows = (usable.get(base) ?? []).filter(isPlain);
  if (chance.oneIn(3) && !('vlan_vid' in base))
    return {
      base: { ...base, vlan_vid: 0x1000 | chance.below(4096) },
      rows: [...rows, ...fields.filter(({ prerequisite }) => prerequisite === 'vlan')],
    };
  return { base, rows };
}

const plainFields = fields.filter(isPlain);

/** A field of the subject; once in `wildness` any field at all (0: never). */
export const randomField = (chance: Chance, { rows }: Subject, wildness: number): FieldRow =>
  wildness > 0 && chance.oneIn(wildness) ? chance.pick(plainFields) : chance.pick(rows);

/** A match about a subject; once in `wildness` a field, value or mask is any that fits the bytes (0: never). */
export function randomMatch(chance: Chance, subject: Subject, wildness: number): Match {
  const match: Record<string, unknown> = { ...subject.base };
  const count = chance.below(5);
  for (let i = 0; i < count; i++) {
    const row = randomField(chance, subject, wildness);
    const wild = wildness > 0 && chance.oneIn(wildness);
    if (row.name in subject.base && !wild) continue;
    const mayMask = row.masking === 'mask' || wild;
    match[row.name] = mayMask && chance.oneIn(2) ? randomMasked(chance, row, wild) : randomValue(chance, row, wild);
  }
  if (wildness > 0 && chance.oneIn(wildness)) Reflect.deleteProperty(match, 'eth_type');
  // The values come from the rows of their fields.
  return match;
}
