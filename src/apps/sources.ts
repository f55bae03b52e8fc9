// The addresses that a port may send from, each pair of MAC and prefix once, none covered by another.
import { covers, linkLocalOf, type Prefix } from '../model/addresses.js';
import type { Port } from '../model/port.js';

/** A MAC address and the IP addresses that go with it. */
export interface Source {
  readonly mac: string;
  readonly prefix: Prefix;
}

/** A port's own addresses with each of its MACs, its allowed pairs, and the link-local address of each MAC. */
export function sourcesOf(port: Port): Source[] {
  const host = (address: { family: 4 | 6; text: string }): Prefix => ({
    ...address,
    length: address.family === 4 ? 32 : 128,
  });
  const own = port.macs.flatMap((mac) => [...port.ips, linkLocalOf(mac)].map((ip) => ({ mac, prefix: host(ip) })));
  const pairs = port.pairs.flatMap(({ ip, mac }) =>
    (mac === undefined ? port.macs : [mac]).map((each) => ({ mac: each, prefix: ip })),
  );
  const pairMacs = [...new Set(pairs.map(({ mac }) => mac))].map((mac) => ({ mac, prefix: host(linkLocalOf(mac)) }));
  return withoutCovered([...pairs, ...own, ...pairMacs]);
}

/** Shorter prefixes first, so that a flow for what they cover is never needed beside them: the flows must not overlap. */
function withoutCovered(sources: readonly Source[]): Source[] {
  const kept: Source[] = [];
  for (const source of [...sources].sort((a, b) => a.prefix.length - b.prefix.length))
    if (
      !kept.some(
        (other) =>
          other.mac === source.mac &&
          other.prefix.length <= source.prefix.length &&
          covers(other.prefix, source.prefix),
      )
    )
      kept.push(source);
  return kept;
}
