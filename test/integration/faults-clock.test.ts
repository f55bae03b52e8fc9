// The wall clock of the controller's process is set an hour forward, and back, and back once more, and left there for some time each:
// whoever measured a silence or a deadline by it would begin anew.
import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { bridge, churning, FaultSite } from '../faults/site.js';
import { wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

const hourMs = 3_600_000;
/** Longer than the silence after which a watch begins anew, and than the pause after which a switch is asked for a sign of life. */
const leftMs = 7000;
/** pino's number of a warning. */
const warning = 40;

/** What no clock must move. */
async function standing({ site, between, controller }: FaultSite): Promise<object> {
  const jsm = await jetstreamManager(site.store.nats.connection);
  const consumers = new Set<string>();
  for (const bucket of [site.store.nb, site.store.alloc, site.store.status])
    for await (const { name, push_bound } of jsm.consumers.list(bucket.stream))
      if (push_bound) consumers.add(`${bucket.stream} ${name}`); // a snapshot of ours stays for a while, unheard
  const statuses = ['a', 'b'].map(async (id) => (await site.report('lport', `red/${id}`))?.status);
  return {
    statuses: await Promise.all(statuses),
    consumers,
    mods: between.mods,
    meetings: between.meetings,
    warnings: controller.log.filter(({ level }) => level >= warning),
    flows: (await site.dump(bridge)).size,
  };
}

void t.test('a wall clock that is set moves nothing', wholeOptions, async (t) => {
  const site = await FaultSite.start(t);
  await site.rested();
  const before = await standing(site);
  await site.stream.losses();
  for (const offMs of [hourMs, 0, -hourMs]) {
    await site.inside.setClock(site.controller, offMs);
    await delay(leftMs);
    t.strictSame(
      await standing(site),
      before,
      `${offMs / hourMs} hours off: nothing sent, nothing watched anew, each status as it was`,
    );
    t.strictSame([...(await site.stream.losses()).lost], [], 'no frame is lost');
  }
  const [port] = churning;
  if (port !== undefined) await site.toggle(port);
  await site.acknowledged();
  t.strictSame(await site.differences(), [], 'and what is written then is on the switch');
});
