// What we write into Open_vSwitch, as operations: own keys of maps by mutation, and whole rows only where they carry our tag.
import { type Condition, namedUuid, type Operation, wireMap, wireSet, wireUuid } from './transaction.js';

/** The key in `external_ids` that makes a Port, and its Interface, ours: its value names the owner. */
export const ownerKey = 'damselfly-owner';

/** The tunnel types that we create. */
export type TunnelType = 'vxlan' | 'geneve' | 'gre';

/** A tunnel port to be created. */
export interface TunnelPortSpec {
  /** At most 15 characters, unique in the whole Open vSwitch. */
  readonly name: string;
  readonly type: TunnelType;
  /** The bridge's chassis id, or its datapath id: who may change and delete the port from now on. */
  readonly owner: string;
  readonly options: Readonly<Record<string, string>>;
  /** 1 to 65279. */
  readonly ofportRequest?: number;
  /** Further keys for the Interface. */
  readonly externalIds?: Readonly<Record<string, string>>;
}

/** One key of a row's map: the value to be there, or undefined for none. */
export interface MapEntry {
  readonly key: string;
  readonly value: string | undefined;
}

/** Columns that map text to text, where several writers have keys of their own. */
export type SharedColumn = 'external_ids' | 'other_config';

const named = (name: string): readonly Condition[] => [['name', '==', name]];

/** Puts one key of a map, or takes it away, and leaves every other as it is. */
export const mapEntryWrite = (
  table: 'Open_vSwitch' | 'Bridge' | 'Interface',
  name: string | undefined,
  column: SharedColumn,
  { key, value }: MapEntry,
): Operation => ({
  op: 'mutate',
  table,
  where: name === undefined ? [] : named(name),
  mutations: [
    [column, 'delete', wireSet([key])],
    ...(value === undefined ? [] : ([[column, 'insert', wireMap([[key, value]])]] as const)),
  ],
});

/** Makes a bridge keep its flows, and forward nothing by itself, without a controller. */
export const failModeWrite = (bridge: string): Operation => ({
  op: 'update',
  table: 'Bridge',
  where: named(bridge),
  row: { fail_mode: 'secure' },
});

/**
 * Numbers this configuration; the last result is `rows: [{next_cfg}]`. Once ovs-vswitchd's cur_cfg has come so far, what
 * it says about ports is about this configuration, and it has tried once more what had failed.
 */
export const configurationWrite: readonly Operation[] = [
  { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] },
  { op: 'select', table: 'Open_vSwitch', where: [], columns: ['next_cfg'] },
];

/** Creates a port with one interface; nothing happens if the bridge is gone or the name is taken. */
export function tunnelPortWrite(bridge: string, spec: TunnelPortSpec): Operation[] {
  const { name, type, owner, options, ofportRequest, externalIds = {} } = spec;
  const tag: [string, string] = [ownerKey, owner];
  return [
    {
      op: 'wait',
      table: 'Bridge',
      where: named(bridge),
      columns: ['name'],
      until: '==',
      rows: [{ name: bridge }],
      timeout: 0,
    },
    { op: 'wait', table: 'Port', where: named(name), columns: ['name'], until: '==', rows: [], timeout: 0 },
    {
      op: 'insert',
      table: 'Interface',
      'uuid-name': 'interface',
      row: {
        name,
        type,
        options: wireMap(Object.entries(options)),
        external_ids: wireMap([...Object.entries(externalIds), tag]),
        ...(ofportRequest === undefined ? {} : { ofport_request: ofportRequest }),
      },
    },
    {
      op: 'insert',
      table: 'Port',
      'uuid-name': 'port',
      row: { name, interfaces: namedUuid('interface'), external_ids: wireMap([tag]) },
    },
    { op: 'mutate', table: 'Bridge', where: named(bridge), mutations: [['ports', 'insert', namedUuid('port')]] },
  ];
}

/** Sets all options of a tunnel that carries the owner's tag; another's is not touched, and counts 0. */
export const tunnelOptionsWrite = (
  name: string,
  owner: string,
  options: Readonly<Record<string, string>>,
): Operation => ({
  op: 'update',
  table: 'Interface',
  where: [...named(name), tagged(owner)],
  row: { options: wireMap(Object.entries(options)) },
});

/** Deletes a port; nothing happens if by now it does not carry the owner's tag. */
export const portDeletion = (bridge: string, portUuid: string, owner: string): Operation[] => [
  {
    op: 'wait',
    table: 'Port',
    where: [['_uuid', '==', wireUuid(portUuid)], tagged(owner)],
    columns: ['_uuid'],
    until: '==',
    rows: [{ _uuid: wireUuid(portUuid) }],
    timeout: 0,
  },
  { op: 'mutate', table: 'Bridge', where: named(bridge), mutations: [['ports', 'delete', wireUuid(portUuid)]] },
];

const tagged = (owner: string): Condition => ['external_ids', 'includes', wireMap([[ownerKey, owner]])];
