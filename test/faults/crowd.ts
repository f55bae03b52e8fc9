// A hundred bridges of one controller, each with a tenant of its own; one of them reads as slowly as it is told.
import type { Test } from 'tap';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Judge } from '../../bench/judge.js';
import { type NewInterface, plugInterfaces } from '../../bench/plug.js';
import { nowMs } from '../../bench/site.js';
import type { ChassisSnapshot } from '../../src/controller/snapshot.js';
import { type ControllerProcess, patienceMs, Site } from '../integration/controller-lab.js';
import { until } from '../lab/process.js';
import { Between } from './between.js';
import { differences, heldLines, wantedLines } from './wanted.js';

/** The bridge, the chassis and the tenant that are slow. */
export const slow = 'slow';
const slowPorts = 250;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const port = (number: number) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:03:00:${hex(number)}`],
  ips: [`10.3.0.${number}`],
});
const interfaceOf = (tenant: string, number: number): NewInterface => ({
  name: `${tenant}p${number}`,
  ofport: number,
  ifaceId: `${tenant}/p${number}`,
});

/** A bridge whose changes are watched. */
interface Watched {
  readonly name: string;
  readonly judge: Judge;
  /** Whether its second port is there. */
  isPresent: boolean;
}

/** Everything that runs. */
export class Crowd {
  readonly site: Site;
  readonly between: Between;
  readonly controller: ControllerProcess;
  readonly #healthy: readonly string[];
  readonly #watched: readonly Watched[];

  private constructor(
    site: Site,
    between: Between,
    controller: ControllerProcess,
    healthy: readonly string[],
    watched: readonly Watched[],
  ) {
    this.site = site;
    this.between = between;
    this.controller = controller;
    this.#healthy = healthy;
    this.#watched = watched;
  }

  /** Brings up so many bridges that are well, one port on each, and the slow one, which has none yet; the changes of some are watched. */
  static async start(t: Test, length: number, watchedLength: number): Promise<Crowd> {
    const site = await Site.start(t, {});
    const healthy = Array.from({ length }, (_, index) => `h${index}`);
    await addBridges(site, [...healthy, slow]);
    await plugInterfaces(
      site.ovs.database,
      slow,
      Array.from({ length: slowPorts }, (_, index) => interfaceOf(slow, index + 1)),
    );
    for (const name of healthy)
      await plugInterfaces(site.ovs.database, name, [interfaceOf(name, 1), interfaceOf(name, 2)]);
    await Promise.all([...healthy, slow].map((tenant) => site.put('lswitch', `${tenant}/net`)));
    await Promise.all(healthy.map((tenant) => site.put('lport', `${tenant}/p1`, port(1))));
    const runDir = join(site.dir, 'passage');
    mkdirSync(runDir);
    for (const name of healthy) symlinkSync(join(site.ovs.dir, `${name}.mgmt`), join(runDir, `${name}.mgmt`));
    const between = await Between.open(join(runDir, `${slow}.mgmt`), join(site.ovs.dir, `${slow}.mgmt`));
    t.teardown(() => {
      between.close();
    });
    const watched: Watched[] = [];
    for (const name of healthy.slice(0, watchedLength)) {
      const judge = await Judge.open(site.ovs.management(name));
      t.teardown(() => {
        judge.close();
      });
      watched.push({ name, judge, isPresent: false });
    }
    const crowd = new Crowd(site, between, site.controller([...healthy, slow], '--run-dir', runDir), healthy, watched);
    await crowd.#isServed();
    return crowd;
  }

  async #isServed(): Promise<void> {
    await until(
      'all bridges are served',
      async () => {
        const all = await this.snapshots();
        return all.has(slow) && this.#healthy.every((name) => all.get(name)?.ports[0]?.state === 'ACTIVE');
      },
      4 * patienceMs,
    );
  }

  /** What the controller knows of each bridge; nothing while it does not listen yet. */
  snapshots(): Promise<ReadonlyMap<string, ChassisSnapshot>> {
    return this.site.snapshots().catch(() => new Map<string, ChassisSnapshot>());
  }

  /** Writes or deletes the second port of each watched bridge, one after the other; resolves to how long each took to be on the switch, in ms. */
  async changes(): Promise<number[]> {
    const times: number[] = [];
    for (const watched of this.#watched) {
      const seen = watched.judge.last(1, patienceMs);
      const sinceMs = nowMs();
      watched.isPresent = !watched.isPresent;
      const ref = `${watched.name}/p2`;
      await (watched.isPresent ? this.site.put('lport', ref, port(2)) : this.site.remove('lport', ref));
      times.push((await seen) - sinceMs);
    }
    return times;
  }

  /** Gives the slow bridge much to read. */
  async fill(): Promise<void> {
    const numbers = Array.from({ length: slowPorts }, (_, index) => index + 1);
    await Promise.all(numbers.map((number) => this.site.put('lport', `${slow}/p${number}`, port(number))));
  }

  /** What the slow bridge lacks, and has too much. */
  async differences(): Promise<string[]> {
    const [wanted, held] = await Promise.all([wantedLines(this.site, slow, slow), heldLines(this.site, slow)]);
    return differences(wanted, held);
  }
}

/** Adds bridges in one command, each a chassis of its own name. */
async function addBridges({ ovs }: Site, names: readonly string[]): Promise<void> {
  const columns = ['datapath_type=dummy', 'fail_mode=secure', 'protocols=OpenFlow13'];
  const words = names.flatMap((name) => {
    const all = [...columns, `external_ids:damselfly-chassis=${name}`];
    return ['--', 'add-br', name, '--', 'set', 'Bridge', name, ...all];
  });
  await ovs.vsctl(...words);
}
