// `nb compact` under a controller that serves ports, while somebody writes.
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { compact } from '../../src/sync/compact.js';
import { parseJson } from '../../src/sync/records.js';
import { snapshot } from '../../src/sync/snapshot.js';
import { keyOf, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(200_000);

const member = (number: number) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`],
  ips: [`10.0.0.${number}`],
});

void t.test('tombstones go; what was acknowledged, numbers and flows stay', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.listen();
  await site.put('lswitch', 'red/net');
  for (const [index, id] of ['a', 'b', 'gone'].entries()) {
    await site.put('lport', `red/${id}`, member(index + 1));
    await site.plugged('br1', `red/${id}`, id);
  }
  site.controller();
  for (const id of ['a', 'b', 'gone']) await site.active('lport', `red/${id}`);
  const goneKey = await keyOf(site, 'lport', 'red/gone');
  for (let mtu = 1000; mtu < 2000; mtu++) await site.put('lswitch', 'red/old', { mtu }); // so that revisions are far above the number of values
  await site.acknowledged('red', await site.remove('lport', 'red/gone'));
  await site.converged();
  const [before, mark] = [await site.ours(), site.mark()];
  const shell = site.shell();
  const file = join(site.dir, 'backup.json');

  const counted = await shell.run('nb', 'compact', '--backup', file, '--dry-run');
  t.match(counted, { status: 0, out: /^damselfly_nb: 1 tombstones would go, 5 values stay$/m });

  const written = new Map<string, number>();
  const over = new AbortController();
  const writing = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      const id = n % 2 === 0 ? `w${n}` : 'rewritten';
      await site.store.nb.put(`red.lswitch.${id}`, { mtu: 1000 + n }).then(
        () => written.set(id, n),
        () => undefined, // refused: nobody was told that it is there
      );
      await delay(2);
    }
  })();
  writeFileSync(file, '');
  t.match(await shell.run('nb', 'compact', '--backup', file), { status: 1, err: /EEXIST.*backup\.json/ });
  unlinkSync(file);
  const full = compact(site.store, () => {
    throw new Error('no space left');
  });
  await t.rejects(full, { message: 'no space left' }, 'interrupted, it is done again');
  const done = await shell.run('nb', 'compact', '--backup', file);
  t.match(done, { status: 0, err: '', out: /^damselfly_nb: 1 tombstones gone, /m });
  await delay(500);
  over.abort();
  await writing;

  const held = await snapshot(site.store.nb, 'red.>');
  t.ok(written.size > 1);
  for (const [id, n] of written) {
    const entry = held.find(({ key }) => key === `red.lswitch.${id}`);
    t.same(parseJson(entry?.text ?? ''), { mtu: 1000 + n }, `what was acknowledged is there: ${id}`);
  }
  t.notOk(
    held.some(({ key }) => key === 'red.lport.gone'),
    'what was deleted stays away',
  );
  for (const id of ['a', 'b']) t.ok(readFileSync(file, 'utf8').includes(`"red.lport.${id}"`), 'and in the backup');
  const again = await shell.run('nb', 'compact', '--backup', file, '--dry-run');
  t.match(again.out, /^damselfly_nb: 0 tombstones are there, /m);
  t.match(await shell.run('nb', 'compact', '--backup', file), { status: 0 }, 'nothing to do: the file stays');

  await site.plugged('br1', 'red/c', 'c');
  await site.put('lport', 'red/c', member(4));
  await site.active('lport', 'red/c');
  t.not(await keyOf(site, 'lport', 'red/c'), goneKey, 'a number is never given out twice');
  for (const id of ['a', 'b']) await site.active('lport', `red/${id}`);
  await site.converged();
  const after = new Set(await site.ours());
  t.same(
    before.filter((flow) => !after.has(flow) && !/group:|bucket/.test(flow)),
    [],
    'every flow is still there',
  );
  t.notMatch((await site.modsSince(mark)).join('\n'), /DEL/, 'and none was taken away');
});
