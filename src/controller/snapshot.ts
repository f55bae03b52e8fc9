// What a controller knows of itself, as plain data: what `damselfly status` shows and `damselfly compile --ports` can use.
import type { Controller } from './controller.js';
import type { Served } from './served.js';
import { datapathText } from './bridges.js';
import { askAll } from './control.js';
import { idlePorts } from './idle-ports.js';
import { byteOrder } from '../model/ids.js';
import type { Members } from '../model/members.js';
import { objectName } from '../model/parse.js';
import { reasonOf } from '../model/verdict.js';
import { steps } from '../turns/slices.js';
import type { Chassis } from './chassis.js';

/** Something by name: as it is sent, or as it is read. */
type Named<As, V> = As extends 'sent' ? ReadonlyMap<string, V> : Readonly<Record<string, V>>;

/** One chassis as it stands. */
export interface ChassisSnapshot<As extends 'sent' | 'read' = 'read'> {
  readonly chassis: string;
  readonly datapath: string;
  readonly bridge: string | undefined;
  readonly connected: string | undefined;
  /** What must be known before anything may be removed, and is not yet. */
  readonly waits_for: readonly string[];
  readonly tenants: readonly string[];
  readonly flows: {
    readonly wanted: number;
    readonly installed: number;
    readonly waiting: number;
    readonly sent: number;
    readonly repaired: number;
  };
  readonly ports: readonly {
    readonly object: string;
    readonly state: string;
    readonly reason?: string;
    readonly revision: number;
    /** Since when state and reason are these, in ISO 8601; absent until that is written to the northbound. */
    readonly since?: string | undefined;
    readonly interface?: string | undefined;
    readonly ofport?: number | undefined;
  }[];
  /** The networks that have ports here, with the largest IP packet that reaches all members, and what limits it. */
  readonly networks: readonly {
    readonly object: string;
    readonly vni: number;
    readonly mtu?: number | undefined;
    readonly limit?: string | undefined;
  }[];
  /** Lports of the watched tenants that no chassis has, and what each waits for; at most the first of them. */
  readonly unbound: readonly { readonly object: string; readonly reason: string }[];
  /** Interfaces that do nothing yet, and what helps. */
  readonly idle: readonly string[];
  readonly problems: readonly string[];
  readonly refused: readonly { readonly object: string; readonly state: string; readonly reason: string }[];
  /** In the form that `compile --ports` reads. */
  readonly live: {
    readonly ofports: Named<As, number>;
    readonly tunnels: Named<As, number>;
    readonly bindings: Named<As, string>;
  };
  readonly keys: Named<As, number>;
}

/** Every chassis of the controllers of this machine that use a data directory, all names in byte order. */
export const snapshotsAt = async (dataDir: string): Promise<ChassisSnapshot[]> =>
  (await askAll(dataDir, { ask: 'status' }))
    .flatMap((answer) => answer as ChassisSnapshot[]) // our own controller's answer
    .map(({ live, keys, ...one }) => {
      const [ofports, tunnels] = [sorted(live.ofports), sorted(live.tunnels)];
      return { ...one, live: { ofports, tunnels, bindings: sorted(live.bindings) }, keys: sorted(keys) };
    })
    .sort((a, b) => byteOrder(a.chassis, b.chassis));

/** Every chassis of a controller, looked at in small steps. */
export function* snapshotOf(controller: Controller): Generator<void, ChassisSnapshot<'sent'>[]> {
  const found: ChassisSnapshot<'sent'>[] = [];
  for (const served of controller.served.values()) found.push(yield* chassisSnapshot(served));
  return found;
}

function* chassisSnapshot({ datapathId, bridge, chassis, edge }: Served): Generator<void, ChassisSnapshot<'sent'>> {
  const { world, table, engine, installer, reporter } = chassis;
  const ports = yield* flatMap(reporter.states(), ({ name, kind, ref, status }) => {
    const binding = kind === 'lport' ? world.bindings.peek(ref) : undefined;
    const at = { interface: binding?.interface, ofport: binding?.ofport };
    return [{ object: name, ...status, since: edge.since(kind, ref), ...at }];
  });
  const told = new Set(ports.map(({ object }) => object));
  return {
    chassis: chassis.id,
    datapath: datapathText(datapathId),
    bridge,
    connected: chassis.session?.peer,
    waits_for: chassis.waitsFor(),
    tenants: chassis.interest.tenants(),
    flows: { ...table.counts(), sent: installer.sent, repaired: installer.drift.count },
    ports,
    networks: yield* networksHere(chassis),
    unbound: yield* unboundPorts(chassis, told),
    idle: idlePorts(chassis),
    problems: [
      ...edge.currentProblems(),
      ...(installer.pace.problem === undefined ? [] : [installer.pace.problem]),
      ...engine.failures().map(({ owner, error }) => `app ${owner.app} failed for ${owner.object}: ${String(error)}`),
    ],
    refused: table.refusals().map(({ owner, state, reason, rival }) => ({
      object: owner.object,
      state,
      reason: rival === undefined ? reason : `${rival.object} ${reason}`,
    })),
    live: {
      ofports: yield* mapOf(world.bindings, (ref) => world.bindings.peek(ref)?.ofport ?? 0),
      tunnels: yield* mapOf(world.tunnels, (key) => world.tunnels.peek(key)?.ofport ?? 0),
      bindings: yield* mapOf(world.claims, (ref) => world.claims.peek(ref) ?? ''),
    },
    keys: yield* mapOf(world.numbers, (name) => world.numbers.peek(name) ?? 0),
  };
}

function networksHere({ view }: Chassis): Generator<void, ChassisSnapshot['networks'][number][]> {
  return flatMap([...view.localPortsOf.members()].sort(byteOrder), (ref) => {
    const network = view.network(ref);
    const known = view.networkMtu(ref);
    if (network === undefined) return [];
    const { type, address } = known?.limit ?? {};
    const limit = type === undefined ? undefined : `${type} to ${address}`;
    return [{ object: objectName('lswitch', ref), vni: network.vni, mtu: known?.mtu, limit }];
  });
}

/** At most so many unbound ports are told. */
const unboundLimit = 100;

/** Lports that are nowhere: neither claimed, nor behind a VTEP, nor children, with what they wait for. */
function* unboundPorts(
  { world, view }: Chassis,
  told: ReadonlySet<string>,
): Generator<void, ChassisSnapshot['unbound']> {
  const unbound = yield* flatMap(world.refs('lport'), (ref) => {
    const object = objectName('lport', ref);
    if (world.claims.present(ref) || told.has(object)) return [];
    const verdict = view.portAnswer(ref).no ?? view.placementAnswer(ref).no;
    return verdict === undefined ? [] : [{ object, reason: reasonOf(verdict) }];
  });
  return unbound.slice(0, unboundLimit);
}

/** What is made of each of many things, in small steps. */
function* flatMap<T, R>(things: Iterable<T>, make: (thing: T) => readonly R[]): Generator<void, R[]> {
  const isStep = steps();
  const made: R[] = [];
  for (const thing of things) {
    if (isStep()) yield;
    made.push(...make(thing));
  }
  return made;
}

/** The members of a set with what is said of each, in small steps. */
function* mapOf<K extends string, V>(set: Members<K>, valueOf: (key: K) => V): Generator<void, Map<K, V>> {
  const isStep = steps();
  const map = new Map<K, V>();
  for (const key of set.members()) {
    if (isStep()) yield;
    map.set(key, valueOf(key));
  }
  return map;
}

const sorted = <V>(record: Readonly<Record<string, V>>): Record<string, V> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => byteOrder(a, b)));
