// To which members of a network its broadcasts are copied: the ports that are here and the far ends, each in a group, or left over.
import { byteOrder, type Ref } from './ids.js';
import type { Graph } from './incremental.js';
import type { Port } from './port.js';
import type { Relation } from './relation.js';
import { groupSize, numberOfName, type Shares, sharesOf } from './shares.js';

/** The members that get copies, by network. */
export interface Copies {
  /** The ports of a network that are here; those with the smallest unique keys come first. */
  readonly local: (network: Ref) => Shares<Port>;
  /** The far ends of a network, as endpoint names. */
  readonly remote: (network: Ref) => Shares<string>;
  /** The ports that are left over, each with its network. */
  readonly portsLeft: Relation<Ref, Ref>;
  /** The networks that have any. */
  readonly crowded: Relation<Ref, Ref>;
  /** The far ends that are left over, by network. */
  readonly endpointsLeft: Relation<Ref, string>;
}

/** What the copies depend on. */
interface MembersOfNetworks {
  readonly localPortsOf: Relation<Ref, Ref>;
  readonly endpointsOf: Relation<Ref, string>;
  readonly port: (ref: Ref) => Port | undefined;
}

/** Builds the queries and the indexes. */
export function copiesOf(graph: Graph, view: MembersOfNetworks): Copies {
  const local = graph.query((network: Ref) => {
    const ports = [...view.localPortsOf.at(network).keys()].flatMap((ref) => view.port(ref) ?? []);
    ports.sort((a, b) => a.key - b.key);
    return sharesOf(ports, ({ key }) => key, groupSize.local);
  });
  const remote = graph.query((network: Ref) =>
    sharesOf([...view.endpointsOf.at(network).keys()].sort(byteOrder), numberOfName, groupSize.remote),
  );
  return {
    local,
    remote,
    crowded: graph.relation(view.localPortsOf, (network) =>
      local(network).left.length > 0 ? [[network, network]] : [],
    ),
    portsLeft: graph.relation(view.localPortsOf, (network) => local(network).left.map(({ ref }) => [ref, network])),
    endpointsLeft: graph.relation(view.endpointsOf, (network) => remote(network).left.map((name) => [network, name])),
  };
}
