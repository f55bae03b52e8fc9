// VLAN-aware ports by their frames: what a guest's tags become, and what it gets. Cases T… of docs/cases.md.
import t, { type Test } from 'tap';
import { until } from '../lab/process.js';
import { arp, broadcastMac, ethernet, icmp, icmp6, ipv6Address, udp } from '../lab/packets.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { CompiledSwitch } from './trunk-lab.js';

const stations = {
  trunk: { port: 'p1', network: 'net1', number: 1 },
  a: { port: 'p1', network: 'net2', number: 0x0a, vid: 100 },
  b: { port: 'p1', network: 'net2', number: 0x0b, vid: 101 },
  same: { port: 'p1', network: 'net1', number: 0x0c, vid: 102 },
  twin: { port: 'p1', network: 'net3', number: 1, vid: 103 },
  trunk2: { port: 'p2', network: 'net1', number: 2 },
  a2: { port: 'p2', network: 'net3', number: 0x2a, vid: 100 },
  vm1: { port: 'p3', network: 'net1', number: 0x11 },
  vm2: { port: 'p4', network: 'net2', number: 0x12 },
  vm3: { port: 'p5', network: 'net3', number: 0x13 },
  far: { port: 'p9', network: 'net2', number: 0x1f },
} as const;
type Name = keyof typeof stations;

const hex = (number: number) => number.toString(16).padStart(2, '0');
const mac = (name: Name) => `fa:16:3e:00:00:${hex(stations[name].number)}`;
const ip4 = (name: Name) => `10.0.0.${stations[name].number}`;
const ip6 = (name: Name) => `2001:db8::${hex(stations[name].number)}`;

const port = (name: Name, more = '') =>
  `  - {kind: lport, id: ${name}, lswitch: ${stations[name].network}, macs: ['${mac(name)}'], ips: [${ip4(name)}, '${ip6(name)}']${more}}\n`;
const child = (name: Name, parent: Name, vid: number | string, more = '') =>
  `  - {kind: child_port_segmentation, id: of-${name}, parent: ${parent}, port: ${name}, segmentation_id: ${vid}${more}}\n`;

const networks = `objects:
  - {kind: chassis, id: c1, ips: [192.0.2.1], tunnel_types: [vxlan]}
  - {kind: chassis, id: c2, ips: [192.0.2.2], tunnel_types: [vxlan]}
  - {kind: lswitch, id: net1, unique_key: 1}
  - {kind: lswitch, id: net2, unique_key: 2}
  - {kind: lswitch, id: net3, unique_key: 3}
`;
/** Two trunks, a plain VM on each network, and a port of net2 on another chassis. */
const site =
  networks +
  port('trunk', ', unknown_vlans: drop') +
  (['a', 'b', 'same', 'twin'] as const).map((name) => port(name) + child(name, 'trunk', stations[name].vid)).join('') +
  port('trunk2') +
  port('a2') +
  child('a2', 'trunk2', 100) +
  (['vm1', 'vm2', 'vm3', 'far'] as const).map((name) => port(name)).join('');
const ports = {
  ofports: { 'red/trunk': 1, 'red/trunk2': 2, 'red/vm1': 3, 'red/vm2': 4, 'red/vm3': 5 },
  tunnels: { 'vxlan/192.0.2.2': 9, vxlan: 10 },
  bindings: { 'red/far': 'c2' },
};

/** A datagram from one station to another, or to all of its network, with these tags. */
const frame = (from: Name, to: Name | 'all', vids: readonly number[] = [], spoofed: Name = from): Buffer =>
  udp(
    {
      src: mac(spoofed),
      dst: to === 'all' ? broadcastMac : mac(to),
      from: ip4(from),
      to: to === 'all' ? '10.0.0.255' : ip4(to),
      vids,
    },
    1000,
    2000,
  );
/** As a guest sends it: with the tag of a child. */
const own = (from: Name, to: Name | 'all'): Buffer => {
  const station = stations[from];
  return frame(from, to, 'vid' in station ? [station.vid] : []);
};
const asks = (from: Name, tpa: string, vids: readonly number[] = []): Buffer =>
  arp({ op: 1, sha: mac(from), spa: ip4(from), tpa }, { vids });

const priority = (value: number, vid: number) => (value << 13) | vid;

void t.test('trunks by their frames', needing(...ovsPrograms), async (t) => {
  const lab = await CompiledSwitch.start(t);
  for (const part of [validation, classification, betweenChildren, floods, services, tunnels, policies, layers]) {
    await lab.load(site, ports);
    await part(t, lab);
  }
});

/** Whether the switch holds the same flows as without `extra`, and what is said against that. */
async function refusal(lab: CompiledSwitch, extra: string, without = ''): Promise<{ said: string; spoiled: string[] }> {
  await lab.load(site + without, ports);
  const before = await lab.flows();
  const { refused } = await lab.load(site + extra, ports);
  const now = await lab.flows();
  const spoiled = [...before.filter((line) => !now.includes(line)), ...now.filter((line) => !before.includes(line))];
  return { said: refused.map(({ text }) => text).join('\n'), spoiled };
}

const spare = (more = '') => `  - {kind: lport, id: spare, lswitch: net2, enabled: false${more}}\n`;
const segment = (fields: string) => `  - {kind: child_port_segmentation, id: bad, ${fields}}\n`;

const validation = async (t: Test, lab: CompiledSwitch) => {
  const refuses = (name: string, extra: string, words: RegExp, without = spare()) =>
    t.test(name, async (t) => {
      const { said, spoiled } = await refusal(lab, without + extra, without);
      t.match(said, words);
      t.same(spoiled, [], 'the switch has what it would have without');
    });
  const spared = (fields: string) => segment(`parent: trunk, port: spare, ${fields}`);
  await refuses(
    'T1 VLAN id 0 is refused',
    spared('segmentation_id: 0'),
    /red\/bad: segmentation_id: 0: not allowed: .*1 to 4094/,
  );
  await refuses(
    'T2 VLAN id 4095 is refused',
    spared('segmentation_id: 4095'),
    /red\/bad: segmentation_id: 4095: not allowed: .*1 to 4094/,
  );
  for (const [value, words] of [
    [undefined, /red\/bad: segmentation_id: missing: an integer from 1 to 4094/],
    ["'100'", /red\/bad: segmentation_id: "100": not allowed: an integer/],
    ['-5', /red\/bad: segmentation_id: -5: not allowed: an integer/],
    ['70000', /red\/bad: segmentation_id: 70000: not allowed: .*1 to 4094/],
  ] as const)
    await refuses(
      `T3 no VLAN id but ${value ?? 'nothing'} is refused with the value`,
      spared(value === undefined ? 'enabled: true' : `segmentation_id: ${value}`),
      words,
    );
  await refuses(
    'T7 a child of two trunks stays with one',
    segment('parent: trunk2, port: zz, segmentation_id: 9') +
      segment('parent: trunk, port: zz, segmentation_id: 10').replace('id: bad', 'id: worse'),
    /red\/worse: port: "red\/zz": is already a child of another parent/,
    spare().replace('spare', 'zz') + segment('parent: trunk2, port: zz, segmentation_id: 9'),
  );
  await refuses(
    'T7 a child is no parent',
    segment('parent: a, port: spare, segmentation_id: 9'),
    /red\/bad: parent: "red\/a": is itself a child port/,
  );
  await refuses(
    'T7 a parent is not its own child',
    segment('parent: trunk, port: trunk, segmentation_id: 9'),
    /red\/bad: port: "red\/trunk": a port cannot be its own child/,
  );
  await t.test('T8 a port that has an interface of its own, wherever, is no child', async (t) => {
    const used = spare().replace(', enabled: false', '');
    const { refused } = await lab.load(site + used + spared('segmentation_id: 9'), {
      ...ports,
      bindings: { ...ports.bindings, 'red/spare': 'c2' },
    });
    t.match(refused.map(({ text }) => text).join('\n'), /red\/bad: port: "red\/spare": is in use/);
    t.notMatch((await lab.flows()).join('\n'), /dl_vlan=9\b/);
    const free = await lab.load(site + used + spared('segmentation_id: 9'), ports);
    t.same(free.refused, []);
    t.match((await lab.flows()).join('\n'), /in_port=1,dl_vlan=9 /);
  });
  await t.test(
    'T9 a child that inherits has the VLAN of its network, and follows it; other networks have none',
    async (t) => {
      const inherits = segment('parent: trunk, port: spare, segmentation_type: inherit');
      const vlan = (vid: number) =>
        `  - {kind: lswitch, id: lan, network_type: vlan, segmentation_id: ${vid}}\n${spare().replace('net2', 'lan')}${inherits}`;
      for (const vid of [300, 301]) {
        t.same((await lab.load(site + vlan(vid), ports)).refused, []);
        t.same(
          (await lab.flows()).filter((line) => /in_port=1,dl_vlan=30/.test(line)),
          [`priority=150,in_port=1,dl_vlan=${vid} actions=drop`],
        );
      }
      const { said, spoiled } = await refusal(lab, spare() + inherits, spare());
      t.match(said, /red\/bad: segmentation_type: "inherit": is for ports of vlan networks/);
      t.same(spoiled, []);
    },
  );
  await refuses(
    'T10 an unknown type is refused alone',
    spared('segmentation_type: vxlan, segmentation_id: 9'),
    /red\/bad: segmentation_type: "vxlan": not allowed: one of vlan/,
  );
  await t.test('T11 a child with a larger MTU than its parent is refused', async (t) => {
    const sized = site.replace('id: net1,', 'id: net1, mtu: 1450,');
    const jumbo = (mtu: number) =>
      `  - {kind: lswitch, id: big, mtu: ${mtu}}\n${spare().replace('net2', 'big')}${spared('segmentation_id: 9')}`;
    const { refused } = await lab.load(sized + jumbo(1451), ports);
    t.match(
      refused.map(({ text }) => text).join('\n'),
      /red\/bad: port: "red\/spare": has an MTU of 1451 .*, but its parent of 1450 only/,
    );
    t.notMatch((await lab.flows()).join('\n'), /dl_vlan=9\b/);
    t.same((await lab.load(sized + jumbo(1450), ports)).refused, []);
    t.match((await lab.flows()).join('\n'), /in_port=1,dl_vlan=9 /);
  });
};

const classification = async (t: Test, lab: CompiledSwitch) => {
  await t.test('nothing is said against two trunks', async (t) => {
    t.same((await lab.load(site, ports)).refused, []);
  });
  await t.test(
    'T4 a tag is matched with the bit that says so: tagged frames are the child’s, and only those',
    async (t) => {
      t.match((await lab.flows()).join('\n'), /^priority=150,in_port=1,dl_vlan=100 actions=pop_vlan/m);
      t.same(await lab.of('p1', frame('a', 'vm2', [100])), { p4: [frame('a', 'vm2')] });
      t.same(
        await lab.of('p1', frame('a', 'vm2')),
        {},
        'without a tag it is the parent’s, whose addresses these are not',
      );
    },
  );
  await t.test('T6 one VLAN id on two trunks is two children', async (t) => {
    t.same(await lab.of('p1', frame('a', 'vm2', [100])), { p4: [frame('a', 'vm2')] });
    t.same(await lab.of('p2', frame('a2', 'vm3', [100])), { p5: [frame('a2', 'vm3')] });
    t.same(await lab.of('p2', frame('a', 'vm2', [100])), {});
  });
  await t.test('T12 what has no tag is the parent’s', async (t) => {
    t.same(await lab.of('p1', frame('trunk', 'vm1')), { p3: [frame('trunk', 'vm1')] });
    t.same(await lab.of('p3', frame('vm1', 'trunk')), { p1: [frame('vm1', 'trunk')] });
  });
  await t.test(
    'T13 an unknown tag passes as it is, or is dropped and counted by its id, as the parent says',
    async (t) => {
      const tagged = frame('trunk2', 'vm1', [77]);
      t.same(await lab.of('p2', tagged), { p3: [tagged] });
      const unknown = frame('trunk', 'vm1', [77]);
      for (let i = 0; i < 3; i++) t.same(await lab.of('p1', unknown), {});
      await until('it is counted', async () =>
        (await lab.counted(3)).some((line) => /n_packets=[12],.*in_port=1,dl_vlan=77 actions=drop/.test(line)),
      );
    },
  );
  await t.test('T14 a tag that carries a priority only is none', async (t) => {
    for (const value of [0, 5])
      t.same(await lab.of('p1', frame('trunk', 'vm1', [priority(value, 0)])), { p3: [frame('trunk', 'vm1')] });
  });
  await t.test('T15 the priority in a tag decides nothing, and does not come back', async (t) => {
    t.same(await lab.of('p1', frame('a', 'vm2', [priority(6, 100)])), { p4: [frame('a', 'vm2')] });
    t.same(await lab.of('p1', frame('a', 'b', [priority(6, 100)])), { p1: [frame('a', 'b', [101])] });
  });
  await t.test(
    'T16 an 802.1ad tag is taken for the 802.1Q tag of its id, in which form the answer comes',
    async (t) => {
      const tagged = frame('a', 'vm2', [100]);
      tagged.writeUInt16BE(0x88a8, 12);
      t.same(await lab.of('p1', tagged), { p4: [frame('a', 'vm2')] });
      t.same(await lab.of('p4', frame('vm2', 'a')), { p1: [frame('vm2', 'a', [100])] });
    },
  );
  await t.test('T22 a child may have its parent’s MAC address, on another network', async (t) => {
    t.same(await lab.of('p1', own('twin', 'vm3')), { p5: [frame('twin', 'vm3')] });
    t.same(await lab.of('p5', frame('vm3', 'twin')), { p1: [frame('vm3', 'twin', [103])] });
    t.same(await lab.of('p1', frame('trunk', 'vm1')), { p3: [frame('trunk', 'vm1')] });
    const clash = site.replace(`lswitch: net3, macs: ['${mac('twin')}']`, `lswitch: net1, macs: ['${mac('twin')}']`);
    const { refused } = await lab.load(clash, ports);
    t.match(refused.map(({ text }) => text).join('\n'), /lport red\/twin: macs: .*needs a MAC address of its own/);
    t.same(await lab.of('p3', frame('vm1', 'trunk')), { p1: [frame('vm1', 'trunk')] }, 'the parent stays as it is');
    await lab.load(site, ports);
  });
  await t.test('T23 a child sends from its own addresses, not from its parent’s', async (t) => {
    t.same(await lab.of('p1', frame('a', 'vm2', [100])), { p4: [frame('a', 'vm2')] });
    t.same(await lab.of('p1', frame('a', 'vm2', [100], 'trunk')), {});
    t.same(await lab.of('p1', frame('trunk', 'vm2', [100])), {});
  });
  await t.test('T28 what is for bridges goes nowhere, tagged or not, and is counted', async (t) => {
    const lldp = (name: Name, vids: readonly number[]) =>
      ethernet(mac(name), '01:80:c2:00:00:0e', 0x88cc, Buffer.alloc(46), vids);
    t.same(await lab.of('p1', lldp('trunk', []), lldp('a', [100])), {});
    t.same(await lab.of('p3', lldp('vm1', [])), {});
    await until('all three are counted', async () =>
      (await lab.counted(5)).some((line) => /n_packets=3,.*dl_dst=01:80:c2:00:00:00\/ff:ff:ff:ff:ff:f0/.test(line)),
    );
  });
};

const betweenChildren = async (t: Test, lab: CompiledSwitch) => {
  await t.test('T18 two children of one parent reach each other', async (t) => {
    t.same(await lab.of('p1', own('a', 'b')), { p1: [frame('a', 'b', [101])] });
    t.same(await lab.of('p1', own('b', 'a')), { p1: [frame('b', 'a', [100])] });
  });
  await t.test('T19 for that every accepted frame forgets its interface, as 0xffff', async (t) => {
    const accepting = (await lab.flows()).filter((line) => /^ ?table=5,.*reg6=/.test(line));
    t.ok(accepting.length > 20);
    t.same(
      accepting.filter((line) => !line.includes('actions=load:0xffff->NXM_OF_IN_PORT[],goto_table:')),
      [],
    );
    t.same(await lab.of('p1', own('a', 'b')), { p1: [frame('a', 'b', [101])] });
  });
  await t.test(
    'T24 a child on its parent’s network: each reaches the other, and hears it look for duplicates',
    async (t) => {
      const ping = (from: Name, to: Name, vids: readonly number[] = []) =>
        icmp({ src: mac(from), dst: mac(to), from: ip4(from), to: ip4(to), vids }, 8);
      t.same(await lab.of('p1', ping('trunk', 'same')), { p1: [ping('trunk', 'same', [102])] });
      t.same(await lab.of('p1', ping('same', 'trunk', [102])), { p1: [ping('same', 'trunk')] });
      const looks = (name: Name, vids: readonly number[] = []) => {
        const number = hex(stations[name].number);
        const all = { src: mac(name), dst: `33:33:ff:00:00:${number}`, from: '::', to: `ff02::1:ff00:${number}`, vids };
        return icmp6(all, 135, Buffer.concat([Buffer.alloc(4), ipv6Address(ip6(name))]));
      };
      t.same(await lab.of('p1', looks('trunk')), {
        p1: [looks('trunk', [102])],
        p2: [looks('trunk')],
        p3: [looks('trunk')],
      });
      t.same(await lab.of('p1', looks('same', [102])), {
        p1: [looks('same')],
        p2: [looks('same')],
        p3: [looks('same')],
      });
    },
  );
};

const floods = async (t: Test, lab: CompiledSwitch) => {
  await t.test('T20 a broadcast reaches each child of one parent once, with its own tag alone', async (t) => {
    const { p1 = [], ...others } = await lab.of('p4', frame('vm2', 'all'));
    t.same(p1, [frame('vm2', 'all', [100]), frame('vm2', 'all', [101])]);
    t.same(others, { p9: [frame('vm2', 'all')] });
  });
  await t.test('T21 nobody gets its own broadcast back, but parent and siblings do', async (t) => {
    const fromChild = { p1: [frame('a', 'all', [101])], p4: [frame('a', 'all')], p9: [frame('a', 'all')] };
    t.same(await lab.of('p1', own('a', 'all')), fromChild);
    const fromParent = { p1: [frame('trunk', 'all', [102])], p2: [frame('trunk', 'all')], p3: [frame('trunk', 'all')] };
    t.same(await lab.of('p1', frame('trunk', 'all')), fromParent);
    const toParent = { p1: [frame('same', 'all')], p2: [frame('same', 'all')], p3: [frame('same', 'all')] };
    t.same(await lab.of('p1', own('same', 'all')), toParent);
  });
};

const services = async (t: Test, lab: CompiledSwitch) => {
  const answers = (from: Name, to: Name, vids: readonly number[] = []): Buffer =>
    arp({ op: 2, sha: mac(from), spa: ip4(from), tha: mac(to), tpa: ip4(to) }, { vids });
  await t.test(
    'T30 ARP is answered with the tag of the child; not for its own address, nor behind a tag that passes',
    async (t) => {
      t.same(await lab.of('p1', asks('a', ip4('vm2'), [100])), { p1: [answers('vm2', 'a', [100])] });
      t.same(await lab.of('p4', asks('vm2', ip4('a'))), { p4: [answers('a', 'vm2')] });
      const { p1 = [], p4 = [] } = await lab.of('p1', asks('a', ip4('a'), [100]));
      t.same([p1, p4], [[asks('a', ip4('a'), [101])], [asks('a', ip4('a'))]], 'others may say that it is theirs');
      const { p2, p3 = [] } = await lab.of('p2', asks('trunk2', ip4('vm1'), [77]));
      t.same(
        [p2, p3],
        [undefined, [asks('trunk2', ip4('vm1'), [77])]],
        'behind another network’s tag it is for others to say',
      );
    },
  );
  await t.test(
    'T33 port security is each port’s own: off on the parent only, it still holds for the child',
    async (t) => {
      await lab.load(site.replace('unknown_vlans: drop', 'unknown_vlans: drop, port_security: false'), ports);
      t.same(await lab.of('p1', frame('trunk', 'vm1', [], 'a')), { p3: [frame('trunk', 'vm1', [], 'a')] });
      t.same(await lab.of('p1', frame('a', 'vm2', [100], 'trunk')), {});
      t.same(await lab.of('p1', own('a', 'vm2')), { p4: [frame('a', 'vm2')] });
      await lab.load(site, ports);
    },
  );
};

const tunnels = async (t: Test, lab: CompiledSwitch) => {
  await t.test('T27 no tag of a child leaves for another chassis', async (t) => {
    t.same(await lab.of('p1', own('a', 'far')), { p9: [frame('a', 'far')] });
    const { p9 = [] } = await lab.of('p1', own('b', 'all'));
    t.same(p9, [frame('b', 'all')]);
  });
  const elsewhere = `  - {kind: lport, id: far-vm, lswitch: net1, macs: auto, ips: []}
  - {kind: lport, id: far-child, lswitch: net2, macs: ['fa:16:3e:00:00:77'], ips: [10.0.0.119]}
  - {kind: child_port_segmentation, id: remote, parent: far-vm, port: far-child, segmentation_id: 7}
`;
  const bound = { ...ports, bindings: { ...ports.bindings, 'red/far-vm': 'c2' } };
  const toFar = (vids: readonly number[] = []) =>
    udp({ src: mac('a'), dst: 'fa:16:3e:00:00:77', from: ip4('a'), to: '10.0.0.119', vids }, 1000, 2000);
  await t.test('T43 a child is where its parent is, and its chassis gets one copy of a broadcast', async (t) => {
    await lab.load(site + elsewhere, bound);
    t.same(await lab.of('p1', toFar([100])), { p9: [toFar()] });
    t.same((await lab.of('p4', frame('vm2', 'all')))['p9'], [frame('vm2', 'all')]);
  });
  await t.test('T44 one network has one VLAN id here and another one there', async (t) => {
    await lab.load(site + elsewhere, bound);
    const [sent] = (await lab.of('p1', toFar([100])))['p9'] ?? [];
    t.same(sent, toFar(), 'VLAN 100 here, no tag between');
    const placed = ['trunk', 'trunk2', 'vm1', 'vm2', 'vm3'].map((id) => [`red/${id}`, 'c1'] as const);
    const there = { ofports: { 'red/far-vm': 6, 'red/far': 7 }, tunnels: { 'vxlan/192.0.2.1': 9, vxlan: 10 } };
    const bindings = { ...Object.fromEntries(placed), 'red/far-vm': 'c2', 'red/far': 'c2' };
    await lab.load(site + elsewhere, { ...there, bindings }, 'c2');
    const arrived = 'in_port=9,tun_id=2,tun_src=192.0.2.1,tun_dst=192.0.2.2';
    t.equal(await lab.actions(arrived, toFar()), 'push_vlan(vid=7,pcp=0),6', 'and VLAN 7 there');
    await lab.load(site, ports);
  });
};

const policies = (t: Test, lab: CompiledSwitch) =>
  t.test(
    'T40 a disabled parent takes its children with it; a disabled child its VLAN id alone, both ways',
    async (t) => {
      await lab.load(site.replace('unknown_vlans: drop', 'enabled: false'), ports);
      t.same(await lab.of('p1', own('a', 'vm2'), own('b', 'vm2'), own('same', 'vm1'), frame('trunk', 'vm1')), {});
      t.same(await lab.of('p4', frame('vm2', 'a'), frame('vm2', 'b')), {});
      t.same((await lab.of('p4', frame('vm2', 'all')))['p1'], undefined);
      await lab.load(
        site
          .replace('segmentation_id: 100}', 'segmentation_id: 100, enabled: false}')
          .replace('unknown_vlans: drop', 'unknown_vlans: passthrough, port_security: false'),
        ports,
      );
      t.same(await lab.of('p1', own('a', 'vm2'), frame('trunk', 'vm1', [100])), {}, 'not the parent’s either');
      t.same(await lab.of('p4', frame('vm2', 'a')), {});
      t.same((await lab.of('p4', frame('vm2', 'all')))['p1'], [frame('vm2', 'all', [101])]);
      t.same(await lab.of('p1', own('b', 'vm2'), frame('trunk', 'vm1')), {
        p3: [frame('trunk', 'vm1')],
        p4: [frame('b', 'vm2')],
      });
      t.same(await lab.of('p3', frame('vm1', 'trunk', [100])), {}, 'and nobody reaches the parent with it');
      await lab.load(site, ports);
    },
  );

const layers = async (t: Test, lab: CompiledSwitch) => {
  const inner = (vids: readonly number[]) => frame('a', 'vm2', vids);
  const open = site.replace(`'${ip6('a')}']`, `'${ip6('a')}'], port_security: false`);
  await t.test('T17 of two tags the outer one is the child’s, and the inner one is carried through', async (t) => {
    await lab.load(open, ports);
    t.same(await lab.of('p1', inner([100, 200])), { p4: [inner([200])] });
    t.same(await lab.of('p1', frame('a', 'b', [100, 200])), { p1: [frame('a', 'b', [101, 200])] });
    await lab.load(site, ports);
    t.same(
      await lab.of('p1', inner([100, 200])),
      {},
      'where the switch does not look behind the tag, port security cannot',
    );
    await lab.ovs.vsctl('set', 'Open_vSwitch', '.', 'other_config:vlan-limit=2');
    t.same(await lab.of('p1', inner([100, 200])), { p4: [inner([200])] }, 'where it looks, the addresses decide');
    t.same(await lab.of('p1', frame('a', 'b', [100, 200])), { p1: [frame('a', 'b', [101, 200])] });
    t.same(await lab.of('p1', frame('a', 'vm2', [100, 200], 'trunk')), {}, 'false ones do not pass');
  });
  await t.test('T17 no tag that is left enters the network of a child at its parent', async (t) => {
    const hidden = open
      .replace('unknown_vlans: drop', 'unknown_vlans: passthrough')
      .replace(`'${ip6('same')}']`, `'${ip6('same')}'], port_security: false`);
    for (const limit of [1, 2]) {
      await lab.ovs.vsctl('set', 'Open_vSwitch', '.', `other_config:vlan-limit=${limit}`);
      await lab.load(hidden, ports);
      t.same(await lab.of('p1', frame('same', 'trunk', [102, 100]), frame('same', 'trunk', [102, 0, 100])), {});
      t.same(await lab.of('p3', frame('vm1', 'trunk', [priority(3, 101)])), {});
    }
  });
};
