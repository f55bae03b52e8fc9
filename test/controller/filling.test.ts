// Tenants of one chassis while the first snapshot of one of them is coming in: the others do not wait for it.
import t from 'tap';
import { allApps } from '../../src/apps/apps.js';
import type { Status } from '../../src/controller/reporter.js';
import { operator, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { pause } from '../../src/turns/slices.js';
import { chassisAlone } from './chassis-alone.js';

/** Turns of the event loop, far less of them than a pause has. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await pause();
}

void t.test('a tenant that is completely known is served while another one is just coming in', async (t) => {
  const said = new Map<string, Status | undefined>();
  const chassis = chassisAlone(allApps, said);
  t.teardown(() => {
    chassis.close();
  });
  const [blue, red] = [refOf('blue', 'vm'), refOf('red', 'vm')];
  const plug = (ref: typeof blue) => ({ ref, interface: `tap-${ref}`, error: undefined });
  chassis.ports.numberedBy({ ports: new Map() });
  chassis.plugged([plug(blue), plug(red)], []);
  await someTurns();
  const write = (tenant: string, revision: number, enabled: boolean): void => {
    chassis.object(parseObject('lport', tenant, 'vm', { lswitch: 'net', enabled }, revision));
  };
  for (const tenant of ['blue', 'red']) {
    chassis.object(parseObject('lswitch', tenant, 'net', {}, 1));
    write(tenant, 2, true);
  }
  chassis.settled(operator, 1);
  chassis.settled('blue', 2);
  await someTurns();
  t.match(said.get(blue), { state: 'DOWN' }, 'once it is completely known it is spoken of');
  t.notOk(said.has(red), 'of the other nothing is said: what it waits for may be just coming in');
  write('blue', 3, false);
  await someTurns();
  t.match(said.get(blue), { state: 'DOWN', reason: /disabled/, revision: 3 }, 'a change of it does not wait');
  chassis.settled('red', 2);
  await someTurns();
  t.match(said.get(red), { state: 'DOWN', revision: 2 });
});
