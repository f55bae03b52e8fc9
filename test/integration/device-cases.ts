// Remote devices by their frames: what a device gets, and what is made of what it sends. Cases R… of docs/cases.md; they hold in both
// tunnel modes, each of which has a file that runs them.
import t, { type Test } from 'tap';
import { broadcastMac, udp } from '../lab/packets.js';
import { until } from '../lab/process.js';
import { asks, deviceOptions, DeviceSite, frame, headline, type Vm } from './device-lab.js';

const nobody = { underlay: [], vms: {} };

/** Runs all of them on one switch. */
export const deviceCases = (mode: 'per-remote' | 'flow') =>
  t.test(`remote devices by their frames, ${mode}`, { ...deviceOptions, timeout: 200_000 }, async (t) => {
    const lab = await DeviceSite.start(t, mode);
    const vm = await lab.vm('vm', 'net', 1);
    const inOrder: readonly ((t: Test, lab: DeviceSite, vm: Vm) => Promise<unknown>)[] = [
      sharing,
      families,
      types,
      chassisToo,
      floods,
      arp,
      unknowns,
      mtu,
      vnis,
      options,
      tenants,
      noLocalPort,
      refusals,
    ];
    for (const part of inOrder) await part(t, lab, vm);
  });

const sharing = (t: Test, lab: DeviceSite, vm: Vm) =>
  t.test('R1 many devices behind one address share a tunnel, and each is reached', async (t) => {
    const one = await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9' });
    const two = await lab.device('red/d2', 'net', 0x12, { vtep_address: '203.0.113.9' });
    for (const device of [one, two]) {
      const { underlay } = await lab.from(vm, frame(vm, device));
      t.same(underlay.map(headline), ['vxlan 192.0.2.1 > 203.0.113.9 vni 1']);
      t.same(underlay[0]?.inner, frame(vm, device));
      const { vms } = await lab.of({ type: 'vxlan', from: '203.0.113.9', vni: 1, inner: frame(device, vm) });
      t.same(vms, { vm: [frame(device, vm)] });
    }
    t.same(await lab.tunnels(), lab.mode === 'flow' ? ['vxlan flow'] : ['vxlan 203.0.113.9', 'vxlan flow']);
    await lab.without('red/d1');
    t.same((await lab.from(vm, frame(vm, two))).underlay.length, 1, 'the tunnel stays with the other');
    await lab.without('red/d2');
    await until('the tunnels are gone', async () => (await lab.tunnels()).length === 0);
  });

const families = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test('R7 an IPv6 endpoint, however it is spelt, is one tunnel that carries frames both ways', async (t) => {
    const one = await lab.device('red/d1', 'net', 0x11, { vtep_address: '2001:0DB8:0001:0:0:0:0:9' });
    await lab.device('red/d2', 'net', 0x12, { vtep_address: '2001:db8:1::9' });
    const { underlay } = await lab.from(vm, frame(vm, one));
    t.same(underlay.map(headline), ['vxlan 2001:db8::1 > 2001:db8:1::9 vni 1']);
    t.same(underlay[0]?.inner, frame(vm, one));
    const { vms } = await lab.of({ type: 'vxlan', from: '2001:db8:1::9', vni: 1, inner: frame(one, vm) });
    t.same(vms, { vm: [frame(one, vm)] });
    t.same(await lab.tunnelsAtRest(), lab.mode === 'flow' ? ['vxlan flow'] : ['vxlan 2001:db8:1::9', 'vxlan flow']);
  });
  await t.test('R6 a broadcast to VTEPs of both families reaches each once', async (t) => {
    await lab.device('red/d3', 'net', 0x13, { vtep_address: '203.0.113.9' });
    await lab.device('red/d4', 'net', 0x14, { vtep_address: '203.0.113.10' });
    const { underlay } = await lab.from(vm, frame(vm, 'all'));
    t.same(underlay.map(headline).sort(), [
      'vxlan 192.0.2.1 > 203.0.113.10 vni 1',
      'vxlan 192.0.2.1 > 203.0.113.9 vni 1',
      'vxlan 2001:db8::1 > 2001:db8:1::9 vni 1',
    ]);
    t.ok(underlay.every(({ inner }) => inner.equals(frame(vm, 'all'))));
  });
  await t.test(
    'R5 every frame into a tunnel has its destination and its VNI, after a broadcast to others too',
    async (t) => {
      const { underlay } = await lab.during(async () => {
        await lab.sends(vm, frame(vm, 'all'));
        await lab.sends(vm, frame(vm, { id: '', mac: 'fa:16:3e:00:00:14', ip: '10.0.0.20' }));
      });
      t.equal(underlay.length, 4);
      t.equal(underlay.map(headline).filter((line) => line === 'vxlan 192.0.2.1 > 203.0.113.10 vni 1').length, 2);
      t.ok(underlay.every(({ vni }) => vni === 1));
    },
  );
  await lab.without('red/d1', 'red/d2', 'red/d3', 'red/d4');
};

const types = async (t: Test, lab: DeviceSite, vm: Vm) => {
  const other = await lab.vm('vm-g', 'net-g', 2, { network_type: 'geneve' });
  await t.test('R3 two types of tunnel from one address with one VNI are two networks', async (t) => {
    const binding = { vtep_address: '203.0.113.30', vni: 500 };
    const one = await lab.device('_operator/d1', 'red/net', 0x11, { ...binding, tunnel_type: 'vxlan' });
    const two = await lab.device('_operator/d2', 'red/net-g', 0x12, { ...binding, tunnel_type: 'geneve' });
    const packet = { from: '203.0.113.30', vni: 500 };
    const toOne = await lab.of({ ...packet, type: 'vxlan', inner: frame(one, 'all') });
    t.same(toOne.vms, { vm: [frame(one, 'all')] });
    const toOther = await lab.of({ ...packet, type: 'geneve', inner: frame(two, 'all') });
    t.same(toOther.vms, { 'vm-g': [frame(two, 'all')] });
    t.same((await lab.from(vm, frame(vm, one))).underlay.map(headline), ['vxlan 192.0.2.1 > 203.0.113.30 vni 500']);
    t.same((await lab.from(other, frame(other, two))).underlay.map(headline), [
      'geneve 192.0.2.1 > 203.0.113.30 vni 500',
    ]);
    await lab.without('_operator/d1', '_operator/d2');
  });
  await t.test('R19 what comes from one VTEP never goes on to another, of whatever type', async (t) => {
    const one = await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.31' });
    const two = await lab.device('red/d2', 'net', 0x12, { vtep_address: '203.0.113.32', tunnel_type: 'geneve' });
    const three = await lab.device('red/d3', 'net', 0x13, { vtep_address: '203.0.113.33', tunnel_type: 'gre' });
    for (const [type, from, sender] of [
      ['vxlan', '203.0.113.31', one],
      ['geneve', '203.0.113.32', two],
      ['gre', '203.0.113.33', three],
    ] as const) {
      t.same(
        await lab.of({ type, from, vni: 1, inner: frame(sender, 'all') }),
        { underlay: [], vms: { vm: [frame(sender, 'all')] } },
        `a broadcast over ${type}: to our VM only`,
      );
      for (const to of [one, two, three])
        t.same(await lab.of({ type, from, vni: 1, inner: frame(sender, to) }), nobody, `to another device, ${type}`);
      const { underlay } = await lab.from(vm, frame(vm, sender));
      t.same(underlay.map(headline), [`${type} 192.0.2.1 > ${from} vni 1`]);
    }
  });
  await lab.without('red/d1', 'red/d2', 'red/d3');
};

const chassisToo = async (t: Test, lab: DeviceSite, vm: Vm) => {
  const far = await lab.elsewhere('far', 'net', 0x21, 'c2', ['198.51.100.2', '2001:0db8:1::2']);
  await t.test(
    'R10 a VTEP that is a managed chassis too shares its tunnel, which stays when the device goes',
    async (t) => {
      const device = await lab.device('red/d1', 'net', 0x11, { vtep_address: '198.51.100.2' });
      const ports = await lab.tunnelsAtRest();
      t.same(ports, lab.mode === 'flow' ? ['vxlan flow'] : ['vxlan 198.51.100.2', 'vxlan flow']);
      for (const to of [far, device])
        t.same((await lab.from(vm, frame(vm, to))).underlay.map(headline), ['vxlan 192.0.2.1 > 198.51.100.2 vni 1']);
      t.equal((await lab.from(vm, frame(vm, 'all'))).underlay.length, 1, 'one copy for both');
      await lab.without('red/d1');
      t.same(await lab.tunnelsAtRest(), ports);
      t.equal((await lab.from(vm, frame(vm, far))).underlay.length, 1);
      const { vms } = await lab.of({ type: 'vxlan', from: '198.51.100.2', vni: 1, inner: frame(far, vm) });
      t.same(vms, { vm: [frame(far, vm)] });
    },
  );
  await t.test(
    'R33 addresses of a chassis in another order and spelling are the same, and change nothing',
    async (t) => {
      const before = await lab.site.ages();
      const revision = await lab.site.put('chassis', 'c2', {
        ips: ['2001:db8:1:0:0:0:0:2', '198.51.100.2'],
        tunnel_types: ['gre', 'vxlan', 'geneve'],
      });
      await lab.site.acknowledged('_operator', revision);
      t.same([...(await lab.site.ages()).keys()].sort(), [...before.keys()].sort());
      t.same((await lab.from(vm, frame(vm, far))).underlay.map(headline), ['vxlan 192.0.2.1 > 198.51.100.2 vni 1']);
    },
  );
};

const floods = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test(
    'R18 a broadcast goes once to each VTEP and chassis, and what a VTEP floods never back to it',
    async (t) => {
      const devices = [];
      for (const [i, vtep_address] of ['203.0.113.41', '203.0.113.41', '203.0.113.42'].entries())
        devices.push(await lab.device(`red/d${i}`, 'net', 0x11 + i, { vtep_address }));
      t.same((await lab.from(vm, frame(vm, 'all'))).underlay.map(headline).sort(), [
        'vxlan 192.0.2.1 > 198.51.100.2 vni 1',
        'vxlan 192.0.2.1 > 203.0.113.41 vni 1',
        'vxlan 192.0.2.1 > 203.0.113.42 vni 1',
      ]);
      const [one] = devices;
      if (one === undefined) throw new Error('no device');
      t.same(await lab.of({ type: 'vxlan', from: '203.0.113.41', vni: 1, inner: frame(one, 'all') }), {
        underlay: [],
        vms: { vm: [frame(one, 'all')] },
      });
      await lab.without('red/d0', 'red/d1', 'red/d2');
    },
  );
};

const arp = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test(
    'R24 ARP for a device is answered here; for an unknown address, and by the owner, it is flooded',
    async (t) => {
      const device = await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9' });
      const { underlay, vms } = await lab.from(vm, asks(vm, device.ip));
      t.same(underlay, []);
      t.match(vms['vm']?.[0]?.toString('hex'), /^fa163e000001fa163e000011080600010800060400020?fa163e000011/);
      const unknown = await lab.from(vm, asks(vm, '10.0.0.99'));
      t.same(unknown.underlay.map(headline).sort(), [
        'vxlan 192.0.2.1 > 198.51.100.2 vni 1',
        'vxlan 192.0.2.1 > 203.0.113.9 vni 1',
      ]);
      t.same(unknown.vms, {});
      const own = await lab.from(vm, asks({ ...vm, ip: '0.0.0.0' }, vm.ip));
      t.same([own.underlay.length, own.vms], [2, {}], 'whether somebody has its own address is for others to say');
      await lab.without('red/d1');
    },
  );
};

const tagged = (vm: Vm, vid: number): Buffer =>
  udp({ src: vm.mac, dst: broadcastMac, from: vm.ip, to: '10.0.0.255', vids: [vid] }, 1, 2);

const mtu = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test(
    'R31 the MTU of a network is what fits through its narrowest tunnel: shown, and a wider network is DEGRADED',
    async (t) => {
      const shown = async (): Promise<string> =>
        /lswitch red\/net .*(MTU .*)$/m.exec((await lab.site.shell().run('status')).out)?.[1] ?? '';
      await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9' });
      t.match(await shown(), /^MTU 1450 \(what fits through vxlan to /);
      await lab.device('red/d2', 'net', 0x12, { vtep_address: '2001:db8:1::9' });
      t.equal(await shown(), 'MTU 1430 (what fits through vxlan to 2001:db8:1::9)');
      const largest = Buffer.alloc(1430 - 28, 'x').toString();
      const other = { id: '', mac: 'fa:16:3e:00:00:12', ip: '10.0.0.18' };
      const [packet] = (await lab.from(vm, frame(vm, other, largest))).underlay;
      t.equal(packet?.size, 1500, 'a packet of that size fills the underlay’s to the last byte');
      await lab.site.put('lswitch', 'red/net', { mtu: 1450 });
      await lab.site.stands('lport', 'red/d2', /^DEGRADED: mtu: 1450: .* 1430 fit through the tunnel to 2001:db8:1::9/);
      await lab.site.active('lport', 'red/d1');
      await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9', tunnel_type: 'gre' });
      await lab.site.put('lswitch', 'red/net', { mtu: 1400 });
      await lab.site.active('lport', 'red/d2');
      t.equal(await shown(), 'MTU 1400');
      const [gre] = (await lab.from(vm, frame(vm, { ...other, mac: 'fa:16:3e:00:00:11' }, largest))).underlay;
      t.equal(gre?.size, 1430 + 42, 'gre with a key takes 42 bytes');
      await lab.site.put('lswitch', 'red/net', {});
      await lab.without('red/d1', 'red/d2');
    },
  );
};

/** The flows by which the switch counts what nobody named. */
async function counted(lab: DeviceSite): Promise<string[]> {
  const text = await lab.site.ovs.ofctl(['dump-flows', 'br1', 'table=3']);
  return text.split('\n').filter((line) => line.includes('cookie=0xd5f1ff'));
}

const unknowns = async (t: Test, lab: DeviceSite, vm: Vm) => {
  const device = await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.9' });
  const lines = async (pattern: string): Promise<string[]> =>
    (await counted(lab)).filter((line) => line.includes(pattern));
  // The switch learns from the first, and tells what it has counted after half a second at most.
  const atLeastTwo = (pattern: string): Promise<string> =>
    until(`${pattern} is counted`, async () => (await lines(pattern)).find((line) => /n_packets=[23],/.test(line)));
  await t.test('R25 a frame from an unknown sender with the right VNI is dropped, and counted by sender', async (t) => {
    for (const from of ['203.0.113.66', '2001:db8:1::66'])
      for (let i = 0; i < 4; i++)
        t.same(await lab.of({ type: 'vxlan', from, vni: 1, inner: frame(device, vm, String(i)) }), nobody);
    t.match(await atLeastTwo('tun_src=203.0.113.66'), /reg3=0x1\/0x3,tun_id=0x1,tun_src=203\.0\.113\.66/);
    t.match(await lines('tun_ipv6_src=2001:db8:1::66'), [/tun_id=0x1,tun_src=0\.0\.0\.0/]);
    const other = await lab.of({ type: 'geneve', from: '203.0.113.9', vni: 1, inner: frame(device, vm) });
    t.same(other, nobody, 'a known sender by another type of tunnel');
  });
  await t.test('R26 an unknown VNI is dropped, and counted by VNI and sender', async (t) => {
    for (let i = 0; i < 4; i++)
      t.same(
        await lab.of({ type: 'vxlan', from: '203.0.113.9', vni: 77, inner: frame(device, vm, String(i)) }),
        nobody,
      );
    t.match(await atLeastTwo('tun_id=0x4d'), /tun_src=203\.0\.113\.9/);
    const known = await lab.of({ type: 'vxlan', from: '203.0.113.9', vni: 1, inner: frame(device, vm) });
    t.same(known.vms, { vm: [frame(device, vm)] }, 'while its own VNI is heard');
  });
  await t.test(
    'R25 R26 status --unknown lists them: what came, from where, how often, and why it was dropped',
    async (t) => {
      await lab.site.put('lport', 'red/vm', { lswitch: 'net', macs: [vm.mac], ips: [vm.ip], unknown_vlans: 'drop' });
      await until('the tag is counted', async () => {
        await lab.sends(vm, tagged(vm, 99));
        return (await lines('dl_vlan=99')).length > 0;
      });
      const text = (await lab.site.shell().run('status', '--unknown')).out;
      t.match(
        text,
        /^c1 +vxlan 203\.0\.113\.66 +VNI 1 +[34] +\d+ s ago +unknown sender: no chassis and no remote device/m,
      );
      t.match(text, /^c1 +vxlan 2001:db8:1::66 +VNI 1 +[34] /m);
      t.match(text, /^c1 +vxlan 203\.0\.113\.9 +VNI 77 +[34] +\d+ s ago +unknown VNI: no network has the VNI/m);
      t.match(
        text,
        /^c1 +vm +VLAN 99 +\d+ +\d+ s ago +unknown VLAN id: no child port of this interface has the VLAN id/m,
      );
    },
  );
  await lab.without('red/d1');
};

const vnis = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test(
    'R27 a device with a VNI of its own: out with it and in with it; no network’s, and not a tenant’s',
    async (t) => {
      const device = await lab.device('_operator/d1', 'red/net', 0x11, { vtep_address: '203.0.113.9', vni: 0xffffff });
      t.same((await lab.from(vm, frame(vm, device))).underlay.map(headline), [
        'vxlan 192.0.2.1 > 203.0.113.9 vni 16777215',
      ]);
      t.equal((await lab.from(vm, frame(vm, 'all'))).underlay.at(-1)?.vni, 0xffffff);
      const packet = { type: 'vxlan', from: '203.0.113.9', inner: frame(device, vm) } as const;
      t.same((await lab.of({ ...packet, vni: 0xffffff })).vms, { vm: [frame(device, vm)] });
      t.same(await lab.of({ ...packet, vni: 1 }), nobody, 'the VNI of the network is not the device’s');
      const binding = (vni: number) => ({ type: 'vtep', vtep_address: '203.0.113.9', vni });
      const fields = { lswitch: 'red/net', macs: ['fa:16:3e:00:00:12'], ips: [] };
      await lab.site.put('lport', '_operator/d2', { ...fields, binding: binding(2) });
      await lab.site.stands('lport', '_operator/d2', /^ERROR: binding.vni: 2: is the VNI of another network/);
      await lab.site.put('lport', 'red/d3', { ...fields, binding: binding(500) });
      await lab.site.stands('lport', 'red/d3', /^ERROR: binding.vni: 500: .*only devices of the operator/);
      await lab.site.put('lport', '_operator/d4', {
        ...fields,
        lswitch: 'red/net-g',
        binding: { ...binding(0xffffff), tunnel_type: 'vxlan' },
      });
      await lab.site.stands('lport', '_operator/d4', /^DEGRADED/);
      await lab.without('_operator/d4', '_operator/d2', 'red/d3', '_operator/d1');
    },
  );
};

const options = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test('R32 destination port, checksum, ToS and TTL are on the wire as they were asked for', async (t) => {
    const vtep_address = '203.0.113.50';
    const device = await lab.device('_operator/d1', 'red/net', 0x11, {
      vtep_address,
      dst_port: 8472,
      csum: true,
      tos: 0x28,
      ttl: 9,
    });
    const plain = await lab.device('red/d2', 'net', 0x12, { vtep_address });
    const [packet] = (await lab.from(vm, frame(vm, device), { 8472: 'vxlan' })).underlay;
    t.match(packet, { type: 'vxlan', to: vtep_address, vni: 1, dstPort: 8472, csum: true, tos: 0x28, ttl: 9 });
    const [usual] = (await lab.from(vm, frame(vm, plain))).underlay;
    t.match(usual, { type: 'vxlan', to: vtep_address, vni: 1, dstPort: 4789, csum: false, tos: 0, ttl: 64 });
    const back = { type: 'vxlan', from: vtep_address, vni: 1, inner: frame(device, vm) } as const;
    t.same((await lab.of({ ...back, dstPort: 8472 })).vms, { vm: [frame(device, vm)] });
    t.same((await lab.of(back)).vms, { vm: [frame(device, vm)] });
    await lab.device('_operator/d1', 'red/net', 0x11, { vtep_address, dst_port: 8472, ttl: 10 });
    const [changed] = (await lab.from(vm, frame(vm, device), { 8472: 'vxlan' })).underlay;
    t.match(changed, { csum: false, tos: 0, ttl: 10 });
    const fields = { lswitch: 'red/net', macs: ['fa:16:3e:00:00:13'], ips: [] };
    await lab.site.put('lport', '_operator/d3', {
      ...fields,
      binding: { type: 'vtep', vtep_address, dst_port: 8472, ttl: 11 },
    });
    await lab.site.stands('lport', '_operator/d3', /^DEGRADED: .*the tunnel to its VTEP has .*"ttl":"10"/);
    await lab.site.put('lport', 'red/d4', { ...fields, binding: { type: 'vtep', vtep_address, ttl: 11 } });
    await lab.site.stands('lport', 'red/d4', /^ERROR: binding.ttl: "11": is for devices of the operator/);
    await lab.site.put('lport', 'red/d4', {
      ...fields,
      binding: { type: 'vtep', vtep_address, tunnel_type: 'gre', dst_port: 11 },
    });
    await lab.site.stands('lport', 'red/d4', /^ERROR: binding.dst_port: 11: gre has no ports/);
    await lab.without('_operator/d3', 'red/d4', '_operator/d1', 'red/d2');
  });
};

const tenants = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test('R34 a device without a tenant is reached from the network that it is on', async (t) => {
    const device = await lab.device('_operator/gate', 'red/net', 0x11, { vtep_address: '203.0.113.60' });
    t.same((await lab.from(vm, frame(vm, device))).underlay.map(headline), ['vxlan 192.0.2.1 > 203.0.113.60 vni 1']);
    const { vms } = await lab.of({ type: 'vxlan', from: '203.0.113.60', vni: 1, inner: frame(device, vm) });
    t.same(vms, { vm: [frame(device, vm)] });
    await lab.without('_operator/gate');
  });
  await t.test(
    'R35 one VTEP of two tenants is one tunnel and two networks; one leaves the other what it has',
    async (t) => {
      const { site } = lab;
      await site.put('lswitch', 'blue/net', {});
      await site.put('lport', 'blue/bvm', { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] });
      await site.plugged('br1', 'blue/bvm', 'bvm');
      await site.active('lport', 'blue/bvm');
      const [red, blue] = [
        await lab.device('red/d1', 'net', 0x11, { vtep_address: '203.0.113.61' }),
        await lab.device('blue/d1', 'net', 0x11, { vtep_address: '203.0.113.61' }),
      ];
      t.equal(
        (await lab.tunnels()).filter((line) => line.endsWith('203.0.113.61')).length,
        lab.mode === 'flow' ? 0 : 1,
      );
      const { vms, underlay } = await lab.of({ type: 'vxlan', from: '203.0.113.61', vni: 1, inner: frame(red, 'all') });
      t.same([vms, underlay], [{ vm: [frame(red, 'all')] }, []]);
      await lab.without('blue/d1');
      t.equal((await lab.from(vm, frame(vm, red))).underlay.length, 1);
      const blues = await lab.of({ type: 'vxlan', from: '203.0.113.61', vni: 3, inner: frame(blue, 'all') });
      t.same(blues, nobody, 'what is gone is not heard');
      await lab.without('red/d1');
    },
  );
};

const noLocalPort = async (t: Test, lab: DeviceSite, vm: Vm) => {
  await t.test(
    'R17 a device on a network without a port here has no tunnel and no flow, until there is one',
    async (t) => {
      const { site } = lab;
      await site.put('lswitch', 'red/empty', {});
      const fields = { lswitch: 'empty', macs: ['fa:16:3e:00:00:71'], ips: ['10.0.0.113'] };
      const binding = { type: 'vtep', vtep_address: '203.0.113.70', tunnel_type: 'gre' };
      await site.acknowledged('red', await site.put('lport', 'red/lonely', { ...fields, binding }));
      t.notOk((await lab.tunnelsAtRest()).some((line) => line.startsWith('gre')));
      t.notMatch((await site.ours()).join('\n'), /fa:16:3e:00:00:71|203\.0\.113\.70/);
      t.equal(await site.standing('lport', 'red/lonely'), '');
      const first = await lab.vm('vm-e', 'empty', 0x72);
      await site.active('lport', 'red/lonely');
      const { underlay } = await lab.from(first, frame(first, { id: '', mac: 'fa:16:3e:00:00:71', ip: '10.0.0.113' }));
      t.match(underlay.map(headline), [/^gre 192\.0\.2\.1 > 203\.0\.113\.70 vni /]);
      t.same((await lab.from(vm, frame(vm, { id: '', mac: 'fa:16:3e:00:00:71', ip: '10.0.0.113' }))).underlay, []);
      await site.ovs.vsctl('del-port', 'br1', 'vm-e');
      await until('the tunnel goes with the last port', async () => !(await lab.tunnels()).join().includes('gre'));
      t.notMatch((await site.ours()).join('\n'), /fa:16:3e:00:00:71|203\.0\.113\.70/);
      await lab.without('red/lonely');
    },
  );
};

const refusals = async (t: Test, lab: DeviceSite, vm: Vm) => {
  const attempt = async (vtep_address: unknown, word: RegExp): Promise<void> => {
    const fields = { lswitch: 'net', macs: ['fa:16:3e:00:00:11'], ips: [] };
    await lab.site.store.nb.put('red.lport.bad', { ...fields, binding: { type: 'vtep', vtep_address } });
    await lab.site.stands('lport', 'red/bad', word);
  };
  await t.test(
    'R8 garbage, multicast, nothing and the like for an address are refused with the reason, and make no tunnel',
    async (t) => {
      const before = await lab.tunnelsAtRest();
      const wrong = [
        'rubbish',
        '239.1.1.1',
        'ff02::1',
        '0.0.0.0',
        '255.255.255.255',
        '127.0.0.1',
        '::',
        'fe80::1',
        '10.1',
        '',
        7,
        undefined,
      ];
      for (const address of wrong)
        await attempt(address, /^ERROR: binding.vtep_address.*unicast IPv4 or IPv6 address of a tunnel endpoint/);
      t.same(await lab.tunnelsAtRest(), before);
    },
  );
  await t.test('R9 our own tunnel address is refused, in either family', async (t) => {
    for (const address of ['192.0.2.1', '2001:0db8::1'])
      await attempt(address, /^ERROR: .*is a tunnel address of this chassis itself/);
    t.same((await lab.from(vm, frame(vm, { id: '', mac: 'fa:16:3e:00:00:11', ip: '10.0.0.17' }))).underlay, []);
    await lab.without('red/bad');
  });
};
