// The rows that we read of Open_vSwitch, as plain typed values (ovs-vswitchd.conf.db(5)). Whatever a server does not
// have, or has not set, reads as absent or empty.
import { pairsOf, type TextMap, textsOf } from './datum.js';
import type { Row } from './replica.js';

/** The columns that we read, by table. Nothing that changes with traffic is among them. */
export const vswitchColumns = {
  Open_vSwitch: ['bridges', 'external_ids', 'other_config', 'ovs_version', 'cur_cfg', 'iface_types'],
  Bridge: [
    'name',
    'datapath_id',
    'datapath_type',
    'fail_mode',
    'protocols',
    'external_ids',
    'other_config',
    'ports',
    'controller',
  ],
  Port: ['name', 'interfaces', 'external_ids'],
  Interface: ['name', 'type', 'ofport', 'error', 'external_ids', 'options'],
  Controller: ['target', 'is_connected'],
} as const;

/** The one row of Open_vSwitch. */
export interface OpenVswitch {
  readonly uuid: string;
  readonly externalIds: TextMap;
  readonly otherConfig: TextMap;
  /** `external_ids:system-id`. */
  readonly systemId?: string | undefined;
  readonly ovsVersion?: string | undefined;
  /** The configuration that ovs-vswitchd has applied; meaningful beside the next_cfg that a transaction gave out. */
  readonly curCfg: number;
  /** The interface types that this ovs-vswitchd knows; empty while it has never run. */
  readonly ifaceTypes: readonly string[];
}

/** An Interface: what carries packets. */
export interface Interface {
  readonly uuid: string;
  readonly name: string;
  /** `''` and `system` are devices of the host. */
  readonly type: string;
  /** Absent = ovs-vswitchd has not seen it yet; -1 = it failed, see `error`; above 0 = the OpenFlow port. */
  readonly ofport?: number | undefined;
  /** ovs-vswitchd's own words; a committed transaction says nothing about them. */
  readonly error?: string | undefined;
  readonly externalIds: TextMap;
  readonly options: TextMap;
}

/** A Port: one Interface, or several in a bond. */
export interface Port {
  readonly uuid: string;
  readonly name: string;
  readonly externalIds: TextMap;
  readonly interfaces: readonly Interface[];
}

/** A Controller of a Bridge. */
export interface BridgeController {
  readonly uuid: string;
  readonly target: string;
  readonly isConnected: boolean;
}

/** A Bridge. */
export interface Bridge {
  readonly uuid: string;
  readonly name: string;
  /** 16 hex digits; absent while ovs-vswitchd has never made it. */
  readonly datapathId?: string | undefined;
  readonly datapathType: string;
  readonly failMode?: string | undefined;
  /** Empty = all that ovs-vswitchd allows by default. */
  readonly protocols: readonly string[];
  readonly externalIds: TextMap;
  readonly otherConfig: TextMap;
  readonly controllers: readonly BridgeController[];
  /** By name. */
  readonly ports: readonly Port[];
}

/** The row of Open_vSwitch. */
export const openVswitchOf = (uuid: string, row: Row): OpenVswitch => {
  const externalIds = textMap(row, 'external_ids');
  return {
    uuid,
    externalIds,
    otherConfig: textMap(row, 'other_config'),
    systemId: externalIds.get('system-id'),
    ovsVersion: text(row, 'ovs_version'),
    curCfg: number(row, 'cur_cfg') ?? 0,
    ifaceTypes: texts(row, 'iface_types'),
  };
};

/** A row of Interface. */
export const interfaceOf = (uuid: string, row: Row): Interface => ({
  uuid,
  name: text(row, 'name') ?? '',
  type: text(row, 'type') ?? '',
  ofport: number(row, 'ofport'),
  error: text(row, 'error'),
  externalIds: textMap(row, 'external_ids'),
  options: textMap(row, 'options'),
});

/** A row of Port with its interfaces. */
export const portOf = (uuid: string, row: Row, interfaces: readonly Interface[]): Port => ({
  uuid,
  name: text(row, 'name') ?? '',
  externalIds: textMap(row, 'external_ids'),
  interfaces,
});

/** A row of Controller. */
export const controllerOf = (uuid: string, row: Row): BridgeController => ({
  uuid,
  target: text(row, 'target') ?? '',
  isConnected: text(row, 'is_connected') === 'true',
});

/** A row of Bridge with its ports and controllers. */
export const bridgeOf = (
  uuid: string,
  row: Row,
  ports: readonly Port[],
  controllers: readonly BridgeController[],
): Bridge => ({
  uuid,
  name: text(row, 'name') ?? '',
  datapathId: text(row, 'datapath_id'),
  datapathType: text(row, 'datapath_type') ?? '',
  failMode: text(row, 'fail_mode'),
  protocols: texts(row, 'protocols'),
  externalIds: textMap(row, 'external_ids'),
  otherConfig: textMap(row, 'other_config'),
  controllers,
  ports,
});

/** The texts of a set: names, or the UUIDs of what a row refers to. */
export const texts = (row: Row, column: string): readonly string[] => [...textsOf(row[column])];

/** A column that maps strings to strings; empty where the row has none. */
export const textMap = (row: Row, column: string): TextMap => pairsOf(row[column]);

function text(row: Row, column: string): string | undefined {
  const datum = row[column];
  return typeof datum === 'string' ? datum : undefined;
}

function number(row: Row, column: string): number | undefined {
  const found = text(row, column);
  return found === undefined ? undefined : Number(found);
}
