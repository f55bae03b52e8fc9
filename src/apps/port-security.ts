// Tables 5 and 6: a port sends from its own addresses only. Whatever is not IPv4, IPv6, ARP or a listed ethertype is dropped,
// a second tag included. Everything goes by the port's unique key, so children are treated like any port.
import { load } from '../ofp/index.js';
import type { Match } from '../ofp/index.js';
import { drop, type Flow, nothing, type Wanted } from '../flow/wanted.js';
import { addressNumber, macNumber, maskNumber, type Prefix } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, flow, namedRule, rule } from './app.js';
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

/** A match on addresses of a prefix; a prefix of length 0 matches without the field. */
function inPrefix(field: 'ipv4_src' | 'arp_spa' | 'ipv6_src' | 'nd_target', prefix: Prefix): Match {
  if (prefix.length === 0) return {};
  const [value, mask] = [addressNumber(prefix), maskNumber(prefix.family, prefix.length)];
  if (prefix.length === (prefix.family === 4 ? 32 : 128))
    return { [field]: prefix.family === 4 ? Number(value) : value };
  return { [field]: prefix.family === 4 ? { value: Number(value), mask: Number(mask) } : { value, mask } };
}

function secured(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  const from = { reg6: port.key };
  if (!port.portSecurity)
    return { flows: [flow(tables.portSecurity, priority.own, from, accept, { goto: tables.egressConntrack })] };
  const sources = sourcesOf(port);
  const macs = [...new Set(sources.map(({ mac }) => mac))];
  return {
    flows: [
      ...sources.flatMap((source) => (source.prefix.family === 4 ? ipv4From(from, source) : ipv6From(from, source))),
      ...macs.flatMap((mac) => [
        ...beforeAnAddress(from, mac),
        ...neighbourDiscovery(from, mac),
        ...listed(from, mac, port.ethertypes),
      ]),
    ],
  };
}

type From = Readonly<{ reg6: number }>;

function ipv4From(from: From, { mac, prefix }: Source): Flow[] {
  const by = { ...from, eth_src: macNumber(mac) };
  return [
    flow(tables.portSecurity, priority.own, { ...ipv4, ...by, ...inPrefix('ipv4_src', prefix) }, accept, {
      goto: tables.egressConntrack,
    }),
    flow(
      tables.portSecurity,
      priority.own,
      { ...arp, ...by, arp_sha: macNumber(mac), ...inPrefix('arp_spa', prefix) },
      accept,
      {
        goto: tables.egressConntrack,
      },
    ),
  ];
}

function ipv6From(from: From, { mac, prefix }: Source): Flow[] {
  const by = { ...from, eth_src: macNumber(mac) };
  const about = { ...icmpv6, ...by, icmpv6_code: 0, ...inPrefix('nd_target', prefix) };
  const advert = { ...about, icmpv6_type: type.advert };
  const probe = { ...about, icmpv6_type: type.solicit, ipv6_src: 0n, nd_sll: 0 };
  return [
    flow(tables.portSecurity, priority.own, { ...ipv6, ...by, ...inPrefix('ipv6_src', prefix) }, accept, {
      goto: tables.ndSecurity,
    }),
    flow(tables.ndSecurity, priority.truth, { ...advert, nd_tll: macNumber(mac) }, [], {
      goto: tables.egressConntrack,
    }),
    flow(tables.ndSecurity, priority.truth, { ...advert, nd_tll: 0 }, [], { goto: tables.egressConntrack }),
    flow(tables.ndSecurity, priority.ownProbe, probe, [], { goto: tables.egressConntrack }),
  ];
}

function beforeAnAddress(from: From, mac: string): Flow[] {
  const by = { ...from, eth_src: macNumber(mac) };
  return [
    flow(
      tables.portSecurity,
      priority.unspecified,
      { ...ipv4, ...by, ip_proto: 17, ipv4_src: 0, udp_src: 68, udp_dst: 67 },
      accept,
      {
        goto: tables.egressConntrack,
      },
    ),
    flow(
      tables.portSecurity,
      priority.unspecified,
      { ...arp, ...by, arp_op: 1, arp_spa: 0, arp_sha: macNumber(mac) },
      accept,
      {
        goto: tables.egressConntrack,
      },
    ),
    ...fromUnspecified.map((icmpv6_type) =>
      flow(tables.portSecurity, priority.unspecified, { ...icmpv6, ...by, ipv6_src: 0n, icmpv6_type }, accept, {
        goto: tables.ndSecurity,
      }),
    ),
  ];
}

/** Solicitations name the sender's own link-layer address or none; none at all while the sender has no address. */
function neighbourDiscovery(from: From, mac: string): Flow[] {
  const solicit = { ...icmpv6, ...from, eth_src: macNumber(mac), icmpv6_type: type.solicit, icmpv6_code: 0 };
  return [
    flow(tables.ndSecurity, priority.truth, { ...solicit, nd_sll: macNumber(mac) }, [], {
      goto: tables.egressConntrack,
    }),
    flow(tables.ndSecurity, priority.truth, { ...solicit, nd_sll: 0 }, [], { goto: tables.egressConntrack }),
    flow(tables.ndSecurity, priority.otherProbe, { ...solicit, ipv6_src: 0n }, drop),
  ];
}

const listed = (from: From, mac: string, ethertypes: readonly number[]): Flow[] =>
  [...new Set(ethertypes)].map((eth_type) =>
    flow(tables.portSecurity, priority.own, { eth_type, ...from, eth_src: macNumber(mac) }, accept, {
      goto: tables.egressConntrack,
    }),
  );

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
