// Random values of fields, inside their range or, for wild choices, anywhere in their bytes.
import { reservedPort, type AnyFieldValue, type FieldRow } from '../../../src/ofp/index.js';
import type { Chance } from './chance.js';

/** Bits as a value of a field: a bigint where the field has more than a number holds. */
const asValue = (row: FieldRow, bits: bigint): AnyFieldValue =>
  row.bits === 128 || bits > BigInt(Number.MAX_SAFE_INTEGER) ? bits : Number(bits);

const wellKnown: Readonly<Record<string, readonly number[]>> = {
  in_port: [1, 2, 9, 0xfeff, reservedPort.local],
  nxm_in_port: [0, 1, 2, 0xffff],
  eth_type: [0x0800, 0x0806, 0x86dd, 0x8847, 0x8035, 0x88cc],
  vlan_vid: [0, 0x1000, 0x1064, 0x1fff],
  arp_op: [1, 2, 3, 255],
  packet_type: [0, 0x1_0800, 0x1_894f],
  ip_proto: [6, 17, 132, 1, 58, 47],
  icmpv6_type: [135, 136, 128],
  ip_frag: [0, 1, 3],
  ct_state: [0x20, 0x21, 0x22, 0x2a, 0x30, 0x60],
};

/** A value of a field. */
export function randomValue(chance: Chance, row: FieldRow, wild: boolean): AnyFieldValue {
  if (row.size === 0) return chance.bytes(4 * (1 + chance.below(2)));
  const known = wellKnown[row.name];
  if (known && !(wild && chance.oneIn(2))) return chance.pick(known);
  return asValue(row, chance.bits(wild ? 8 * row.size : row.bits));
}

/** A value and a mask of a field that takes masks; the value has no bits that the mask has not, unless wild. */
export function randomMasked(
  chance: Chance,
  row: FieldRow,
  wild: boolean,
): { readonly value: AnyFieldValue; readonly mask: AnyFieldValue } {
  if (row.size === 0) {
    const size = 4 * (1 + chance.below(2));
    const mask = chance.bytes(size);
    return { value: chance.bytes(size).map((byte, i) => byte & (mask[i] ?? 0)), mask };
  }
  // The combinations that have a name in text.
  if (row.name === 'ip_frag' && !wild)
    return chance.pick([
      { value: 1, mask: 1 },
      { value: 0, mask: 2 },
    ]);
  const mask = chance.bits(wild ? 8 * row.size : row.bits);
  const bits = chance.bits(row.bits);
  // A mask of all bits that are fewer than the bytes hold is printed like none.
  const whole = row.bits % 8 !== 0 && mask === (1n << BigInt(row.bits)) - 1n;
  if (whole && !wild) return { value: asValue(row, bits & ~1n), mask: asValue(row, mask & ~1n) };
  return { value: asValue(row, wild && chance.oneIn(2) ? bits : bits & mask), mask: asValue(row, mask) };
}
