// From stored bytes to values: what a key of the northbound or of the allocations holds, where a value that cannot be read
// is a value of its own, so that it is refused alone.
import { isDeepStrictEqual } from 'node:util';
import { NbError } from '../model/errors.js';
import { idOf, type Ref, refIn, tenantOf } from '../model/ids.js';
import { type Kind, kindOf, kinds } from '../model/kinds.js';
import { type AnyObject, objectName, parseObject } from '../model/parse.js';
import type { Entry } from './bucket.js';
import { parseAllocKey, parseNbKey } from './keys.js';
import type { Reader } from './mirror.js';

/** What a key of the northbound holds. */
export type NbRecord =
  | { readonly type: 'object'; readonly object: AnyObject }
  | { readonly type: 'refused'; readonly kind: Kind; readonly ref: Ref; readonly error: NbError }
  | { readonly type: 'stray'; readonly key: string; readonly reason: string };

/** What a key of the allocations that belongs to a tenant holds. */
export type AllocRecord =
  | {
      readonly type: 'number';
      readonly space: string;
      readonly kind: string;
      readonly ref: Ref;
      readonly number: number;
    }
  | { readonly type: 'iface'; readonly ref: Ref; readonly ifaceId: string }
  | { readonly type: 'addresses'; readonly port: Ref; readonly lswitch: Ref; readonly addresses: readonly string[] }
  | { readonly type: 'claim'; readonly port: Ref; readonly claim: Claim }
  | { readonly type: 'address'; readonly lswitch: Ref; readonly address: string }
  | { readonly type: 'stray'; readonly key: string; readonly reason: string };

/** Where a port is: the value of a claim. */
export interface Claim {
  readonly chassis: string;
  /** When it came there, in ISO 8601 by that chassis' clock: for people. */
  readonly since: string;
}

/** The error of JSON.parse, in our words. */
const notJson = 'not JSON';

/** What a stored text says; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller names the object; the parser's own words say nothing about it.
    return undefined;
  }
}

/** Reads a value of the northbound; a kind's alias is not a kind here, so that an object has one key. */
export function readNb({ key, revision }: Entry, text: string): NbRecord {
  const name = parseNbKey(key);
  if (name === undefined) return { type: 'stray', key, reason: 'not a key: <tenant>.<kind>.<id>' };
  const kind = kinds.find((each) => each === name.kind);
  if (kind === undefined) {
    const canonical = kindOf(name.kind);
    const hint = canonical === undefined ? 'not a kind that this release knows' : `write it under ${canonical}`;
    return { type: 'stray', key, reason: `${name.kind}: ${hint}` };
  }
  const { ref } = name;
  try {
    const value = parseJson(text);
    if (value === undefined)
      throw new NbError(objectName(kind, ref), [{ field: 'value', value: text.slice(0, 40), allowed: notJson }]);
    return { type: 'object', object: parseObject(kind, tenantOf(ref), idOf(ref), value, revision) };
  } catch (error) {
    if (error instanceof NbError) return { type: 'refused', kind, ref, error };
    throw error;
  }
}

function sameNb(a: NbRecord, b: NbRecord): boolean {
  if (a.type === 'object') return b.type === 'object' && isDeepStrictEqual(a.object.value, b.object.value);
  if (a.type === 'refused') return b.type === 'refused' && a.error.message === b.error.message;
  return b.type === 'stray' && a.reason === b.reason;
}

/** The reader of northbound keys. */
export const nbReader: Reader<NbRecord> = { read: readNb, same: sameNb };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const nothing: Readonly<Record<string, unknown>> = {};

/** What an object holds; nothing for any other value. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : nothing);

/** The fields but for those of these names. */
export const without = (fields: Readonly<Record<string, unknown>>, ...names: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

const isRefText = (value: unknown): value is string => typeof value === 'string' && /^[^/\s]+\/[^/\s]+$/.test(value);

/** A reference that is stored complete, `tenant/id`; undefined for anything else. */
const storedRef = (value: unknown): Ref | undefined => (isRefText(value) ? refIn('', value) : undefined);

/** Reads who holds a number, an iface-id or an address: the reference and its kind. */
export function readHolder(text: string): { readonly kind: string; readonly ref: Ref } | undefined {
  const { kind, object } = fieldsOf(parseJson(text));
  const ref = storedRef(object);
  return ref !== undefined && typeof kind === 'string' ? { kind, ref } : undefined;
}

/** Reads a claim's value. */
export function readClaim(text: string): Claim | undefined {
  const { chassis, since } = fieldsOf(parseJson(text));
  return typeof chassis === 'string' && chassis !== ''
    ? { chassis, since: typeof since === 'string' ? since : '' }
    : undefined;
}

/** Reads the number that an object's key holds. */
export function readNumber(text: string): number | undefined {
  const { number } = fieldsOf(parseJson(text));
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Reads how long the chassis that wrote a heartbeat may be silent, in milliseconds; undefined where it does not say. */
export function readLeaseMs(text: string): number | undefined {
  const { leaseMs } = fieldsOf(parseJson(text));
  return typeof leaseMs === 'number' && leaseMs > 0 ? leaseMs : undefined;
}

/** Reads the addresses that a port's key holds. */
export function readAddresses(
  text: string,
): { readonly lswitch: Ref; readonly addresses: readonly string[] } | undefined {
  const { lswitch, addresses } = fieldsOf(parseJson(text));
  const ref = storedRef(lswitch);
  if (ref === undefined || !Array.isArray(addresses)) return undefined;
  return { lswitch: ref, addresses: addresses.filter((each) => typeof each === 'string') };
}

/** Reads a value of the allocations. */
export function readAlloc({ key }: Entry, text: string): AllocRecord {
  const name = parseAllocKey(key);
  const stray = { type: 'stray', key, reason: 'not an allocation that this release knows' } as const;
  switch (name?.type) {
    case undefined:
      return stray;
    case 'address':
      return name;
    case 'claim': {
      const claim = readClaim(text);
      return claim === undefined ? stray : { type: 'claim', port: name.port, claim };
    }
    case 'held':
      return readHeld(name, text) ?? stray;
  }
}

function readHeld({ space, kind, ref }: { space: string; kind: string; ref: Ref }, text: string) {
  if (space === 'ip' && kind === 'lport') {
    const held = readAddresses(text);
    return held && ({ type: 'addresses', port: ref, ...held } as const);
  }
  if (space === 'iface') {
    const { number } = fieldsOf(parseJson(text));
    return typeof number === 'string' ? ({ type: 'iface', ref, ifaceId: number } as const) : undefined;
  }
  const number = readNumber(text);
  return number === undefined ? undefined : ({ type: 'number', space, kind, ref, number } as const);
}

/** The reader of allocation keys. */
export const allocReader: Reader<AllocRecord> = { read: readAlloc, same: isDeepStrictEqual };
