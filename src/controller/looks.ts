// Looks at what the database says of a bridge, whenever that may have changed, in slices: a bridge may have thousands of ports.
import type { Logger } from 'pino';
import type { Bridge } from '../ovsdb/rows.js';
import type { Vswitch } from '../ovsdb/vswitch.js';
import { inSlices, soon } from '../turns/slices.js';
import type { Plug } from './bridge-ports.js';
import { renaming } from './bridges.js';
import type { Chassis } from './chassis.js';
import type { Config } from './config.js';
import { IdlePorts } from './idle-ports.js';
import { installedKey, type Marks } from './marks.js';
import type { NorthboundEdge } from './northbound-edge.js';
import { type Asking, askingOf, plugsOf, requestsByName } from './plugs.js';
import type { TunnelKeeper } from './tunnel-keeper.js';

/** A bridge, and what acts for it. */
export interface LookedAt {
  readonly datapathId: bigint;
  readonly bridge: string | undefined;
  readonly chassis: Chassis;
  readonly edge: NorthboundEdge;
  readonly tunnels: TunnelKeeper | undefined;
  readonly marks: Marks | undefined;
}

/** Where a look finds what there is, and where it says what it has found. */
interface LookParts {
  readonly config: Pick<Config, 'chassis'>;
  readonly vswitch: Pick<Vswitch, 'view'> | undefined;
  readonly log: Logger;
}

/** The looks at one bridge, one after the other. */
export class Looks {
  readonly #parts: LookParts;
  readonly #served: LookedAt;
  readonly #idlePorts: IdlePorts;
  #asking: readonly Asking[] = [];
  #isAsked = false;
  #isLooking = false;
  #isClosed = false;

  constructor(parts: LookParts, served: LookedAt) {
    this.#parts = parts;
    this.#served = served;
    this.#idlePorts = new IdlePorts(served.chassis, parts.log);
  }

  /** Looks soon, once for many changes that come together; a look that is under way is followed by another. */
  ask(): void {
    this.#isAsked = true;
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    soon(() => void this.#lookWhileAsked());
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    this.#idlePorts.end();
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#isAsked && !this.#isClosed) {
      this.#isAsked = false;
      await inSlices(this.#look());
    }
    this.#isLooking = false;
  }

  /** Tells the chassis which interfaces carry lports, and how its tunnel ports are. */
  *#look(): Generator<void> {
    const { bridge: name, chassis, edge, tunnels } = this.#served;
    const view = this.#parts.vswitch?.view;
    const bridge = name === undefined ? undefined : view?.bridges.find((candidate) => candidate.name === name);
    this.#asking = bridge === undefined ? [] : yield* askingOf(bridge, this.#asking);
    const requests =
      bridge === undefined ? requestsByName(chassis.ports.names()) : this.#asking.flatMap((port) => port.requests);
    const searched = new Set<string>();
    const { plugs, problems } = yield* plugsOf(requests, (ifaceId) => {
      searched.add(ifaceId);
      return edge.find(ifaceId, () => {
        this.ask();
      });
    });
    if (this.#isClosed) return;
    edge.searchOnlyFor(searched);
    const renamed = view && renaming(view, this.#served, this.#parts.config.chassis, chassis.id);
    edge.problems([...(renamed === undefined ? [] : [renamed]), ...problems]);
    chassis.plugged(plugs, bridge === undefined ? [] : requests);
    this.#idlePorts.changed();
    yield;
    if (tunnels !== undefined && view !== undefined) {
      chassis.tunnelPorts(tunnels.names(view));
      tunnels.look();
    }
    if (bridge !== undefined && chassis.table.whole) yield* this.#unmark(bridge, plugs);
  }

  /** Takes the marks off interfaces that carry no lport any more. */
  *#unmark(bridge: Bridge, plugs: readonly Plug[]): Generator<void> {
    const { chassis, marks } = this.#served;
    const carried = new Map(plugs.map((plug) => [plug.interface, plug.ref]));
    for (const { interfaces } of bridge.ports) {
      yield;
      for (const { name, externalIds } of interfaces) {
        if (!externalIds.has(installedKey)) continue;
        const ref = carried.get(name);
        if (ref === undefined || !chassis.world.lports.present(ref)) marks?.set(name, undefined);
      }
    }
  }
}
