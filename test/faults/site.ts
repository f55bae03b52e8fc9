// A site in which something fails all the time: its programs, its objects, and frames on their way through its switch.
import type { Test } from 'tap';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from '../../src/model/kinds.js';
import { NatsServer } from '../lab/nats.js';
import { broadcastMac, udp } from '../lab/packets.js';
import { until } from '../lab/process.js';
import { Unixctl } from '../lab/unixctl.js';
import { type ControllerProcess, patienceMs, Site } from '../integration/controller-lab.js';
import { Between } from './between.js';
import { Inside } from './inside.js';
import { Stream, type Way } from './stream.js';
import { differences, heldLines, wantedLines } from './wanted.js';

/** The only bridge. */
export const bridge = 'br1';

/** An object of the northbound, of the only tenant. */
export interface NbObject {
  readonly kind: Kind;
  readonly id: string;
  readonly value: Record<string, unknown>;
}

/** Who has sent nothing for so long, in milliseconds, has nothing to send. */
const restMs = 300;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const mac = (number: number): string => `fa:16:3e:00:00:${hex(number)}`;
const ip = (number: number): string => `10.0.0.${number}`;
const port = (id: string, number: number, lswitch = 'net'): NbObject => ({
  kind: 'lport',
  id,
  value: { lswitch, macs: [mac(number)], ips: [ip(number)] },
});

/** Lports that come and go, each with an interface that stays. */
export const churning: readonly NbObject[] = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'].map((id, index) =>
  port(id, 0x10 + index),
);
/** The interface that comes and goes, and the one that floods. */
export const [leaving, flooding] = ['c', 'e'] as const;

const staying: readonly NbObject[] = [
  { kind: 'lswitch', id: 'net', value: {} },
  { kind: 'lswitch', id: 'other', value: {} },
  port('a', 1),
  port('b', 2),
  port(leaving, 3),
  port(flooding, 4),
  port('trunk', 5),
  port('d', 6, 'other'),
  port('child', 7, 'other'),
  { kind: 'child_port_segmentation', id: 's', value: { parent: 'trunk', port: 'child', segmentation_id: 100 } },
  {
    kind: 'lport',
    id: 'db',
    value: { lswitch: 'net', macs: [mac(8)], ips: [ip(8)], binding: { type: 'vtep', vtep_address: '203.0.113.9' } },
  },
];
const plugged = ['a', 'b', leaving, flooding, 'trunk', 'd', ...churning.map(({ id }) => id)];

const between = (from: number, to: number, dst = mac(to)) => ({ src: mac(from), dst, from: ip(from), to: ip(to) });
const ways: readonly Way[] = [
  { name: 'unicast', into: 'a', outOf: 'b', frame: (payload) => udp(between(1, 2), 1, 2, payload) },
  { name: 'broadcast', into: 'a', outOf: 'b', frame: (payload) => udp(between(1, 255, broadcastMac), 1, 2, payload) },
  { name: 'to a child', into: 'd', outOf: 'trunk', frame: (payload) => udp(between(6, 7), 1, 2, payload) },
  {
    name: 'from a child',
    into: 'trunk',
    outOf: 'd',
    frame: (payload) => udp({ ...between(7, 6), vids: [100] }, 1, 2, payload),
  },
];

/** Everything that runs, and what should be there. */
export class FaultSite {
  readonly site: Site;
  readonly nats: NatsServer;
  readonly control: Unixctl;
  readonly stream: Stream;
  /** The connection between the controller and the bridge. */
  readonly between: Between;
  readonly inside: Inside;
  #controller: ControllerProcess;
  /** The churning lports that are there. */
  readonly #present = new Set<string>();
  /** When the last write was acknowledged, and its revision. */
  #wroteMs = 0;
  #revision = 0;
  #liftedMs: number | undefined;

  private constructor(site: Site, nats: NatsServer, passage: Between) {
    this.site = site;
    this.nats = nats;
    this.between = passage;
    this.inside = new Inside(site.dir);
    site.runtime = this.inside.runtime;
    this.control = new Unixctl(join(site.ovs.dir, 'vs.ctl'));
    this.stream = new Stream(ways, site.dir, this.control);
    this.#controller = this.startController();
  }

  /** Brings all of it up, converged, with frames under way. */
  static async start(t: Test): Promise<FaultSite> {
    const nats = await NatsServer.start();
    const site = await Site.on(t, nats);
    const runDir = join(site.dir, 'passage');
    mkdirSync(runDir);
    const passage = await Between.open(join(runDir, `${bridge}.mgmt`), join(site.ovs.dir, `${bridge}.mgmt`));
    t.teardown(() => {
      passage.close();
    });
    const faults = new FaultSite(site, nats, passage);
    for (const { kind, id, value } of staying) await site.put(kind, `red/${id}`, value);
    await faults.plugAll();
    await faults.converged();
    const running = faults.stream.run();
    t.teardown(async () => {
      faults.stream.stop();
      faults.control.close();
      await running;
    });
    return faults;
  }

  get controller(): ControllerProcess {
    return this.#controller;
  }

  /** Starts a controller after the last was ended. */
  startController(): ControllerProcess {
    this.#controller = this.site.controller([bridge], '--run-dir', join(this.site.dir, 'passage'));
    return this.#controller;
  }

  /** The bridge with all its interfaces, which may be there already. */
  async plugAll(): Promise<void> {
    await this.site.addBridge(bridge, 'c1');
    for (const id of plugged) await this.plug(id);
  }

  /** The interface of an lport, with the ofport that is asked for. */
  async plug(id: string, ofport?: number): Promise<void> {
    const set = ['external_ids:damselfly-tenant=red', ...this.stream.capture(id)];
    await this.site.ovs.addPort(bridge, id, {
      type: 'dummy',
      ifaceId: id,
      set,
      ...(ofport === undefined ? {} : { ofport }),
    });
  }

  /** Deletes a churning lport that is there, or writes one that is not. */
  async toggle({ kind, id, value }: NbObject): Promise<void> {
    const isThere = this.#present.delete(id);
    if (!isThere) this.#present.add(id);
    const revision = await (isThere ? this.site.remove(kind, `red/${id}`) : this.site.put(kind, `red/${id}`, value));
    this.#revision = Math.max(this.#revision, revision);
    this.#wroteMs = performance.now();
  }

  /** Writes an lport of the site with another MAC address: the number decides which. */
  async rewrite(id: string, number: number): Promise<void> {
    const found = staying.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no lport ${id}`);
    const macs = [`fa:16:3e:01:${hex(number >> 8)}:${hex(number & 0xff)}`];
    await this.site.put(found.kind, `red/${id}`, { ...found.value, macs });
    this.#wroteMs = performance.now();
  }

  /** Something is about to fail. */
  strike(): void {
    this.#liftedMs = undefined;
  }

  /** What failed is whole again from now on. */
  lifted(): void {
    this.#liftedMs = performance.now();
  }

  /**
   * Waits until the switch holds exactly what a cold start would have put there; resolves to how long that took, in ms, from when
   * the failure was lifted, or from the last write if that was later.
   */
  async converged(): Promise<number> {
    this.#liftedMs ??= performance.now();
    const sinceMs = Math.max(this.#liftedMs, this.#wroteMs);
    let last: readonly string[] = [];
    const isRight = async (): Promise<boolean> => {
      last = await this.differences().catch((error: unknown) => [String(error)]);
      return last.length === 0;
    };
    await until('the switch holds what it should', isRight, 2 * patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)}:\n${last.join('\n')}\n${this.#controller.text.slice(-3000)}`);
    });
    return performance.now() - sinceMs;
  }

  /** Waits until the controller says that the last write is on the switch. */
  async acknowledged(): Promise<void> {
    const isKnown = async (): Promise<boolean> =>
      ((await this.site.report('chassis', 'red/c1'))?.status.revision ?? 0) >= this.#revision;
    await until('the last write is acknowledged', isKnown, 4 * patienceMs);
  }

  /** What the switch lacks, and has too much. */
  async differences(): Promise<string[]> {
    const [wanted, held] = await Promise.all([wantedLines(this.site, 'red', 'c1'), heldLines(this.site, bridge)]);
    return differences(wanted, held);
  }

  /** Waits until the controller, too, says that nothing is left to do, and sends nothing any more. */
  async rested(): Promise<void> {
    const isAtRest = async (): Promise<boolean> => {
      const { mods } = this.between;
      await delay(restMs);
      const one = (await this.site.snapshots().catch(() => undefined))?.get('c1'); // it may not listen yet
      const isDone = one?.connected !== undefined && one.waits_for.length === 0 && one.flows.waiting === 0;
      return isDone && this.between.mods === mods;
    };
    await until('the controller is at rest', isAtRest, 2 * patienceMs);
  }
}
