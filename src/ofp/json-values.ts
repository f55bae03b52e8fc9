// How values are written in JSON: for each type its schema and both ways. bigints are strings, decimal or 0x; bytes are strings of hex.
import { hexOf } from './decode-error.js';

/** What JSON can hold. */
export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
/** A JSON schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON that is not what it should be: where, as a path of names, and what is wrong. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';
  readonly path: string;

  constructor(path: string, why: string) {
    super(`${path || 'the message'}: ${why}`);
    this.path = path;
  }
}

/** A type of value in JSON. */
export interface JsonCodec<T> {
  readonly schema: () => JsonSchema;
  readonly toJson: (value: T) => Json;
  /** Throws JsonProblem; `path` is where the value stands. */
  readonly fromJson: (json: unknown, path: string) => T;
}

/** A member that may be absent. */
export interface OptionalMember<T> {
  readonly optional: JsonCodec<T>;
}

/** A member that may be absent. */
export const optional = <T>(codec: JsonCodec<T>): OptionalMember<T> => ({ optional: codec });

/** A whole number of at most so many bits (53 at most). */
export function uint(bits: number): JsonCodec<number> {
  const maximum = 2 ** bits - 1;
  return {
    schema: () => ({ type: 'integer', minimum: 0, maximum }),
    toJson: (value) => value,
    fromJson(json, path) {
      if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || json > maximum)
        throw new JsonProblem(path, `is no whole number from 0 to ${maximum}`);
      return json;
    },
  };
}

const digits = /^(0x[0-9a-f]+|[0-9]+)$/i;

/** A bigint of at most so many bits; read from a string, decimal or 0x, or from a number. */
export function big(bits: number, radix: 10 | 16): JsonCodec<bigint> {
  return {
    schema: () => ({ type: 'string', pattern: '^(0x[0-9a-fA-F]+|[0-9]+)$' }),
    toJson: (value) => (radix === 10 ? value.toString() : `0x${value.toString(16)}`),
    fromJson(json, path) {
      const isNumber = typeof json === 'number' && Number.isSafeInteger(json) && json >= 0;
      if (!isNumber && !(typeof json === 'string' && digits.test(json)))
        throw new JsonProblem(path, 'is no string of a whole number, decimal or 0x');
      const value = BigInt(json);
      if (value >> BigInt(bits)) throw new JsonProblem(path, `has more than ${bits} bits`);
      return value;
    },
  };
}

/** A number or bigint of at most so many bits: a number in JSON as it is one, a bigint a string. */
export const whole = (bits: number): JsonCodec<number | bigint> => ({
  schema: () => ({ anyOf: [uint(53).schema(), big(bits, 16).schema()] }),
  toJson: (value) => (typeof value === 'number' ? value : big(bits, 16).toJson(value)),
  fromJson: (json, path) =>
    typeof json === 'number' ? uint(53).fromJson(json, path) : big(bits, 16).fromJson(json, path),
});

/** Bytes as hex. */
export const bytes: JsonCodec<Uint8Array> = {
  schema: () => ({ type: 'string', pattern: '^([0-9a-fA-F]{2})*$' }),
  toJson: hexOf,
  fromJson(json, path) {
    if (typeof json !== 'string' || !/^([0-9a-f]{2})*$/i.test(json)) throw new JsonProblem(path, 'is no string of hex');
    return Uint8Array.from(json.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  },
};

/** Text. */
export const text: JsonCodec<string> = {
  schema: () => ({ type: 'string' }),
  toJson: (value) => value,
  fromJson(json, path) {
    if (typeof json !== 'string') throw new JsonProblem(path, 'is no string');
    return json;
  },
};

/** true or false. */
export const flag: JsonCodec<boolean> = {
  schema: () => ({ type: 'boolean' }),
  toJson: (value) => value,
  fromJson(json, path) {
    if (typeof json !== 'boolean') throw new JsonProblem(path, 'is neither true nor false');
    return json;
  },
};

/** One of some words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): JsonCodec<Word> => ({
  schema: () => ({ enum: words }),
  toJson: (value) => value,
  fromJson(json, path) {
    const word = words.find((known) => known === json);
    if (word === undefined) throw new JsonProblem(path, `is none of ${words.join(', ')}`);
    return word;
  },
});

function arrayAt(json: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(json)) throw new JsonProblem(path, 'is no list');
  return json;
}

/** A list of values of one type. */
export const list = <T>(entry: JsonCodec<T>): JsonCodec<readonly T[]> => ({
  schema: () => ({ type: 'array', items: entry.schema() }),
  toJson: (values) => values.map((value) => entry.toJson(value)),
  fromJson: (json, path) => arrayAt(json, path).map((value, i) => entry.fromJson(value, `${path}[${i}]`)),
});

/** As many numbers as the type says. */
export const numbers = <T extends readonly number[]>(length: T['length'], bits: number): JsonCodec<T> => ({
  schema: () => ({ ...list(uint(bits)).schema(), minItems: length, maxItems: length }),
  toJson: (values) => [...values],
  fromJson(json, path) {
    const read = list(uint(bits)).fromJson(json, path);
    if (read.length !== length) throw new JsonProblem(path, `does not have ${length} numbers`);
    // The length was just looked at.
    return read as unknown as T;
  },
});

/** The codecs of an object's members: every member of the type, and no other. */
export type Shape<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? OptionalMember<Exclude<T[K], undefined>> : JsonCodec<T[K]>;
};
type AnyMember = JsonCodec<unknown> | OptionalMember<unknown>;
/** An object of JSON, not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An object of JSON; throws JsonProblem. */
export function objectAt(json: unknown, path: string): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new JsonProblem(path, 'is no object');
  // An object that is no array has members by name.
  return json as JsonObject;
}

/** The path of a member. */
export const memberPath = (path: string, name: string): string => (path ? `${path}.${name}` : name);

const codecOf = (member: AnyMember): JsonCodec<unknown> => ('optional' in member ? member.optional : member);

/** An object with these members. */
export function object<T extends object>(shape: Shape<T>): JsonCodec<T> {
  // Shape has said that each member has its own type's codec.
  const members = Object.entries(shape as Readonly<Record<string, AnyMember>>);
  return {
    schema: () => ({
      type: 'object',
      properties: Object.fromEntries(members.map(([name, member]) => [name, codecOf(member).schema()])),
      required: members.filter(([, member]) => !('optional' in member)).map(([name]) => name),
      additionalProperties: false,
    }),
    toJson(value) {
      const given = value as JsonObject;
      return Object.fromEntries(
        members
          .filter(([name]) => given[name] !== undefined)
          .map(([name, member]) => [name, codecOf(member).toJson(given[name])]),
      );
    },
    fromJson(json, path) {
      const given = objectAt(json, path);
      const stranger = Object.keys(given).find((name) => !Object.hasOwn(shape, name));
      if (stranger !== undefined) throw new JsonProblem(memberPath(path, stranger), 'is not known here');
      const read = members.flatMap(([name, member]) => {
        if (Object.hasOwn(given, name)) return [[name, codecOf(member).fromJson(given[name], memberPath(path, name))]];
        if ('optional' in member) return [];
        throw new JsonProblem(memberPath(path, name), 'is missing');
      });
      // Every member was read by its own codec.
      return Object.fromEntries(read) as T;
    },
  };
}

/** The member of a union whose tag has a value. */
export type Member<T, Tag extends keyof T, Name> = T extends unknown ? (Name extends T[Tag] ? T : never) : never;
/** The codecs of a union: for each value of its tag those of the other members, or one for all of it. */
export type Variants<T, Tag extends keyof T> = {
  readonly [Name in T[Tag] & string]: Shape<Omit<Member<T, Tag, Name>, Tag>> | JsonCodec<Member<T, Tag, Name>>;
};

/** A union that a member tells apart. */
export function union<T extends object, Tag extends keyof T & string>(
  tag: Tag,
  variants: Variants<T, Tag>,
): JsonCodec<T> {
  const codecs = new Map<unknown, JsonCodec<T>>(
    // Variants has said that each is the codec of its name's member.
    Object.entries(variants as Readonly<Record<string, object>>).map(([name, variant]) => [
      name,
      'fromJson' in variant
        ? (variant as JsonCodec<T>)
        : object<T>({ [tag]: oneOf(name), ...variant } as unknown as Shape<T>),
    ]),
  );
  return {
    schema: () => ({ oneOf: [...codecs.values()].map((codec) => codec.schema()) }),
    toJson(value) {
      const codec = codecs.get(value[tag]);
      if (!codec) throw new Error(`no ${tag} ${String(value[tag])}`);
      return codec.toJson(value);
    },
    fromJson(json, path) {
      const name = objectAt(json, path)[tag];
      const codec = codecs.get(name);
      if (!codec) throw new JsonProblem(memberPath(path, tag), `is none of ${[...codecs.keys()].join(', ')}`);
      return codec.fromJson(json, path);
    },
  };
}

const named = new Map<string, () => JsonSchema>();

/** A type that the schema gives a name, and that may hold itself. */
export function define<T>(name: string, codec: () => JsonCodec<T>): JsonCodec<T> {
  named.set(name, () => codec().schema());
  return {
    schema: () => ({ $ref: `#/$defs/${name}` }),
    toJson: (value) => codec().toJson(value),
    fromJson: (json, path) => codec().fromJson(json, path),
  };
}

/** The schema of a type, with what has a name. */
export const schemaOf = <T>(codec: JsonCodec<T>): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...codec.schema(),
  $defs: Object.fromEntries([...named].map(([name, schema]) => [name, schema()])),
});
