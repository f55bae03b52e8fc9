// Two controllers of one bridge.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { freePort } from '../lab/free-ports.js';
import { type ControllerProcess, Site } from './controller-lab.js';

/** The ports of the bridge, of tenant red. */
export const portIds = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
/** What a controller says that stands by, takes over, or is taken over from. */
export const standsBy = /another controller speaks for this bridge; standing by/;
export const takesOver = /the other controller is gone: taking over/;
export const isDemoted = /another controller has taken over the bridge/;
/** What no controller may say here. */
export const trouble = /refused|somebody else|mistake|failed|not served/;

/** A bridge with a few ports that two controllers can reach: one by its socket, one over TCP. */
export class Pair {
  readonly site: Site;
  /** Where a controller listens for the bridge. */
  readonly port: number;
  #dialled = 0;

  private constructor(site: Site, port: number) {
    this.site = site;
    this.port = port;
  }

  static async start(t: Test): Promise<Pair> {
    const site = await Site.start(t);
    await site.listen();
    await site.put('lswitch', 'red/net', {});
    for (const [index, id] of portIds.entries()) {
      await site.put('lport', `red/${id}`, { lswitch: 'net', macs: [`fa:16:3e:00:00:0${index + 1}`], ips: 'auto' });
      await site.plugged('br1', `red/${id}`, id);
    }
    await site.put('subnet', 'red/sub', { lswitch: 'net', cidr: '10.0.0.0/24' });
    const port = await freePort();
    await site.ovs.vsctl('set-controller', 'br1', `tcp:127.0.0.1:${port}`);
    return new Pair(site, port);
  }

  /** A controller that dials the bridge's socket. */
  dialling(): ControllerProcess {
    const socket = join(this.site.dir, `openflow-${++this.#dialled}.sock`);
    return this.#run('--listen', `unix:${socket}`, '--bridges', 'br1');
  }

  /** A controller that the bridge dials. */
  listening(): ControllerProcess {
    return this.#run('--listen', `tcp:127.0.0.1:${this.port}`);
  }

  #run(...more: readonly string[]): ControllerProcess {
    return this.site.run([...this.site.arguments, '--encap-ip', '192.0.2.1', ...more]);
  }

  async allActive(revision = 0): Promise<void> {
    for (const id of portIds) await this.site.active('lport', `red/${id}`, 'c1', revision);
    await this.site.converged();
  }

  /** Gives a port another address; resolves to its revision. */
  move(id: (typeof portIds)[number], address: string): Promise<number> {
    const macs = [`fa:16:3e:00:00:0${portIds.indexOf(id) + 1}`];
    return this.site.put('lport', `red/${id}`, { lswitch: 'net', macs, ips: [address] });
  }

  /** How often ovs-vswitchd has looked at its flow tables anew, as it counts itself: once per commit that changed something. */
  async revisions(): Promise<number> {
    return Number((await this.site.ovs.appctl('coverage/read-counter', 'rev_flow_table')).trim());
  }

  /** Through which connections flows or groups were changed since a mark, as ovs-vswitchd names them. */
  async writers(mark: number): Promise<string[]> {
    await delay(300); // its log is written by a thread of its own
    const writers = new Set<string>();
    let connection = '';
    for (const line of this.site.switchLog().slice(mark).split('\n')) {
      connection = /\|vconn\|DBG\|(\S+): received/.exec(line)?.[1] ?? connection;
      if (/OFPT_(FLOW|GROUP)_MOD/.test(line)) writers.add(connection);
    }
    return [...writers];
  }
}
