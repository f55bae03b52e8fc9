// Names and numbers with a meaning of their own. Brands keep a port's key from being taken for a network's.

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** An object's name across tenants, `tenant/id`. */
export type Ref = Branded<string, 'Ref'>;
/** An lport's unique key: 1 to 2^32 - 1, in reg6 or reg7. */
export type PortKey = Branded<number, 'PortKey'>;
/** An lswitch's unique key: 1 to 2^24 - 1, in metadata and in group ids. */
export type NetworkKey = Branded<number, 'NetworkKey'>;
/** An OpenFlow port number of one datapath: 1 to 0xfeff. */
export type OfPort = Branded<number, 'OfPort'>;

/** The operator's own tenant: chassis, provider facts, remote devices without tenant. It may refer to anything. */
export const operator = '_operator';

/** What `isName` takes, in words. */
export const nameRule = '1 to 63 bytes of text without spaces, control characters or /';
const encoder = new TextEncoder();
/** What nearly all names are; for any other, bytes have to be counted. */
const isAsciiName = (text: string): boolean => /^[!-.0-~]{1,63}$/.test(text);

/** Whether a tenant, an object or a chassis may be called that: it is shown on terminals, and is one token of a key of NATS. */
export const isName = (text: string): boolean =>
  isAsciiName(text) || (/^[^/\s\p{Cc}\p{Cf}\p{Cs}]+$/u.test(text) && encoder.encode(text).length <= 63);

/** Whether a text is a reference: a name, or `tenant/name`. */
export const isReference = (text: string): boolean => {
  const names = text.split('/');
  return names.length <= 2 && names.every(isName);
};

// The casts below are the brands' constructors: the one place where a plain value becomes a branded one.
/** The reference `tenant/id`. */
export const refOf = (tenant: string, id: string): Ref => `${tenant}/${id}` as Ref;
/** What a reference written inside `tenant` means: `id`, or `tenant/id`. */
export const refIn = (tenant: string, text: string): Ref => (text.includes('/') ? (text as Ref) : refOf(tenant, text));
/** The tenant of a reference. */
export const tenantOf = (ref: Ref): string => ref.slice(0, ref.indexOf('/'));
/** The id of a reference, without its tenant. */
export const idOf = (ref: Ref): string => ref.slice(ref.indexOf('/') + 1);
/** A port key; the caller has checked the range. */
export const portKey = (value: number): PortKey => value as PortKey;
/** A network key; the caller has checked the range. */
export const networkKey = (value: number): NetworkKey => value as NetworkKey;
/** An OpenFlow port number; the caller has checked the range. */
export const ofPort = (value: number): OfPort => value as OfPort;

/** Byte order: the order of every listing, and of every choice between equals. */
export const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
