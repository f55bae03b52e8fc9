// The rows put together as bridges with ports with interfaces. What did not change stays the same object, so that whoever
// compares by identity sees exactly what changed.
import type { Replica, Row } from './replica.js';
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

/** All of an Open vSwitch that we look at. */
export interface VswitchView {
  /** Absent while the database is empty. */
  readonly openVswitch?: OpenVswitch;
  /** By name. */
  readonly bridges: readonly Bridge[];
}

/** A view of nothing. */
export const emptyView: VswitchView = { bridges: [] };

/** Makes views of one replica, each as cheap as what changed since the last. */
export function viewer(replica: Replica): () => VswitchView {
  const iface = memo(interfaceOf);
  const controller = memo(controllerOf);
  const port = memo(portOf);
  const bridge = memo(bridgeOf);

  // A reference may dangle for a moment: what it names is left out.
  const referred = <T>(row: Row, column: string, table: string, make: (uuid: string, row: Row) => T): T[] =>
    texts(row, column).flatMap((uuid) => {
      const found = replica.rows(table).get(uuid);
      return found ? [make(uuid, found)] : [];
    });
  const portWhole = (uuid: string, row: Row): Port =>
    port(uuid, row, referred(row, 'interfaces', 'Interface', iface).sort(byName));
  const bridgeWhole = (uuid: string, row: Row): Bridge =>
    bridge(
      uuid,
      row,
      referred(row, 'ports', 'Port', portWhole).sort(byName),
      referred(row, 'controller', 'Controller', controller),
    );

  const viewOf = memo((uuid, row, bridges: readonly Bridge[]): VswitchView => ({
    openVswitch: openVswitchOf(uuid, row),
    bridges,
  }));

  return () => {
    const [root] = replica.rows('Open_vSwitch');
    if (!root) return emptyView;
    const [uuid, row] = root;
    return viewOf(uuid, row, referred(row, 'bridges', 'Bridge', bridgeWhole).sort(byName));
  };
}

/** One interface's difference between two views: without `before` it came to the bridge, without `after` it left. */
export interface InterfaceChange {
  readonly bridge: string;
  readonly before?: Interface;
  readonly after?: Interface;
}

/** The interfaces that differ between two views of the same replica, at the cost of the bridges that differ. */
export function interfaceChanges(before: VswitchView, after: VswitchView): InterfaceChange[] {
  const names = new Set([...before.bridges, ...after.bridges].map(({ name }) => name));
  return [...names].flatMap((bridge) => {
    const [old, now] = [bridgeIn(before, bridge), bridgeIn(after, bridge)];
    if (old === now) return [];
    const [held, found] = [interfacesOf(old), interfacesOf(now)];
    const gone = [...held].flatMap(([uuid, iface]) => (found.has(uuid) ? [] : [{ bridge, before: iface }]));
    const here = [...found].flatMap(([uuid, iface]): InterfaceChange[] => {
      const last = held.get(uuid);
      if (last === iface) return [];
      return [last ? { bridge, before: last, after: iface } : { bridge, after: iface }];
    });
    return [...gone, ...here];
  });
}

const bridgeIn = (view: VswitchView, name: string): Bridge | undefined =>
  view.bridges.find((bridge) => bridge.name === name);

const interfacesOf = (bridge: Bridge | undefined): ReadonlyMap<string, Interface> =>
  new Map(bridge?.ports.flatMap(({ interfaces }) => interfaces).map((iface) => [iface.uuid, iface]));

/** Remembers what was made of a row, as long as the row and the parts given beside it stay the same. */
function memo<Parts extends readonly (readonly unknown[])[], T>(
  make: (uuid: string, row: Row, ...parts: Parts) => T,
): (uuid: string, row: Row, ...parts: Parts) => T {
  const made = new WeakMap<Row, { parts: Parts; value: T }>();
  return (uuid, row, ...parts) => {
    const last = made.get(row);
    if (last && parts.every((part, index) => isSameList(part, last.parts[index]))) return last.value;
    const value = make(uuid, row, ...parts);
    made.set(row, { parts, value });
    return value;
  };
}

const isSameList = (a: readonly unknown[], b: readonly unknown[] | undefined): boolean =>
  a.length === b?.length && a.every((item, index) => item === b[index]);

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
