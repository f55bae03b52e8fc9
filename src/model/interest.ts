// What a chassis has to know: the tenants that its local ports need, in both directions of reference, and nothing else.
import { operator, type Ref, tenantOf } from './ids.js';
import { allottedIps } from './port.js';
import { Relation } from './relation.js';
import { numberName } from './world.js';
import { type View } from './view.js';

type Entries<K> = readonly (readonly [K, Ref])[];
/** Entries of which only the keys are of interest, which count how often each is needed. */
type Needs<K> = readonly (readonly [K, K])[];

/** What a port that is plugged here needs to be known. */
interface Needed {
  readonly networks: Needs<Ref>;
  readonly tenants: Needs<string>;
}
const nothingNeeded: Needed = { networks: [], tenants: [] };

/** What is still to come of an lport; for nearly all of them nothing. */
interface Missing {
  readonly tenants: Entries<string>;
  readonly numbers: Entries<string>;
  readonly answers: Entries<string>;
  readonly addresses: Entries<Ref>;
}
const nothingMissing: Missing = { tenants: [], numbers: [], answers: [], addresses: [] };

/** The part of the northbound that one chassis watches. */
export class Interest {
  readonly #view: View;
  /** Networks of the ports plugged here and of their children, whether they are complete or not. */
  readonly #networks: Relation<Ref, Ref>;
  readonly #tenants: readonly Pick<Relation<string, unknown>, 'members'>[];
  /** Objects of those networks that have no number yet, by the name under which it is to be allocated. */
  readonly unnumbered: Relation<string, Ref>;
  /** By tenant its lports for which the northbound has still to give a number or a claim: what they mean here is not known yet. */
  readonly unanswered: Relation<string, Ref>;
  /** Lports of those networks that asked for addresses and have none yet. */
  readonly unaddressed: Relation<Ref, Ref>;

  constructor(view: View) {
    this.#view = view;
    const { graph, bindings, lswitches } = view.world;
    this.#networks = new Relation(graph);
    const ofPorts = new Relation<string, string>(graph);
    // Whether another tenant's port may be a child is for its own northbound to say, which has to be watched first.
    const { children } = view.world;
    const asked = graph.relation(children, (ref) => {
      const value = children.get(ref);
      const mayAsk = value !== undefined && [operator, tenantOf(value.parent)].includes(tenantOf(ref));
      return mayAsk ? [[value.parent, value.port]] : [];
    });
    graph.each(
      bindings,
      (port) => this.#neededBy(port, view.segments.ofPort.has(port) ? [...asked.at(port).keys()] : []),
      (_, now = nothingNeeded, before = nothingNeeded) => {
        this.#networks.replace(before.networks, now.networks);
        ofPorts.replace(before.tenants, now.tenants);
      },
    );
    const ofNetworks = graph.relation(this.#networks, (network) =>
      [tenantOf(network), ...(lswitches.get(network)?.shared_with ?? [])].map((tenant) => [tenant, network] as const),
    );
    const ofUnclaimed = new Relation<string, Ref>(graph);
    this.#tenants = [ofPorts, ofNetworks, ofUnclaimed];
    this.unnumbered = new Relation(graph);
    this.unanswered = new Relation(graph);
    this.unaddressed = new Relation(graph);
    graph.each(
      view.incomplete,
      (port) => this.#missing(port),
      (_, now = nothingMissing, before = nothingMissing) => {
        ofUnclaimed.replace(before.tenants, now.tenants);
        this.unnumbered.replace(before.numbers, now.numbers);
        this.unanswered.replace(before.answers, now.answers);
        this.unaddressed.replace(before.addresses, now.addresses);
      },
    );
  }

  /** The tenants to watch now, the operator first. */
  tenants(): string[] {
    const named = new Set(this.#tenants.flatMap((relation) => [...relation.members()]));
    named.delete(operator);
    return [operator, ...[...named].sort()];
  }

  #neededBy(port: Ref, asked: readonly Ref[]): Needed {
    const carried = this.#carried(port);
    const networks = carried.flatMap((ref) => this.#networkOf(ref));
    const tenants = new Set([...carried, ...networks, ...asked].map(tenantOf));
    return {
      networks: networks.map((network) => [network, network]),
      tenants: Array.from(tenants, (tenant) => [tenant, tenant]),
    };
  }

  #missing(port: Ref): Missing {
    const { lports, bindings, claims } = this.#view.world;
    const value = lports.get(port);
    const isUnclaimed = bindings.get(port) !== undefined && claims.get(port) === undefined;
    const isHosted = value !== undefined && this.#networks.has(value.lswitch);
    const numberless = isHosted ? this.#numberless(port, value.lswitch) : [];
    // The segmentation of a port that may be somebody's child lives with that somebody.
    const sharers = isHosted ? value.shared_with : [];
    const isUnaddressed =
      isHosted && value.ips === 'auto' && allottedIps(this.#view.world, port, value.lswitch) === undefined;
    const isAnswered = !isUnclaimed && numberless.length === 0;
    if (isAnswered && sharers.length === 0 && !isUnaddressed) return nothingMissing;
    return {
      tenants: sharers.map((tenant) => [tenant, port]),
      numbers: numberless.map((name) => [name, port]),
      answers: isAnswered ? [] : [[tenantOf(port), port]],
      addresses: isUnaddressed ? [[port, port]] : [],
    };
  }

  /** A port that is plugged here and the children that it carries. */
  #carried(port: Ref): Ref[] {
    const children = this.#view
      .segmentsOfParent(port)
      .flatMap((segment) => this.#view.world.children.get(segment)?.port ?? []);
    return [port, ...children];
  }

  /** The names of a port and of its network as far as they have no number yet. */
  #numberless(port: Ref, network: Ref): string[] {
    const names = [numberName('lport', port), numberName('lswitch', network)];
    return names.filter((name) => this.#view.world.numbers.get(name) === undefined);
  }

  #networkOf(port: Ref): Ref[] {
    const network = this.#view.world.lports.get(port)?.lswitch;
    return network === undefined ? [] : [network];
  }
}
