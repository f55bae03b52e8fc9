// A chassis with many ports, some plugged here and the rest on another chassis, and one port that comes and goes.
import { ofportRequest } from '../src/apps/tunnels.js';
import type { Compiled } from '../src/cli/compiled.js';
import { operator } from '../src/model/ids.js';
import { encapIp, Site } from './site.js';
import { chassis, compiled, parsed, type PlainObject, plainObjects, portId, portValue, tenant } from './workload.js';

/** Where the ports are that are not here, and where its tunnels end. */
export const otherChassis = 'c2';
export const otherIp = '192.0.2.2';
/** Ports that may come on top of a load. */
const mostMore = 2;
const deadlineMs = 180_000;

/** What a change is measured on. */
export interface Preloaded {
  readonly site: Site;
  /** The port that comes and goes. */
  readonly extra: PlainObject;
  /** What the switch should hold without it, and with it. */
  readonly base: Compiled;
  readonly extended: Compiled;
  /** Flows that differ between the two. */
  readonly changes: number;
  /** The flows of another such port, which never comes, as messages of somebody else. */
  readonly bareFrames: () => readonly Uint8Array[];
}

const chassisObject = (id: string, ip: string): PlainObject => ({
  tenant: operator,
  kind: 'chassis',
  id,
  value: { ips: [ip], tunnel_types: ['vxlan', 'geneve', 'gre'] },
});

/** How many ports there are, and where. */
export interface Load {
  readonly ports: number;
  /** Of the ports, one in so many is plugged here. */
  readonly localOneIn: number;
  readonly portsPerNetwork?: number;
  /** Without unless said otherwise. */
  readonly portSecurity?: boolean;
}

/** A site on which everything is plugged and written, and no controller runs. */
export interface Populated {
  /** What the switch should hold. */
  readonly wanted: Compiled;
  /** What it should hold if, instead of `more`, these objects were there too. */
  readonly meant: (others: readonly PlainObject[]) => Compiled;
}

/** The tunnel ports that there will be, with the numbers that the controller asks for. */
export const tunnels = Object.fromEntries(
  ['vxlan', `vxlan/${otherIp}`].map((key) => [key, ofportRequest(key)] as const),
);

/** Plugs and writes a load; the interfaces and numbers of the ports behind it, `more`, are there as well, but not these themselves. */
export async function populate(site: Site, load: Load, more: readonly PlainObject[] = []): Promise<Populated> {
  const { ports, localOneIn, portSecurity = false } = load;
  const objects = [chassisObject(otherChassis, otherIp), ...plainObjects({ ...load, portSecurity })];
  const isLocal = (index: number) => index % localOneIn === 0 || index >= ports;
  const indexes = Array.from({ length: ports + mostMore }, (_, index) => index);
  const local = indexes.filter(isLocal);
  const bindings = Object.fromEntries(indexes.filter((i) => !isLocal(i)).map((i) => [refOf(i), otherChassis]));
  const ofports = Object.fromEntries(local.map((index, i) => [refOf(index), i + 1]));
  const meant = (others: readonly PlainObject[]) =>
    compiled(parsed([chassisObject(chassis, encapIp), ...objects, ...others]), { ofports, bindings, tunnels });
  const wanted = meant(more);
  await site.plug(local.filter((index) => index < ports + more.length));
  await site.write(objects, wanted.ports.keys, bindings);
  return { wanted, meant };
}

/** Starts a site and a controller on it that has come to rest. */
export async function preload(load: Load): Promise<Preloaded> {
  const [extra, never] = [onePort(load.ports, load), onePort(load.ports + 1, load)];
  const site = await Site.start();
  try {
    const { wanted: extended, meant } = await populate(site, load, [extra]);
    await site.startController();
    const base = meant([]); // it takes as long as the controller takes to fill the switch
    await site.filled(base.flows.length, deadlineMs);
    await site.settled(tunnels, deadlineMs);
    await site.atRest(deadlineMs);
    const bareFrames = () => framesBeyond(meant([extra, never]), extended).map(asForeign);
    return { site, extra, base, extended, changes: framesBeyond(extended, base).length, bareFrames };
  } catch (error) {
    await site.close();
    throw error;
  }
}

const onePort = (index: number, { portSecurity = false }: Load): PlainObject => ({
  kind: 'lport',
  id: portId(index),
  value: portValue(index, 0, portSecurity),
});

const refOf = (index: number): string => `${tenant}/${portId(index)}`;

function framesBeyond(larger: Compiled, smaller: Compiled): Uint8Array[] {
  const text = (frame: Uint8Array) => Buffer.from(frame).toString('latin1');
  const known = new Set(smaller.flows.map(({ frame }) => text(frame)));
  return larger.flows.map(({ frame }) => frame).filter((frame) => !known.has(text(frame)));
}

const cookieOffset = 8;

/** A FLOW_MOD as of somebody else: without our cookie, so that the controller leaves the flow alone. */
function asForeign(frame: Uint8Array): Uint8Array {
  const foreign = Uint8Array.from(frame);
  foreign.fill(0, cookieOffset, cookieOffset + 8);
  return foreign;
}
