// Keeps the tunnel ports of one bridge as wanted: created when first needed, removed when no flow names them any more. What Open
// vSwitch says against a port becomes the state of the tunnel, and so the status of whoever needs it.
import type { Logger } from 'pino';
import type { TunnelPort } from '../flow/wanted.js';
import { parseAddress } from '../model/addresses.js';
import { type TunnelType, tunnelTypes } from '../model/kinds.js';
import { diffTunnels, presentTunnels, tunnelPortName, type WantedTunnel } from '../ovsdb/tunnels.js';
import type { VswitchView } from '../ovsdb/view.js';
import type { Vswitch } from '../ovsdb/vswitch.js';

/** How long a port that failed rests before it is tried again. */
const restMs = 5000;

/** Tunnel ports by interface name: the tunnel's key, and what is wrong with it. */
export type TunnelNames = ReadonlyMap<string, { readonly key: string; readonly error: string | undefined }>;

/** The tunnel key of a port's type and remote address, as the model has it. */
const keyOf = (type: string, remote: string): string =>
  remote === 'flow' ? type : `${type}/${parseAddress(remote)?.text ?? remote}`;

/** The keeper of one bridge's tunnel ports. */
export class TunnelKeeper {
  readonly #vswitch: Vswitch;
  readonly #bridge: string;
  readonly #owner: string;
  readonly #log: Logger;
  readonly #encapIps: () => readonly string[];
  readonly #failedAt = new Map<string, number>();
  readonly #trouble = new Map<string, { readonly key: string; readonly error: string }>();
  #wanted: readonly TunnelPort[] = [];
  #surplus: ReadonlySet<string> = new Set();
  #running = false;
  #again = false;

  constructor(vswitch: Vswitch, bridge: string, owner: string, encapIps: () => readonly string[], log: Logger) {
    this.#vswitch = vswitch;
    this.#bridge = bridge;
    this.#owner = owner;
    this.#encapIps = encapIps;
    this.#log = log;
  }

  /** What should be there, and which of the rest may go. */
  keep(wanted: readonly TunnelPort[], surplus: readonly string[]): void {
    this.#wanted = wanted;
    this.#surplus = new Set(surplus);
    this.look();
  }

  /** Compares with the database, now or as soon as the present pass is through. */
  look(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    void this.#pass()
      .catch((error: unknown) => {
        this.#log.warn({ err: error, bridge: this.#bridge }, 'tunnel ports could not be changed; trying again');
        this.#later();
      })
      .finally(() => {
        this.#running = false;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  /** Our tunnel ports as the database has them, with what is wrong with each, and those that cannot be made. */
  names(view: VswitchView): TunnelNames {
    const present = presentTunnels(view)
      .filter((tunnel) => tunnel.owner === this.#owner && tunnel.bridge === this.#bridge)
      .map(
        ({ name, type, options, error }) =>
          [name, { key: keyOf(type, options.get('remote_ip') ?? ''), error }] as const,
      );
    return new Map([...this.#trouble, ...present]);
  }

  async #pass(): Promise<void> {
    const wanted = this.#wanted.flatMap((tunnel) => this.#specOf(tunnel) ?? []);
    const diff = diffTunnels(wanted, presentTunnels(this.#vswitch.view), { bridge: this.#bridge, owner: this.#owner });
    const keyOfSpec = (spec: { type: string; options: Readonly<Record<string, string>> }): string =>
      keyOf(spec.type, spec.options['remote_ip'] ?? '');
    this.#trouble.clear();
    for (const { wanted: spec, foreign } of diff.conflicts)
      this.#trouble.set(spec.name, {
        key: keyOfSpec(spec),
        error: `port ${foreign.name}, which is not ours, has the same type and addresses`,
      });
    for (const spec of [...diff.create, ...diff.update]) {
      if (this.#rests(spec.name)) continue;
      const outcome = await this.#vswitch.createTunnelPort(this.#bridge, spec);
      this.#log.info(
        { bridge: this.#bridge, port: spec.name, tunnel: keyOfSpec(spec), ...outcome },
        'tunnel port created',
      );
      if (outcome.state === 'failed') this.#failedAt.set(spec.name, performance.now());
    }
    const keys = new Map([...this.names(this.#vswitch.view)].map(([name, { key }]) => [name, key]));
    for (const name of diff.remove) {
      if (!this.#surplus.has(keys.get(name) ?? '')) continue;
      await this.#vswitch.deletePort(this.#bridge, name, this.#owner);
      this.#log.info({ bridge: this.#bridge, port: name, tunnel: keys.get(name) }, 'tunnel port removed');
    }
  }

  #rests(name: string): boolean {
    const failedAt = this.#failedAt.get(name);
    return failedAt !== undefined && performance.now() - failedAt < restMs;
  }

  #later(): void {
    setTimeout(() => {
      this.look();
    }, restMs).unref();
  }

  #specOf({ type, remote }: TunnelPort): WantedTunnel | undefined {
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
    return { type: known, remoteIp: remote, ...(local === undefined ? {} : { localIp: local }) };
  }
}

/** The names by which tunnel ports are known where there is no database: whoever made them has to use ours. */
export function expectedNames(wanted: readonly TunnelPort[]): TunnelNames {
  return new Map(
    wanted.flatMap(({ key, type, remote }) => {
      const known = tunnelTypes.find((candidate) => candidate === type);
      return known === undefined ? [] : [[tunnelPortName(known, remote), { key, error: undefined }] as const];
    }),
  );
}
