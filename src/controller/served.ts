// One bridge that is served: its chassis with everything that acts for it, put together.
import type { Logger } from 'pino';
import { z } from 'zod';
import { allApps } from '../apps/apps.js';
import { tunnelTypes } from '../model/kinds.js';
import type { Settings } from '../model/world.js';
import type { Bridge } from '../ovsdb/rows.js';
import type { Vswitch } from '../ovsdb/vswitch.js';
import { parseJson } from '../sync/records.js';
import { Chassis } from './chassis.js';
import type { Config } from './config.js';
import { type LookedAt, Looks } from './looks.js';
import { Marks } from './marks.js';
import type { Signature } from './masters.js';
import { NorthboundEdge } from './northbound-edge.js';
import type { NorthboundService } from './northbound-service.js';
import { expectedNames, TunnelKeeper } from './tunnel-keeper.js';

/** What a controller is made of. */
export interface Parts {
  readonly config: Config;
  readonly northbound: NorthboundService;
  /** Absent where no database is configured. */
  readonly vswitch: Vswitch | undefined;
  /** The release that this is, for the chassis' own object. */
  readonly version: string;
  readonly log: Logger;
}

/** A bridge that is served. */
export interface Served extends LookedAt {
  readonly looks: Looks;
}

/** Heartbeats of other releases may say less. */
const signatureSchema = z.object({
  controller: z.string(),
  datapath: z.string(),
  generation: z.string().regex(/^[0-9a-f]{1,16}$/),
});

/** A bridge that is to be served. */
export interface Serving {
  readonly datapathId: bigint;
  /** Its row, where a database is configured. */
  readonly bridge: Bridge | undefined;
  /** The chassis that it is. */
  readonly id: string;
  /** What the chassis' heartbeat says of us. */
  readonly signature: () => Signature;
}

/**
 * Begins to serve a bridge. `signed` is told when a heartbeat of its chassis was written, by us or by another controller;
 * `isNews`: just now, else it was there when we came.
 */
export function serve(parts: Parts, serving: Serving, signed: (signature: Signature, isNews: boolean) => void): Served {
  const { config, northbound, vswitch, version } = parts;
  const { datapathId, bridge, id, signature } = serving;
  const settings: Settings = {
    chassis: id,
    encapIps: config.encap_ip,
    encapTypes: tunnelTypes.filter((type) => config.encap_types.includes(type)),
    tunnelMode: config.tunnel_mode,
    underlayMtu: config.underlay_mtu,
  };
  const log = parts.log.child({ chassis: id });
  const edge = new NorthboundEdge(northbound, settings, log);
  const look = (): void => {
    looks.ask();
  };
  const tunnels =
    vswitch &&
    bridge &&
    new TunnelKeeper(vswitch, { bridge: bridge.name, owner: id }, () => settings.encapIps, look, log);
  const marks = vswitch && bridge && new Marks(vswitch, log);
  const apps = allApps.filter((app) => config.apps.includes(app.name));
  const chassis: Chassis = new Chassis(
    settings,
    apps,
    config.repair,
    {
      ...edge.edges,
      tunnels: (wanted, surplus) => {
        if (tunnels === undefined) chassis.tunnelPorts(expectedNames(wanted));
        else tunnels.keep(wanted, surplus);
      },
      whole: () => {
        edge.edges.whole();
        look();
      },
      installed: (iface, revision) => marks?.set(iface, revision),
    },
    log,
  );
  const served = { datapathId, bridge: bridge?.name, chassis, edge, tunnels, marks };
  const looks = new Looks(parts, served);
  edge.connect(chassis);
  const identity = { ips: settings.encapIps, tunnel_types: settings.encapTypes, version };
  const beat = (): object => ({ ...signature(), ...beatOf(chassis, bridge?.name) });
  northbound.member(id).register(identity, beat, (text, isNews) => {
    const read = signatureSchema.safeParse(parseJson(text));
    if (read.success) signed(read.data, isNews);
  });
  return { ...served, looks };
}

/** What a chassis says of itself. */
function beatOf(chassis: Chassis, bridge: string | undefined) {
  const { installer, session, table } = chassis;
  const reason = installer.pace.problem;
  const waits = chassis.waitsFor();
  return {
    state: session === undefined ? 'DOWN' : waits.length > 0 || reason !== undefined ? 'DEGRADED' : 'ACTIVE',
    ...(reason === undefined ? {} : { reason }),
    revision: 0,
    bridge,
    waits_for: waits,
    flows: { ...table.counts(), repaired: installer.drift.count },
  };
}
