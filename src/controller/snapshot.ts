// What a controller knows of itself, as plain data: what `damselfly status` shows and `damselfly compile --ports` can use.
import type { Controller } from './controller.js';
import type { Served } from './served.js';
import { datapathText } from './bridges.js';
import { askAll } from './control.js';
import { idlePorts } from './idle-ports.js';
import { byteOrder } from '../model/ids.js';
import { objectName } from '../model/parse.js';
import { reasonOf } from '../model/verdict.js';
import type { Chassis } from './chassis.js';

/** One chassis as it stands. */
export interface ChassisSnapshot {
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
    readonly since?: string;
    readonly interface?: string;
    readonly ofport?: number;
  }[];
  /** The networks that have ports here, with the largest IP packet that reaches all members, and what limits it. */
  readonly networks: readonly {
    readonly object: string;
    readonly vni: number;
    readonly mtu?: number;
    readonly limit?: string;
  }[];
  /** Lports of the watched tenants that no chassis has, and what each waits for; at most the first of them. */
  readonly unbound: readonly { readonly object: string; readonly reason: string }[];
  /** Interfaces that do nothing yet, and what helps. */
  readonly idle: readonly string[];
  readonly problems: readonly string[];
  readonly refused: readonly { readonly object: string; readonly state: string; readonly reason: string }[];
  /** In the form that `compile --ports` reads. */
  readonly live: {
    readonly ofports: Record<string, number>;
    readonly tunnels: Record<string, number>;
    readonly bindings: Record<string, string>;
  };
  readonly keys: Record<string, number>;
}

/** Every chassis of the controllers of this machine that use a data directory. */
export const snapshotsAt = async (dataDir: string): Promise<ChassisSnapshot[]> =>
  (await askAll(dataDir, { ask: 'status' })).flatMap((answer) => answer as ChassisSnapshot[]); // our own controller's answer

/** Every chassis of a controller. */
export const snapshotOf = (controller: Controller): ChassisSnapshot[] =>
  [...controller.served.values()].map(chassisSnapshot).sort((a, b) => byteOrder(a.chassis, b.chassis));

function chassisSnapshot({ datapathId, bridge, chassis, edge }: Served): ChassisSnapshot {
  const { world, table, engine, installer } = chassis;
  return {
    chassis: chassis.id,
    datapath: datapathText(datapathId),
    bridge,
    connected: chassis.session?.peer,
    waits_for: chassis.waitsFor(),
    tenants: chassis.interest.tenants(),
    flows: { ...table.counts(), sent: installer.sent, repaired: installer.drift.count },
    ports: chassis.reporter.states().map(({ name, kind, ref, status }) => {
      const binding = kind === 'lport' ? world.bindings.peek(ref) : undefined;
      const since = edge.since(kind, ref);
      return {
        object: name,
        ...status,
        ...(since === undefined ? {} : { since }),
        ...(binding === undefined ? {} : { interface: binding.interface }),
        ...(binding?.ofport === undefined ? {} : { ofport: binding.ofport }),
      };
    }),
    networks: networksHere(chassis),
    unbound: unboundPorts(chassis),
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
      ofports: numbers([...world.bindings.members()].map((ref) => [ref, world.bindings.peek(ref)?.ofport])),
      tunnels: numbers([...world.tunnels.members()].map((key) => [key, world.tunnels.peek(key)?.ofport])),
      bindings: Object.fromEntries(
        [...world.claims.members()].sort(byteOrder).flatMap((ref) => [[ref, world.claims.peek(ref) ?? '']]),
      ),
    },
    keys: numbers([...world.numbers.members()].map((name) => [name, world.numbers.peek(name)])),
  };
}

function networksHere({ view }: Chassis): ChassisSnapshot['networks'] {
  return [...view.localPortsOf.members()].sort(byteOrder).flatMap((ref) => {
    const network = view.network(ref);
    const known = view.networkMtu(ref);
    if (network === undefined) return [];
    return {
      object: objectName('lswitch', ref),
      vni: network.vni,
      ...(known === undefined ? {} : { mtu: known.mtu }),
      ...(known?.limit === undefined ? {} : { limit: `${known.limit.type} to ${known.limit.address}` }),
    };
  });
}

/** At most so many unbound ports are told. */
const unboundLimit = 100;

/** Lports that are nowhere: neither claimed, nor behind a VTEP, nor children, with what they wait for. */
function unboundPorts({ world, view, reporter }: Chassis): { object: string; reason: string }[] {
  const told = new Set(reporter.states().map(({ name }) => name));
  return world
    .refs('lport')
    .filter((ref) => !world.claims.present(ref) && !told.has(objectName('lport', ref)))
    .flatMap((ref) => {
      const verdict = view.portAnswer(ref).no ?? view.placementAnswer(ref).no;
      return verdict === undefined ? [] : [{ object: objectName('lport', ref), reason: reasonOf(verdict) }];
    })
    .slice(0, unboundLimit);
}

/** Numbers by name in byte order; what has none yet is 0. */
const numbers = (entries: readonly (readonly [string, number | undefined])[]): Record<string, number> =>
  Object.fromEntries([...entries].sort(([a], [b]) => byteOrder(a, b)).map(([name, value]) => [name, value ?? 0]));
