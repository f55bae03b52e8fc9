// The registry of fields is what the manual page ovs-fields(7) says, field by field.
import t from 'tap';
import { fields, type FieldRow } from '../../src/ofp/index.js';
import { vectorRows } from './vector-rows.js';

const byText: ReadonlyMap<string, FieldRow> = new Map(fields.map((row) => [row.text, row]));

// Of a header of 32 bits, those of the field's number within its class.
const codeIn = (header: number) => (header >>> 9) & 0x7f;
const named = (name: string, header: number) => `${name} (${codeIn(header)})`;

const significant = (width: string) => Number(/least-significant (\d+)/.exec(width)?.[1] ?? Number.parseInt(width, 10));

const prerequisites: Readonly<Record<FieldRow['prerequisite'], string>> = {
  none: 'none',
  eth: 'Ethernet',
  vlan: 'VLAN VID',
  mpls: 'MPLS',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  ip: 'IPv4/IPv6',
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmpv4: 'ICMPv4',
  icmpv6: 'ICMPv6',
  nd: 'ND',
  nd_solicit: 'ND solicit',
  nd_advert: 'ND advert',
  arp: 'ARP',
  nsh: 'NSH',
  ct: 'CT',
};

/** A field as the manual describes it; of its two names in headers those that are not "none". */
function described(row: FieldRow): readonly unknown[] {
  const names = new Set([named(row.oxm, row.header), named(row.nxm, row.nxmHeader)]);
  const masking = row.masking === 'mask' ? 'arbitrary bitwise masks' : 'not maskable';
  const access = row.access === 'rw' ? 'read/write' : 'read-only';
  return [row.bits, masking, prerequisites[row.prerequisite], access, [...names].sort()];
}

const { rows } = vectorRows('ovs-fields');

void t.test('each field of the manual has the width, masks, prerequisite, access and headers that it says', (t) => {
  for (const [name = '', width = '', masking, needs, access, ...headers] of rows) {
    const row = byText.get(name);
    if (headers.every((header) => header === 'none')) continue; // not on the wire: skb_priority
    const given = headers.filter((header) => header !== 'none').sort();
    t.same(row && described(row), [significant(width), masking, needs, access, given], name);
  }
  t.ok(rows.length >= 85);
  t.end();
});

void t.test(
  'registers and options are numbered one after the other, and only two fields are not in the manual',
  (t) => {
    const families = [/^reg\d+$/, /^xreg\d$/, /^xxreg\d$/, /^tun_metadata\d+$/];
    const inManual = new Set(rows.map(([name]) => name));
    for (const family of families) {
      const [first, ...rest] = fields.filter(({ text }) => family.test(text));
      if (!first) throw new Error(String(family));
      for (const [i, row] of rest.entries()) {
        const headers = [`${first.oxm.replace(/\d+$/, '')}${i + 1} (${codeIn(first.header) + i + 1})`];
        t.same(described(row), [...described(first).slice(0, 4), headers], row.text);
        inManual.add(row.text);
      }
    }
    const others = fields.map(({ text }) => text).filter((text) => !inManual.has(text));
    t.same(others, ['dp_hash', 'recirc_id'], 'of the datapath itself');
    t.end();
  },
);
