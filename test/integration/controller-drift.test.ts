// Others delete, change and add flows and groups under our mark while the controller is connected: it sees that at once, puts it
// right, counts it and says what it was; and it touches nothing that is not ours.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

/** Long before the switch would be read again, also on a busy machine. */
const soonMs = 5000;
const said = /somebody else changed what is ours/;

void t.test('flows and groups that others change', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  for (const [index, id] of ['a', 'b'].entries()) {
    const addresses = { macs: [`fa:16:3e:00:00:0${index + 1}`], ips: [`10.0.0.${index + 1}`] };
    await site.put('lport', `red/${id}`, { lswitch: 'net', ...addresses });
    await site.plugged('br1', `red/${id}`, id);
  }
  await site.ovs.addFlows('br1', 'cookie=0x77,table=0,priority=7,in_port=77,actions=drop');
  const controller = site.controller();
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  await site.converged();
  const key = await keyOf(site, 'lport', 'red/a');
  const [flows, groups] = [await site.ours(), await site.groups()];
  const isRight = async (): Promise<boolean> =>
    JSON.stringify([await site.ours(), await site.groups()]) === JSON.stringify([flows, groups]);
  const sentSoFar = async (): Promise<number> => (await site.snapshots()).get('c1')?.flows.sent ?? -1;
  const repaired = async (): Promise<number> => (await site.snapshots()).get('c1')?.flows.repaired ?? -1;

  /** Does something with ovs-ofctl, waits until all is as before, and resolves to how long that took and what was said of it. */
  const healed = async (...command: readonly string[]): Promise<{ ms: number; lines: string[]; repaired: number }> => {
    const [linesBefore, repairedBefore] = [controller.said(said).length, await repaired()];
    const startedMs = performance.now();
    await site.ovs.ofctl(command);
    await until(`${command.join(' ')} is put right`, isRight, patienceMs);
    const ms = performance.now() - startedMs;
    const count = await until(
      'it is counted',
      async () => (await repaired()) - repairedBefore || undefined,
      patienceMs,
    );
    await until('it is said', () => controller.said(said).length > linesBefore, patienceMs);
    const lines = controller.said(said).slice(linesBefore);
    return {
      ms,
      repaired: count,
      lines: lines.map(({ event, flow, group }) => `${String(event)} ${String(flow ?? group)}`),
    };
  };

  await t.test('one that is deleted is back within a second, and the log says which', async (t) => {
    const { ms, ...rest } = await healed('--strict', 'del-flows', 'br1', `table=115,priority=100,reg7=${key}`);
    t.ok(ms < soonMs, `after ${ms} ms`);
    t.match(rest, { repaired: 1 });
    t.match(rest.lines, [
      new RegExp(`^deleted cookie=0xd5f102\\w+, table=115, priority=100,reg7=${key} actions=output:1$`),
    ]);
  });
  await t.test('one whose actions are changed gets its own again', async (t) => {
    const { ms, ...rest } = await healed('--strict', 'mod-flows', 'br1', 'table=0,priority=100,in_port=1,actions=drop');
    t.ok(ms < soonMs, `after ${ms} ms`);
    t.match(rest, { repaired: 1, lines: [/^modified cookie=0xd5f101\w+, priority=100,in_port=1 actions=drop$/] });
  });
  await t.test('one that is added under our mark goes', async (t) => {
    const extra = 'cookie=0xd5f1020000000001,table=115,priority=3,reg7=0x99,actions=drop';
    const { ms, ...rest } = await healed('add-flow', 'br1', extra);
    t.ok(ms < soonMs, `after ${ms} ms`);
    t.match(rest, {
      repaired: 1,
      lines: [/^added cookie=0xd5f1020000000001, table=115, priority=3,reg7=0x99 actions=drop$/],
    });
  });
  await t.test('a group that is deleted takes its flows with it, and all of them come back', async (t) => {
    const { ms, lines } = await healed('del-groups', 'br1', groups[0]?.split(',')[0] ?? '');
    t.ok(ms < soonMs, `after ${ms} ms`);
    t.match(lines.join('\n'), /deleted group_id=\d+/);
    t.match(lines.join('\n'), /deleted cookie=.*group:\d+/);
    t.equal(controller.said(/refused/).length, 0, 'no flow was sent before its group');
  });
  await t.test('a group that is changed gets its buckets again within ten seconds', async (t) => {
    const group = groups[0]?.split(',')[0] ?? '';
    const { ms, repaired } = await healed('mod-group', 'br1', `${group},type=all,bucket=actions=drop`);
    t.ok(ms < 12_000, `after ${ms} ms`);
    t.equal(repaired, 1);
  });
  await t.test('one that is not ours may come, change and go', async (t) => {
    const before = controller.said(said).length;
    const sent = await sentSoFar();
    await site.ovs.ofctl(['add-flow', 'br1', 'cookie=0x78,table=115,priority=9,reg7=0x5,actions=drop']);
    await site.ovs.ofctl(['mod-flows', 'br1', 'cookie=0x77/-1,actions=output:5']);
    await site.ovs.ofctl(['del-flows', 'br1', 'cookie=0x78/-1']);
    await delay(1500);
    t.equal(await sentSoFar(), sent);
    t.equal(controller.said(said).length, before);
    t.match((await site.ovs.flows('br1')).join('\n'), /cookie=0x77, priority=7,in_port=77 actions=output:5/);
    t.ok(await isRight());
  });
  await t.test('who takes the place of one of ours is left there, and named until it is gone', async () => {
    await site.ovs.ofctl(['add-flow', 'br1', `cookie=0x79,table=115,priority=100,reg7=${key},actions=drop`]);
    await site.stands('lport', 'red/a', /^ERROR: a flow that is not ours has table=115,priority=100,reg7=/);
    await site.ovs.ofctl(['del-flows', 'br1', 'cookie=0x79/-1']);
    await site.active('lport', 'red/a');
    await until('it is put right', isRight, patienceMs);
  });
  await t.test('a hand that does not stop is answered ten times a second, and the log stays short', async (t) => {
    const [linesBefore, repairedBefore] = [controller.said(/somebody else/).length, await repaired()];
    const startedMs = performance.now();
    let hands = 0;
    for (; performance.now() - startedMs < 3000; hands++)
      await site.ovs.ofctl(['--strict', 'del-flows', 'br1', `table=115,priority=100,reg7=${key}`]);
    const seconds = (performance.now() - startedMs) / 1000;
    await until('it is put right', isRight, patienceMs);
    const answers = (await repaired()) - repairedBefore;
    t.ok(answers <= 10 * seconds + 2, `${answers} repairs for ${hands} deletions in ${seconds} s`);
    t.ok(controller.said(/somebody else/).length - linesBefore <= 2);
    t.comment(`${hands} deletions in ${seconds.toFixed(1)} s, ${answers} repairs`);
  });
  await t.test('all of them deleted at once come back', async (t) => {
    await site.ovs.ofctl(['del-flows', 'br1', 'cookie=0xd5f1000000000000/0xffff000000000000']);
    await until('they are back', isRight, patienceMs);
    t.ok(controller.said(/somebody else changed more of ours/).length > 0);
    await site.active('lport', 'red/a');
    await site.active('lport', 'red/b');
  });
});
