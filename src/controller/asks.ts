// What a chassis asks of the northbound: tenants to watch, claims, numbers, addresses; each once, when it comes to be needed. Only
// what a tenant's first snapshot does not hold is asked for, so that a restart asks for nothing.
import { type Ref, tenantOf } from '../model/ids.js';
import type { Interest } from '../model/interest.js';
import { addressCandidates } from '../model/numbering.js';
import type { World } from '../model/world.js';
import type { AskingEdges, NeededAddresses } from './chassis-edges.js';

/** The questions of one chassis. */
export class Asks {
  readonly #world: World;
  readonly #interest: Interest;
  readonly #edges: AskingEdges;
  #watched: readonly string[] = [];
  /** Ports whose addresses have been asked for. */
  readonly #addressing = new Set<Ref>();

  constructor(world: World, interest: Interest, edges: AskingEdges) {
    this.#world = world;
    this.#interest = interest;
    this.#edges = edges;
    const { graph } = world;
    const fail = (what: unknown, error: unknown): void => {
      graph.failed(`what ${String(what)} needs`, error);
    };
    graph.each(
      world.bindings,
      (ref) => this.#isSettled(ref), // whether the lport is there yet or not: then nothing waits for the claim when it comes
      (ref, now, before) => {
        if (now === true) edges.claim(ref, world.claims.peek(ref) === world.settings.peek('self')?.chassis);
        else if (before === true) edges.release(ref);
      },
      fail,
    );
    graph.each(
      interest.unnumbered,
      (name) => this.#isSettled(named(name).ref),
      (name, now) => {
        const { space, ref } = named(name);
        if (now === true) edges.allocate(space, ref);
      },
      fail,
    );
  }

  /** The tenants that are watched. */
  get watched(): readonly string[] {
    return this.#watched;
  }

  /** Asks for the tenants and addresses that the present world needs. */
  follow(): void {
    const tenants = this.#interest.tenants();
    if (tenants.join() !== this.#watched.join()) {
      this.#watched = tenants;
      this.#edges.watch(tenants);
    }
    for (const ref of this.#interest.unaddressed.members()) if (this.#isSettled(ref)) this.#address(ref);
  }

  /** The question for a port's addresses is answered. */
  addressed(ref: Ref): void {
    this.#addressing.delete(ref);
  }

  #isSettled(ref: Ref): boolean {
    return this.#world.settled.get(tenantOf(ref)) === true;
  }

  #address(ref: Ref): void {
    if (this.#addressing.has(ref) || this.#neededBy(ref) === undefined) return;
    this.#addressing.add(ref);
    this.#edges.address(ref, () => {
      const needed = this.#neededBy(ref);
      if (needed === undefined) this.#addressing.delete(ref);
      return needed;
    });
  }

  /** The addresses that a port needs now: its network and its subnets change while there are none. */
  #neededBy(ref: Ref): NeededAddresses | undefined {
    const world = this.#world;
    const lswitch = this.#interest.unaddressed.has(ref) ? world.lports.peek(ref)?.lswitch : undefined;
    const subnets = world.refs('subnet').flatMap((subnet) => {
      const value = world.subnets.peek(subnet);
      return value !== undefined && value.lswitch === lswitch ? [value] : [];
    });
    if (lswitch === undefined || subnets.length === 0) return undefined;
    // What others wrote down by hand is not in the allocations.
    const written = new Set(
      world.refs('lport').flatMap((other) => {
        const value = world.lports.peek(other);
        return value?.lswitch !== lswitch || value.ips === 'auto' ? [] : value.ips;
      }),
    );
    return { lswitch, candidates: addressCandidates(subnets, written) };
  }
}

/** The space and the object of the name of a number. */
function named(name: string): { space: 'lport' | 'lswitch'; ref: Ref } {
  const [space = '', ref = ''] = name.split(' ');
  return { space: space === 'lport' ? 'lport' : 'lswitch', ref: ref as Ref }; // numberName put a Ref there
}
