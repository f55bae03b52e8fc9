// What a flow matches, as plain data.
import type { FieldName, FieldValue, MaskableField } from './fields.js';

/** A value of which only the bits set in the mask count. */
export interface Masked<Value> {
  readonly value: Value;
  readonly mask: Value;
}

/** A match field that this codec does not know (or that a match repeats), kept as it came. */
export interface RawOxm {
  /** The 32-bit header: class, field, mask bit, length of the body. */
  readonly header: number;
  /** What follows the header: experimenter id if any, value, mask if any. */
  readonly body: Uint8Array;
}

type Fields = {
  readonly [F in FieldName]?: F extends MaskableField ? FieldValue<F> | Masked<FieldValue<F>> : FieldValue<F>;
};

/**
 * Fields to values as they are on the wire: `vlan_vid` carries the present bit (0x1064 is VID 100), MAC addresses are
 * 48-bit numbers, IPv4 addresses 32-bit numbers, IPv6 addresses bigints.
 */
export interface Match extends Fields {
  readonly unknown?: readonly RawOxm[];
}
