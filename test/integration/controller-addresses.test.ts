// Ports that ask for addresses (`ips: auto`), while networks, subnets and the ports themselves change.
import t from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(90_000);

/** Waits until the switch lets packets of one address through, and those of no other. */
async function sendsAs(site: Site, address: string): Promise<void> {
  const sources = async (): Promise<string> => {
    const text = (await site.ours()).join('\n');
    return [...text.matchAll(/table=5, .*nw_src=(10\.[\d.]+)/g)].map(([, source]) => source).join();
  };
  await until(`the address is ${address}`, async () => (await sources()) === address || undefined, patienceMs);
}

void t.test('a port that moves to another network gets an address there', wholeOptions, async (t) => {
  const site = await Site.start(t);
  for (const [net, cidr] of [
    ['one', '10.1.0.0/24'],
    ['two', '10.2.0.0/24'],
  ] as const) {
    await site.put('lswitch', `red/${net}`);
    await site.put('subnet', `red/${net}`, { lswitch: net, cidr });
  }
  await site.put('lport', 'red/a', { lswitch: 'one' });
  await site.plugged('br1', 'red/a', 'a');
  site.controller();
  await site.active('lport', 'red/a');
  await sendsAs(site, '10.1.0.2');
  await site.active('lport', 'red/a', 'c1', await site.put('lport', 'red/a', { lswitch: 'two' }));
  await sendsAs(site, '10.2.0.2');

  await t.test('or waits for a subnet there', async () => {
    await site.put('lswitch', 'red/three');
    await site.put('lport', 'red/a', { lswitch: 'three' });
    await site.stands('lport', 'red/a', /^DOWN: waits for its addresses/);
    await sendsAs(site, '');
    await site.put('subnet', 'red/three', { lswitch: 'three', cidr: '10.3.0.0/24' });
    await site.active('lport', 'red/a');
    await sendsAs(site, '10.3.0.2');
  });
});

void t.test('a port for which a subnet has no address left gets one when it has', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const subnet = (end: string) => ({ lswitch: 'net', cidr: '10.1.0.0/24', allocation: [{ start: '10.1.0.5', end }] });
  await site.put('lswitch', 'red/net');
  await site.put('subnet', 'red/sub', subnet('10.1.0.5'));
  for (const id of ['a', 'b']) {
    await site.put('lport', `red/${id}`, { lswitch: 'net' });
    await site.plugged('br1', `red/${id}`, id);
  }
  const controller = site.controller();
  const { msg } = await controller.says(/no address of a subnet of red\/net is left/);
  t.match(msg, /^lport red\/[ab]: no address of a subnet of red\/net is left; trying again$/);
  await site.put('subnet', 'red/sub', subnet('10.1.0.6'));
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  t.equal(controller.said(/is left/).length, 1, 'it was said once');
});
