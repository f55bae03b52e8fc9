// What a chassis has to know: the tenants that its local ports need, in both directions of reference, and nothing else.
import { operator, type Ref, tenantOf } from './ids.js';
import { allottedIps } from './port.js';
import type { Relation } from './relation.js';
import { numberName } from './world.js';
import { type View } from './view.js';

/** The part of the northbound that one chassis watches. */
export class Interest {
  readonly #view: View;
  /** Networks of the ports plugged here and of their children, whether they are complete or not. */
  readonly #networks: Relation<Ref, Ref>;
  readonly #tenants: readonly Relation<string, Ref>[];
  /** Objects of those networks that have no number yet, by the name under which it is to be allocated. */
  readonly unnumbered: Relation<string, Ref>;
  /** By tenant its lports for which the northbound has still to give a number or a claim: what they mean here is not known yet. */
  readonly unanswered: Relation<string, Ref>;
  /** Lports of those networks that asked for addresses and have none yet. */
  readonly unaddressed: Relation<Ref, Ref>;

  constructor(view: View) {
    this.#view = view;
    const { graph, bindings, lports, lswitches } = view.world;
    this.#networks = graph.relation(bindings, (port) =>
      this.#carried(port)
        .flatMap((ref) => this.#networkOf(ref))
        .map((network) => [network, port] as const),
    );
    // Whether another tenant's port may be a child is for its own northbound to say, which has to be watched first.
    const { children } = view.world;
    const asked = graph.relation(children, (ref) => {
      const value = children.get(ref);
      const mayAsk = value !== undefined && [operator, tenantOf(value.parent)].includes(tenantOf(ref));
      return mayAsk ? [[value.parent, value.port]] : [];
    });
    const ofPorts = graph.relation(bindings, (port) =>
      [...this.#carried(port).flatMap((ref) => [ref, ...this.#networkOf(ref)]), ...asked.at(port).keys()].map(
        (named) => [tenantOf(named), port] as const,
      ),
    );
    const ofNetworks = graph.relation(this.#networks, (network) =>
      [tenantOf(network), ...(lswitches.get(network)?.shared_with ?? [])].map((tenant) => [tenant, network] as const),
    );
    // The segmentation of a port that may be somebody's child lives with that somebody.
    const ofUnclaimed = graph.relation(lports, (port) => {
      const value = lports.get(port);
      if (value === undefined || value.shared_with.length === 0 || !this.#networks.has(value.lswitch)) return [];
      return value.shared_with.map((tenant) => [tenant, port] as const);
    });
    this.#tenants = [ofPorts, ofNetworks, ofUnclaimed];
    this.unnumbered = graph.relation(lports, (port) => this.#numberless(port).map((name) => [name, port] as const));
    this.unanswered = graph.relation(lports, (port) => {
      const unclaimed = bindings.get(port) !== undefined && view.world.claims.get(port) === undefined;
      return unclaimed || this.#numberless(port).length > 0 ? [[tenantOf(port), port]] : [];
    });
    this.unaddressed = graph.relation(lports, (port) => {
      const value = lports.get(port);
      const needed =
        value?.ips === 'auto' &&
        this.#networks.has(value.lswitch) &&
        allottedIps(view.world, port, value.lswitch) === undefined;
      return needed ? [[port, port]] : [];
    });
  }

  /** The tenants to watch now, the operator first. */
  tenants(): string[] {
    const named = new Set(this.#tenants.flatMap((relation) => [...relation.members()]));
    named.delete(operator);
    return [operator, ...[...named].sort()];
  }

  /** A port that is plugged here and the children that it carries. */
  #carried(port: Ref): Ref[] {
    const children = [...this.#view.segments.ofParent.at(port).keys()].flatMap(
      (segment) => this.#view.world.children.get(segment)?.port ?? [],
    );
    return [port, ...children];
  }

  /** The names of a port and of its network as far as they have no number yet, if the network is one of ours. */
  #numberless(port: Ref): string[] {
    const network = this.#view.world.lports.get(port)?.lswitch;
    if (network === undefined || !this.#networks.has(network)) return [];
    const names = [numberName('lport', port), numberName('lswitch', network)];
    return names.filter((name) => this.#view.world.numbers.get(name) === undefined);
  }

  #networkOf(port: Ref): Ref[] {
    const network = this.#view.world.lports.get(port)?.lswitch;
    return network === undefined ? [] : [network];
  }
}
