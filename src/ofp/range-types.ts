// Ranges that the compiler sees: a literal that its field cannot hold does not compile. Where it sees only `number`, encoding looks.
import type { fieldTable } from './field-table.js';
import type { FieldName } from './fields.js';

type Table = typeof fieldTable;

/** The greatest number of so many bits, in decimal. */
interface Greatest {
  1: '1';
  2: '3';
  3: '7';
  4: '15';
  6: '63';
  8: '255';
  12: '4095';
  16: '65535';
  20: '1048575';
  24: '16777215';
  32: '4294967295';
  48: '281474976710655';
}

// Digits in their order, so that one stands before another if it is less.
type Before<A extends string, B extends string> = '0123456789' extends `${string}${A}${string}${B}${string}`
  ? true
  : false;

// Whether A is at most B, digit by digit from the left, both of the same length.
type AtMost<A extends string, B extends string> = A extends `${infer First}${infer Rest}`
  ? B extends `${infer Other}${infer Others}`
    ? First extends Other
      ? AtMost<Rest, Others>
      : Before<First, Other>
    : false
  : true;

// Which of two is longer, digit against digit.
type Longer<A extends string, B extends string> = A extends `${string}${infer Rest}`
  ? B extends `${string}${infer Others}`
    ? Longer<Rest, Others>
    : 'first'
  : B extends ''
    ? 'none'
    : 'second';

type FitsDecimal<A extends string, B extends string> = A extends `-${string}` | `${string}.${string}`
  ? false
  : Longer<A, B> extends 'second'
    ? true
    : Longer<A, B> extends 'first'
      ? false
      : AtMost<A, B>;

// A VID has a bit beyond those that actions see: the one that says that there is a tag.
type BitsOf<F extends FieldName> = F extends 'vlan_vid' ? 'tag' : F extends keyof Table ? Table[F]['bits'] : never;
type GreatestOf<F extends FieldName> =
  BitsOf<F> extends 'tag' ? '8191' : BitsOf<F> extends keyof Greatest ? Greatest[BitsOf<F>] : never;

type FitsField<F extends FieldName, V> = V extends number
  ? number extends V
    ? true
    : [GreatestOf<F>] extends [never]
      ? true
      : FitsDecimal<`${V}`, GreatestOf<F>>
  : true;

/** A value if its field can hold it, as far as the compiler sees. */
export type InRange<F extends FieldName, V> = false extends FitsField<F, V> ? never : V;

/** A match whose values its fields can hold, as far as the compiler sees. */
export type MatchInRange<M> = {
  readonly [F in keyof M]: F extends FieldName
    ? M[F] extends { readonly value: infer V; readonly mask: infer Mask }
      ? { readonly value: InRange<F, V>; readonly mask: InRange<F, Mask> }
      : InRange<F, M[F]>
    : M[F];
};
