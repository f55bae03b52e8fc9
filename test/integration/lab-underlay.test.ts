// The lab's underlay: two chassis programmed by hand reach each other and a kernel VXLAN device through real tunnels.
import { existsSync } from 'node:fs';
import t from 'tap';
import { Chassis } from '../lab/chassis.js';
import { plugGuest } from '../lab/guest.js';
import { ping } from '../lab/ping.js';
import { addSegment, enterLab, isInsideLab } from '../lab/netns.js';
import { decapsulated, tagsOf } from '../lab/packets.js';
import { run } from '../lab/process.js';
import { labPrograms, needing } from '../lab/requirements.js';
import { startVtep } from '../lab/vtep.js';
import { Wire } from '../lab/wire.js';

await enterLab(import.meta.url);

const options = { ...needing(...labPrograms), timeout: 60_000 };
const vni = 0x1234;

/** Everything from the guest goes into the tunnel to `peer`, everything from the tunnel to the guest. */
function crossed(guest: number, tunnel: number, peer: string): string {
  return [
    `in_port=${guest},actions=set_field:${vni}->tun_id,set_field:${peer}->tun_dst,output:${tunnel}`,
    `in_port=${tunnel},tun_id=${vni},actions=output:${guest}`,
  ].join('\n');
}

void t.test('the lab has a network, mounts and processes of its own', options, async (t) => {
  t.ok(isInsideLab());
  t.notOk(existsSync('/run/openvswitch'));
  t.match(await run('ip', ['-o', 'link']), /^1: lo: .*UP/);
  t.equal((await run('ip', ['-o', 'link'])).trim().split('\n').length, 1);
  t.ok(process.pid < 10);
});

void t.test('guests on two chassis, and a machine behind a kernel VTEP, ping each other', options, async (t) => {
  await addSegment('underlay');
  const wire = new Wire();
  const c1 = await Chassis.start({ name: 'c1', underlay: 'underlay', tunnelAddress: '172.31.0.1/24' });
  const c2 = await Chassis.start({ name: 'c2', underlay: 'underlay', tunnelAddress: '172.31.0.2/24' });
  const device = await startVtep({
    name: 'dev1',
    underlay: 'underlay',
    tunnelAddress: '172.31.0.9/24',
    vni,
    mac: 'fa:16:3e:00:00:09',
    address: '10.0.0.9/24',
    peers: ['172.31.0.1'],
  });
  t.teardown(async () => {
    wire.close();
    for (const part of [c1, c2, device]) await part.close();
  });
  const a = await plugGuest(c1, { name: 'a', mac: 'fa:16:3e:00:00:01', addresses: ['10.0.0.1/24'] });
  const b = await plugGuest(c2, { name: 'b', mac: 'fa:16:3e:00:00:02', addresses: ['10.0.0.2/24'] });
  const keys = { type: 'vxlan', set: ['options:remote_ip=flow', 'options:key=flow'] };
  const [t1, t2] = [await c1.ovs.addPort('br-int', 'vxlan0', keys), await c2.ovs.addPort('br-int', 'vxlan0', keys)];

  t.strictSame(await ping(a, b.address, 1), { sent: 1, answered: 0 }, 'nothing passes before there are flows');
  await c1.ovs.addFlows('br-int', crossed(a.ofport, t1, c2.tunnelIp));
  await c2.ovs.addFlows('br-int', crossed(b.ofport, t2, c1.tunnelIp));
  await c1.meet(c2.tunnelIp);
  await c2.meet(c1.tunnelIp);
  const tap = await wire.tap(c1.underlay);
  t.strictSame(await ping(a, b.address), { sent: 3, answered: 3 });

  await wire.sync();
  const carried = tap.seen.map(({ frame }) => decapsulated(frame)).filter((packet) => packet !== undefined);
  t.ok(carried.length >= 6);
  t.ok(carried.every((packet) => packet.vni === vni && tagsOf(packet.inner).length === 0));

  await c1.ovs.addFlows('br-int', crossed(a.ofport, t1, device.tunnelIp));
  await c1.meet(device.tunnelIp);
  t.strictSame(await ping(a, device.address), { sent: 3, answered: 3 }, 'to the device');
  t.strictSame(await ping(device, a.address), { sent: 3, answered: 3 }, 'from the device');
  await device.move('172.31.0.10/24');
  t.strictSame(await ping(a, device.address, 2), { sent: 2, answered: 0 }, 'nobody is at the old address');
  await c1.ovs.addFlows('br-int', crossed(a.ofport, t1, device.tunnelIp));
  await c1.meet(device.tunnelIp);
  t.strictSame(await ping(a, device.address), { sent: 3, answered: 3 }, 'at the new address');
});

void t.test('a second lab on the same names finds them free', options, async (t) => {
  const c1 = await Chassis.start({ name: 'c1', underlay: 'underlay', tunnelAddress: '172.31.0.1/24' });
  await c1.close();
  t.notOk(existsSync(c1.ovs.dir));
  t.notOk(existsSync('/run/netns/c1'));
});
