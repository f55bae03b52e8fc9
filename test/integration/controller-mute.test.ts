// A dead ovsdb-server makes ovs-vswitchd mute, and for longer than it is dead itself: longer than any switch may be silent. As we know why,
// no connection is given up and nothing is sent again; what was to be done meanwhile is done as soon as the switch answers.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { defaultKeepalive } from '../../src/switch/keepalive.js';
import { freePort } from '../lab/free-ports.js';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(150_000);

/** ovs-vswitchd looks for its database after 1, 3, 7, 15 and 23 s. */
const awayMs = defaultKeepalive.deadAfterMs + 1500;
/** So long after the switch has answered somebody else may it take until it has what was to be done, with what asking it takes. */
const promisedMs = 500;

void t.test('a database that is away for longer than a switch may be silent', wholeOptions, async (t) => {
  const site = await Site.start(t, { br1: 'c1', br2: 'c2' });
  await site.put('lswitch', 'red/net', {});
  const member = (number: number) => ({
    lswitch: 'net',
    macs: [`fa:16:3e:00:00:0${number}`],
    ips: [`10.0.0.${number}`],
  });
  for (const [index, bridge] of ['br1', 'br1', 'br2', 'br2'].entries()) {
    await site.put('lport', `red/p${index + 1}`, member(index + 1));
    await site.plugged(bridge, `red/p${index + 1}`, `p${index + 1}`);
  }
  const port = await freePort();
  await site.ovs.vsctl('set-controller', 'br2', `tcp:127.0.0.1:${port}`);
  const controller = site.controller(['br1'], '--listen', `tcp:127.0.0.1:${port}`);
  for (const [number, chassis] of ['c1', 'c1', 'c2', 'c2'].entries())
    await site.active('lport', `red/p${number + 1}`, chassis);
  for (const chassis of ['c1', 'c2']) await site.converged(chassis);
  await site.listen();
  const mark = site.mark();
  const before = [...(await site.ours('br1')), ...(await site.ours('br2'))];

  await site.ovs.stopDatabase('SIGKILL');
  const beganMs = performance.now();
  await controller.says(/the database of Open vSwitch does not answer/);
  const mac = 'fa:16:3e:00:00:a1';
  const revision = await site.put('lport', 'red/p1', { ...member(1), macs: [mac] });
  await delay(awayMs - (performance.now() - beganMs));
  t.not(await site.standing('lport', 'red/p1'), '', 'it is still said what became of the port');
  t.ok(((await site.report('lport', 'red/p1'))?.status.revision ?? 0) < revision, 'but not that it is on the switch');
  await site.ovs.startDatabase();
  await site.ovs.bridgeIsBack('br1', patienceMs);
  const answeredMs = performance.now();
  t.comment(`the switch was mute for ${((answeredMs - beganMs) / 1000).toFixed(1)} s`);
  t.ok(answeredMs - beganMs > awayMs);
  await until('what was written is there', async () => (await site.ours('br1')).join().includes(mac), patienceMs);
  const tookMs = performance.now() - answeredMs;
  t.ok(tookMs < promisedMs, `${Math.round(tookMs)} ms after the switch answers`);

  await site.active('lport', 'red/p1', 'c1', revision);
  for (const chassis of ['c1', 'c2']) await site.converged(chassis);
  const after = [...(await site.ours('br1')), ...(await site.ours('br2'))];
  const differing = [
    ...before.filter((line) => !after.includes(line)),
    ...after.filter((line) => !before.includes(line)),
  ];
  const due = new Set(differing.map((line) => line.replace(/ actions=.*/, '')));
  const mods = await site.modsSince(mark);
  t.ok(due.size > 5);
  t.equal(mods.length, due.size, 'as many messages were sent as flows differ');
  for (const [words, times] of [
    [/^switch connected$/, 2],
    [/switch disconnected/, 0],
    [/the database of Open vSwitch does not answer/, 1],
  ] as const)
    t.equal(controller.said(words).length, times, `${words.source}: ${times} times`);
});
