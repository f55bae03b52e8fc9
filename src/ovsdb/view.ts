// The rows put together as bridges with ports with interfaces. What did not change stays the same object, so that whoever
// compares by identity sees exactly what changed.
import { Assembly, byName } from './assembly.js';
import { textsOf } from './datum.js';
import type { Replica, RowChange } from './replica.js';
import {
  type Bridge,
  bridgeOf,
  controllerOf,
  type Interface,
  interfaceOf,
  type OpenVswitch,
  openVswitchOf,
  type Port,
  portOf,
  texts,
} from './rows.js';
import { steps } from '../turns/slices.js';

/** All of an Open vSwitch that we look at. */
export interface VswitchView {
  /** Absent while the database is empty. */
  readonly openVswitch?: OpenVswitch;
  /** By name. */
  readonly bridges: readonly Bridge[];
}

/** A view of nothing. */
export const emptyView: VswitchView = { bridges: [] };

/** Makes view after view of one replica; each costs what changed since the last. */
export class Viewer {
  readonly #replica: Replica;
  readonly #interfaces = new Map<string, Interface>();
  readonly #ports: Assembly<Interface, Port>;
  readonly #bridges: Assembly<Port, Bridge>;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.#ports = new Assembly(
      { table: 'Port', column: 'interfaces', make: portOf, parts: (port) => port.interfaces },
      replica,
      (uuid) => this.#interfaces.get(uuid),
    );
    this.#bridges = new Assembly<Port, Bridge>(
      {
        table: 'Bridge',
        column: 'ports',
        make: (uuid, row, ports) =>
          bridgeOf(
            uuid,
            row,
            ports,
            texts(row, 'controller').flatMap((controller) => this.#controller(controller)),
          ),
        parts: (bridge) => bridge.ports,
      },
      replica,
      (uuid) => this.#ports.whole(uuid),
    );
  }

  /** The view after the replica has taken these changes, made in small steps. */
  *after(changes: readonly RowChange[]): Generator<void, VswitchView> {
    const interfaces = new Set<string>();
    const isStep = steps();
    for (const { table, uuid, after } of changes) {
      if (table !== 'Interface') continue;
      if (isStep()) yield;
      interfaces.add(uuid);
      if (after) this.#interfaces.set(uuid, interfaceOf(uuid, after));
      else this.#interfaces.delete(uuid);
    }
    const ports = yield* this.#ports.update(changes, interfaces);
    // What changed of a row itself says more than what changed beside it, and so it comes behind.
    yield* this.#bridges.update([...this.#controlled(changes), ...changes], ports);
    const [root] = this.#replica.rows('Open_vSwitch');
    if (!root) return emptyView;
    const bridges = texts(root[1], 'bridges').flatMap((uuid) => this.#bridges.whole(uuid) ?? []);
    return { openVswitch: openVswitchOf(...root), bridges: bridges.sort(byName) };
  }

  /** A bridge whose controller changed, as if its own row had. */
  #controlled(changes: readonly RowChange[]): RowChange[] {
    const controllers = changes.flatMap(({ table, uuid }) => (table === 'Controller' ? [uuid] : []));
    if (controllers.length === 0) return [];
    return [...this.#replica.rows('Bridge')].flatMap(([uuid, row]) =>
      controllers.some((controller) => textsOf(row['controller']).has(controller))
        ? [{ table: 'Bridge', uuid, before: row, after: row }]
        : [],
    );
  }

  #controller(uuid: string): ReturnType<typeof controllerOf>[] {
    const row = this.#replica.rows('Controller').get(uuid);
    return row ? [controllerOf(uuid, row)] : [];
  }
}

/** One interface's difference between two views: without `before` it came to the bridge, without `after` it left. */
export interface InterfaceChange {
  readonly bridge: string;
  readonly before?: Interface;
  readonly after?: Interface;
}

/**
 * The interfaces that differ between two views of the same Open vSwitch, cheap where most of it is unchanged. Those that
 * left come first: one may have come back in another port.
 */
export function interfaceChanges(before: VswitchView, after: VswitchView): InterfaceChange[] {
  const changes = pairs(before.bridges, after.bridges).flatMap(([oldBridge, newBridge]) =>
    pairs(oldBridge?.ports ?? [], newBridge?.ports ?? []).flatMap(([oldPort, newPort]) =>
      pairs(oldPort?.interfaces ?? [], newPort?.interfaces ?? []).map(([old, now]): InterfaceChange => ({
        bridge: (newBridge ?? oldBridge)?.name ?? '',
        ...(old && { before: old }),
        ...(now && { after: now }),
      })),
    ),
  );
  return [...changes.filter((change) => !change.after), ...changes.filter((change) => change.after)];
}

/** What differs between two lists by name, beside each other by name. */
function pairs<T extends { readonly uuid: string; readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): [T | undefined, T | undefined][] {
  const found: [T | undefined, T | undefined][] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    const order = old && now ? byName(old, now) : old ? -1 : 1;
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order === 0 && old === now) continue;
    // A port that was deleted and made again under its name is another one.
    if (order === 0 && old?.uuid === now?.uuid) found.push([old, now]);
    else {
      if (order <= 0) found.push([old, undefined]);
      if (order >= 0) found.push([undefined, now]);
    }
  }
  return found;
}
