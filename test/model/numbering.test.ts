// Numbers without a northbound: keys and VNIs of networks that are only in files.
import t from 'tap';
import { given } from '../apps/given.js';

const file = (...networks: string[]): string =>
  `objects:\n${networks.map((line, i) => `  - {kind: lswitch, ${line}}\n  - {kind: lport, id: p${i}, lswitch: ${/id: (\w+)/.exec(line)?.[1]}, macs: ['fa:16:3e:00:00:0${i}'], ips: []}\n`).join('')}`;

void t.test('a network whose VNI is another’s is refused, and both are named', (t) => {
  const { refused, compiled } = given(file('id: a, unique_key: 7', 'id: b, unique_key: 8, segmentation_id: 7'));
  t.ok(refused.includes('lswitch red/b: segmentation_id: 7: is the VNI of lswitch red/a'));
  t.match(compiled.ports.keys, { 'lswitch red/a': 7, 'lswitch red/b': 8, 'vni red/b': undefined });
  const twice = given(file('id: a, segmentation_id: 99', 'id: b, segmentation_id: 99'));
  t.ok(twice.refused.includes('lswitch red/b: segmentation_id: 99: is the VNI of lswitch red/a'));
  t.end();
});

void t.test('nothing of a refused network is compiled, and everything of the other one is', (t) => {
  const alone = given(file('id: a, unique_key: 7'));
  const both = given(file('id: a, unique_key: 7', 'id: b, unique_key: 8, segmentation_id: 7'));
  t.same(both.flows, alone.flows);
  t.same(both.groups, alone.groups);
  t.end();
});

void t.test('two networks may exchange their numbers', (t) => {
  const { refused, compiled } = given(
    file('id: a, unique_key: 7, segmentation_id: 8', 'id: b, unique_key: 8, segmentation_id: 7'),
  );
  t.same(refused, []);
  t.match(compiled.ports.keys, { 'vni red/a': 8, 'vni red/b': 7 });
  t.end();
});

void t.test('a key that nobody gives is no VNI that another network names', (t) => {
  const { refused, compiled } = given(file('id: a', 'id: b, segmentation_id: 2', 'id: c', 'id: d, segmentation_id: 4'));
  t.same(refused, []);
  t.match(compiled.ports.keys, { 'lswitch red/a': 1, 'lswitch red/b': 2, 'lswitch red/c': 3, 'lswitch red/d': 4 });
  const { compiled: other } = given(file('id: a', 'id: b, segmentation_id: 1'));
  t.match(other.ports.keys, { 'lswitch red/a': 2, 'lswitch red/b': 1 });
  t.end();
});
