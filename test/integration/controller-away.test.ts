// NATS and the database of Open vSwitch away, alone or together: the data plane stays, and the controller says so once and resumes.
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(90_000);

const member = (number: number) => ({ lswitch: 'net', macs: [`fa:16:3e:00:00:0${number}`], ips: [`10.0.0.${number}`] });

async function served(t: Test) {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  for (const [index, id] of ['a', 'b'].entries()) {
    await site.put('lport', `red/${id}`, member(index + 1));
    await site.plugged('br1', `red/${id}`, id);
  }
  const controller = site.controller();
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  await site.converged();
  return { site, controller, flows: await site.ours() };
}

void t.test('both away under a controller that runs', wholeOptions, async (t) => {
  const { site, controller, flows } = await served(t);
  await site.listen();
  const mark = site.mark();
  await Promise.all([site.nats.stop('SIGKILL'), site.ovs.stopDatabase('SIGKILL')]);
  await controller.says(/the northbound is away; the data plane stays as it is/);
  await controller.says(/the database of Open vSwitch does not answer; the data plane stays as it is/);
  await delay(6000);
  const complaints = controller.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  t.equal(new Set(complaints).size, complaints.length, `nothing is said twice: ${complaints.join('\n')}`);

  await site.startNats();
  await site.ovs.startDatabase();
  await controller.says(/the northbound is back/);
  await until(
    'the database is back',
    () => controller.said(/database of Open vSwitch answers/).length === 2,
    patienceMs,
  );
  await site.converged();
  t.strictSame(await site.ours(), flows, 'ovs-vswitchd answers only now: it stands still without its database');
  t.strictSame(await site.modsSince(mark), [], 'nothing was sent');
  const revision = await site.put('lport', 'red/a', member(3));
  await site.active('lport', 'red/a', 'c1', revision);
  await site.plugged('br1', 'red/b', 'b2');
  await site.ovs.vsctl('del-port', 'br1', 'b');
  await until(
    'b is at its new interface',
    async () => (await site.standing('lport', 'red/b')) === 'ACTIVE',
    patienceMs,
  );
  t.equal(controller.said(/the northbound is back/).length, 1);
  t.equal(controller.said(/the northbound is away/).length, 1);
  t.equal(controller.said(/database of Open vSwitch answers/).length, 2);
  t.equal(controller.said(/database of Open vSwitch does not answer/).length, 1);
});

void t.test(
  'a controller that starts while NATS is away takes nothing away, and serves once it is there',
  wholeOptions,
  async (t) => {
    const { site, controller, flows } = await served(t);
    await controller.stop();
    await site.nats.stop('SIGKILL');
    const second = site.controller();
    await second.says(/the northbound is away/);
    await delay(3000);
    t.strictSame(await site.ours(), flows);
    t.equal(second.log.length, 1, second.text);
    await site.startNats();
    await second.says(/the northbound is back/);
    await second.says(/^switch connected$/);
    const revision = await site.put('lport', 'red/a', member(3));
    await site.active('lport', 'red/a', 'c1', revision);
  },
);
