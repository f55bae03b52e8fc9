// A VNI is an identity: whoever may choose one reaches, or takes, the traffic of the network that has it.
import t from 'tap';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { operator, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { View } from '../../src/model/view.js';
import { numberName, World } from '../../src/model/world.js';

function deviceOf(tenant: string, vni: number | undefined) {
  const world = new World();
  const view = new View(world, segmentationTypes);
  const net = refOf('red', 'net');
  const device = refOf(tenant, 'dev');
  const binding = { type: 'vtep', vtep_address: '192.0.2.2', ...(vni === undefined ? {} : { vni }) };
  world.put(parseObject('lswitch', 'red', 'net', {}));
  world.put(parseObject('lport', tenant, 'dev', { lswitch: net, macs: [], ips: [], binding }));
  world.numbers.set(numberName('lswitch', net), 7);
  world.numbers.set(numberName('lport', device), 1);
  world.graph.flush();
  return view.portAnswer(device);
}

void t.test('a tenant’s device uses the VNI of its network; another one is for the operator’s to use', (t) => {
  t.match(deviceOf('red', 8).no, { state: 'ERROR', fault: { field: 'binding.vni', value: 8 } });
  t.ok(deviceOf('red', 7).ok);
  t.ok(deviceOf('red', undefined).ok);
  t.ok(deviceOf(operator, 8).ok);
  t.end();
});
