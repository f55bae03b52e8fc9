// Two releases whose pipelines differ in one table: whoever comes after the other changes exactly what differs. The other release is
// this build with one line altered, in a folder of its own.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { checkout, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

const ids = ['a', 'b', 'c'] as const;

/** A build whose flows of table 25 for a port's own address have another priority; and a version that says so. */
function otherRelease(folder: string): string {
  const alter = (name: string, from: string, to: string): void => {
    const text = readFileSync(join(checkout, name), 'utf8');
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
    writeFileSync(join(folder, name), text.replace(from, to));
  };
  mkdirSync(join(folder, 'dist'), { recursive: true });
  cpSync(join(checkout, 'dist/src'), join(folder, 'dist/src'), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  alter('dist/src/apps/arp-responder.js', 'const owner = 200;', 'const owner = 300;');
  alter('package.json', '"version": "', '"version": "0.0.1-');
  execFileSync(process.execPath, [join(checkout, 'scripts/bundle.mjs')], { cwd: folder });
  return folder;
}

void t.test('a controller of another release changes exactly what differs', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.listen();
  await site.put('lswitch', 'red/net', {});
  for (const [index, id] of ids.entries()) {
    const addresses = { macs: [`fa:16:3e:00:00:0${index + 1}`], ips: [`10.0.0.${index + 1}`] };
    await site.put('lport', `red/${id}`, { lswitch: 'net', ...addresses });
    await site.plugged('br1', `red/${id}`, id);
  }
  const old = site.runAs(undefined, site.dialling(), otherRelease(join(site.dir, 'other')));
  for (const id of ids) await site.active('lport', `red/${id}`);
  await site.converged();
  const before = await site.dump();
  await old.stop();

  const change = async (build: string): Promise<{ mods: string[]; younger: string[] }> => {
    const [mark, ages] = [site.mark(), await site.ages()];
    const controller = site.runAs(undefined, site.dialling(), build);
    await controller.says(/read the flows of the switch/);
    await site.converged();
    await delay(1000); // whatever it would have sent, it has sent by now
    const mods = await site.modsSince(mark);
    await controller.stop();
    const younger = [...(await site.ages())].filter(([text, age]) => age < (ages.get(text) ?? -1));
    return { mods, younger: younger.map(([text]) => text) };
  };

  const { mods, younger } = await change(checkout);
  const after = await site.dump();
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  );
  t.equal(differing.length, 2 * ids.length, 'a flow of each port has another priority: one comes, one goes');
  t.equal(mods.length, differing.length, 'one message for each');
  for (const mod of mods) t.match(mod, /table:25/);
  t.same(younger, [], 'all other flows are as old as they were');

  const back = await change(join(site.dir, 'other'));
  t.equal(back.mods.length, differing.length);
  t.same(await site.dump(), before, 'and back again');
});
