// What a chassis says of its objects: a function of its view.
import t from 'tap';
import { ofPort, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { standingOf } from '../../src/model/standing.js';
import { View } from '../../src/model/view.js';
import { reasonOf } from '../../src/model/verdict.js';
import { numberName, World } from '../../src/model/world.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';

/** Chassis c1 with an interface for red/vm, which carries red/child. */
function plugged(claim: string): View {
  const world = new World();
  const view = new View(world, segmentationTypes);
  world.settings.set('self', {
    chassis: 'c1',
    encapIps: ['192.0.2.1'],
    encapTypes: ['vxlan'],
    tunnelMode: 'per-remote',
    underlayMtu: Infinity,
  });
  world.put(parseObject('chassis', '_operator', 'c2', { ips: ['192.0.2.2'], tunnel_types: ['vxlan'] }));
  world.put(parseObject('lswitch', 'red', 'net', {}));
  world.numbers.set(numberName('lswitch', refOf('red', 'net')), 1);
  for (const [index, id] of ['vm', 'child'].entries()) {
    world.put(parseObject('lport', 'red', id, { lswitch: 'net', ips: [] }));
    world.numbers.set(numberName('lport', refOf('red', id)), index + 1);
  }
  const segment = { parent: 'vm', port: 'child', segmentation_id: 7 };
  world.put(parseObject('child_port_segmentation', 'red', 's', segment));
  world.bindings.set(refOf('red', 'vm'), { interface: 'tap0', ofport: ofPort(1) });
  world.claims.set(refOf('red', 'vm'), claim);
  world.graph.flush();
  return view;
}

void t.test(
  'a port that is plugged here and that another chassis has is not in order here, nor are its children',
  (t) => {
    for (const id of ['vm', 'child']) {
      t.same(standingOf(plugged('c1'), 'lport', refOf('red', id)), { concerned: true, verdict: undefined }, id);
      const { concerned, verdict } = standingOf(plugged('c2'), 'lport', refOf('red', id));
      t.equal(concerned, true);
      t.equal(verdict?.state, 'DEGRADED');
      t.match(verdict && reasonOf(verdict), 'binding: "c2": has the lport already; interface tap0 of this chassis');
    }
    t.end();
  },
);
