// Northbound files as people write them: YAML's own means, and mistakes, each told by its place.
import t from 'tap';
import { parseText } from '../../src/cli/files.js';

const namesIn = (text: string) => parseText('f.yaml', text, 'red').objects.map(({ kind, ref }) => `${kind} ${ref}`);
const refusals = (text: string) => parseText('f.yaml', text, 'red').refused.map(({ message }) => message);

void t.test('anchors, aliases and merge keys mean what they mean in YAML', (t) => {
  const text = `
- &net {kind: lswitch, id: n1, mtu: 1400}
- {<<: *net, id: n2}
- {kind: lport, id: p, lswitch: n2, macs: &macs ["fa:16:3e:00:00:01"]}
- {kind: lport, id: q, lswitch: n1, macs: *macs}`;
  t.same(namesIn(text), ['lswitch red/n1', 'lswitch red/n2', 'lport red/p', 'lport red/q']);
  t.match(parseText('f.yaml', text, 'red').objects[1], { value: { mtu: 1400 } });
  t.end();
});

void t.test('aliases that would take all memory are a mistake of the file', (t) => {
  const tower = 'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefg'[i] ?? ''},`.repeat(9)}]`);
  t.match(refusals(['a: &a [x]', ...tower].join('\n')), [/^f\.yaml: YAML: Excessive alias count/]);
  t.end();
});

void t.test('what is no object is named by its place, and the others are looked at all the same', (t) => {
  t.same(refusals('[17, {kind: lswitch, id: n}, text, {kind: lswich, id: m}, {id: x}]'), [
    'f.yaml, object 1: document: 17: must be an object or a list of objects',
    'f.yaml, object 3: document: "text": must be an object or a list of objects',
    'f.yaml, object 4 (m): kind: "lswich": not a kind; did you mean lswitch?',
    'f.yaml, object 5 (x): kind: missing: one of chassis, lswitch, subnet, lport, child_port_segmentation',
  ]);
  t.same(namesIn('[17, {kind: lswitch, id: n}]'), ['lswitch red/n']);
  t.end();
});
