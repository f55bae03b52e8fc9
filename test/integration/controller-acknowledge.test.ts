// What the controller promises to those who wait for a revision: it is acknowledged only when the switch has everything that it
// means, although claims and numbers have to be asked for first.
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import t from 'tap';
import { z } from 'zod';
import { refIn } from '../../src/model/ids.js';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

const recentSchema = z.object({ recent: z.array(z.object({ added: z.number() })) });

void t.test('who waits for a revision finds its flows on the switch', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const tenants = Array.from({ length: 8 }, (_, index) => `tenant${index}`);
  const sums = new Set<number>();
  const ofports = new Map<string, number>();
  for (const tenant of tenants) ofports.set(tenant, await site.plugged('br1', `${tenant}/a`, tenant));
  const controller = site.controller();
  await controller.says(/interface tenant7 waits for lport/);
  for (const [tenant, ofport] of ofports) {
    await site.put('lswitch', `${tenant}/net`);
    const port = { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] };
    const revision = await site.put('lport', `${tenant}/a`, port);
    await site.acknowledged(tenant, revision);
    const said = await site.report('chassis', refIn(tenant, 'c1'));
    sums.add(recentSchema.parse(said?.more).recent.reduce((sum, { added }) => sum + added, 0));
    const flows = await site.ours();
    t.equal(flows.filter((flow) => flow.endsWith(`actions=output:${ofport}`)).length, 1, `${tenant}: dispatched to`);
  }
  t.equal(sums.size, 1, `each tenant is told of its own flows: ${[...sums].join()}`);
  t.ok([...sums].every((sum) => sum > 0));
});

void t.test(
  'what is written without pause counts as well: a revision is acknowledged when it is there',
  wholeOptions,
  async (t) => {
    const site = await Site.start(t);
    await site.put('lswitch', 'red/net');
    const port = (number: number) => ({
      lswitch: 'net',
      macs: ['fa:16:3e:00:00:01'],
      ips: [`10.${number >> 16}.${(number >> 8) & 0xff}.${number & 0xff}`],
    });
    const revisions = new Map<number, number>();
    let last = 0;
    const storm = async (): Promise<void> => {
      const write = async (number: number): Promise<void> => {
        revisions.set(number, await site.put('lport', 'red/storm', port(number)));
      };
      await Promise.all(Array.from({ length: 100 }, () => write(++last)));
    };
    await storm();
    await site.plugged('br1', 'red/storm', 'storm');
    site.controller();
    await site.active('lport', 'red/storm');
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 5; i++) await storm();
      const revision = await site.put('lport', `red/other${round}`, { lswitch: 'net', macs: 'auto', ips: [] });
      await site.acknowledged('red', revision);
      const held = (await site.ours()).flatMap((flow) => /arp_spa=10\.(\d+)\.(\d+)\.(\d+)/.exec(flow) ?? []);
      const [, high = 0, mid = 0, low = 0] = held.map(Number);
      const there = revisions.get((high << 16) + (mid << 8) + low) ?? 0;
      const newest = Math.max(...[...revisions.values()].filter((each) => each < revision));
      t.ok(there >= newest, `revision ${revision} is acknowledged: ${there} is there of ${newest}`);
    }
  },
);

void t.test('statuses that cannot be written keep no flow from the switch', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', {});
  const port = (ip: string) => ({ lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: [ip] });
  await site.put('lport', 'red/a', port('10.0.0.1'));
  await site.plugged('br1', 'red/a', 'a');
  const controller = site.controller();
  await site.active('lport', 'red/a');
  const jsm = await jetstreamManager(site.store.nats.connection);
  const found = await jsm.streams.info('KV_damselfly_status');
  await jsm.streams.update('KV_damselfly_status', { max_msgs: found.state.messages, discard: DiscardPolicy.New });
  // Each of these is an ERROR, a status of its own that nobody takes.
  for (let i = 0; i < 300; i += 1) await site.store.nb.put(`red.lport.wrong${i}`, { lswitch: 'net', macs: ['no MAC'] });
  await controller.says(/statuses cannot be written/);
  await site.put('lport', 'red/a', port('10.0.0.99'));
  await until('its flows are there', async () => (await site.ours()).join().includes('10.0.0.99'), patienceMs);

  await jsm.streams.update('KV_damselfly_status', { max_msgs: -1 });
  await site.stands('lport', 'red/wrong299', /^ERROR/); // and when they can be written again, they are
});
