// A chassis with two VMs, and two remote devices whose far ends are still to be set up: what the tests of far ends begin with.
import type { Test } from 'tap';
import { Controller, damselfly, dataDir } from '../../demo/program.js';
import { Chassis } from '../lab/chassis.js';
import { type Guest, plugGuest } from '../lab/guest.js';
import { NatsServer } from '../lab/nats.js';
import { addSegment } from '../lab/netns.js';
import { until } from '../lab/process.js';
import { labPrograms, needing } from '../lab/requirements.js';

/** What these tests need of the machine. */
export const farEndOptions = { ...needing(...labPrograms, 'nats-server'), timeout: 120_000 };

/** Each question starts a program, which takes seconds on a busy machine. */
const readyMs = 30_000;

const objects = `
tenant: red
objects:
  - {kind: lswitch, id: net}
  - {kind: lswitch, id: net-g, network_type: geneve}
  - {kind: subnet, id: sub, lswitch: net, cidr: 10.0.0.0/16}
  - {kind: lport, id: vm, lswitch: net, macs: ['fa:16:3e:00:00:01'], ips: [10.0.0.1]}
  - {kind: lport, id: vm-g, lswitch: net-g, macs: ['fa:16:3e:00:00:02'], ips: [10.1.0.2]}
  - {kind: subnet, id: sub6, lswitch: net, cidr: '2001:db8::/64'}
  - {kind: lport, id: kernel, lswitch: net, macs: ['fa:16:3e:00:00:11'], ips: [10.0.7.11], binding: {type: vtep, vtep_address: 172.31.0.9}}
  - {kind: lport, id: foreign, lswitch: net-g, macs: ['fa:16:3e:00:00:12'], ips: [10.1.0.12], binding: {type: vtep, vtep_address: 172.31.0.10}}
  - {kind: lport, id: six, lswitch: net, macs: ['fa:16:3e:00:00:14'], ips: ['2001:db8::14'], binding: {type: vtep, vtep_address: 172.31.0.12}}
  - {kind: lport, id: kernel6, lswitch: net, macs: ['fa:16:3e:00:00:16'], ips: [10.0.7.16], binding: {type: vtep, vtep_address: 'fd00:31::9'}}
  - {kind: lport, id: foreign6, lswitch: net-g, macs: ['fa:16:3e:00:00:17'], ips: [10.1.0.17], binding: {type: vtep, vtep_address: 'fd00:31::10'}}
  - {kind: lport, id: gre, lswitch: net-g, macs: ['fa:16:3e:00:00:18'], ips: [10.1.0.18], binding: {type: vtep, vtep_address: 172.31.0.10, tunnel_type: gre}}
  - {kind: lport, id: gre6, lswitch: net-g, macs: ['fa:16:3e:00:00:19'], ips: [10.1.0.19], binding: {type: vtep, vtep_address: 'fd00:31::10', tunnel_type: gre}}
  - {kind: lswitch, id: empty}
  - {kind: lport, id: lonely, lswitch: empty, macs: ['fa:16:3e:00:00:15'], ips: [10.2.0.15], binding: {type: vtep, vtep_address: 172.31.0.9}}
`;

/** The site; commands go by its northbound and its controller. */
export interface FarEndSite {
  readonly c1: Chassis;
  readonly vm: Guest;
  readonly vmG: Guest;
  readonly apply: (text: string) => Promise<string>;
  /** What a command of `remote-device` prints; rejects with its error output where it fails. */
  readonly remoteDevice: (...words: readonly string[]) => Promise<string>;
}

/** Builds it; it goes with the test. */
export async function startFarEndSite(t: Test): Promise<FarEndSite> {
  await addSegment('underlay');
  await addSegment('management', '192.168.77.254/24');
  const nats = await NatsServer.start({ host: '192.168.77.254' });
  t.teardown(() => nats.close());
  const c1 = await Chassis.start({
    name: 'c1',
    underlay: 'underlay',
    tunnelAddress: '172.31.0.1/24',
    tunnelAddress6: 'fd00:31::1/64',
    management: { segment: 'management', address: '192.168.77.1/24' },
  });
  t.teardown(() => c1.close());
  await c1.ovs.vsctl('set-controller', 'br-int', 'tcp:127.0.0.1:6653');
  const vm = await plugGuest(c1, {
    name: 'vm',
    ifaceId: 'vm',
    tenant: 'red',
    mac: 'fa:16:3e:00:00:01',
    addresses: ['10.0.0.1/16'],
  });
  const vmG = await plugGuest(c1, {
    name: 'vm-g',
    ifaceId: 'vm-g',
    tenant: 'red',
    mac: 'fa:16:3e:00:00:02',
    addresses: ['10.1.0.2/24'],
  });
  const controller = new Controller(c1, { natsUrl: nats.url(), repair: true });
  await controller.start();
  t.teardown(() => controller.kill());
  const apply = (text: string) => damselfly(nats.url(), ['apply', '-f', '-'], text);
  const remoteDevice = (...words: readonly string[]) =>
    damselfly(nats.url(), ['remote-device', ...words, '--data-dir', dataDir(c1)]);
  await apply(objects);
  for (const device of ['kernel', 'foreign', 'kernel6', 'foreign6', 'gre', 'gre6'].map((id) => `red/${id}`))
    await until(`${device} is reached`, () => remoteDevice('config', device).catch(() => undefined), readyMs);
  return { c1, vm, vmG, apply, remoteDevice };
}
