// NATS dies, comes back, or comes back without what was in it; and what the northbound and the database are told of ports.
import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const member = (number: number) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`],
  ips: [`10.0.0.${number}`],
});

async function twoPorts(t: Test) {
  const site = await Site.start(t);
  await site.listen();
  await site.put('lswitch', 'red/net', {});
  for (const [index, id] of ['a', 'b'].entries()) {
    await site.put('lport', `red/${id}`, member(index + 1));
    await site.plugged('br1', `red/${id}`, id);
  }
  const controller = site.controller();
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  await site.converged();
  return { site, controller };
}

const installed = async (site: Site, name: string): Promise<string> =>
  (await site.ovs.vsctl('get', 'Interface', name, 'external_ids')).trim();

void t.test('a NATS server that dies and comes back', wholeOptions, async (t) => {
  const { site, controller } = await twoPorts(t);
  await site.put('lport', 'red/c', member(3));
  const mark = site.mark();
  const before = await site.ours();
  await site.nats.stop('SIGKILL');
  await controller.says(/the northbound is away/);
  await site.plugged('br1', 'red/c', 'c');
  await delay(2000);
  t.same(await site.ours(), before, 'the data plane stays as it is');
  t.equal(controller.said(/the northbound is away/).length, 1, 'it is said once');
  await site.startNats();
  await site.put('lport', 'red/a', { ...member(1), macs: ['fa:16:3e:00:00:77'] });
  await site.remove('lport', 'red/b');
  await site.active('lport', 'red/c');
  await controller.says(/the northbound is back/);
  await until(
    'what was changed meanwhile is on the switch',
    async () => {
      const flows = (await site.ours()).join('\n');
      return flows.includes('00:00:77') && !flows.includes('3e:00:00:02');
    },
    patienceMs,
  );
  t.notMatch((await site.modsSince(mark)).join('\n'), /DEL.*reg7=0x1 /, 'nothing else was taken away');
});

void t.test(
  'a bucket that is deleted under a running controller is held against: not one message',
  wholeOptions,
  async (t) => {
    const { site, controller } = await twoPorts(t);
    const before = await site.ours();
    const mark = site.mark();
    await (await jetstreamManager(site.store.nats.connection)).streams.delete('KV_damselfly_nb');
    for (const id of ['a', 'b']) t.match(await site.stands('lport', `red/${id}`, /^HELD/), /objects would go/);
    await controller.says(/flows stay as they are \(damselfly nb accept red/);
    await delay(2000);
    t.same(await site.modsSince(mark), []);
    t.same(await site.ours(), before);
  },
);

void t.test(
  'ACTIVE and damselfly-installed name the revision that is on the switch, and go with the port',
  wholeOptions,
  async (t) => {
    const { site } = await twoPorts(t);
    const revision = await site.put('lport', 'red/a', { ...member(1), ips: ['10.0.0.99'] });
    await site.active('lport', 'red/a', 'c1', revision);
    t.match((await site.ours()).join('\n'), '10.0.0.99', 'by then the flows are there');
    await until(
      'the interface is marked',
      async () => (await installed(site, 'a')).includes(`damselfly-installed="${revision}"`),
      patienceMs,
    );
    await site.remove('lport', 'red/a');
    await until(
      'the mark is gone',
      async () => !(await installed(site, 'a')).includes('damselfly-installed'),
      patienceMs,
    );
    t.match(await installed(site, 'a'), 'iface-id=a', 'what is not ours stays');
    t.match(await site.stands('lport', 'red/a', /^(DOWN.*)?$/), /^(DOWN.*)?$/);
  },
);

void t.test(
  'an interface that Open vSwitch cannot open has its words as the status of its lport',
  wholeOptions,
  async (t) => {
    const { site } = await twoPorts(t);
    await site.put('lport', 'red/c', member(3));
    const words = [
      'add-port',
      'br1',
      'c',
      '--',
      'set',
      'Interface',
      'c',
      'type=nonsense',
      'external_ids:iface-id=red/c',
    ];
    await site.ovs.vsctl(...words).catch(() => ''); // ovs-vsctl itself complains as well
    await site.stands('lport', 'red/c', /^DOWN: .*interface c: .*nonsense|^DOWN: .*could not open network device c/);
    await site.ovs.vsctl('set', 'Interface', 'c', 'type=dummy');
    await site.active('lport', 'red/c');
  },
);
