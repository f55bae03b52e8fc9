// Where ports are, as indexes: those that are here, those behind tunnels that somebody here may talk to, and those of which there is
// more to say. All of it follows from one look at each port: most ports are elsewhere, and are to cost little.
import type { Graph } from './incremental.js';
import { Among } from './among.js';
import { Filter } from './filter.js';
import type { Ref } from './ids.js';
import type { Members } from './members.js';
import type { Placement, RemotePlacement } from './placement.js';
import type { Port } from './port.js';
import { Relation } from './relation.js';
import type { World } from './world.js';

/** The indexes of all ports by their places. */
export interface Seats {
  /** The ports that are here, by network; only the ports that can be reached: resolved, enabled, with an ofport. */
  readonly localPortsOf: Relation<Ref, Ref>;
  /** Every port that is here. */
  readonly localPorts: Members<Ref>;
  /** The networks' far ends that this chassis must reach, by network, as endpoint names. Counted: the last port takes it away. */
  readonly endpointsOf: Relation<Ref, string>;
  /** Ports behind tunnels on networks that are hosted here. */
  readonly remotePorts: Members<Ref>;
  /** The far ends that are managed chassis, as `senderName`, with the networks of which they have ports. */
  readonly chassisSenders: Relation<string, Ref>;
  /** Ports that lack something, or that other tenants may use: of all others nothing more has to be known. */
  readonly incomplete: Members<Ref>;
  /** Ports of which there may be something to say here: all but those that are in order and on another chassis. */
  readonly remarkable: Members<Ref>;
}

/** What the seats depend on. */
interface Places {
  readonly world: World;
  readonly namedByChildren: Relation<Ref, Ref>;
  readonly port: (ref: Ref) => Port | undefined;
  readonly place: (ref: Ref) => Placement | undefined;
}

type Entries<K, V> = readonly (readonly [K, V])[];

/** What one port is to the indexes. */
interface Seat {
  readonly local: Entries<Ref, Ref>;
  readonly remote: Entries<Ref, string>;
  readonly sender: Entries<string, Ref>;
  readonly isComplete: boolean;
  readonly isRemarkable: boolean;
}

const nowhere: Seat = { local: [], remote: [], sender: [], isComplete: false, isRemarkable: true };
const elsewhere: Seat = { ...nowhere, isComplete: true, isRemarkable: false };

/** Builds the indexes. */
export function seatsOf(graph: Graph, { world, namedByChildren, port, place }: Places): Seats {
  const [localPortsOf, endpointsOf] = [new Relation<Ref, Ref>(graph), new Relation<Ref, string>(graph)];
  const chassisSenders = new Relation<string, Ref>(graph);
  const [localPorts, remotePorts] = [new Filter<Ref>(), new Filter<Ref>()];
  const [incomplete, remarkable] = [new Filter<Ref>(), new Filter<Ref>()];
  /** One for all ports of a network on one chassis. */
  const shared = new WeakMap<RemotePlacement, Seat>();

  const seatOf = (ref: Ref): Seat => {
    const [at, own] = [place(ref), port(ref)];
    if (at === undefined || own === undefined) return nowhere;
    const network = own.network.ref;
    const isShared = own.sharedWith.length > 0;
    if (at.at === 'here') return { ...nowhere, local: [[network, ref]], isComplete: at.tag === undefined && !isShared };
    const isPlain = at.isManaged && !isShared && !namedByChildren.has(ref);
    const isHosted = localPortsOf.has(network);
    if (!isHosted) return isPlain ? elsewhere : nowhere;
    if (!isPlain) return { ...nowhere, ...reached(at, network) };
    const seat = shared.get(at) ?? { ...elsewhere, ...reached(at, network) };
    shared.set(at, seat);
    return seat;
  };

  graph.each(world.lports, seatOf, (ref, now, before) => {
    const [is, was] = [now ?? elsewhere, before ?? elsewhere];
    localPortsOf.replace(was.local, is.local);
    endpointsOf.replace(was.remote, is.remote);
    chassisSenders.replace(was.sender, is.sender);
    localPorts.note(ref, is.local.length > 0);
    remotePorts.note(ref, is.remote.length > 0);
    incomplete.note(ref, !is.isComplete);
    remarkable.note(ref, is.isRemarkable);
  });
  return {
    localPortsOf,
    localPorts,
    endpointsOf,
    remotePorts,
    chassisSenders,
    incomplete,
    remarkable: new Among(world.lports, [remarkable, world.bindings, namedByChildren]),
  };
}

const reached = ({ name, sender, isManaged }: RemotePlacement, network: Ref): Pick<Seat, 'remote' | 'sender'> => ({
  remote: [[network, name]],
  sender: isManaged ? [[sender, network]] : [],
});
