// What a chassis holds of the northbound: what its own ports need, with every way in which tenants share, and nothing else; however much
// other tenants have.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { NatsRelay } from '../lab/nats-relay.js';
import { NatsServer } from '../lab/nats.js';
import { until } from '../lab/process.js';
import { watchedFilters } from './consumers.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(150_000);

/** Tenants that have nothing here, with so many ports each; then ten times as many. */
const [strangers, portsOfEach] = [20, 10];
/** What memory that nothing is kept in may do by itself, in bytes. */
const noiseSize = 16 * 2 ** 20;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const member = (number: number, lswitch: string, more: object = {}) => ({
  lswitch,
  macs: [`fa:16:3e:00:00:${hex(number)}`],
  ips: [`10.0.0.${number}`],
  ...more,
});
const vtep = (vtep_address: string) => ({ binding: { type: 'vtep', vtep_address } });

/** Writes networks of tenants that are not here. */
async function grow(site: Site, from: number, to: number): Promise<void> {
  for (let tenant = from; tenant < to; tenant++) {
    await site.put('lswitch', `other${tenant}/net`, {});
    const ports = Array.from({ length: portsOfEach }, (_, number) =>
      site.put('lport', `other${tenant}/p${number}`, {
        lswitch: 'net',
        macs: [`fa:16:3e:ff:${hex(tenant)}:${hex(number)}`],
        ips: [`10.9.0.${number + 1}`],
      }),
    );
    await Promise.all(ports);
  }
}

function residentSize(pid: number | undefined): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

void t.test('a chassis holds what its ports need, and nothing else', wholeOptions, async (t) => {
  const nats = await NatsServer.start();
  const relay = await NatsRelay.open(nats.port);
  t.teardown(() => {
    relay.close();
  });
  const site = await Site.on(t, nats);
  await grow(site, 0, strangers);
  // red is here, with a trunk; green owns two networks, which it shares with blue; blue has a port here, a device, and red's child.
  await site.put('lswitch', 'red/net', {});
  await site.put('lswitch', 'green/shared', { shared_with: ['red', 'blue'], allow_remote: ['blue'] });
  await site.put('lswitch', 'green/wide', { shared_with: ['blue'] });
  await site.put('lport', 'red/vm', member(1, 'net'));
  await site.put('lport', 'red/shared', member(2, 'green/shared'));
  await site.put('lport', 'blue/kid', member(3, 'green/wide', { shared_with: ['red'] }));
  await site.put('lport', 'blue/db', member(4, 'green/shared', vtep('203.0.113.4')));
  await site.put('lport', '_operator/gate', member(5, 'red/net', vtep('203.0.113.5')));
  await site.put('child_port_segmentation', 'red/seg', { parent: 'vm', port: 'blue/kid', segmentation_id: 100 });
  for (const id of ['vm', 'shared']) await site.plugged('br1', `red/${id}`, id);
  const controller = site.controller(['br1'], '--nats', relay.url, '--linger', '1');
  const here = ['red/vm', 'red/shared', 'blue/kid', 'blue/db', '_operator/gate'];
  for (const ref of here) await site.active('lport', ref);
  const own = await site.converged();
  await site.listen();

  await t.test('it watches those who have to do with it, by the server’s own list', async (t) => {
    t.same(await watchedFilters(site.store), ['_operator.>', 'blue.>', 'green.>', 'red.>']);
  });
  await t.test('its flows are right, and have nothing of anybody else', async (t) => {
    const flows = (await site.ours()).join('\n');
    for (const number of [1, 2, 3, 4, 5]) t.match(flows, `dl_dst=fa:16:3e:00:00:${hex(number)}`);
    t.match(flows, /in_port=\d+,dl_vlan=100 actions=pop_vlan/);
    t.notMatch(flows, /fa:16:3e:ff/);
  });
  await t.test('tenants that are not here grow tenfold: nothing comes, nothing is sent, nothing is kept', async (t) => {
    const [mark, flows, size] = [site.mark(), await site.ours(), residentSize(controller.pid)];
    const delivered = relay.counts.passes;
    await grow(site, strangers, 10 * strangers);
    await delay(1000);
    t.same(await site.modsSince(mark), []);
    t.strictSame(await site.ours(), flows);
    t.equal((await site.converged()).flows.wanted, own.flows.wanted);
    const [heard, grown] = [relay.counts.passes - delivered, residentSize(controller.pid) - size];
    const written = 9 * strangers * (portsOfEach + 1);
    t.comment(`${written} objects written: ${heard} deliveries, ${(grown / 2 ** 20).toFixed(1)} MiB more memory`);
    t.ok(heard <= 3, `${heard} deliveries: a heartbeat now and then`);
    t.ok(grown < noiseSize, `${grown} bytes more`);
    t.same(await watchedFilters(site.store), ['_operator.>', 'blue.>', 'green.>', 'red.>']);
  });
  await t.test('who has nothing to do with it any more is forgotten', async (t) => {
    await site.remove('child_port_segmentation', 'red/seg');
    await site.ovs.vsctl('del-port', 'br1', 'shared');
    const isForgotten = async () => (await watchedFilters(site.store)).join() === '_operator.>,red.>';
    await until('blue and green are watched no more', isForgotten, patienceMs);
    const flows = (await site.ours()).join('\n');
    for (const number of [2, 3, 4]) t.notMatch(flows, `fa:16:3e:00:00:${hex(number)}`);
    t.match(flows, 'dl_dst=fa:16:3e:00:00:01');
    t.same(controller.said(/a mistake of ours/), []);
  });
});
