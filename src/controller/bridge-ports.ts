// What is on the bridge: interfaces that carry lports and our tunnel ports, as the database names them, joined with the numbers that
// the live connection gives them.
import { byteOrder, ofPort, type Ref } from '../model/ids.js';
import type { LocalBinding, TunnelState, World } from '../model/world.js';
import type { Session } from '../switch/session.js';
import { steps } from '../turns/slices.js';
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
  #session: Pick<Session, 'ports'> | undefined;
  #plugs: readonly Plug[] = [];
  #asking: readonly Pick<Plug, 'interface'>[] = [];
  #isKnown = false;
  #tunnels: TunnelNames = new Map();
  #isChanged = false;
  /** Whether a connection has ever given numbers. */
  #isNumbered = false;
  /** What is being told to the world, and is not done yet. */
  #joining: Generator<void> | undefined;

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

  /** The connection whose numbers count; without one the numbers that we knew stay, as long as the interfaces are there. */
  numberedBy(session: Pick<Session, 'ports'> | undefined): void {
    this.#session = session;
    this.#isNumbered ||= session !== undefined;
    this.#isChanged = true;
  }

  /** Ports of the connection came, went or changed. */
  renumbered(): void {
    this.#isChanged = true;
  }

  /** The interfaces that carry lports, all of them; `asking` are all that say so, known or not. */
  plugged(plugs: readonly Plug[], asking: readonly Pick<Plug, 'interface'>[]): void {
    if (!this.#isKnown || !isSamePlugs(plugs, this.#plugs)) this.#isChanged = true;
    this.#plugs = plugs;
    this.#asking = asking;
    this.#isKnown = true;
  }

  /** Our tunnel ports by interface name, all of them. */
  tunnelPorts(names: TunnelNames): void {
    if (!isSameTunnels(names, this.#tunnels)) this.#isChanged = true;
    this.#tunnels = names;
  }

  /**
   * Tells the world what is on the bridge, if that may have changed, until `isEnough` says so after one of many small steps;
   * tells whether that is all. `moved` is called with each lport that is behind another interface now.
   */
  join(moved: (ref: Ref) => void, isEnough = (): boolean => false): boolean {
    for (;;) {
      if (this.#joining === undefined) {
        if (!this.#isChanged || !this.#isNumbered) return true;
        this.#isChanged = false;
        this.#joining = this.#tell(moved);
      }
      if (this.#joining.next().done === true) this.#joining = undefined;
      else if (isEnough()) return false;
    }
  }

  /** Tells the world, in small steps, what is on the bridge at the first of them. */
  *#tell(moved: (ref: Ref) => void): Generator<void> {
    const { bindings, tunnels } = this.#world;
    const numbers = this.#numbers();
    const plugs = [...this.#plugs].sort(byInterface);
    const isConnected = this.#session !== undefined;
    const tunnelsNow = [...this.#tunnels].map(
      ([name, { key, error }]) => [key, stateOf(numbers.get(name), error)] as const,
    );
    const now = new Map<Ref, LocalBinding>();
    const isStep = steps();
    for (const { ref, interface: name, error } of plugs) {
      if (isStep()) yield;
      if (now.get(ref)?.ofport === undefined) now.set(ref, { interface: name, ...stateOf(numbers.get(name), error) }); // the first of two interfaces with one lport
    }
    for (const [ref, { interface: name }] of now) {
      if (isStep()) yield;
      const before = bindings.peek(ref);
      if (before !== undefined && before.interface !== name) moved(ref);
    }
    yield* replaceAll(bindings, now);
    if (isConnected) yield* replaceAll(tunnels, new Map(tunnelsNow));
  }

  /** The numbers of interfaces by name: those of the connection, or without one those that we knew. */
  #numbers(): ReadonlyMap<string, number> {
    const { bindings } = this.#world;
    const numbers = new Map<string, number>();
    if (this.#session !== undefined)
      for (const { name, portNo } of this.#session.ports.values()) numbers.set(name, portNo);
    else
      for (const ref of bindings.members()) {
        const { interface: name, ofport } = bindings.peek(ref) ?? {};
        if (name !== undefined && ofport !== undefined) numbers.set(name, ofport);
      }
    return numbers;
  }

  /** Interfaces that carry an iface-id whose lport is not in the northbound. */
  waiting(): Plug[] {
    return this.#plugs.filter(({ ref }) => !this.#world.lports.present(ref));
  }

  /** Interfaces of the bridge that say nothing of an lport and are no tunnels of ours. */
  bare(): string[] {
    const asking = new Set(this.#asking.map((one) => one.interface));
    return this.names()
      .filter((name) => !asking.has(name) && !this.#tunnels.has(name))
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
  now.every((plug, i) => {
    const other = before[i];
    if (plug === other) return true;
    return plug.ref === other?.ref && plug.interface === other.interface && plug.error === other.error;
  });

const isSameTunnels = (now: TunnelNames, before: TunnelNames): boolean =>
  now.size === before.size &&
  [...now].every(([name, { key, error }]) => {
    const other = before.get(name);
    return key === other?.key && error === other.error;
  });

const byInterface = (a: Plug, b: Plug): number => byteOrder(a.interface, b.interface);

function stateOf(number: number | undefined, error: string | undefined): TunnelState {
  const ofport = number === undefined ? undefined : ofPort(number);
  return error === undefined ? { ofport } : { ofport, error };
}

/** Makes an input hold exactly these values, in small steps. */
function* replaceAll<K, V>(
  input: { members(): Iterable<K>; set(key: K, value: V | undefined): void },
  values: ReadonlyMap<K, V>,
): Generator<void> {
  for (const key of [...input.members()]) if (!values.has(key)) input.set(key, undefined);
  const isStep = steps();
  for (const [key, value] of values) {
    if (isStep()) yield;
    input.set(key, value);
  }
}
