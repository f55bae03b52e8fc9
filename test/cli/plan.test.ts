import t from 'tap';
import { after, planApply, planDelete } from '../../src/cli/plan.js';
import { NbError } from '../../src/model/errors.js';
import { refOf } from '../../src/model/ids.js';
import { given, stored, trunk } from './given.js';

const shown = (steps: ReturnType<typeof planApply>) =>
  steps.map(({ action, kind, ref, expected }) => `${action} ${kind} ${ref} @${expected}`);

void t.test('what is referred to is written before what refers to it', (t) => {
  t.same(shown(planApply(given(trunk), new Map())), [
    'create lswitch red/net1 @0',
    'create lswitch red/net2 @0',
    'create subnet red/sub2 @0',
    'create lport red/db @0',
    'create lport red/vm1 @0',
    'create lport red/vm1-net2 @0',
    // What Python's uuid.uuid5 makes of vm1/vm1-net2.
    'create child_port_segmentation red/88a39107-5b0c-5449-9a16-8b492443bd46 @0',
  ]);
  t.end();
});

void t.test('ports that name their own addresses are written before those that are given some', (t) => {
  const objects = given(`
tenant: red
objects:
  - {kind: lport, id: a, lswitch: net}
  - {kind: lport, id: b, lswitch: net, ips: [10.0.0.2]}`);
  t.same(shown(planApply(objects, new Map())), ['create lport red/b @0', 'create lport red/a @0']);
  t.end();
});

void t.test('several tenants are written kind by kind, so that a shared network is there before its members', (t) => {
  const objects = given(`
- {kind: lport, tenant: blue, id: b, lswitch: red/net1, macs: []}
- {kind: lswitch, tenant: red, id: net1, shared_with: [blue]}
- {kind: lswitch, tenant: blue, id: own}`);
  t.same(shown(planApply(objects, new Map())), [
    'create lswitch blue/own @0',
    'create lswitch red/net1 @0',
    'create lport blue/b @0',
  ]);
  t.end();
});

void t.test('an object that means the same is unchanged, however it is spelled', (t) => {
  const there = stored(given('{kind: lport, id: vm1, lswitch: net1, macs: ["fa:16:3e:00:00:0a"], ips: ["fe80::1"]}'));
  const same = '{kind: port, id: vm1, lswitch: red/net1, macs: [FA-16-3E-00-00-0A], ips: ["FE80:0::1"], enabled: true}';
  t.same(shown(planApply(given(same), there)), ['unchanged lport red/vm1 @1']);
  t.same(shown(planApply(given(same.replace('::1', '::2')), there)), ['change lport red/vm1 @1']);
  t.end();
});

void t.test('an object that cannot be read is changed', (t) => {
  const error = new NbError('lswitch red/net2', [{ field: 'value', allowed: 'not JSON' }]);
  const there = new Map([['lswitch red/net2', { revision: 8, error }]]);
  const objects = given('- {kind: lswitch, id: net1}\n- {kind: lswitch, id: net2}');
  t.same(shown(planApply(objects, there)), ['create lswitch red/net1 @0', 'change lswitch red/net2 @8']);
  t.end();
});

void t.test('what refers to others is deleted before them; what is not there is left out', (t) => {
  const there = stored(given(trunk));
  const names = [...given(trunk), { kind: 'lport', ref: refOf('red', 'nobody') } as const];
  const steps = planDelete(names, there);
  t.same(
    steps.map(({ action, kind }) => `${action} ${kind}`),
    ['child_port_segmentation', 'lport', 'lport', 'lport', 'subnet', 'lswitch', 'lswitch'].map(
      (kind) => `delete ${kind}`,
    ),
  );
  t.same(after(there, steps), []);
  t.end();
});
