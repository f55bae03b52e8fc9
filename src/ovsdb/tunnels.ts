// Which tunnel ports are to be created, changed and removed: the difference between what is wanted and what carries our
// tag. Everybody else's ports are looked at only for being in the way.
import { createHash } from 'node:crypto';
import type { TextMap } from './datum.js';
import type { Interface } from './rows.js';
import type { VswitchView } from './view.js';
import { ownerKey, type TunnelPortSpec, type TunnelType } from './writes.js';

/** A tunnel port that is wanted; two with the same type, addresses and destination port are one. */
export interface WantedTunnel {
  readonly type: TunnelType;
  /** The peer's address, or `flow`: the flows name it. */
  readonly remoteIp: string;
  readonly localIp?: string;
  /** Further options: `dst_port`, `csum`, …; the VNI is always the flows' (`key=flow`). */
  readonly options?: Readonly<Record<string, string>>;
  /** The ofport to ask for; ovs-vswitchd grants another if it is taken. */
  readonly ofportRequest?: number;
}

/** A tunnel port that is there, ours or not. */
export interface PresentTunnel {
  readonly bridge: string;
  readonly name: string;
  readonly type: string;
  readonly options: TextMap;
  readonly owner?: string;
  readonly error?: string;
}

/** What to do about one bridge's tunnels. Removal waits for the flows that name the port, and their barrier. */
export interface TunnelDiff {
  readonly create: readonly TunnelPortSpec[];
  readonly update: readonly TunnelPortSpec[];
  /** Names. */
  readonly remove: readonly string[];
  /** What cannot be created because another's port stands there. */
  readonly conflicts: readonly { readonly wanted: TunnelPortSpec; readonly foreign: PresentTunnel }[];
  /** Ports of ours that are right, and that ovs-vswitchd could not make. */
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

/** The difference for the tunnels of one owner on one bridge; `present` are the tunnels of the whole Open vSwitch. */
export function diffTunnels(
  wanted: readonly WantedTunnel[],
  present: readonly PresentTunnel[],
  { bridge, owner }: { readonly bridge: string; readonly owner: string },
): TunnelDiff {
  const specs = new Map(wanted.map((tunnel) => [tunnelPortName(tunnel), tunnelPortSpec(tunnel, owner)]));
  const isOurs = (tunnel: PresentTunnel): boolean => tunnel.owner === owner && tunnel.bridge === bridge;
  const ours = new Map(present.filter(isOurs).map((tunnel) => [tunnel.name, tunnel]));
  const foreign = present.filter((tunnel) => !isOurs(tunnel));
  const diff: Growing<TunnelDiff> = { create: [], update: [], remove: [], conflicts: [], failed: [] };

  for (const [name, spec] of specs) {
    const held = ours.get(name);
    const inTheWay = foreign.find((tunnel) => tunnel.name === name || isSameTunnel(tunnel, spec));
    if (held && !isSameOptions(held.options, spec.options)) diff.update.push(spec);
    else if (inTheWay && (!held || held.error !== undefined)) diff.conflicts.push({ wanted: spec, foreign: inTheWay });
    else if (held?.error !== undefined) diff.failed.push({ name, error: held.error });
    else if (!held) diff.create.push(spec);
  }
  diff.remove.push(...[...ours.keys()].filter((name) => !specs.has(name)));
  return diff;
}

/** A tunnel as the port to create for it. */
export function tunnelPortSpec(tunnel: WantedTunnel, owner: string): TunnelPortSpec {
  const { type, remoteIp, localIp, options = {}, ofportRequest } = tunnel;
  return {
    name: tunnelPortName(tunnel),
    type,
    owner,
    options: { ...options, remote_ip: remoteIp, ...(localIp === undefined ? {} : { local_ip: localIp }), key: 'flow' },
    ...(ofportRequest === undefined ? {} : { ofportRequest }),
  };
}

/** The tunnel ports of an Open vSwitch, everybody's; of a view that was asked before they are known. */
export function presentTunnels(view: VswitchView): readonly PresentTunnel[] {
  const known = tunnelsOf.get(view);
  if (known !== undefined) return known;
  const present: PresentTunnel[] = [];
  for (const bridge of view.bridges)
    for (const port of bridge.ports)
      for (const iface of port.interfaces)
        if (iface.options.has('remote_ip'))
          present.push(presentTunnel(bridge.name, iface, port.externalIds.get(ownerKey)));
  tunnelsOf.set(view, present);
  return present;
}

const tunnelsOf = new WeakMap<VswitchView, readonly PresentTunnel[]>();

/** A tunnel port's name, of at most 15 characters: the same for the same tunnel everywhere and always. */
export const tunnelPortName = (tunnel: WantedTunnel): string =>
  `df${typeMarks[tunnel.type]}-${digest(tunnel).toString('hex').slice(0, 10)}`;

type Growing<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

const typeMarks: Readonly<Record<TunnelType, string>> = { vxlan: 'vx', geneve: 'gn', gre: 'gr' };

/** Of what makes a tunnel another one to Open vSwitch. */
function digest({ type, remoteIp, localIp = '', options }: WantedTunnel): Buffer {
  const dstPort = options?.['dst_port'];
  const identity = [type, remoteIp, localIp, ...(dstPort === undefined ? [] : [dstPort])];
  return createHash('sha256').update(identity.join(' ')).digest();
}

function presentTunnel(bridge: string, iface: Interface, owner: string | undefined): PresentTunnel {
  const { name, type, options, error } = iface;
  return { bridge, name, type, options, ...(owner !== undefined && { owner }), ...(error !== undefined && { error }) };
}

// Open vSwitch tells tunnels apart by type, both addresses, the incoming key and the destination port; a second one of
// the same identity gets ofport -1 ("File exists").
function isSameTunnel(held: PresentTunnel, spec: TunnelPortSpec): boolean {
  const wanted = new Map(Object.entries(spec.options));
  return (
    held.type === spec.type &&
    identity(held.type, held.options).every((part, index) => part === identity(spec.type, wanted)[index])
  );
}

const defaultPorts: Readonly<Record<string, string>> = { vxlan: '4789', geneve: '6081' };

const identity = (type: string, options: TextMap): string[] => [
  addressText(options.get('remote_ip')),
  addressText(options.get('local_ip')),
  options.get('in_key') ?? options.get('key') ?? '0',
  options.get('dst_port') ?? defaultPorts[type] ?? '',
];

// Others may write an IPv6 address in any of its forms.
function addressText(address = ''): string {
  return URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

const isSameOptions = (held: TextMap, wanted: Readonly<Record<string, string>>): boolean =>
  held.size === Object.keys(wanted).length && Object.entries(wanted).every(([key, value]) => held.get(key) === value);
