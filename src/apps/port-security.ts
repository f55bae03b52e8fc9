// Tables 5 and 6: a port sends from its own addresses only. Whatever is not IPv4, IPv6, ARP or a listed ethertype is dropped,
// a second tag included. Everything goes by the port's unique key, so children are treated like any port.
import { load } from '../ofp/index.js';
import type { Match } from '../ofp/index.js';
import { drop, type Flow, nothing, type ShapedFlow, type Wanted } from '../flow/wanted.js';
import { addressNumber, macNumber, maskNumber, type Prefix } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, namedRule, rule, shape } from './app.js';
import { tables } from './pipeline.js';
import { type Source, sourcesOf } from './sources.js';

const ipv4 = { eth_type: 0x0800 } as const;
const ipv6 = { eth_type: 0x86dd } as const;
const arp = { eth_type: 0x0806 } as const;
const icmpv6 = { ...ipv6, ip_proto: 58 } as const;
/** ICMPv6 types (RFC 4861, RFC 2710, RFC 3810). */
const type = {
  listenerReport: 131,
  routerSolicit: 133,
  routerAdvert: 134,
  solicit: 135,
  advert: 136,
  redirect: 137,
  listenerReportV2: 143,
};
/** What a host may say before it has an address: solicit, probe for duplicates, join groups. */
const fromUnspecified = [type.listenerReport, type.routerSolicit, type.solicit, type.listenerReportV2];

const priority = {
  /** From the port's own addresses. */
  own: 200,
  /** From no address yet: DHCP, ARP probes, duplicate address detection. */
  unspecified: 210,
  /** Table 6: a duplicate address probe for somebody else's address. */
  otherProbe: 220,
  /** Table 6: neighbour discovery that tells the truth. */
  truth: 200,
  ownProbe: 230,
  /** Table 6: any other neighbour discovery. */
  lie: 100,
} as const;

/** Forgets the interface, so that a packet may leave where it came in (to another child of the same parent). */
const accept = [
  // OFPP_NONE, not 0: what comes back from connection tracking with the port 0 may be dropped.
  load('nxm_in_port', 0xffff),
];

/** A match on addresses of a prefix, for IPv4 of a shorter one than a host's; a prefix of length 0 matches without the field. */
function inPrefix(field: 'ipv4_src' | 'arp_spa' | 'ipv6_src' | 'nd_target', prefix: Prefix): Match {
  if (prefix.length === 0) return {};
  const [value, mask] = [addressNumber(prefix), maskNumber(prefix.family, prefix.length)];
  if (prefix.length === 128) return { [field]: value };
  return { [field]: prefix.family === 4 ? { value: Number(value), mask: Number(mask) } : { value, mask } };
}

const anything = shape([bits.key], (key) =>
  flow(tables.portSecurity, priority.own, { reg6: key }, accept, { goto: tables.egressConntrack }),
);

function secured(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  const { key } = port;
  if (!port.portSecurity) return { flows: [anything(key)] };
  const sources = sourcesOf(port);
  const macs = [...new Set(sources.map(({ mac }) => mac))].map(macNumber);
  return {
    flows: [
      ...sources.flatMap((source) => (source.prefix.family === 4 ? ipv4From(key, source) : ipv6From(key, source))),
      ...macs.flatMap((mac) => [
        ...beforeAnAddress.map((one) => one(key, mac)),
        ...neighbourDiscovery.map((one) => one(key, mac)),
        ...[...new Set(port.ethertypes)].map((type) => listed(type, key, mac)),
      ]),
    ],
  };
}

const fromPrefix = (key: number, mac: number, sender: Match): Flow =>
  flow(tables.portSecurity, priority.own, { ...ipv4, reg6: key, eth_src: mac, ...sender }, accept, {
    goto: tables.egressConntrack,
  });

const arpFromPrefix = (key: number, mac: number, sender: Match): Flow =>
  flow(tables.portSecurity, priority.own, { ...arp, reg6: key, eth_src: mac, arp_sha: mac, ...sender }, accept, {
    goto: tables.egressConntrack,
  });

const fromHost = shape([bits.key, bits.mac, bits.ipv4], (key, mac, ip) => fromPrefix(key, mac, { ipv4_src: ip }));
const arpFromHost = shape([bits.key, bits.mac, bits.ipv4], (key, mac, ip) => arpFromPrefix(key, mac, { arp_spa: ip }));

function ipv4From(key: number, { mac: text, prefix }: Source): (Flow | ShapedFlow)[] {
  const mac = macNumber(text);
  if (prefix.length < 32)
    return [fromPrefix(key, mac, inPrefix('ipv4_src', prefix)), arpFromPrefix(key, mac, inPrefix('arp_spa', prefix))];
  const ip = Number(addressNumber(prefix));
  return [fromHost(key, mac, ip), arpFromHost(key, mac, ip)];
}

function ipv6From(key: number, { mac: text, prefix }: Source): Flow[] {
  const mac = macNumber(text);
  const by = { reg6: key, eth_src: mac };
  const about = { ...icmpv6, ...by, icmpv6_code: 0, ...inPrefix('nd_target', prefix) };
  const advert = { ...about, icmpv6_type: type.advert };
  const probe = { ...about, icmpv6_type: type.solicit, ipv6_src: 0n, nd_sll: 0 };
  return [
    flow(tables.portSecurity, priority.own, { ...ipv6, ...by, ...inPrefix('ipv6_src', prefix) }, accept, {
      goto: tables.ndSecurity,
    }),
    flow(tables.ndSecurity, priority.truth, { ...advert, nd_tll: mac }, [], { goto: tables.egressConntrack }),
    flow(tables.ndSecurity, priority.truth, { ...advert, nd_tll: 0 }, [], { goto: tables.egressConntrack }),
    flow(tables.ndSecurity, priority.ownProbe, probe, [], { goto: tables.egressConntrack }),
  ];
}

type ByMac = readonly ((key: number, mac: number) => ShapedFlow)[];

const beforeAnAddress: ByMac = [
  shape([bits.key, bits.mac], (key, mac) =>
    flow(
      tables.portSecurity,
      priority.unspecified,
      { ...ipv4, reg6: key, eth_src: mac, ip_proto: 17, ipv4_src: 0, udp_src: 68, udp_dst: 67 },
      accept,
      { goto: tables.egressConntrack },
    ),
  ),
  shape([bits.key, bits.mac], (key, mac) =>
    flow(
      tables.portSecurity,
      priority.unspecified,
      { ...arp, reg6: key, eth_src: mac, arp_op: 1, arp_spa: 0, arp_sha: mac },
      accept,
      { goto: tables.egressConntrack },
    ),
  ),
  ...fromUnspecified.map((icmpv6_type) =>
    shape([bits.key, bits.mac], (key, mac) =>
      flow(
        tables.portSecurity,
        priority.unspecified,
        { ...icmpv6, reg6: key, eth_src: mac, ipv6_src: 0n, icmpv6_type },
        accept,
        { goto: tables.ndSecurity },
      ),
    ),
  ),
];

const solicit = { ...icmpv6, icmpv6_type: type.solicit, icmpv6_code: 0 } as const;

/** Solicitations name the sender's own link-layer address or none; none at all while the sender has no address. */
const neighbourDiscovery: ByMac = [
  shape([bits.key, bits.mac], (key, mac) =>
    flow(tables.ndSecurity, priority.truth, { ...solicit, reg6: key, eth_src: mac, nd_sll: mac }, [], {
      goto: tables.egressConntrack,
    }),
  ),
  shape([bits.key, bits.mac], (key, mac) =>
    flow(tables.ndSecurity, priority.truth, { ...solicit, reg6: key, eth_src: mac, nd_sll: 0 }, [], {
      goto: tables.egressConntrack,
    }),
  ),
  shape([bits.key, bits.mac], (key, mac) =>
    flow(tables.ndSecurity, priority.otherProbe, { ...solicit, reg6: key, eth_src: mac, ipv6_src: 0n }, drop),
  ),
];

const listed = (eth_type: number, key: number, mac: number): Flow =>
  flow(tables.portSecurity, priority.own, { eth_type, reg6: key, eth_src: mac }, accept, {
    goto: tables.egressConntrack,
  });

/** A secured port neither routes for others nor speaks for its neighbours. */
function untrusted(): Wanted {
  const types = [type.routerAdvert, type.redirect, type.solicit, type.advert];
  return { flows: types.map((icmpv6_type) => flow(tables.ndSecurity, priority.lie, { ...icmpv6, icmpv6_type }, drop)) };
}

/** Port security. */
export const portSecurity: App = {
  name: 'port-security',
  id: 9,
  does: 'lets a port send from its own MAC, IP, ARP and neighbour discovery addresses only',
  rules: [rule('lport', (view) => view.localPorts, secured), namedRule('pipeline', (view) => view.always, untrusted)],
};
