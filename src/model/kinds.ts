// The kinds of northbound objects: one zod schema each, which is at once the check, the type and the JSON Schema.
import { z } from 'zod';
import { isName, isReference, nameRule, type Ref } from './ids.js';
import {
  addressNumber,
  covers,
  isTunnelEndpoint,
  isUnicastMac,
  parseAddress,
  parseMac,
  parsePrefix,
} from './addresses.js';

/** An IPv6 address with all of its digits, the last of them as IPv4 (RFC 4291, 2.2). */
const longestAddress = 45;

/** What JSON Schema can say of names and references; `isName` and `isReference` say the rest. */
const namePattern = /^[^/\s]{1,63}$/;
const referencePattern = /^[^/\s]{1,63}(\/[^/\s]{1,63})?$/;

/** A text of at most `max` characters with a canonical form: `read` gives it, or undefined where the text is not one. */
const canonical = (max: number, read: (text: string) => string | undefined, allowed: string) =>
  z
    .string({ error: allowed })
    .max(max, allowed)
    .transform((text, context) => {
      const value = read(text);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', message: allowed, input: text });
      return z.NEVER;
    });

const text = (min: number, max: number) => {
  const allowed = `a text of ${min} to ${max} characters`;
  return z.string({ error: allowed }).min(min, allowed).max(max, allowed);
};
const listOf = <T extends z.ZodType>(item: T, max: number, what: string) => {
  const allowed = `a list of at most ${max} ${what}`;
  return z.array(item, { error: allowed }).max(max, allowed);
};

const reference = z
  .string({ error: 'a reference: an id, or tenant/id' })
  .regex(referencePattern, 'a reference: an id, or tenant/id')
  .refine(isReference, `a reference: an id, or tenant/id, each of ${nameRule}`)
  .transform((text) => text as Ref); // a brand's constructor: parseObject completes it with the tenant of the object that holds it
const nameOf = (what: string) => {
  const allowed = `the name of ${what}: ${nameRule}`;
  return z.string({ error: allowed }).regex(namePattern, allowed).refine(isName, allowed);
};
const mac = canonical(
  17,
  (text) => {
    const value = parseMac(text);
    return value !== undefined && isUnicastMac(value) ? value : undefined;
  },
  'a unicast MAC address, as fa:16:3e:00:00:01',
);
const address = canonical(longestAddress, (text) => parseAddress(text)?.text, 'an IPv4 or IPv6 address');
const prefix = canonical(
  longestAddress + 4,
  (text) => {
    const value = parsePrefix(text);
    return value && `${value.text}/${value.length}`;
  },
  'an IPv4 or IPv6 prefix, as 10.1.0.0/24',
);
const endpoint = canonical(
  longestAddress,
  (text) => {
    const value = parseAddress(text);
    return value !== undefined && isTunnelEndpoint(value) ? value.text : undefined;
  },
  'the unicast IPv4 or IPv6 address of a tunnel endpoint',
);

const integer = (from: number, to: number) => {
  const allowed = `an integer from ${from} to ${to}`;
  return z.int({ error: allowed }).min(from, allowed).max(to, allowed);
};
const flag = z.boolean({ error: 'true or false' });
const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });
const auto = z.literal('auto');
const macs = z.union([auto, listOf(mac, 64, 'MAC addresses')], {
  error: 'auto, or a list of at most 64 MAC addresses',
});
const ips = z.union([auto, listOf(address, 256, 'IP addresses')], {
  error: 'auto, or a list of at most 256 IP addresses',
});
const tenants = listOf(nameOf('a tenant'), 256, 'tenants').default([]);
const name = text(0, 255).optional();

/** What is allowed otherwise, a type of segmentation says. */
const tag = 'an integer, from 1 to 4094 for vlan';

/** The types of tunnel that carry an overlay network. */
export const tunnelTypes = ['vxlan', 'geneve', 'gre'] as const;
/** A type of tunnel, as OVSDB's Interface.type spells it. */
export type TunnelType = (typeof tunnelTypes)[number];

const chassisBinding = z.strictObject({
  type: z.literal('chassis'),
  chassis: nameOf('a chassis').optional(),
  interface: text(1, 15).optional(),
});
const inheritOr = (from: number, to: number) =>
  z.union([z.literal('inherit'), integer(from, to)], { error: `inherit, or an integer from ${from} to ${to}` });

const vtepBinding = z.strictObject({
  type: z.literal('vtep'),
  vtep_address: endpoint,
  tunnel_type: oneOf(...tunnelTypes).optional(),
  vni: integer(1, 0xffffff)
    .optional()
    .describe('by default its network’s; another one is held only by devices of the operator'),
  dst_port: integer(1, 65535).optional().describe('the UDP port on which the VTEP listens; by default 4789 or 6081'),
  csum: flag.optional().describe('checksums in the outer headers; as tos and ttl only for devices of the operator'),
  tos: inheritOr(0, 255).optional().describe('the outer type of service, or that of the packet'),
  ttl: inheritOr(1, 255).optional().describe('the outer time to live, or that of the packet; by default 64'),
});

/** IPv4, IPv6 and ARP have rules of their own; a VLAN tag is no payload. */
const otherEthertype = integer(0x0600, 0xffff).refine(
  (value) => ![0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8].includes(value),
  'an ethertype other than those of IPv4, IPv6, ARP and VLAN tags',
);

const linkLocal = 'fe80::/10';

function isWithin(cidr: string, text: string): boolean {
  const [prefix, ip] = [parsePrefix(cidr), parseAddress(text)];
  return prefix !== undefined && ip !== undefined && covers(prefix, ip);
}

function compareAddresses(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => {
    const ip = parseAddress(text);
    return ip === undefined ? 0n : addressNumber(ip);
  });
  return Number((first ?? 0n) - (second ?? 0n));
}

const addressPair = z.strictObject({ ip_address: prefix, mac_address: mac.optional() });

/** The schemas of all kinds, by canonical name: what an object of the kind holds besides `kind`, `tenant` and `id`. */
export const schemas = {
  chassis: z.strictObject({
    ips: listOf(endpoint, 2, 'addresses').default([]).describe('tunnel endpoints, at most one of each family'),
    tunnel_types: listOf(oneOf(...tunnelTypes), tunnelTypes.length, 'tunnel types').default([]),
    version: text(0, 255).optional(),
  }),
  lswitch: z.strictObject({
    name,
    network_type: oneOf('vxlan', 'geneve', 'gre', 'vlan', 'flat', 'local').default('vxlan'),
    segmentation_id: integer(1, 0xffffff)
      .optional()
      .describe('held only by an operator’s allocation; by default the unique key'),
    mtu: integer(68, 65535).optional(),
    shared_with: tenants.describe('tenants that may hold members'),
    allow_remote: tenants.describe('tenants that may name VTEPs on it'),
    unique_key: integer(1, 0xffffff).optional().describe('for compile and tests; elsewhere honoured only as allocated'),
  }),
  subnet: z
    .strictObject({
      name,
      lswitch: reference,
      cidr: prefix,
      gateway_ip: address.optional().describe('within the cidr, or link-local (IPv6)'),
      allocation: listOf(z.strictObject({ start: address, end: address }), 64, 'ranges')
        .optional()
        .describe('within the cidr'),
    })
    .superRefine(({ cidr, gateway_ip: gateway, allocation = [] }, context) => {
      const refuse = (path: (string | number)[], input: string, message: string): void => {
        context.addIssue({ code: 'custom', path, input, message });
      };
      const routers = cidr.includes(':') ? [cidr, linkLocal] : [cidr];
      if (gateway !== undefined && !routers.some((prefix) => isWithin(prefix, gateway)))
        refuse(['gateway_ip'], gateway, `an address of ${cidr}`);
      for (const [index, { start, end }] of allocation.entries()) {
        const outside = [start, end].find((each) => !isWithin(cidr, each));
        if (outside !== undefined) refuse(['allocation', index], outside, `addresses of ${cidr}`);
        else if (compareAddresses(start, end) > 0)
          refuse(['allocation', index], `${start} to ${end}`, 'a first address that is not above the last');
      }
    }),
  lport: z.strictObject({
    name,
    lswitch: reference,
    macs: macs.default('auto'),
    ips: ips.default('auto'),
    enabled: flag.default(true),
    port_security: flag.default(true),
    allowed_address_pairs: listOf(addressPair, 256, 'pairs').default([]),
    allowed_ethertypes: listOf(otherEthertype, 64, 'ethertypes')
      .default([])
      .describe('ethertypes that port security lets through'),
    shared_with: tenants.describe('tenants that may make it their child'),
    unknown_vlans: oneOf('passthrough', 'drop').default('passthrough'),
    binding: z
      .discriminatedUnion('type', [chassisBinding, vtepBinding], { error: 'a binding of type chassis or vtep' })
      .optional(),
    unique_key: integer(1, 0xffffffff)
      .optional()
      .describe('for compile and tests; elsewhere honoured only as allocated'),
  }),
  child_port_segmentation: z.strictObject({
    parent: reference,
    port: reference,
    segmentation_type: text(1, 63)
      .default('vlan')
      .describe('vlan (1 to 4094), or inherit: the VLAN of its own network'),
    segmentation_id: z
      .int({ error: tag })
      .min(0, tag)
      .max(0xffffffff, tag)
      .optional()
      .describe('the tag: 1 to 4094 for vlan'),
    enabled: flag.default(true),
  }),
} as const;

/** A kind's canonical name. */
export type Kind = keyof typeof schemas;
/** What an object of a kind holds, defaults filled in and spellings canonical; references are still as written. */
export type Value<K extends Kind> = z.output<(typeof schemas)[K]>;

export type LSwitch = Value<'lswitch'>;
export type Subnet = Value<'subnet'>;
export type LPort = Value<'lport'>;
export type ChildPortSegmentation = Value<'child_port_segmentation'>;
export type ChassisValue = Value<'chassis'>;

/** All kinds, in the order in which one refers to another: what is referred to comes first. */
export const kinds: readonly Kind[] = ['chassis', 'lswitch', 'subnet', 'lport', 'child_port_segmentation'];

const aliases: Readonly<Record<string, Kind>> = {
  network: 'lswitch',
  logical_switch: 'lswitch',
  port: 'lport',
  logical_switch_port: 'lport',
  subport: 'child_port_segmentation',
  cps: 'child_port_segmentation',
};

/** The canonical kind that a name or an alias stands for; undefined if there is none. */
export const kindOf = (name: string): Kind | undefined =>
  kinds.find((kind) => kind === name) ?? (Object.hasOwn(aliases, name) ? aliases[name] : undefined);
