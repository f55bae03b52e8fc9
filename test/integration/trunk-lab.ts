// A private Open vSwitch that holds what `compile` gives, with ports that capture what they send: frames in, frames out.
import { join } from 'node:path';
import type { Test } from 'tap';
import { compile, type Compiled, type PortsFile } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';
import { captured } from '../lab/captures.js';
import { Ovs } from '../lab/ovs.js';
import type { Site } from './controller-lab.js';

/** A switch with ports p1 to p9; p9 leads to another chassis: what it sends is what a tunnel would carry. */
export class CompiledSwitch {
  readonly ovs: Ovs;
  readonly #files: Readonly<Record<string, string>>;

  private constructor(ovs: Ovs, files: Readonly<Record<string, string>>) {
    this.ovs = ovs;
    this.#files = files;
  }

  static async start(t: Test): Promise<CompiledSwitch> {
    const ovs = await Ovs.start({ datapath: 'dummy' });
    t.teardown(() => ovs.close());
    await ovs.addBridge('br0');
    const files: Record<string, string> = {};
    for (let ofport = 1; ofport <= 9; ofport++) {
      const file = join(ovs.dir, `p${ofport}.pcap`);
      files[`p${ofport}`] = file;
      await ovs.addPort('br0', `p${ofport}`, { type: 'dummy', ofport, set: [`options:tx_pcap=${file}`] });
    }
    return new CompiledSwitch(ovs, files);
  }

  /** Replaces what is there by what compile gives for a chassis. */
  async load(yaml: string, ports: Partial<PortsFile> = {}, chassis = 'c1'): Promise<Compiled> {
    const { objects, refused } = parseText('test', yaml, 'red');
    const all = { ofports: {}, tunnels: {}, bindings: {}, ...ports };
    const compiled = compile(objects, refused, { chassis, tunnelMode: 'per-remote', ports: all });
    await this.ovs.ofctl(['del-flows', 'br0']);
    await this.ovs.ofctl(['del-groups', 'br0']);
    const text = (items: Compiled['flows']) => items.map(({ frame }) => frameText(frame)).join('\n');
    await this.ovs.ofctl(['add-groups', 'br0', '-'], text(compiled.groups));
    await this.ovs.addFlows('br0', text(compiled.flows));
    return compiled;
  }

  /** Has a frame arrive at a port; resolves to everything that is sent because of it, by port. */
  of(port: string, ...frames: readonly Buffer[]): Promise<Readonly<Record<string, readonly Buffer[]>>> {
    return captured(this.#files, async () => {
      for (const frame of frames) await this.ovs.appctl('netdev-dummy/receive', port, frame.toString('hex'));
    });
  }

  /** The flows as the switch has them, without cookies. */
  async flows(): Promise<string[]> {
    return (await this.ovs.flows('br0')).map((line) => line.replace(/cookie=[^ ]+ /, '')).sort();
  }

  /** The flows of a table with their counters. */
  async counted(table: number): Promise<string[]> {
    const text = await this.ovs.ofctl(['dump-flows', 'br0', `table=${table}`]);
    return text.split('\n').filter((line) => line.includes('n_packets'));
  }

  /** What the switch would do with a packet that came as `metadata` says: the datapath's actions. */
  async actions(metadata: string, frame: Buffer): Promise<string> {
    const trace = await this.ovs.appctl('ofproto/trace', 'br0', metadata, frame.toString('hex'));
    return /^Datapath actions: (.*)$/m.exec(trace)?.[1] ?? trace;
  }
}

/** The MAC address of a number. */
export const mac = (number: number): string =>
  `fa:16:3e:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`;

/** A port with addresses made from a number. */
export const member = (number: number, lswitch = 'net') => ({
  lswitch,
  macs: [mac(number)],
  ips: [`10.0.${number >> 8}.${number & 255}`],
});

/** What a frame from an interface to a port is sent out as: the last output of `ofproto/trace`, or `drop`. */
export async function sent(
  site: Site,
  ofport: number,
  from: number,
  to: number,
  vid?: number,
  bridge = 'br1',
): Promise<string> {
  const tag = vid === undefined ? '' : `,dl_vlan=${vid}`;
  const text = await site.trace(
    bridge,
    `in_port=${ofport}${tag},dl_src=${mac(from)},dl_dst=${mac(to)},dl_type=0x0800,nw_src=10.0.0.${from},nw_dst=10.0.0.${to}`,
  );
  const outputs = [...text.matchAll(/^ +output:(\d+)$/gm)].map(([, port]) => port);
  const tagged = /Final flow:.*dl_vlan=(\d+)/.exec(text)?.[1];
  return outputs.length === 0 ? 'drop' : `${outputs.join()}${tagged === undefined ? '' : ` vlan ${tagged}`}`;
}
