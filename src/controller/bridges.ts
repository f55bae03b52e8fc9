// From a datapath to the bridge that it is: its row in the database of Open vSwitch, its chassis id, and whether it may be served.
import type { Bridge } from '../ovsdb/rows.js';
import type { VswitchView } from '../ovsdb/view.js';

/** A datapath id as OVSDB has it: 16 hexadecimal digits. */
export const datapathText = (datapathId: bigint): string => datapathId.toString(16).padStart(16, '0');

/** What a switch says that it is. */
export interface Datapath {
  readonly datapathId: bigint;
  /** The name of its bridge, or as much of it as its local port bears; absent where that is not known. */
  readonly bridge?: string | undefined;
}

/** How much of a name a port of OpenFlow 1.3 bears (7.2.1: 16 bytes with the one that ends it). */
const portNameLength = 15;
const portName = (bridge: string): string => bridge.slice(0, portNameLength);

/**
 * The bridge that a datapath is; undefined for a switch of another machine, or without a database. Nothing keeps two bridges from
 * having one datapath id, so the name has to be right as well.
 */
export const bridgeOf = (view: VswitchView, { datapathId, bridge }: Datapath): Bridge | undefined =>
  view.bridges.find(
    (row) =>
      row.datapathId === datapathText(datapathId) && (bridge === undefined || portName(row.name) === portName(bridge)),
  );

/** The chassis id of a bridge: configured, else its own, else that of the machine which has it, else its datapath id. */
export function chassisIdOf(view: VswitchView, datapath: Datapath, configured: readonly string[]): string {
  const dpid = datapathText(datapath.datapathId);
  for (const entry of configured) {
    const [head = '', tail] = entry.split('=');
    if (tail === undefined) return head;
    if (head.padStart(16, '0') === dpid) return tail;
  }
  const bridge = bridgeOf(view, datapath);
  return bridge === undefined
    ? dpid // a switch of another machine
    : (bridge.externalIds.get('damselfly-chassis') ?? view.openVswitch?.systemId ?? dpid);
}

/** What to do where the database calls a bridge by another chassis id than it is served as; undefined: it does not. */
export function renaming(
  view: VswitchView,
  datapath: Datapath,
  configured: readonly string[],
  servedAs: string,
): string | undefined {
  const bridge = bridgeOf(view, datapath);
  const id = chassisIdOf(view, datapath, configured);
  if (bridge === undefined || id === servedAs) return undefined;
  return (
    `bridge ${bridge.name} is served as chassis ${servedAs}, and the database calls it ${id} now. To rename it, stop the controller, ` +
    `run damselfly cleanup --bridge ${bridge.name}, and start it again; to keep it: ` +
    `ovs-vsctl br-set-external-id ${bridge.name} damselfly-chassis ${servedAs}`
  );
}

/** The command that makes a bridge ready to be served, for messages. */
export const secureCommand = (bridge: string): string => `ovs-vsctl set-fail-mode ${bridge} secure`;
