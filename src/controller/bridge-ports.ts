// What is on the bridge: interfaces that carry lports and our tunnel ports, as the database names them, joined with the numbers that
// the live connection gives them.
import { byteOrder, ofPort, type Ref } from '../model/ids.js';
import type { LocalBinding, World } from '../model/world.js';
import type { Session } from '../switch/session.js';
import type { TunnelNames } from './tunnel-keeper.js';

/** What an interface on the bridge says of itself. */
export interface Plug {
  readonly ref: Ref;
  readonly interface: string;
  readonly error: string | undefined;
}

/** The last number of a port of the bridge's own making; above are the bridge itself and what OpenFlow reserves. */
const lastPortNo = 0xfeff;

/** The ports of one bridge. */
export class BridgePorts {
  readonly #world: World;
  #session: Session | undefined;
  #plugs: readonly Plug[] = [];
  #asking: ReadonlySet<string> = new Set();
  #isKnown = false;
  #tunnels: TunnelNames = new Map();
  #isChanged = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether the interfaces of the bridge have been told. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The keys of our tunnel ports that are there, or that cannot be made. */
  get tunnelKeys(): Set<string> {
    return new Set([...this.#tunnels.values()].map(({ key }) => key));
  }

  /** The connection whose numbers count; without one what we knew stays. */
  numberedBy(session: Session | undefined): void {
    this.#session = session;
    this.#isChanged = true;
  }

  /** Ports of the connection came, went or changed. */
  renumbered(): void {
    this.#isChanged = true;
  }

  /** The interfaces that carry lports, all of them; `asking` are all that say so, known or not. */
  plugged(plugs: readonly Plug[], asking: ReadonlySet<string>): void {
    if (!this.#isKnown || !isSamePlugs(plugs, this.#plugs)) this.#isChanged = true;
    this.#plugs = plugs;
    this.#asking = asking;
    this.#isKnown = true;
  }

  /** Our tunnel ports by interface name, all of them. */
  tunnelPorts(names: TunnelNames): void {
    this.#tunnels = names;
    this.#isChanged = true;
  }

  /** Tells the world what is on the bridge, if that may have changed; gives the lports that are behind another interface now. */
  join(): Ref[] {
    if (!this.#isChanged || this.#session === undefined) return [];
    this.#isChanged = false;
    const numbers = new Map([...this.#session.ports.values()].map((port) => [port.name, port.portNo]));
    const stateOf = (name: string, error: string | undefined) => {
      const number = numbers.get(name);
      return { ofport: number === undefined ? undefined : ofPort(number), ...(error === undefined ? {} : { error }) };
    };
    const bindings = new Map<Ref, LocalBinding>();
    for (const { ref, interface: name, error } of [...this.#plugs].sort(byInterface))
      if (bindings.get(ref)?.ofport === undefined) bindings.set(ref, { interface: name, ...stateOf(name, error) }); // the first of two interfaces with one lport
    const moved = [...bindings].flatMap(([ref, binding]) => {
      const before = this.#world.bindings.peek(ref);
      return before === undefined || before.interface === binding.interface ? [] : [ref];
    });
    replaceAll(this.#world.bindings, bindings);
    const tunnels = [...this.#tunnels].map(([name, { key, error }]) => [key, stateOf(name, error)] as const);
    replaceAll(this.#world.tunnels, new Map(tunnels));
    return moved;
  }

  /** Interfaces that carry an iface-id whose lport is not in the northbound. */
  waiting(): Plug[] {
    return this.#plugs.filter(({ ref }) => !this.#world.lports.present(ref));
  }

  /** Interfaces whose lport is in the northbound. */
  carriers(): ReadonlySet<string> {
    return new Set(this.#plugs.filter(({ ref }) => this.#world.lports.present(ref)).map(({ interface: name }) => name));
  }

  /** Interfaces of the bridge that say nothing of an lport and are no tunnels of ours. */
  bare(): string[] {
    return this.names()
      .filter((name) => !this.#asking.has(name) && !this.#tunnels.has(name))
      .sort();
  }

  /** The names of the bridge's ports, but for its own. */
  names(): string[] {
    return [...(this.#session?.ports.values() ?? [])]
      .filter(({ portNo }) => portNo <= lastPortNo)
      .map((port) => port.name);
  }
}

const isSamePlugs = (now: readonly Plug[], before: readonly Plug[]): boolean =>
  now.length === before.length &&
  now.every(({ ref, interface: name, error }, i) => {
    const other = before[i];
    return ref === other?.ref && name === other.interface && error === other.error;
  });

const byInterface = (a: Plug, b: Plug): number => byteOrder(a.interface, b.interface);

/** Makes an input hold exactly these values. */
function replaceAll<K, V>(
  input: { members(): Iterable<K>; set(key: K, value: V | undefined): void },
  values: ReadonlyMap<K, V>,
): void {
  for (const key of [...input.members()]) if (!values.has(key)) input.set(key, undefined);
  for (const [key, value] of values) input.set(key, value);
}
