// MAC and IP addresses: read from what people write, kept as canonical text, turned into numbers for flows.
import ipaddr from 'ipaddr.js';

/** An IP address in its one spelling (dotted quad, or RFC 5952), with its family. */
export interface Address {
  readonly family: 4 | 6;
  readonly text: string;
}

/** An address with a prefix length, the host bits zero. */
export interface Prefix extends Address {
  readonly length: number;
}

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/** Four decimal bytes without leading zeros: an IPv4 address in its one spelling. */
const quadPattern = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** A MAC address as lower-case `aa:bb:cc:dd:ee:ff`; undefined if it is none. Dashes are taken for colons. */
export function parseMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll('-', ':');
  return macPattern.test(mac) ? mac : undefined;
}

/** Whether a MAC address names one station (the group bit is clear, and it is not all zero). */
export const isUnicastMac = (mac: string): boolean =>
  (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';

/** A canonical MAC address as a 48-bit number. */
export const macNumber = (mac: string): number => Number.parseInt(mac.replaceAll(':', ''), 16);

/** An IP address in canonical spelling; undefined if the text is none. Shortened IPv4 forms, zones and mapped addresses are none. */
export function parseAddress(text: string): Address | undefined {
  if (quadPattern.test(text)) return { family: 4, text };
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? undefined : { family: 6, text: address.toRFC5952String() };
}

/** An address or `address/length` as a prefix with its host bits cleared; undefined if the text is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const [head = '', tail, ...rest] = text.split('/');
  const address = parseAddress(head);
  if (address === undefined || rest.length > 0) return undefined;
  const width = address.family === 4 ? 32 : 128;
  const length = tail === undefined ? width : /^\d{1,3}$/.test(tail) ? Number(tail) : -1;
  if (length < 0 || length > width) return undefined;
  const hostBits = BigInt(width - length);
  return { ...addressFrom(address.family, (addressNumber(address) >> hostBits) << hostBits), length };
}

/** Whether a prefix covers an address of the same family. */
export function covers(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const hostBits = BigInt((prefix.family === 4 ? 32 : 128) - prefix.length);
  return addressNumber(prefix) >> hostBits === addressNumber(address) >> hostBits;
}

/** An address as an integer, most significant byte first. */
export function addressNumber(address: Address): bigint {
  if (address.family === 4) return BigInt(ipv4Number(address));
  return ipaddr.IPv6.parse(address.text)
    .toByteArray()
    .reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The address that an integer of the family's width stands for. */
export function addressFrom(family: 4 | 6, value: bigint): Address {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, i, size = family === 4 ? 4 : 16) =>
    Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn),
  );
  const parsed = ipaddr.fromByteArray(bytes);
  return { family, text: parsed.kind() === 'ipv6' ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString() };
}

const dot = 0x2e;
const zero = 0x30;

/** An IPv4 address as a 32-bit number. */
export function ipv4Number({ text }: Address): number {
  let [value, byte] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) [value, byte] = [value * 256 + byte, 0];
    else byte = byte * 10 + code - zero;
  }
  return value * 256 + byte;
}

/** The mask of a prefix length as an integer of the family's width. */
export function maskNumber(family: 4 | 6, length: number): bigint {
  const width = family === 4 ? 32n : 128n;
  return ((1n << BigInt(length)) - 1n) << (width - BigInt(length));
}

/** The IPv6 link-local address that a MAC address gives by modified EUI-64 (RFC 4291, appendix A). */
export function linkLocalOf(mac: string): Address {
  const value = BigInt(macNumber(mac)) ^ (1n << 41n);
  const eui = ((value >> 24n) << 40n) | (0xfffen << 24n) | (value & 0xffffffn);
  return addressFrom(6, (0xfe80n << 112n) | eui);
}

/** Whether an address names one host that a tunnel can reach: neither multicast, broadcast, unspecified, loopback nor link-local. */
export function isTunnelEndpoint(address: Address): boolean {
  const range = ipaddr.parse(address.text).range();
  return !['multicast', 'broadcast', 'unspecified', 'loopback', 'linkLocal'].includes(range);
}
