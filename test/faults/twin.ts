// Another Open vSwitch whose bridge has the datapath id of ours, and comes again and again: ours stays the one that is served.
import type { Test } from 'tap';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Ovs } from '../lab/ovs.js';
import { until } from '../lab/process.js';
import { patienceMs } from '../integration/controller-lab.js';
import { bridge, FaultSite } from './site.js';

const twin = 'br-twin';

/** Has it come for so many seconds, and asserts. */
export async function runTwin(t: Test, seconds: number): Promise<void> {
  const faults = await FaultSite.start(t);
  await faults.rested();
  await faults.stream.losses();
  const { site, between, controller } = faults;
  const { mods, meetings } = between;
  const datapathId = (await site.ovs.vsctl('get', 'Bridge', bridge, 'datapath_id')).trim().replaceAll('"', '');
  const other = await Ovs.start({ datapath: 'dummy', systemId: 'other' });
  t.teardown(() => other.close());
  const path = join(other.dir, `${twin}.controller`); // no other Unix socket may be a bridge's controller
  symlinkSync(join(site.dir, 'openflow.sock'), path);
  await other.addBridge(twin, { datapathId, controllers: [`unix:${path}`] });
  const refused = () => controller.log.filter(({ ['code']: code }) => code === 'duplicate');
  await until('the other one is refused', () => refused().length > 0, patienceMs);
  await delay(seconds * 1000);

  const { sent, lost } = await faults.stream.losses();
  t.strictSame([...lost], [], `in ${seconds} s of ${sent} frames none is lost`);
  t.equal(between.mods, mods, 'nothing was sent to ours');
  t.equal(between.meetings, meetings, 'its connection is the same');
  t.equal(controller.said(/switch disconnected/).length, 0);
  t.strictSame(await other.flows(twin), [], 'the other one was given nothing');
  t.ok(refused().length <= 2 + seconds / 60, `that it came was said ${refused().length} times`);
  t.strictSame(await faults.differences(), []);
}
