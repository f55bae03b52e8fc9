// The part of binary-parser that the codec uses: the package's own declarations cannot be found through its exports.
declare module 'binary-parser' {
  /** Declares a structure field by field, and reads it. */
  export class Parser<Result = object> {
    endianess(order: 'big'): this;
    seek(size: number): this;
    uint32<Name extends string>(name: Name): Parser<Result & Record<Name, number>>;
    uint64<Name extends string>(name: Name): Parser<Result & Record<Name, bigint>>;
    parse(bytes: Uint8Array): Result;
  }
}
