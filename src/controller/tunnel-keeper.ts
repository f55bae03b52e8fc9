// Keeps the tunnel ports of one bridge as wanted: created when first needed, removed when no flow names them any more. What Open
// vSwitch says against a port becomes the state of the tunnel, and so the status of whoever needs it.
import type { Logger } from 'pino';
import type { TunnelPort } from '../flow/wanted.js';
import { parseAddress } from '../model/addresses.js';
import { type TunnelType, tunnelTypes } from '../model/kinds.js';
import { diffTunnels, presentTunnels, tunnelPortName, type WantedTunnel } from '../ovsdb/tunnels.js';
import { OvsdbError } from '../ovsdb/errors.js';
import type { VswitchView } from '../ovsdb/view.js';
import type { Vswitch } from '../ovsdb/vswitch.js';
import type { TunnelPortSpec } from '../ovsdb/writes.js';

/**
 * How long a port stays after the barrier behind the last flow that sends through it, in milliseconds: packets of connections that
 * the datapath knows take their old way until Open vSwitch has looked at each of them again, of which no barrier tells.
 */
export const graceMs = 500;
/** How long a port that failed rests before it is tried again, in milliseconds. */
const restMs = 5000;
/** How long after the last time Open vSwitch is asked again to try what it could not make, at first and in the end, in milliseconds. */
const [firstRetryMs, lastRetryMs] = [1000, 30_000];

/** Tunnel ports by interface name: the tunnel's key, and what is wrong with it. */
export type TunnelNames = ReadonlyMap<string, { readonly key: string; readonly error: string | undefined }>;

interface Trouble {
  readonly key: string;
  readonly error: string;
}

/** The tunnel key of a port's type, remote address and destination port, as the model has it. */
const keyOf = (type: string, remote = '', dstPort?: string): string =>
  remote === 'flow'
    ? type
    : [type, parseAddress(remote)?.text ?? remote, ...(dstPort === undefined ? [] : [dstPort])].join('/');

const keyOfSpec = ({ type, options }: TunnelPortSpec): string => keyOf(type, options['remote_ip'], options['dst_port']);

/** The keeper of one bridge's tunnel ports. */
export class TunnelKeeper {
  readonly #vswitch: Vswitch;
  readonly #bridge: string;
  readonly #owner: string;
  readonly #log: Logger;
  readonly #encapIps: () => readonly string[];
  readonly #changed: () => void;
  readonly #failedAt = new Map<string, number>();
  /** Ports that cannot even be asked for, with the reason. */
  #trouble: ReadonlyMap<string, Trouble> = new Map();
  #retriedMs = 0;
  #retryMs = firstRetryMs;
  /** The tunnels that were there when it was asked last. */
  #retriedAmong = '';
  #timer: NodeJS.Timeout | undefined;
  /** When the next look is due. */
  #dueMs = Infinity;
  #wanted: readonly TunnelPort[] = [];
  /** The tunnels that may go, by key, with the time since which they may. */
  #surplus: ReadonlyMap<string, number> = new Map();
  #isRunning = false;
  #isAgain = false;
  #isClosed = false;

  /** `changed` is called when `names` says something else although the database has not changed. */
  constructor(
    vswitch: Vswitch,
    { bridge, owner }: { readonly bridge: string; readonly owner: string },
    encapIps: () => readonly string[],
    changed: () => void,
    log: Logger,
  ) {
    this.#vswitch = vswitch;
    this.#bridge = bridge;
    this.#owner = owner;
    this.#encapIps = encapIps;
    this.#changed = changed;
    this.#log = log;
  }

  /** Ends its work; the ports stay. */
  close(): void {
    clearTimeout(this.#timer);
    this.#isClosed = true;
  }

  /** What should be there, and which of the rest may go. */
  keep(wanted: readonly TunnelPort[], surplus: readonly string[]): void {
    this.#wanted = wanted;
    const nowMs = performance.now();
    this.#surplus = new Map(surplus.map((key) => [key, this.#surplus.get(key) ?? nowMs]));
    this.look();
  }

  /** Compares with the database, now or as soon as the present pass is through. */
  look(): void {
    if (this.#isClosed) return;
    if (this.#isRunning) {
      this.#isAgain = true;
      return;
    }
    this.#isRunning = true;
    void this.#pass()
      .catch((error: unknown) => {
        this.#log.warn({ err: error, bridge: this.#bridge }, 'tunnel ports could not be changed; trying again');
        this.#later(restMs);
      })
      .finally(() => {
        this.#isRunning = false;
        if (!this.#isAgain) return;
        this.#isAgain = false;
        this.look();
      });
  }

  /** Our tunnel ports as the database has them, with what is wrong with each, and those that cannot be made. */
  names(view: VswitchView): TunnelNames {
    const present = presentTunnels(view)
      .filter((tunnel) => tunnel.owner === this.#owner && tunnel.bridge === this.#bridge)
      .map(
        ({ name, type, options, error }) =>
          [name, { key: keyOf(type, options.get('remote_ip'), options.get('dst_port')), error }] as const,
      );
    return new Map([...this.#trouble, ...present]);
  }

  async #pass(): Promise<void> {
    const wanted = this.#wanted.flatMap((tunnel) => this.#specOf(tunnel) ?? []);
    const diff = diffTunnels(wanted, presentTunnels(this.#vswitch.view), { bridge: this.#bridge, owner: this.#owner });
    const trouble = new Map<string, Trouble>();
    for (const { wanted: spec, foreign } of diff.conflicts)
      trouble.set(spec.name, {
        key: keyOfSpec(spec),
        error: `port ${foreign.name}, which is not ours, has the same type and addresses`,
      });
    for (const spec of [...diff.create, ...diff.update]) {
      const error = await this.#create(spec);
      if (error !== undefined) trouble.set(spec.name, { key: keyOfSpec(spec), error });
    }
    this.#say(trouble);
    await this.#remove(diff.remove);
    if (diff.failed.length > 0) await this.#retry();
  }

  /** Removes those of ours that may go, and have had their grace. */
  async #remove(names: readonly string[]): Promise<void> {
    const keys = new Map([...this.names(this.#vswitch.view)].map(([name, { key }]) => [name, key]));
    for (const name of names) {
      const sinceMs = this.#surplus.get(keys.get(name) ?? '');
      if (sinceMs === undefined) continue;
      const leftMs = sinceMs + graceMs - performance.now();
      if (leftMs > 0) {
        this.#later(leftMs);
        continue;
      }
      await this.#vswitch.deletePort(this.#bridge, name, this.#owner);
      this.#log.info({ bridge: this.#bridge, port: name, tunnel: keys.get(name) }, 'tunnel port removed');
    }
  }

  /**
   * Has Open vSwitch try again what it could not make: at once if the tunnels around it are others than the last time, then after 1, 2,
   * 4 and up to 30 seconds. Once is not enough: what goes at the same time still stands in the way.
   */
  async #retry(): Promise<void> {
    const others = JSON.stringify(
      presentTunnels(this.#vswitch.view).map(({ name, type, options }) => [name, type, ...options]),
    );
    const isChanged = others !== this.#retriedAmong;
    if (isChanged || performance.now() - this.#retriedMs >= this.#retryMs) {
      this.#retryMs = isChanged ? firstRetryMs : Math.min(lastRetryMs, 2 * this.#retryMs);
      this.#retriedAmong = others;
      this.#retriedMs = performance.now();
      await this.#vswitch.retryPorts();
    }
    this.#later(this.#retryMs);
  }

  /** Creates a port, or gives it its options; resolves to why it could not even be asked for. */
  async #create(spec: TunnelPortSpec): Promise<string | undefined> {
    const { name } = spec;
    const restsMs = (this.#failedAt.get(name) ?? -Infinity) + restMs - performance.now();
    if (restsMs > 0) {
      this.#later(restsMs);
      return this.#trouble.get(name)?.error;
    }
    try {
      const outcome = await this.#vswitch.createTunnelPort(this.#bridge, spec);
      this.#log.info({ bridge: this.#bridge, port: name, tunnel: keyOfSpec(spec), ...outcome }, 'tunnel port created');
      if (outcome.state !== 'failed') return undefined;
      this.#failedAt.set(name, performance.now());
      this.#later(restMs);
      return undefined; // the database has the words of Open vSwitch
    } catch (error) {
      if (!(error instanceof OvsdbError) || error.code !== 'OVSDB_NOT_OURS') throw error;
      this.#failedAt.set(name, performance.now());
      this.#later(restMs);
      return error.message;
    }
  }

  #say(trouble: ReadonlyMap<string, Trouble>): void {
    const before = JSON.stringify([...this.#trouble]);
    this.#trouble = trouble;
    if (JSON.stringify([...trouble]) !== before) this.#changed();
  }

  /** Looks again after a delay, or before. */
  #later(delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#dueMs = Infinity;
      this.look();
    }, delayMs + 1).unref();
  }

  #specOf({ type, remote, options, ofportRequest }: TunnelPort): WantedTunnel | undefined {
    const known: TunnelType | undefined = tunnelTypes.find((candidate) => candidate === type);
    if (known === undefined) return undefined;
    const own = this.#encapIps();
    const family = parseAddress(remote)?.family;
    // A port that takes its addresses from the flows serves both families, unless we have only one.
    const local =
      family === undefined
        ? own.length === 1
          ? own[0]
          : undefined
        : own.find((address) => parseAddress(address)?.family === family);
    return {
      type: known,
      remoteIp: remote,
      options,
      ofportRequest,
      ...(local === undefined ? {} : { localIp: local }),
    };
  }
}

/** The names by which tunnel ports are known where there is no database: whoever made them has to use ours. */
export function expectedNames(wanted: readonly TunnelPort[]): TunnelNames {
  return new Map(
    wanted.flatMap(({ key, type, remote, options }) => {
      const known = tunnelTypes.find((candidate) => candidate === type);
      return known === undefined
        ? []
        : [[tunnelPortName({ type: known, remoteIp: remote, options }), { key, error: undefined }] as const];
    }),
  );
}
