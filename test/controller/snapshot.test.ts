// What a controller tells of itself is gathered in small steps, however much there is.
import t from 'tap';
import type { Controller } from '../../src/controller/controller.js';
import type { Status } from '../../src/controller/reporter.js';
import { snapshotOf } from '../../src/controller/snapshot.js';
import { operator, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { numberName } from '../../src/model/world.js';
import { chassisAlone } from './chassis-alone.js';

const count = 4000;
/** No step looks at more things. */
const stepLength = 16;

void t.test('a status of thousands of ports is made in small steps', (t) => {
  const chassis = chassisAlone([], new Map<string, Status | undefined>());
  t.teardown(() => {
    chassis.close();
  });
  chassis.object(parseObject('lswitch', 'red', 'net', {}, 1));
  for (let i = 0; i < count; i++) {
    const ref = refOf('red', `vm${i}`);
    chassis.object(parseObject('lport', 'red', `vm${i}`, { lswitch: 'net' }, i + 2));
    chassis.allocated('lport', ref, i + 1);
    if (i > 0) chassis.claimed(ref, 'c2');
  }
  for (const tenant of [operator, 'red']) chassis.settled(tenant, count);
  chassis.engine.flush();
  const edge = { since: () => undefined, currentProblems: () => [] };
  const served = new Map([[1n, { datapathId: 1n, bridge: 'br1', chassis, edge }]]);
  const work = snapshotOf({ served } as unknown as Controller); // all that is looked at of it
  let steps = 0;
  let step = work.next();
  for (; step.done !== true; step = work.next()) steps++;
  const [one] = step.value;
  t.equal(one?.keys.get(numberName('lport', refOf('red', 'vm7'))), 8);
  t.equal(one?.live.bindings.size, count - 1);
  t.match(one?.unbound, [{ object: 'lport red/vm0' }], 'the only one that nobody has claimed');
  // Ports, claims and numbers.
  t.ok(steps >= (3 * count) / stepLength, `${steps} steps`);
  t.end();
});
