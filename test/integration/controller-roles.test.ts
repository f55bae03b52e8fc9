// Two controllers of one bridge: one speaks for it, the other stands by and goes on when the first is gone. What was sent is counted
// by Open vSwitch.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, wholeOptions } from './controller-lab.js';
import { Pair, portIds, standsBy, takesOver, trouble } from './roles-lab.js';

t.setTimeout(200_000);

void t.test('a second controller stands by, and goes on where the first was killed', wholeOptions, async (t) => {
  const pair = await Pair.start(t);
  const { site } = pair;
  const first = pair.dialling();
  await pair.allActive();
  const second = pair.listening();
  const word = await second.says(standsBy);
  t.match(word['master'], /, process \d+$/);

  await t.test('it says so once, and `status` says who speaks for the bridge', async (t) => {
    await delay(3000); // six questions
    t.equal(second.said(standsBy).length, 1);
    t.same(second.said(/^switch connected$/), []);
    t.match(await site.shell().run('status'), {
      status: 0,
      out: /^chassis c1: bridge br1/,
      err: /^datapath [0-9a-f]{16}, connected by tcp:.*: stands by: .*, process \d+ speaks for it\n$/,
    });
  });

  await t.test('when the first is killed it takes over, and sends nothing', async (t) => {
    const [ages, before, revisions, mark] = [await site.ages(), await site.dump(), await pair.revisions(), site.mark()];
    await first.stop('SIGKILL');
    await second.says(takesOver);
    await second.says(/read the flows of the switch/);
    await pair.allActive();
    await delay(1000); // whatever it would have sent, it has sent by now
    t.same(await site.modsSince(mark), []);
    t.equal(await pair.revisions(), revisions, 'Open vSwitch has not touched its tables');
    t.same(await site.dump(), before);
    const younger = [...(await site.ages())].filter(([text, age]) => age < (ages.get(text) ?? Infinity));
    t.same(younger, [], 'no flow was added again');
  });

  await t.test('the first, started again, stands by in its turn', async (t) => {
    const third = pair.dialling();
    await third.says(standsBy);
    const revision = await pair.move('a', '10.0.0.77');
    await site.active('lport', 'red/a', 'c1', revision);
    t.same(third.said(/^switch connected$/), []);
    for (const one of [first, second, third]) t.same(one.said(trouble), []);
  });
});

void t.test('when the first dies amid changes, only what is missing is sent', wholeOptions, async (t) => {
  const pair = await Pair.start(t);
  const { site } = pair;
  const first = pair.listening();
  await pair.allActive();
  const second = pair.dialling();
  await second.says(standsBy);
  second.pause(); // so that what the first leaves can be looked at
  const changing = (async () => {
    for (let i = 0; i < 60; i += 1) await pair.move(portIds[i % portIds.length] ?? 'a', `10.0.0.${20 + i}`);
  })();
  await until('some of it is there', async () => (await site.ours()).join().includes('10.0.0.3'), patienceMs);
  await first.stop('SIGKILL');
  const left = await site.dump();
  await changing;
  await site.remove('lport', 'red/f');
  const last = await pair.move('e', '10.0.0.99');
  const mark = site.mark();
  second.resume();
  await second.says(takesOver);
  await site.active('lport', 'red/e', 'c1', last);
  await site.converged();
  const now = await site.dump();
  const differing = [...new Set([...left.keys(), ...now.keys()])].filter((key) => left.get(key) !== now.get(key));
  t.ok(differing.length > 5, `${differing.length} flows and groups differ from what was left`);
  t.equal((await site.modsSince(mark)).length, differing.length, 'one message for each of them');
  t.same(second.said(trouble), []);

  await t.test('and it is what a controller makes of an empty switch', async (t) => {
    await second.stop();
    await site.ovs.ofctl(['del-flows', 'br1']);
    await site.ovs.ofctl(['del-groups', 'br1']);
    pair.dialling();
    await until('all of it is back', async () => (await site.dump()).size >= now.size, patienceMs);
    await site.converged();
    t.same(await site.dump(), now);
  });
});

void t.test('of two that start at once, one speaks for the bridge', wholeOptions, async (t) => {
  const pair = await Pair.start(t);
  const { site } = pair;
  const both = [pair.dialling(), pair.listening()];
  await until('one of them stands by', () => both.some((one) => one.said(standsBy).length > 0), patienceMs);
  await pair.allActive();
  const mark = site.mark();
  const revision = await pair.move('b', '10.0.0.55');
  await site.active('lport', 'red/b', 'c1', revision);
  t.equal((await pair.writers(mark)).length, 1);
  t.equal(both.filter((one) => one.said(standsBy).length === 1).length, 1);
  for (const one of both) t.same(one.said(trouble), []);
});
