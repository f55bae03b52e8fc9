// Others change flows while we read nothing: Open vSwitch pauses the flow monitor, whose buffer is full, and leaves out what comes then.
// All of it is found afterwards.
import t from 'tap';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

/** Long flows that are not ours: more than a monitor whose reader stands still is told (128 KiB, besides what a socket holds). */
const storm = 2000;
const long = '00.'.repeat(2000).slice(0, -1);

void t.test('what a paused flow monitor leaves out is found when it goes on', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  for (const [index, id] of ['a', 'b'].entries()) {
    await site.put('lport', `red/${id}`, {
      lswitch: 'net',
      macs: [`fa:16:3e:00:00:0${index + 1}`],
      ips: [`10.0.0.${index + 1}`],
    });
    await site.plugged('br1', `red/${id}`, id);
  }
  const controller = site.controller();
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  const { flows: known } = await site.converged();
  const [before, key] = [await site.ours(), await keyOf(site, 'lport', 'red/a')];
  const counted = async (event: string): Promise<number> =>
    Number(await site.ovs.appctl('coverage/read-counter', `ofmonitor_${event}`));

  controller.pause();
  const flows = Array.from({ length: storm }, (_, index) => `cookie=0x77,table=9,reg1=${index},actions=note:${long}`);
  await site.ovs.addFlows('br1', flows.join('\n'));
  await until('the monitor is paused', async () => (await counted('pause')) > 0, patienceMs);
  await site.ovs.ofctl(['--strict', 'del-flows', 'br1', `table=115,priority=100,reg7=${key}`]);
  await site.ovs.ofctl(['--strict', 'mod-flows', 'br1', 'table=0,priority=100,in_port=1,actions=drop']);
  await site.ovs.addFlows('br1', 'cookie=0xd5f1020000000001,table=115,priority=3,reg7=0x99,actions=drop');
  t.notSame(await site.ours(), before);
  t.equal(await counted('resume'), 0, 'and it still is');

  controller.resume();
  const resumedMs = performance.now();
  await until('all is right', async () => (await site.ours()).join() === before.join(), patienceMs);
  t.comment(`right after ${((performance.now() - resumedMs) / 1000).toFixed(2)} s`);
  t.ok((await counted('resume')) > 0);
  t.equal((await site.ovs.flows('br1')).filter((line) => line.includes('cookie=0x77')).length, storm, 'others’ stay');
  await until('it is counted', async () => (await site.converged()).flows.repaired === known.repaired + 3, patienceMs);
  t.match(controller.said(/somebody else changed flows of ours/), [{ flows: 3 }], 'and said, once');
  t.equal(controller.said(/^switch connected$/).length, 1, 'over the same connection');
});
