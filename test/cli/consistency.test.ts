import t from 'tap';
import { inconsistencies } from '../../src/cli/consistency.js';
import { after, planApply, planDelete } from '../../src/cli/plan.js';
import type { Kind } from '../../src/model/kinds.js';
import { refOf } from '../../src/model/ids.js';
import { objectName } from '../../src/model/parse.js';
import { given, stored, trunk } from './given.js';

/** What is said against applying `text` to a northbound that holds `there`. */
function against(text: string, there = '[]', known: readonly string[] = ['red'], numbers: Record<string, number> = {}) {
  const [objects, store] = [given(text), stored(given(there))];
  const touched = new Set(objects.map(({ kind, ref }) => objectName(kind, ref)));
  return inconsistencies(given(there), after(store, planApply(objects, store)), touched, {
    numbers: new Map(Object.entries(numbers)),
    known: new Set(known),
  }).map((error) => error.message);
}

const networks = '- {kind: lswitch, id: net1}\n- {kind: lswitch, id: net2}\n';
const ports = `${networks}- {kind: lport, id: vm1, lswitch: net1}\n- {kind: lport, id: a, lswitch: net2}\n- {kind: lport, id: b, lswitch: net2}\n`;
const child = (id: string, parent: string, port: string, vid = 100) =>
  `- {kind: subport, id: ${id}, parent: ${parent}, port: ${port}, segmentation_id: ${vid}}\n`;

void t.test('nothing is said against the example of the specifications', (t) => {
  t.same(against(trunk), []);
  t.end();
});

void t.test('a reference that leads nowhere is named, in every kind', (t) => {
  t.same(against('{kind: lport, id: vm1, lswitch: net9}'), [
    'lport red/vm1: lswitch: "red/net9": there is no lswitch red/net9, neither given nor in the northbound',
  ]);
  t.match(against('{kind: subnet, id: s, lswitch: net9, cidr: 10.0.0.0/24}'), [/^subnet red\/s: lswitch: "red\/net9"/]);
  t.match(against(ports + child('c', 'vm9', 'a')), [
    /^child_port_segmentation red\/c: parent: "red\/vm9": there is no lport/,
  ]);
  t.match(against(ports + child('c', 'vm1', 'x')), [
    /^child_port_segmentation red\/c: port: "red\/x": there is no lport/,
  ]);
  t.end();
});

void t.test('a reference to what the northbound already holds is right', (t) => {
  t.same(against('{kind: lport, id: vm1, lswitch: net1}', networks), []);
  t.end();
});

void t.test('of two children of one parent with one VLAN id the one that was there keeps it', (t) => {
  const keys = { 'lport red/b': 1, 'lport red/vm1': 2, 'lswitch red/net1': 1, 'lswitch red/net2': 2 };
  const there = ports.replace('- {kind: lport, id: a, lswitch: net2}\n', '') + child('old', 'vm1', 'b');
  const text = `- {kind: lport, id: a, lswitch: net2}\n${child('new', 'vm1', 'a')}`;
  t.same(against(text, there, ['red'], keys), [
    'child_port_segmentation red/new: segmentation_id: 100: is used by another child of lport red/vm1: give each child of one parent its own VLAN id',
  ]);
  t.same(against(text.replace('id: 100', 'id: 101'), there, ['red'], keys), []);
  t.end();
});

void t.test('a port that is its own child, a child with two parents and children of children are refused', (t) => {
  t.match(against(ports + child('c', 'vm1', 'vm1')), [/red\/c: .*a port cannot be its own child/]);
  t.match(
    against(ports + child('c', 'vm1', 'a') + child('d', 'b', 'a')).join('\n'),
    /red\/d: port: "red\/a": is already a child/,
  );
  t.match(
    against(ports + child('c', 'vm1', 'a') + child('d', 'a', 'b')).join('\n'),
    /red\/d: parent: .*children do not nest/,
  );
  t.end();
});

void t.test(
  'another tenant’s network holds members only where it says so, and is not judged where it cannot be read',
  (t) => {
    const member = '{kind: lport, tenant: blue, id: b, lswitch: red/net1}';
    t.match(against(member, networks, ['red', 'blue']), [/^lport blue\/b: lswitch: "red\/net1": .*shared with blue$/]);
    t.same(against(member, '[]', ['blue']), []);
    t.same(against(member, '{kind: lswitch, id: net1, shared_with: [blue]}', ['red', 'blue']), []);
    t.end();
  },
);

void t.test('deleting what others refer to is said against those others', (t) => {
  const store = stored(given(ports + child('c', 'vm1', 'a')));
  const gone = (kind: Kind, id: string) => {
    const steps = planDelete([{ kind, ref: refOf('red', id) }], store);
    return inconsistencies(after(store, []), after(store, steps), new Set(), {
      numbers: new Map(),
      known: new Set(['red']),
    });
  };
  t.same(
    gone('lswitch', 'net2').map(({ object }) => object),
    ['child_port_segmentation red/c', 'lport red/a', 'lport red/b'],
  );
  t.same(gone('child_port_segmentation', 'c'), []);
  t.end();
});

void t.test('trouble of others that was there before is not blamed on a change', (t) => {
  t.same(against('{kind: lswitch, id: net1}', '{kind: lport, id: vm1, lswitch: net7}'), []);
  t.end();
});
