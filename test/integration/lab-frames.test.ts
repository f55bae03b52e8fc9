// The lab's instruments: real tagged frames, sealed probes, and an expectation that fails on one frame too many or too few.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Chassis } from '../lab/chassis.js';
import { exchange, type Exchange } from '../lab/exchange.js';
import { plugGuest, TrunkGuest } from '../lab/guest.js';
import { ping } from '../lab/ping.js';
import { addSegment, enterLab, ip } from '../lab/netns.js';
import {
  arp,
  broadcastMac,
  ethernet,
  icmp,
  neighborAdvertisement,
  neighborSolicitation,
  tagsOf,
  udp,
} from '../lab/packets.js';
import { until } from '../lab/process.js';
import { labPrograms, needing } from '../lab/requirements.js';
import { Wire } from '../lab/wire.js';

await enterLab(import.meta.url);

const options = { ...needing(...labPrograms), timeout: 60_000 };
const macs = { vm: 'fa:16:3e:00:00:01', a: 'fa:16:3e:00:00:0a', b: 'fa:16:3e:00:00:0b' };

/** Where an untagged ICMP message in IPv4 without options has its type, its identifier and its sequence number (RFC 792). */
const icmpAt = { type: 34, identifier: 38, sequence: 40 };
/** Where an untagged IPv4 packet without options has its destination (RFC 791). */
const destinationAt = 30;

async function lab() {
  await addSegment('underlay');
  const chassis = await Chassis.start({ name: 'c1', underlay: 'underlay', tunnelAddress: '172.31.0.1/24' });
  const trunk = await TrunkGuest.plug(chassis, { name: 'vm1' });
  const untagged = await trunk.addLeg('untagged', 0, { mac: macs.vm, addresses: ['10.1.0.1/24'] });
  const tagged = await trunk.addLeg('v100', 100, { mac: macs.vm, addresses: ['10.2.0.1/24'] });
  const a = await plugGuest(chassis, { name: 'a', mac: macs.a, addresses: ['10.1.0.10/24'] });
  const b = await plugGuest(chassis, { name: 'b', mac: macs.b, addresses: ['10.2.0.11/24'] });
  await chassis.ovs.addFlows(
    'br-int',
    [
      `priority=150,in_port=${trunk.ofport},dl_vlan=100,actions=pop_vlan,output:${b.ofport}`,
      `priority=100,in_port=${trunk.ofport},actions=output:${a.ofport}`,
      `in_port=${a.ofport},actions=output:${trunk.ofport}`,
      `in_port=${b.ofport},actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:${trunk.ofport}`,
    ].join('\n'),
  );
  return { chassis, trunk, untagged, tagged, a, b };
}

void t.test('the instruments see what is there', options, async (t) => {
  const { chassis, trunk, untagged, tagged, a, b } = await lab();
  const wire = new Wire();
  t.teardown(async () => {
    wire.close();
    for (const part of [trunk, a, b, chassis]) await part.close();
  });
  const [nic, atA, atB, atTagged] = [
    await wire.tap(trunk.nic),
    await wire.tap(a),
    await wire.tap(b),
    await wire.tap(tagged),
  ];
  const watch = [nic, atA, atB];

  await t.test('a guest talks untagged and tagged over one NIC', async (t) => {
    t.strictSame(await ping(untagged, a.address), { sent: 3, answered: 3 });
    t.strictSame(await ping(tagged, b.address), { sent: 3, answered: 3 });
    t.strictSame(await ping(a, '10.1.0.99', 1), { sent: 1, answered: 0 });
    await wire.sync();
    t.ok(nic.seen.some(({ frame, direction }) => direction === 'in' && tagsOf(frame)[0] === 100));
    t.ok(nic.seen.some(({ frame, direction }) => direction === 'out' && tagsOf(frame)[0] === 100));
    t.notOk(atTagged.seen.some(({ frame }) => tagsOf(frame).length > 0));
  });

  await t.test('a ping waits for an answer that is late, also when another is there', async (t) => {
    const nobody = '10.1.0.98';
    await ip('a', `neigh replace ${nobody} lladdr ${macs.vm} dev eth0 nud permanent`);
    const flow = { src: macs.vm, dst: macs.a, from: nobody, to: a.address };
    const asked = async (sequence: number) => {
      await wire.sync();
      return nic.seen.find(
        ({ frame }) =>
          frame[icmpAt.type] === 8 &&
          frame.subarray(destinationAt, destinationAt + 4).join('.') === nobody &&
          frame.readUInt16BE(icmpAt.sequence) === sequence,
      );
    };
    const answer = async (sequence: number) => {
      const { frame } = await until(`request ${sequence}`, () => asked(sequence));
      nic.send(icmp(flow, 0, frame.subarray(icmpAt.identifier)));
    };
    const counted = ping(a, nobody, 2);
    await answer(1);
    await delay(500);
    await answer(2);
    t.strictSame(await counted, { sent: 2, answered: 2 });
  });

  const faults = async (plan: Exchange) => {
    const { missing, surplus } = await exchange(wire, plan);
    return { missing, surplus };
  };

  await t.test('a tagged frame goes round and comes back with its tag', async (t) => {
    const flow = { src: macs.vm, dst: macs.b, from: '10.2.0.1', to: '10.2.0.11' };
    const there = {
      send: [{ at: nic, frame: icmp({ ...flow, vids: [100] }) }],
      expect: [{ at: atB, frame: icmp(flow) }],
      watch,
    };
    t.strictSame(await faults(there), { missing: [], surplus: [] });
    const back = { src: macs.b, dst: macs.vm, from: '10.2.0.11', to: '10.2.0.1' };
    const again = {
      send: [{ at: atB, frame: icmp(back) }],
      expect: [
        { at: nic, frame: icmp({ ...back, vids: [100] }) },
        { at: atTagged, frame: icmp(back) },
      ],
      watch: [...watch, atTagged],
    };
    t.strictSame(await faults(again), { missing: [], surplus: [] });
  });

  await t.test('every kind of frame arrives as it was sent', async (t) => {
    const flow = { src: macs.vm, dst: broadcastMac, from: '10.1.0.1', to: '10.1.0.255' };
    const six = { src: macs.vm, dst: '33:33:ff:00:00:01', from: 'fe80::1', to: 'ff02::1:ff00:1' };
    const frames = [
      udp(flow, 68, 67, Buffer.from('hello')),
      arp({ op: 1, sha: macs.vm, spa: '10.1.0.1', tpa: '10.1.0.77' }),
      neighborSolicitation(six, 'fe80::77'),
      neighborAdvertisement({ ...six, dst: macs.a }, 'fe80::1', macs.vm),
      ethernet(macs.vm, macs.a, 0x88b5, Buffer.from('experimental')),
      icmp({ ...flow, dst: macs.a, vids: [7, 9] }),
    ];
    const plan = {
      send: frames.map((frame) => ({ at: nic, frame })),
      expect: frames.map((frame) => ({ at: atA, frame })),
      watch,
    };
    t.strictSame(await faults(plan), { missing: [], surplus: [] });
  });

  await t.test('one frame too few, one too many and one that is different are told', async (t) => {
    const flow = { src: macs.a, dst: macs.vm, from: '10.1.0.10', to: '10.1.0.1' };
    const frame = icmp(flow);
    const send = [{ at: atA, frame }];
    const silent = await exchange(wire, { send, expect: [{ at: atB, frame }], watch, deadlineMs: 200 });
    t.strictSame([silent.missing.length, silent.surplus.length], [1, 1]);
    t.match(silent.missing[0], 'b/eth0: fa:16:3e:00:00:0a > fa:16:3e:00:00:01, type 0x0800');
    const twice = {
      send,
      expect: [
        { at: nic, frame },
        { at: nic, frame },
      ],
      watch,
      deadlineMs: 200,
    };
    t.equal((await exchange(wire, twice)).missing.length, 1);
    const other = { send, expect: [{ at: nic, frame: icmp(flow, 3) }], watch, deadlineMs: 200 };
    t.strictSame(
      Object.values(await faults(other)).map((list) => list.length),
      [1, 1],
    );
    await chassis.ovs.addFlows('br-int', `in_port=${a.ofport},actions=output:${trunk.ofport},output:${trunk.ofport}`);
    const copies = await exchange(wire, { send, expect: [{ at: nic, frame }], watch, quietMs: 500 });
    t.strictSame([copies.missing.length, copies.surplus.length], [0, 1]);
  });

  await t.test('behind a follower no frame too many is too late', async (t) => {
    const flow = { src: macs.b, dst: macs.vm, from: '10.2.0.11', to: '10.2.0.1' };
    const [frame, tagged] = [icmp(flow), icmp({ ...flow, vids: [100] })];
    const follower = { sent: { at: atB, frame }, seen: { at: nic, frame: tagged } };
    chassis.ovs.freezeSwitch();
    const found = faults({ send: [{ at: atB, frame }], expect: [], watch, follower });
    await delay(700);
    chassis.ovs.thawSwitch();
    t.match(await found, { missing: [], surplus: [/^vm1\/eth0: .* vlan 100/] });
  });

  await t.test('exchanges at the same time do not see each other’s frames', async (t) => {
    const flow = { src: macs.b, dst: macs.vm, from: '10.2.0.11', to: '10.2.0.1' };
    const plans = Array.from({ length: 10 }, (_, index) => ({
      send: [{ at: atB, frame: icmp(flow, index) }],
      expect: index % 2 === 0 ? [] : [{ at: nic, frame: icmp({ ...flow, vids: [100] }, index) }],
      watch: [nic],
    }));
    const found = await Promise.all(plans.map(faults));
    t.strictSame(
      found.map(({ missing, surplus }) => [missing.length, surplus.length]),
      plans.map((_, index) => (index % 2 === 0 ? [0, 1] : [0, 0])),
    );
  });

  await t.test('a tap on a device that is not there is an error', async (t) => {
    await t.rejects(wire.tap({ netns: 'a', device: 'eth7' }), /No such device/);
    await t.rejects(wire.tap({ netns: 'nobody', device: 'eth0' }), /No such file/);
  });
});
