// Looking fields up: by name for encoding, by wire header for decoding. Types of names and values come from the table.
import {
  fieldTable,
  type Access,
  type FieldFormat,
  type Internal,
  type Masking,
  type Prerequisite,
} from './field-table.js';

type Table = typeof fieldTable;
type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
/** The Geneve option fields, whose meaning a TLV table in the switch gives. */
export type TunMetadataName = `tun_metadata${'' | 1 | 2 | 3 | 4 | 5}${Digit}` | `tun_metadata6${0 | 1 | 2 | 3}`;
type FixedFieldName = keyof Table;
/** Every field of a match, by the name that programs use. */
export type FieldName = FixedFieldName | TunMetadataName;
type ValueOfBits<Bits extends number> = Bits extends 128 ? bigint : Bits extends 64 ? number | bigint : number;
/** The type of a field's value: numbers up to 48 bits, either above, bigint at 128, bytes for tun_metadata. */
export type FieldValue<F extends FieldName> = F extends FixedFieldName ? ValueOfBits<Table[F]['bits']> : Uint8Array;
type NamesWith<Key extends 'access' | 'masking', Value> = {
  [F in FixedFieldName]: Table[F][Key] extends Value ? F : never;
}[FixedFieldName];
/** The fields that actions may write. */
export type WritableField = NamesWith<'access', 'rw'> | TunMetadataName;
/** The fields whose match may carry a mask. */
export type MaskableField = NamesWith<'masking', 'mask'> | TunMetadataName;
/** A value of any field. */
export type AnyFieldValue = number | bigint | Uint8Array;

/** One field as the codec uses it. */
export interface FieldRow {
  readonly name: FieldName;
  /** ovs-ofctl's name. */
  readonly text: string;
  /** The name of the OXM header, e.g. OXM_OF_ETH_DST. */
  readonly oxm: string;
  /** The name that load, move and their kin print, e.g. NXM_OF_ETH_DST. */
  readonly nxm: string;
  /** The 32-bit OXM header without mask: class, field, length. */
  readonly header: number;
  /** The header that load, move and their kin carry. */
  readonly nxmHeader: number;
  /** The experimenter id of headers of class 0xffff, 0 otherwise. */
  readonly experimenter: number;
  readonly nxmExperimenter: number;
  readonly bits: number;
  /** Bytes of a value; 0 where the wire says. */
  readonly size: number;
  /** The smallest number that does not fit the bytes; Infinity where every safe integer does. */
  readonly limit: number;
  readonly access: Access;
  readonly masking: Masking;
  readonly format: FieldFormat;
  readonly prerequisite: Prerequisite;
  /** The least and greatest value in a match. */
  readonly range: readonly [least: bigint, most: bigint];
  /** The bits of a value in a match that are zero. */
  readonly zeros: bigint;
  /** Which values only the switch's own flows match. */
  readonly internal: Internal;
  /** The ethertype that a match must name too, beside the prerequisite; undefined: any. */
  readonly withEthType: number | undefined;
  /** Place in Open vSwitch's canonical order, and in `fields`. */
  readonly rank: number;
}

/** The class of OXM headers that carry an experimenter id. */
export const experimenterClass = 0xffff;
const classes: readonly (readonly [prefix: string, oxmClass: number, experimenter: number])[] = [
  ['NXM_OF_', 0x0000, 0],
  ['NXM_NX_', 0x0001, 0],
  ['ERICOXM_OF_', 0x1000, 0],
  ['OXM_OF_PKT_REG', 0x8001, 0],
  ['OXM_OF_', 0x8000, 0],
  ['NXOXM_NSH_', experimenterClass, 0x005a_d650],
  ['NXOXM_ET_', experimenterClass, 0x0000_2320],
  ['ONFOXM_ET_', experimenterClass, 0x4f4e_4600],
];

function headerOf(oxm: string, code: number, size: number): { header: number; experimenter: number } {
  const found = classes.find(([prefix]) => oxm.startsWith(prefix));
  if (!found) throw new Error(`no OXM class for ${oxm}`);
  const [, oxmClass, experimenter] = found;
  const length = size + (experimenter ? 4 : 0);
  return { header: ((oxmClass << 16) | (code << 9) | length) >>> 0, experimenter };
}

interface TableRow {
  readonly oxm: string;
  readonly code: number;
  readonly bits: number;
  readonly access: Access;
  readonly masking: Masking;
  readonly format: FieldFormat;
  readonly prerequisite: Prerequisite;
  readonly alias?: readonly [name: string, code: number];
  readonly text?: string;
  readonly size?: number;
  readonly range?: readonly [least: number, most: number];
  readonly zeros?: number;
  readonly internal?: Internal;
  readonly withEthType?: number;
}

const wholeBytes = (bits: number) => (bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : bits / 8);

const largestCounted = 6;

const limits = ({ bits, range, zeros = 0, internal = 'none', withEthType }: TableRow) => ({
  range: range ? ([BigInt(range[0]), BigInt(range[1])] as const) : ([0n, (1n << BigInt(bits)) - 1n] as const),
  zeros: BigInt(zeros),
  internal,
  withEthType,
});

function fieldRow(name: FieldName, row: TableRow, rank: number): FieldRow {
  const size = row.size ?? wholeBytes(row.bits);
  const [nxm, nxmCode] = row.alias ?? [row.oxm, row.code];
  const own = headerOf(row.oxm, row.code, size);
  const other = headerOf(nxm, nxmCode, size);
  const { access, masking, format, prerequisite, bits, oxm } = row;
  const described = { name, text: row.text ?? name, oxm, nxm, access, masking, format, prerequisite, bits, rank };
  const limit = size === 0 || size > largestCounted ? Infinity : 2 ** (8 * size);
  const wire = { header: own.header, experimenter: own.experimenter, size, limit };
  return { ...described, ...wire, ...limits(row), nxmHeader: other.header, nxmExperimenter: other.experimenter };
}

// Open vSwitch writes tun_metadata after the other tunnel fields.
const tunMetadataRank = Object.keys(fieldTable).indexOf('nsh_flags') - 0.5;

function tunMetadataRow(index: number): FieldRow {
  const row = { oxm: `NXM_NX_TUN_METADATA${index}`, code: 40 + index, bits: 992, size: 0 } as const;
  const kind = { access: 'rw', masking: 'mask', format: 'bytes', prerequisite: 'none' } as const;
  // The 64 names are exactly those of the template type.
  const name = `tun_metadata${index}` as TunMetadataName;
  return fieldRow(name, { ...row, ...kind }, tunMetadataRank + index / 1000);
}

/** All fields in canonical order. */
export const fields: readonly FieldRow[] = [
  // Object.entries forgets the key type of a constant table.
  ...Object.entries(fieldTable).map(([name, row], rank) => fieldRow(name as FixedFieldName, row, rank)),
  ...Array.from({ length: 64 }, (_, index) => tunMetadataRow(index)),
]
  .sort((a, b) => a.rank - b.rank)
  .map((row, rank) => ({ ...row, rank }));

const byName: ReadonlyMap<string, FieldRow> = new Map(fields.map((row) => [row.name, row]));

/** The row of a field that the type system knows. */
export function field(name: FieldName): FieldRow {
  const row = byName.get(name);
  if (!row) throw new Error(`no field is named ${name}`);
  return row;
}

/** The row of a field by a name that may be none. */
export const fieldNamed = (name: string): FieldRow | undefined => byName.get(name);

/** Whether a string is the name of a field. */
export function isFieldName(name: string): name is FieldName {
  return byName.has(name);
}

// Class and field code, which is a header without mask bit and length.
const keyOf = (header: number) => header >>> 9;
const byHeader = new Map<number, FieldRow>();
const byExperimenterHeader = new Map<number, Map<number, FieldRow>>();
for (const row of fields) {
  for (const [header, experimenter] of [
    [row.header, row.experimenter],
    [row.nxmHeader, row.nxmExperimenter],
  ] as const) {
    if (experimenter === 0) byHeader.set(keyOf(header), row);
    else {
      const ofExperimenter = byExperimenterHeader.get(experimenter) ?? new Map<number, FieldRow>();
      byExperimenterHeader.set(experimenter, ofExperimenter.set(keyOf(header), row));
    }
  }
}

/** The field that a wire header names, whatever its mask bit and length say; undefined for one that is not ours to know. */
export function fieldOfHeader(header: number, experimenter: number): FieldRow | undefined {
  if (header >>> 16 !== experimenterClass) return byHeader.get(keyOf(header));
  return byExperimenterHeader.get(experimenter)?.get(keyOf(header));
}
