import fc from 'fast-check';
import t from 'tap';
import { parseText } from '../../src/cli/files.js';
import { lineDiff } from '../../src/cli/line-diff.js';
import { changedFields, inline, yamlOf } from '../../src/cli/written.js';
import { given, trunk } from './given.js';

void t.test('objects as YAML are canonical, short, in the order of references, one line each', (t) => {
  t.equal(
    yamlOf(given(trunk)),
    `tenant: red
objects:
  - {kind: lswitch, id: net1, network_type: vxlan}
  - {kind: lswitch, id: net2, network_type: vxlan}
  - {kind: subnet, id: sub2, lswitch: net2, cidr: 10.2.0.0/24}
  - {kind: lport, id: db, lswitch: net2, macs: [fa:16:3e:00:00:09], ips: [10.2.0.9], binding: {type: vtep, vtep_address: 203.0.113.9}}
  - {kind: lport, id: vm1, lswitch: net1, macs: [fa:16:3e:00:00:01], ips: [10.1.0.5]}
  - {kind: lport, id: vm1-net2, lswitch: net2, macs: auto, ips: auto}
  - {kind: child_port_segmentation, parent: vm1, port: vm1-net2, segmentation_type: vlan, segmentation_id: 100}
`,
  );
  t.end();
});

const awkward = `
- {kind: chassis, id: c1, ips: [192.0.2.1], tunnel_types: [vxlan]}
- {kind: lport, tenant: _operator, id: far, lswitch: red/net1, macs: ["fa:16:3e:00:00:09"], ips: ["2001:db8::9"],
   binding: {type: vtep, vtep_address: "2001:db8::1", tunnel_type: geneve, vni: 7}}
- {kind: lswitch, id: net1, name: "yes: #1", shared_with: [blue, "007"], mtu: 1400, unique_key: 5}
- {kind: lport, id: "12", lswitch: net1, enabled: false, port_security: false, unknown_vlans: drop, allowed_ethertypes: [0x8847],
   allowed_address_pairs: [{ip_address: 10.0.0.0/8}], shared_with: [blue], binding: {type: chassis, chassis: c1}}
- {kind: subnet, id: s, lswitch: net1, cidr: 10.1.0.0/24, gateway_ip: 10.1.0.1, allocation: [{start: 10.1.0.10, end: 10.1.0.20}]}
- {kind: subport, id: named, parent: "12", port: blue/x, segmentation_id: 7, enabled: false}`;

void t.test('what is printed as YAML reads back as the same objects', (t) => {
  for (const text of [trunk, awkward]) {
    const back = parseText('printed', yamlOf(given(text)));
    t.same(back.refused, []);
    const byRef = (objects: readonly { ref: string }[]) => [...objects].sort((a, b) => (a.ref < b.ref ? -1 : 1));
    t.same(byRef(back.objects), byRef(given(text)));
  }
  t.end();
});

void t.test('a change is told field by field', (t) => {
  const [before, after] = ['[10.1.0.5]', '[10.1.0.6], enabled: false'].map(
    (ips) => given(`{kind: lport, id: vm1, lswitch: net1, ips: ${ips}}`)[0]!,
  );
  t.same(changedFields(before!, after!), ['ips: [10.1.0.5] → [10.1.0.6]', 'enabled: – → false']);
  t.same(changedFields(before!, before!), []);
  t.equal(inline({ type: 'vtep', vni: 7 }), '{type: vtep, vni: 7}');
  t.end();
});

void t.test('a difference of lines is the shortest that turns one text into the other', (t) => {
  t.same(lineDiff(['a', 'b', 'c'], ['a', 'x', 'c', 'd']), [' a', '-b', '+x', ' c', '+d']);
  t.same(lineDiff(['a'], ['a']), []);
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = lineDiff(before, after);
      const side = (other: string) => diff.filter((line) => !line.startsWith(other)).map((line) => line.slice(1));
      if (diff.length === 0) t.same(before, after);
      else {
        t.same(side('+'), before);
        t.same(side('-'), after);
      }
    }),
  );
  t.end();
});
