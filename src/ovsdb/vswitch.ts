// An Open vSwitch as its database describes it: a mirror of bridges, ports and interfaces that follows every change, and
// the few writes that are ours to make.
import type { Dial } from './channel.js';
import { answerDeadlineMs, type LinkState, OvsdbClient } from './client.js';
import type { Clock } from './clock.js';
import { OvsdbError } from './errors.js';
import { isList, isMembers } from './json.js';
import type { ReconnectConfig } from './reconnect.js';
import type { RowChange } from './replica.js';
import type { Remote } from './remote.js';
import { type Bridge, type Interface, type Port, vswitchColumns } from './rows.js';
import type { Operation, OperationResult } from './transaction.js';
import { emptyView, Viewer, type VswitchView } from './view.js';
import {
  configurationWrite,
  failModeWrite,
  type MapEntry,
  mapEntryWrite,
  ownerKey,
  portDeletion,
  tunnelOptionsWrite,
  tunnelPortWrite,
  type TunnelPortSpec,
} from './writes.js';

/** What became of a port: a committed transaction proves nothing, ovs-vswitchd's ofport and error do. */
export type PortOutcome =
  | { readonly state: 'up'; readonly ofport: number }
  | { readonly state: 'failed'; readonly error: string }
  /** ovs-vswitchd has not said anything yet; the mirror will. */
  | { readonly state: 'pending' };

/** How a mirror is made, and who is told. */
export interface VswitchOptions {
  /** Tried in turn. */
  readonly remotes: readonly [Remote, ...Remote[]];
  /** Called after every snapshot and update that changed any row that we read, and after the first snapshot. */
  readonly onUpdate?: (view: VswitchView, before: VswitchView) => void;
  /** Called when the type changes, and when the first attempt fails. */
  readonly onState?: (state: LinkState) => void;
  /** How long a write waits for a connection, in milliseconds. */
  readonly connectDeadlineMs?: number;
  /** How long a write waits for ovs-vswitchd to apply it before its outcome is called pending, in milliseconds. */
  readonly applyDeadlineMs?: number;
  readonly reconnect?: ReconnectConfig;
  /** How long a probe may be unanswered before the link counts as stalled, in milliseconds. */
  readonly stallMs?: number;
  readonly clock?: Clock;
  readonly dial?: Dial;
}

/** One key of one Interface's external_ids to be set, or removed. */
export interface InterfaceEntry extends MapEntry {
  readonly iface: string;
}

const root = undefined;

/** The mirror of one Open vSwitch. */
export class Vswitch {
  readonly #options: VswitchOptions;
  readonly #client: OvsdbClient;
  readonly #viewer: Viewer;
  #view: VswitchView = emptyView;
  #isReady = false;

  constructor(options: VswitchOptions) {
    this.#options = options;
    this.#client = new OvsdbClient({
      ...options,
      database: 'Open_vSwitch',
      tables: vswitchColumns,
      onChanges: (changes) => this.#changed(changes),
    });
    this.#viewer = new Viewer(this.#client.replica);
  }

  /** What is there, as last seen; it outlives a lost connection. */
  get view(): VswitchView {
    return this.#view;
  }

  /** Whether a whole snapshot was ever seen. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** How we stand with ovsdb-server. */
  get state(): LinkState {
    return this.#client.state;
  }

  /** Connects, and stays connected until `close`. */
  start(): void {
    this.#client.start();
  }

  /** Ends the connection; the view stays. */
  close(): void {
    this.#client.close();
  }

  /** Resolves when the view is the database; rejects with OVSDB_DEADLINE, or at once with what is in the way if `failFast`. */
  ready(deadlineMs: number, failFast = false): Promise<void> {
    return this.#client.synced(deadlineMs, failFast);
  }

  /** Makes a bridge `fail_mode=secure`. */
  async setFailModeSecure(bridge: string): Promise<void> {
    await this.#change([failModeWrite(bridge)], `bridge ${bridge}`);
  }

  /** Sets, or with undefined removes, one key of a bridge's external_ids. */
  async setBridgeExternalId(bridge: string, key: string, value: string | undefined): Promise<void> {
    await this.#change([mapEntryWrite('Bridge', bridge, 'external_ids', { key, value })], `bridge ${bridge}`);
  }

  /** Sets, or with undefined removes, one key of Open_vSwitch's other_config (`vlan-limit`). */
  async setOtherConfig(key: string, value: string | undefined): Promise<void> {
    await this.#change([mapEntryWrite('Open_vSwitch', root, 'other_config', { key, value })], 'the Open_vSwitch row');
  }

  /** Sets, or with undefined removes, one key of an interface's external_ids. */
  async setInterfaceExternalId(iface: string, key: string, value: string | undefined): Promise<void> {
    const missing = await this.setInterfaceExternalIds([{ iface, key, value }]);
    if (missing.length > 0) throw new OvsdbError('OVSDB_NO_SUCH_ROW', `no interface ${iface}`);
  }

  /** Does the same for many interfaces in one transaction; answers with the interfaces that are not there. */
  async setInterfaceExternalIds(entries: readonly InterfaceEntry[]): Promise<string[]> {
    const results = await this.#transact(
      entries.map(({ iface, ...entry }) => mapEntryWrite('Interface', iface, 'external_ids', entry)),
    );
    return entries.filter((_, index) => results[index]?.['count'] === 0).map(({ iface }) => iface);
  }

  /**
   * Creates a tunnel port with the owner's tag, or takes the one of that name and tag that is there. Rejects with
   * OVSDB_NOT_OURS if the name is another's. Repeating it is harmless, after OVSDB_OUTCOME_UNKNOWN too.
   */
  async createTunnelPort(bridge: string, spec: TunnelPortSpec): Promise<PortOutcome> {
    await this.#connected();
    if (this.#port(spec.name)) return this.#adoptTunnelPort(bridge, spec);
    try {
      return await this.#configure(tunnelPortWrite(bridge, spec), spec.name);
    } catch (error) {
      if (!isTryAgain(error)) throw error;
      if (!this.#bridge(bridge)) throw new OvsdbError('OVSDB_NO_SUCH_ROW', `no bridge ${bridge}`, error);
      if (!this.#port(spec.name)) throw error;
      return this.#adoptTunnelPort(bridge, spec);
    }
  }

  /** Sets all options of a tunnel port of ours, in place: its ofport stays. */
  async updateTunnelOptions(
    name: string,
    owner: string,
    options: Readonly<Record<string, string>>,
  ): Promise<PortOutcome> {
    return this.#configure([tunnelOptionsWrite(name, owner, options)], name, (results) => {
      if (results[0]?.['count'] === 0) throw notOurs(name, owner);
    });
  }

  /**
   * Deletes a port of the owner's; one that is already gone is fine. Flows that name its ofport go first, and their barrier
   * must have come: the number may be given to another port at once. Rejects with OVSDB_NOT_OURS.
   */
  async deletePort(bridge: string, name: string, owner: string): Promise<void> {
    await this.#connected();
    const port = this.#bridge(bridge)?.ports.find((candidate) => candidate.name === name);
    if (!port) return;
    try {
      await this.#configure(portDeletion(bridge, port.uuid, owner), name);
    } catch (error) {
      if (!isTryAgain(error)) throw error;
      // The server found no such port with that tag: it is another's, or gone meanwhile.
      if (this.#port(name)?.uuid === port.uuid) throw notOurs(name, owner);
    }
  }

  /** Has ovs-vswitchd try again what failed, for instance a duplicate tunnel whose first one is gone by now. */
  async retryPorts(): Promise<void> {
    await this.#configure([], undefined);
  }

  *#changed(changes: readonly RowChange[]): Generator<void> {
    if (this.#isReady && changes.length === 0) return;
    const before = this.#view;
    this.#view = yield* this.#viewer.after(changes);
    this.#isReady = true;
    this.#options.onUpdate?.(this.#view, before);
  }

  #bridge(name: string): Bridge | undefined {
    return this.#view.bridges.find((bridge) => bridge.name === name);
  }

  #port(name: string): Port | undefined {
    for (const { ports } of this.#view.bridges) {
      const found = ports.find((port) => port.name === name);
      if (found) return found;
    }
    return undefined;
  }

  #interface(name: string): Interface | undefined {
    return this.#port(name)?.interfaces.find((iface) => iface.name === name);
  }

  async #adoptTunnelPort(bridge: string, { name, type, owner, options }: TunnelPortSpec): Promise<PortOutcome> {
    const port = this.#bridge(bridge)?.ports.find((candidate) => candidate.name === name);
    const iface = this.#interface(name);
    if (port?.externalIds.get(ownerKey) !== owner || iface?.type !== type) throw notOurs(name, owner);
    if (isSameMap(iface.options, options)) {
      const outcome = outcomeOf(iface);
      return outcome.state === 'pending' ? this.#configure([], name) : outcome;
    }
    return this.updateTunnelOptions(name, owner, options);
  }

  #connected(): Promise<void> {
    return this.#client.synced(this.#options.connectDeadlineMs ?? 10_000);
  }

  async #transact(operations: readonly Operation[]): Promise<OperationResult[]> {
    await this.#connected();
    return this.#client.transact(operations, answerDeadlineMs);
  }

  async #change(operations: readonly Operation[], what: string): Promise<void> {
    const results = await this.#transact(operations);
    if (results[0]?.['count'] === 0) throw new OvsdbError('OVSDB_NO_SUCH_ROW', `no ${what}`);
  }

  /** Commits what ovs-vswitchd must act on, and waits until it has, and the mirror with it. */
  async #configure(
    operations: readonly Operation[],
    port: string | undefined,
    verify: (results: readonly OperationResult[]) => void = () => undefined,
  ): Promise<PortOutcome> {
    const results = await this.#transact([...operations, ...configurationWrite]);
    verify(results);
    const number = configurationNumber(results.at(-1));
    const applied = (): true | undefined => ((this.#view.openVswitch?.curCfg ?? 0) >= number ? true : undefined);
    try {
      await this.#client.waiting.until(applied, this.#options.applyDeadlineMs ?? 5000, () => 'ovs-vswitchd');
    } catch (error) {
      if (error instanceof OvsdbError && error.code === 'OVSDB_DEADLINE') return { state: 'pending' };
      throw error;
    }
    const iface = port === undefined ? undefined : this.#interface(port);
    return iface ? outcomeOf(iface) : { state: 'pending' };
  }
}

/** What ovs-vswitchd says of an interface. */
export function outcomeOf({ ofport, error }: Interface): PortOutcome {
  if (error !== undefined || (ofport !== undefined && ofport < 0))
    return { state: 'failed', error: error ?? 'ovs-vswitchd could not open it' };
  return ofport === undefined || ofport === 0 ? { state: 'pending' } : { state: 'up', ofport };
}

function configurationNumber(result: OperationResult | undefined): number {
  const rows = result?.['rows'];
  const [row] = isList(rows) ? rows : [];
  const held = isMembers(row) ? row['next_cfg'] : undefined;
  return typeof held === 'number' ? held : Infinity;
}

const isTryAgain = (error: unknown): boolean => error instanceof OvsdbError && error.code === 'OVSDB_TRY_AGAIN';

const notOurs = (name: string, owner: string): OvsdbError =>
  new OvsdbError('OVSDB_NOT_OURS', `port ${name} is not external_ids:${ownerKey}=${owner}: left as it is`);

const isSameMap = (held: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): boolean =>
  held.size === Object.keys(wanted).length && Object.entries(wanted).every(([key, value]) => held.get(key) === value);
