// The northbound goes back in time, as an operator sees it: what status says, what a restore and what nb accept bring, and what
// is acknowledged meanwhile.
import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { openStore } from '../../src/sync/buckets.js';
import { Shell } from './cli-lab.js';
import { keyOf, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const member = (number: number) => ({ lswitch: 'net', macs: [`fa:16:3e:00:00:0${number}`], ips: [`10.0.0.${number}`] });

void t.test('a bucket that comes back with the objects of one of two tenants', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.listen();
  const restoreRed = async (): Promise<void> => {
    await site.put('lswitch', 'red/net');
    for (const number of [1, 2]) await site.put('lport', `red/p${number}`, member(number));
  };
  await restoreRed();
  await site.put('lswitch', 'blue/net');
  await site.put('lport', 'blue/p1', member(1));
  for (const ref of ['red/p1', 'red/p2', 'blue/p1']) await site.plugged('br1', ref, ref.replace('/', '-'));
  site.controller();
  for (const ref of ['red/p1', 'red/p2', 'blue/p1']) await site.active('lport', ref);
  await site.converged();
  const before = await site.ours();
  const mark = site.mark();
  const shell = new Shell(t, { NATS_URL: site.nats.url(), DAMSELFLY_DATA_DIR: site.dataDir });

  await (await jetstreamManager(site.store.nats.connection)).streams.delete(site.store.nb.stream);
  for (const ref of ['red/p1', 'blue/p1']) await site.stands('lport', ref, /^HELD: .*objects would go/);
  const held = await shell.run('status');
  t.equal(held.status, 1);
  for (const tenant of ['red', 'blue']) {
    t.match(held.out, new RegExp(`lport ${tenant}/p1 +HELD .*\\(\\d objects would go, 0 would change\\)`));
    t.match(held.out, new RegExp(`nothing is removed until is known: .*the northbound of tenant ${tenant}: `));
  }

  await openStore(site.store.nats);
  await restoreRed();
  for (const number of [1, 2]) await site.active('lport', `red/p${number}`);
  t.match(await site.standing('lport', 'blue/p1'), /^HELD: /);
  t.same(await site.modsSince(mark), [], 'not one message was sent');
  t.same(await site.ours(), before);
  t.match(await shell.run('nb', 'accept', 'red'), { status: 1, out: 'no controller holds back anything of red\n' });

  const key = await keyOf(site, 'lport', 'red/p2');
  const removed = await site.remove('lport', 'red/p2');
  await site.plugged('br1', 'red/p3', 'red-p3');
  const added = await site.put('lport', 'red/p3', member(3));
  await site.active('lport', 'red/p3', 'c1', added);
  await delay(500);
  t.match(
    (await site.ours()).join('\n'),
    `reg7=${key} `,
    'nothing is removed while the northbound of one tenant is held',
  );
  const acknowledged = (await site.report('chassis', 'red/c1'))?.status.revision ?? 0;
  t.ok(acknowledged < removed, `nor is the removal acknowledged: ${acknowledged} of ${removed}`);

  t.match(await shell.run('nb', 'accept', 'blue'), {
    status: 0,
    out: /^a controller obeys: 2 objects of blue gone, 0 changed\n$/,
  });
  await site.acknowledged('red', added);
  const after = (await site.ours()).join('\n');
  t.notMatch(after, `reg7=${key} `, 'what was removed is gone by the time that it is acknowledged');
  await site.converged();
  t.notMatch((await shell.run('status')).out, /HELD|nothing is removed/);
  t.match(await shell.run('nb', 'accept', 'blue'), { status: 1 }, 'nothing is held any more');
});
