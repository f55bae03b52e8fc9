// A chassis with many ports, some plugged here and the rest on another chassis, and one port that comes and goes.
import type { Compiled } from '../src/cli/compiled.js';
import { operator } from '../src/model/ids.js';
import { until } from '../test/lab/process.js';
import { encapIp, Site } from './site.js';
import { chassis, compiled, parsed, type PlainObject, plainObjects, portId, portValue, tenant } from './workload.js';

const otherChassis = 'c2';
const otherIp = '192.0.2.2';

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
  readonly bareFrames: readonly Uint8Array[];
}

const chassisObject = (id: string, ip: string): PlainObject => ({
  tenant: operator,
  kind: 'chassis',
  id,
  value: { ips: [ip], tunnel_types: ['vxlan', 'geneve', 'gre'] },
});

/** Starts a site and a controller on it that has come to rest; of the ports, one in `localOneIn` is plugged here. */
export async function preload(ports: number, localOneIn: number): Promise<Preloaded> {
  const [extra, never] = [onePort(ports), onePort(ports + 1)];
  const objects = [chassisObject(otherChassis, otherIp), ...plainObjects({ ports, portSecurity: false })];
  const isLocal = (index: number) => index % localOneIn === 0 || index >= ports;
  const indexes = Array.from({ length: ports + 2 }, (_, index) => index);
  const local = indexes.filter(isLocal);
  const bindings = Object.fromEntries(indexes.filter((i) => !isLocal(i)).map((i) => [refOf(i), otherChassis]));
  const ofports = Object.fromEntries(local.map((index) => [refOf(index), index + 1]));
  const mean = (all: readonly PlainObject[], tunnels: Record<string, number>) =>
    compiled(parsed([chassisObject(chassis, encapIp), ...all]), { ofports, bindings, tunnels });
  const site = await Site.start();
  try {
    await site.plug(local.filter((index) => index <= ports));
    await site.write(objects, mean([...objects, extra], {}).ports.keys, bindings);
    await site.startController();
    const tunnels = {
      vxlan: await tunnelOfport(site, 'flow'),
      [`vxlan/${otherIp}`]: await tunnelOfport(site, otherIp),
    };
    const [base, extended] = [mean(objects, tunnels), mean([...objects, extra], tunnels)];
    await site.filled(base.flows.length);
    await site.atRest();
    const bareFrames = framesBeyond(mean([...objects, extra, never], tunnels), extended).map(asForeign);
    return { site, extra, base, extended, changes: framesBeyond(extended, base).length, bareFrames };
  } catch (error) {
    await site.close();
    throw error;
  }
}

const onePort = (index: number): PlainObject => ({
  kind: 'lport',
  id: portId(index),
  value: portValue(index, 0, false),
});

const refOf = (index: number): string => `${tenant}/${portId(index)}`;

/** The ofport of a tunnel that the controller makes, by its remote address. */
const tunnelOfport = (site: Site, remote: string): Promise<number> =>
  until(`the controller makes the tunnel port ${remote}`, async () => {
    const row = ['type=vxlan', `options:remote_ip="${remote}"`];
    const text = await site.ovs.vsctl('--bare', '--columns=ofport', 'find', 'Interface', ...row);
    return Number(text.trim()) || undefined;
  });

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
