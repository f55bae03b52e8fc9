// What is said of objects that are another chassis' business: nothing, unless a flow for them is in trouble here.
import t from 'tap';
import { allApps } from '../../src/apps/apps.js';
import { Engine } from '../../src/apps/engine.js';
import { tables } from '../../src/apps/pipeline.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { Reporter, type Status } from '../../src/controller/reporter.js';
import { tableOf } from '../../src/flow/item.js';
import { FlowTable } from '../../src/flow/table.js';
import { ofPort, operator, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { View } from '../../src/model/view.js';
import { numberName, World } from '../../src/model/world.js';

const [here, away, net] = [refOf('red', 'here'), refOf('red', 'away'), refOf('red', 'net')];
const { egress } = tables;

function worldOfTwo(): World {
  const world = new World();
  world.settings.set('self', {
    chassis: 'c1',
    encapIps: ['192.0.2.1'],
    encapTypes: ['vxlan'],
    tunnelMode: 'per-remote',
    underlayMtu: 1500,
  });
  world.settled.set('red', true);
  world.put(parseObject('chassis', operator, 'c2', { ips: ['192.0.2.2'], tunnel_types: ['vxlan'] }, 1));
  world.put(parseObject('lswitch', 'red', 'net', {}, 1));
  for (const id of ['here', 'away']) world.put(parseObject('lport', 'red', id, { lswitch: 'net', ips: [] }, 2));
  world.numbers.set(numberName('lswitch', net), 1);
  world.numbers.set(numberName('lport', here), 1);
  world.numbers.set(numberName('lport', away), 2);
  world.claims.set(here, 'c1');
  world.claims.set(away, 'c2');
  world.bindings.set(here, { interface: 'tap', ofport: ofPort(5) });
  world.tunnels.set('vxlan/192.0.2.2', { ofport: ofPort(6) });
  return world;
}

void t.test('a port elsewhere has no status here, until the switch refuses a flow that leads to it', (t) => {
  const world = worldOfTwo();
  const view = new View(world, segmentationTypes);
  const table = new FlowTable();
  const engine = new Engine(view, table, allApps);
  const said = new Map<string, Status | undefined>();
  const write = (kind: string, ref: string, status: Status | undefined) => said.set(`${kind} ${ref}`, status);
  const reporter = new Reporter(
    view,
    table,
    write,
    () => 0,
    () => undefined,
  );
  for (const ref of [here, away]) reporter.seen('lport', ref, 2);
  const report = () => {
    reporter.round(engine.flush() ?? 0, () => false);
    reporter.report(table.acknowledged());
    return said.get(`lport ${away}`);
  };
  t.equal(report(), undefined);
  table.whole = true;
  const wayOut = table
    .wanted()
    .find(({ owner, item }) => owner.object === `lport ${away}` && tableOf(item.identity) === egress.id);
  for (let batch = table.next(1000); batch !== undefined; batch = table.next(1000)) {
    const index = batch.changes.findIndex(({ identity }) => identity === wayOut?.item.identity);
    table.committed(batch, index < 0 ? new Map() : new Map([[index, 'OFPFMFC_TABLE_FULL']]), 0);
  }
  t.match(report(), { state: 'ERROR', reason: /OFPFMFC_TABLE_FULL.*table=75/, revision: 2 });
  t.equal(said.get(`lport ${here}`)?.state, 'ACTIVE', 'nobody else is to blame');
  table.retry(Infinity);
  for (let batch = table.next(1000); batch !== undefined; batch = table.next(1000)) table.committed(batch);
  t.equal(report(), undefined, 'what was said is withdrawn');
  t.ok(said.has(`lport ${away}`));
  t.end();
});
