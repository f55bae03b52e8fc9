// The keys of the three buckets, written and read in one place. A token is at most 63 bytes; a byte that a NATS subject
// cannot carry safely is written `=XX`.
//
//   nb       <tenant>.<kind>.<id>
//   alloc    <space>.<number>   <space>.<tenant>.<kind>.<id>   claim.<tenant>.<id>
//            ip.<tenant>.lswitch.<id>.<address>   last.<space>
//   status   <tenant>.<kind>.<id>.<chassis>
import { idOf, isName, operator, type Ref, refOf, tenantOf } from '../model/ids.js';

const maxTokenSize = 63;
const plain = /^[A-Za-z0-9_-]{1,63}$/;
const isPlainByte = (byte: number): boolean => /[A-Za-z0-9_-]/.test(String.fromCharCode(byte));
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name as one token of a key. Throws RangeError when it is empty, longer than 63 bytes or not well-formed text. */
export function encodeToken(text: string): string {
  if (plain.test(text)) return text;
  const bytes = encoder.encode(text);
  if (bytes.length === 0 || bytes.length > maxTokenSize)
    throw new RangeError(`"${text}" must be 1 to ${maxTokenSize} bytes long, not ${bytes.length}`);
  if (decoder.decode(bytes) !== text) throw new RangeError(`"${text}" is not well-formed text`);
  return Array.from(bytes, (byte) =>
    isPlainByte(byte) ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** What `encodeToken` was given; undefined for a token that it never writes. */
export function decodeToken(token: string): string | undefined {
  if (plain.test(token)) return token;
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i += 1) {
    const isEscape = token[i] === '=';
    const byte = isEscape ? Number.parseInt(token.slice(i + 1, i + 3), 16) : token.charCodeAt(i);
    if (isEscape ? !/^=[0-9A-F]{2}/.test(token.slice(i)) || isPlainByte(byte) : byte > 0x7f || !isPlainByte(byte))
      return undefined;
    bytes.push(byte);
    if (isEscape) i += 2;
  }
  if (bytes.length === 0 || bytes.length > maxTokenSize) return undefined;
  try {
    return decoder.decode(Uint8Array.from(bytes));
  } catch {
    // Not UTF-8: no name has these bytes.
    return undefined;
  }
}

/** Whether a tenant may be called that: names that begin with `_` are ours, and of these only `_operator` is in use. */
export const isTenantName = (name: string): boolean => name === operator || (isName(name) && !name.startsWith('_'));

const joined = (...names: readonly string[]): string => names.map(encodeToken).join('.');

/** All names of a key; undefined if one of its tokens is not ours. */
function namesOf(key: string): readonly string[] | undefined {
  const names = key.split('.').map(decodeToken);
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** The key of a northbound object. */
export const nbKey = (kind: string, ref: Ref): string => joined(tenantOf(ref), kind, idOf(ref));

/** The key of the allocation that an object holds in a space. */
export const heldKey = (space: string, kind: string, ref: Ref): string => joined(space, tenantOf(ref), kind, idOf(ref));

/** The key that says who holds a number (or, in the space `iface`, an iface-id). */
export const numberKey = (space: string, number: number | string): string => joined(space, String(number));

/** The key of the last number that was given out in a space: a hint, never a decision. */
export const lastKey = (space: string): string => joined('last', space);
/** Whether a key is one of those. */
export const isLastKey = (key: string): boolean => key.startsWith('last.');

/** The key that says on which chassis a port is. */
export const claimKey = (port: Ref): string => joined('claim', tenantOf(port), idOf(port));

/** The key that says which port has an address of a network. */
export const addressKey = (lswitch: Ref, address: string): string =>
  joined('ip', tenantOf(lswitch), 'lswitch', idOf(lswitch), address);

/** The key of what one chassis says about one object. */
export const statusKey = (kind: string, ref: Ref, chassis: string): string =>
  joined(tenantOf(ref), kind, idOf(ref), chassis);

/** What a northbound key names. The kind is as written: whether we know it is the reader's business. */
export interface NbKey {
  readonly kind: string;
  readonly ref: Ref;
}

/** Reads a key of the northbound bucket; undefined if it is not one. */
export function parseNbKey(key: string): NbKey | undefined {
  const [tenant, kind, id, ...rest] = namesOf(key) ?? [];
  if (tenant === undefined || kind === undefined || id === undefined || rest.length > 0) return undefined;
  return isTenantName(tenant) && isName(id) ? { kind, ref: refOf(tenant, id) } : undefined;
}

/** What a key of the allocation bucket that belongs to a tenant names. */
export type AllocKey =
  | { readonly type: 'claim'; readonly port: Ref }
  | { readonly type: 'held'; readonly space: string; readonly kind: string; readonly ref: Ref }
  | { readonly type: 'address'; readonly lswitch: Ref; readonly address: string };

/** Reads a key of the allocation bucket that belongs to a tenant; undefined if it is none. */
export function parseAllocKey(key: string): AllocKey | undefined {
  const [space, tenant, third, id, address, ...rest] = namesOf(key) ?? [];
  if (space === undefined || tenant === undefined || third === undefined || rest.length > 0) return undefined;
  if (!isTenantName(tenant) || !isName(id ?? third)) return undefined;
  if (id === undefined) return space === 'claim' ? { type: 'claim', port: refOf(tenant, third) } : undefined;
  if (address === undefined) return { type: 'held', space, kind: third, ref: refOf(tenant, id) };
  return space === 'ip' && third === 'lswitch' ? { type: 'address', lswitch: refOf(tenant, id), address } : undefined;
}

/** What a status is about, and who says it. */
export interface StatusKey extends NbKey {
  readonly chassis: string;
}

/** Reads a key of the status bucket; undefined if it is not one. */
export function parseStatusKey(key: string): StatusKey | undefined {
  const [tenant, kind, id, chassis, ...rest] = namesOf(key) ?? [];
  if (tenant === undefined || kind === undefined || id === undefined || chassis === undefined) return undefined;
  const areNames = isTenantName(tenant) && isName(id) && isName(chassis);
  return rest.length === 0 && areNames ? { kind, ref: refOf(tenant, id), chassis } : undefined;
}

/** The filter of everything that a tenant wrote, in the northbound and in the status bucket. */
export const tenantFilter = (tenant: string): string => `${encodeToken(tenant)}.>`;

/** The filter of a tenant's allocations, claims and addresses. */
export const tenantAllocFilter = (tenant: string): string => `*.${encodeToken(tenant)}.>`;

/** The filter of every tenant's lport with that id. */
export const lportFilter = (id: string): string => `*.lport.${encodeToken(id)}`;
