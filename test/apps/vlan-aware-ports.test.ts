import fc from 'fast-check';
import t from 'tap';
import { allApps } from '../../src/apps/apps.js';
import { Engine } from '../../src/apps/engine.js';
import { type SegmentationType, segmentationTypes } from '../../src/apps/segmentation-types.js';
import { childPorts } from '../../src/apps/vlan-aware-ports.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';
import { FlowTable } from '../../src/flow/table.js';
import { ofPort, refOf } from '../../src/model/ids.js';
import { numberOffline } from '../../src/model/numbering.js';
import { parseObject } from '../../src/model/parse.js';
import { standingOf } from '../../src/model/standing.js';
import { View } from '../../src/model/view.js';
import { World } from '../../src/model/world.js';
import { setField } from '../../src/ofp/index.js';
import { given, specExample, specObjects } from './given.js';

const ports = { ofports: { 'red/vm1': 183 }, tunnels: {}, bindings: {} };

void t.test('the specification’s example gives the specification’s flows', (t) => {
  const { table } = given(specExample, { ports });
  t.same(table(0), [
    'priority=0 actions=drop',
    'priority=100,in_port=183 actions=load:0x166->NXM_NX_REG6[],load:0x1->OXM_OF_METADATA[],resubmit(,5)',
    'priority=150,in_port=183,dl_vlan=0 actions=pop_vlan,load:0x166->NXM_NX_REG6[],load:0x1->OXM_OF_METADATA[],resubmit(,5)',
    'priority=150,in_port=183,dl_vlan=100 actions=pop_vlan,load:0x168->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[],resubmit(,5)',
  ]);
  t.same(table(115), [
    'table=115, priority=0 actions=drop',
    'table=115, priority=100,reg7=0x166 actions=output:183',
    'table=115, priority=100,reg7=0x168 actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:183',
    'table=115, priority=110,reg7=0x166,dl_vlan=0 actions=drop',
    'table=115, priority=110,reg7=0x166,dl_vlan=100 actions=drop',
    'table=115, priority=110,reg7=0x166,vlan_tci=0x0000/0x1fff,dl_type=0x8100 actions=drop',
    'table=115, priority=110,reg7=0x166,vlan_tci=0x0000/0x1fff,dl_type=0x88a8 actions=drop',
    'table=115, priority=300,reg6=0x166,reg7=0x166 actions=drop',
    'table=115, priority=300,reg6=0x168,reg7=0x168 actions=drop',
  ]);
  t.end();
});

void t.test('so it does for any ofport, keys and VLAN id', (t) => {
  const key = fc.integer({ min: 1, max: 0xffffff });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 0xfeff }),
      fc.uniqueArray(key, { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(key, { minLength: 2, maxLength: 2 }),
      fc.integer({ min: 1, max: 4094 }),
      (ofport, keys, networks, vid) => {
        const hex = (value: number | undefined) => `0x${(value ?? 0).toString(16)}`;
        const yaml = specObjects(hex(keys[0]), hex(keys[1]), hex(networks[0]), hex(networks[1]), vid);
        const { flows } = given(yaml, { ports: { ...ports, ofports: { 'red/vm1': ofport } } });
        const expected = [
          `priority=150,in_port=${ofport},dl_vlan=${vid} actions=pop_vlan,load:${hex(keys[1])}->NXM_NX_REG6[],load:${hex(networks[1])}->OXM_OF_METADATA[],resubmit(,5)`,
          `priority=100,in_port=${ofport} actions=load:${hex(keys[0])}->NXM_NX_REG6[],load:${hex(networks[0])}->OXM_OF_METADATA[],resubmit(,5)`,
          `table=115, priority=100,reg7=${hex(keys[1])} actions=push_vlan:0x8100,set_field:${0x1000 + vid}->vlan_vid,output:${ofport}`,
          `table=115, priority=100,reg7=${hex(keys[0])} actions=output:${ofport}`,
        ];
        return expected.every((line) => flows.includes(line));
      },
    ),
    { numRuns: 1000 },
  );
  t.end();
});

void t.test('an unknown tag passes, or is dropped and counted, as the parent says', (t) => {
  const dropped = 'priority=120,in_port=183,vlan_tci=0x1000/0x1000 actions=resubmit(,3)';
  t.notOk(given(specExample, { ports }).flows.includes(dropped));
  t.ok(given(specExample.replace('id: vm1,', 'id: vm1, unknown_vlans: drop,'), { ports }).flows.includes(dropped));
  t.end();
});

void t.test('a disabled child’s tag is nobody’s, in both directions', (t) => {
  const { flows } = given(specExample.replace('segmentation_id: 100', 'segmentation_id: 100, enabled: false'), {
    ports,
  });
  t.ok(flows.includes('priority=150,in_port=183,dl_vlan=100 actions=drop'));
  t.ok(flows.includes('table=115, priority=110,reg7=0x166,dl_vlan=100 actions=drop'));
  t.notOk(
    flows.some((flow) => flow.includes('0x168')),
    'nothing of the child is left',
  );
  t.end();
});

const child = (id: string, extra: string) => `
  - {kind: lport, id: ${id}, lswitch: net2, unique_key: 0x999, macs: ['fa:16:3e:00:01:${id.slice(-2)}'], ips: []}
  - {kind: child_port_segmentation, id: seg-${id}, ${extra}}`;

void t.test('what cannot be is refused by name, and everything else stays as it is', (t) => {
  const reference = given(specExample, { ports }).flows;
  const cases: [string, string, RegExp][] = [
    [
      'a VLAN id used twice',
      child('c-03', 'parent: vm1, port: c-03, segmentation_id: 100'),
      /child_port_segmentation red\/seg-c-03: segmentation_id: 100: is used by another child/,
    ],
    [
      'VLAN id 0',
      child('c-04', 'parent: vm1, port: c-04, segmentation_id: 0'),
      /seg-c-04: segmentation_id: 0: not allowed: an integer from 1 to 4094/,
    ],
    [
      'VLAN id 4095',
      child('c-05', 'parent: vm1, port: c-05, segmentation_id: 4095'),
      /seg-c-05: segmentation_id: 4095: not allowed: an integer from 1 to 4094/,
    ],
    [
      'no VLAN id',
      child('c-09', 'parent: vm1, port: c-09'),
      /seg-c-09: segmentation_id: missing: an integer from 1 to 4094/,
    ],
    [
      'a child of itself',
      child('c-06', 'parent: c-06, port: c-06, segmentation_id: 6'),
      /seg-c-06: port: "red\/c-06": a port cannot be its own child/,
    ],
    [
      'a child of a child',
      child('c-07', 'parent: vm1-net2, port: c-07, segmentation_id: 7'),
      /seg-c-07: parent: "red\/vm1-net2": is itself a child port/,
    ],
    [
      'another type',
      child('c-08', 'parent: vm1, port: c-08, segmentation_type: mpls, segmentation_id: 8'),
      /segmentation_type: "mpls": not allowed: one of vlan/,
    ],
    [
      'a parent that is its own child',
      '\n  - {kind: child_port_segmentation, id: self, parent: vm1, port: vm1, segmentation_id: 9}',
      /self: port: "red\/vm1": a port cannot be its own child/,
    ],
    [
      'a foreign port',
      '\n  - {kind: child_port_segmentation, id: thief, parent: vm1, port: blue/x, segmentation_id: 9}',
      /thief: port: "blue\/x": there is no lport of that name that is shared with red/,
    ],
  ];
  for (const [name, extra, expected] of cases) {
    const { refused, flows } = given(specExample + extra, { ports });
    t.ok(
      refused.some((text) => expected.test(text)),
      `${name}: ${refused.join(' | ')}`,
    );
    const spoiled = reference.filter((flow) => !flows.includes(flow) && /in_port=183|reg7=0x16|reg6=0x16/.test(flow));
    t.same(spoiled, [], name);
  }
  t.end();
});

void t.test('behind a remote device there are no children: their networks never allowed its VTEP', (t) => {
  const { refused, groups, compiled } = given(`
objects:
  - {kind: lswitch, id: own}
  - {kind: lport, id: dev, lswitch: own, macs: ['fa:16:3e:00:00:66'], ips: [], binding: {type: vtep, vtep_address: 203.0.113.66}}
  - {kind: lswitch, id: net, tenant: blue, shared_with: [red]}
  - {kind: lport, id: vm, tenant: blue, lswitch: net, macs: ['fa:16:3e:00:00:01'], ips: []}
  - {kind: lport, id: spy, lswitch: blue/net, macs: ['fa:16:3e:00:00:02'], ips: []}
  - {kind: child_port_segmentation, id: s, parent: dev, port: spy, segmentation_id: 5}`);
  t.match(refused.join('\n'), /segmentation red\/s: parent: "red\/dev": is a remote device/);
  t.same(compiled.ports.tunnels, {});
  t.notMatch(groups.join('\n'), /tun_id/);
  t.end();
});

void t.test('the tag of a child that is still waited for is nobody’s, least of all its parent’s', (t) => {
  const { flows } = given(specExample.replace(/.*id: vm1-net2,.*\n/, ''), { ports });
  t.ok(flows.includes('priority=140,in_port=183,dl_vlan=100 actions=drop'));
  t.ok(flows.includes('table=115, priority=110,reg7=0x166,dl_vlan=100 actions=drop'));
  t.end();
});

void t.test('a child with two parents stays with the first', (t) => {
  const second = `
  - {kind: lport, id: vm2, lswitch: net1, macs: ['fa:16:3e:00:00:07'], ips: []}
  - {kind: child_port_segmentation, id: zz, parent: vm2, port: vm1-net2, segmentation_id: 5}`;
  const { refused, flows } = given(
    specExample.replace('{kind: child_port_segmentation,', '{kind: child_port_segmentation, id: aa,') + second,
    { ports },
  );
  t.match(refused.join('\n'), /zz: port: "red\/vm1-net2": is already a child of another parent port/);
  t.ok(flows.some((flow) => flow.startsWith('priority=150,in_port=183,dl_vlan=100')));
  t.end();
});

void t.test('what stands in the way of another tenant’s child is told without names of that tenant', (t) => {
  const shared = `
objects:
  - {kind: lswitch, tenant: blue, id: net}
  - {kind: lport, tenant: blue, id: kid, lswitch: net, shared_with: [red]}
  - {kind: lswitch, id: net1}
  - {kind: lport, id: secret-parent, lswitch: net1, enabled: false}
  - {kind: child_port_segmentation, id: seg, parent: secret-parent, port: blue/kid, segmentation_id: 9}
`;
  const { objects } = parseText('test', shared, 'red');
  const world = new World();
  for (const tenant of ['red', 'blue']) world.settled.set(tenant, true);
  for (const object of objects) world.put(object);
  numberOffline(world, objects);
  const view = new View(world, segmentationTypes);
  world.graph.flush();
  const { verdict } = standingOf(view, 'lport', refOf('blue', 'kid'));
  t.equal(verdict?.state, 'DOWN');
  t.notMatch(JSON.stringify(verdict), /secret|red/);
  t.match(
    JSON.stringify(standingOf(view, 'child_port_segmentation', refOf('red', 'seg')).verdict),
    /its parent|not ready/,
  );
  t.end();
});

void t.test('another way of tagging is one row: MPLS labels, with the model and the northbound as they are', (t) => {
  const mpls: SegmentationType = {
    from: 16, // below are reserved labels (RFC 3032, 2.1)
    to: 0xfffff,
    match: (id) => ({ vlan_vid: 0, eth_type: 0x8847, mpls_label: id }),
    pop: [{ type: 'pop_mpls', ethertype: 0x0800 }],
    push: (id) => [{ type: 'push_mpls', ethertype: 0x8847 }, setField('mpls_label', id)],
  };
  const types = new Map([...segmentationTypes, ['mpls', mpls]]);
  const kid = (id: string, key: number) =>
    `  - {kind: lport, id: ${id}, lswitch: net2, unique_key: ${key}, macs: ['fa:16:3e:00:02:${key}'], ips: []}\n`;
  const labelled = (id: string, segmentation_id: number) => {
    const fields = { parent: 'vm1', port: id, segmentation_type: 'mpls', segmentation_id };
    return parseObject('child_port_segmentation', 'red', id, fields);
  };
  const { objects: others, refused } = parseText('test', specExample + kid('one', 21) + kid('two', 22), 'red');
  t.same(refused, []);
  const objects = [...others, labelled('one', 100), labelled('two', 3)];
  const world = new World();
  world.settings.set('self', {
    chassis: 'c1',
    encapIps: [],
    encapTypes: [],
    tunnelMode: 'per-remote',
    underlayMtu: 1500,
  });
  world.settled.set('red', true);
  for (const object of objects) world.put(object);
  numberOffline(world, objects);
  world.claims.set(refOf('red', 'vm1'), 'c1');
  world.bindings.set(refOf('red', 'vm1'), { interface: 'vm1', ofport: ofPort(183) });
  const [view, table] = [new View(world, types), new FlowTable()];
  const apps = allApps.map((app) => (app.name === 'vlan-aware-ports' ? childPorts(types) : app));
  new Engine(view, table, apps).flush();
  const flows = table.wanted().map(({ item }) => frameText(item.frame).replace(/^cookie=0x[0-9a-f]+, /, ''));
  for (const flow of [
    'priority=150,in_port=183,dl_vlan=100 actions=pop_vlan,load:0x168->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[],resubmit(,5)',
    'priority=150,mpls,in_port=183,vlan_tci=0x0000/0x1fff,mpls_label=100 actions=pop_mpls:0x0800,load:0x15->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[],resubmit(,5)',
    'table=115, priority=100,reg7=0x15 actions=push_mpls:0x8847,set_field:100->mpls_label,output:183',
  ])
    t.ok(flows.includes(flow), flow);
  t.equal(flows.filter((flow) => flow.includes('mpls_label=100')).length, 2, 'and its label is never its parent’s');
  t.match(standingOf(view, 'child_port_segmentation', refOf('red', 'two')).verdict, {
    state: 'ERROR',
    fault: { field: 'segmentation_id', value: 3, allowed: /an integer from 16 to 1048575/ },
  });
  t.equal(standingOf(view, 'child_port_segmentation', refOf('red', 'one')).verdict, undefined);
  t.end();
});
