// What NATS delivers comes twice, late, in another order, or not at all, again and again in the midst of changes: in the end the switch
// holds what the northbound says, and what nobody changed was never touched.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { differences, heldLines, wantedLines } from '../faults/wanted.js';
import { type Fate, NatsRelay } from '../lab/nats-relay.js';
import { NatsServer } from '../lab/nats.js';
import { until } from '../lab/process.js';
import { chanceOf } from '../ofp/random/chance.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(180_000);

const seed = 4;
const [rounds, writes, plugged] = [8, 60, 10];
/** Of 100 deliveries. */
const fates: readonly Fate[] = [
  ...Array<Fate>(4).fill('lost'),
  ...Array<Fate>(12).fill('twice'),
  ...Array<Fate>(12).fill('late'),
  ...Array<Fate>(72).fill('passes'),
];
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

void t.test('deliveries that are lost, doubled, late and out of order', wholeOptions, async (t) => {
  const chance = chanceOf(seed);
  const nats = await NatsServer.start();
  const relay = await NatsRelay.open(nats.port);
  t.teardown(() => {
    relay.close();
  });
  const site = await Site.on(t, nats);
  await site.put('lswitch', 'red/net');
  const lport = (number: number, mac: number) =>
    site.put('lport', `red/p${number}`, {
      lswitch: 'net',
      macs: [`fa:16:3e:00:${hex(number)}:${hex(mac)}`],
      ips: [`10.0.0.${number + 1}`],
    });
  for (let number = 0; number <= plugged; number++) {
    await lport(number, 0);
    await site.plugged('br1', `red/p${number}`, `p${number}`);
  }
  const controller = site.controller(['br1'], '--nats', relay.url);
  await site.active('lport', `red/p${plugged}`);
  await site.converged();
  const ages = await site.ages();
  const startedMs = Date.now();

  for (let round = 0; round < rounds; round++) {
    relay.fate = () => chance.pick(fates);
    for (let write = 0; write < writes; write++) {
      const number = chance.below(plugged); // the last one is left alone
      if (chance.oneIn(4))
        await site.remove('lport', `red/p${number}`).catch(() => undefined); // it may not be there
      else await lport(number, chance.below(256));
      if (chance.oneIn(4)) await delay(chance.below(30));
    }
    relay.fate = () => 'passes';
    let last: readonly string[] = [];
    const isRight = async (): Promise<boolean> => {
      last = differences(await wantedLines(site, 'red', 'c1'), await heldLines(site, 'br1'));
      return last.length === 0;
    };
    const endedMs = performance.now();
    await until('the switch holds what the northbound says', isRight, patienceMs).catch((error: unknown) => {
      throw new Error(`round ${round}: ${String(error)}\n${last.join('\n')}\n${controller.text.slice(-3000)}`);
    });
    t.pass(`round ${round}: right after ${((performance.now() - endedMs) / 1000).toFixed(2)} s`);
  }

  t.comment(`seed ${seed}: ${JSON.stringify(relay.counts)}`);
  for (const fate of ['lost', 'twice', 'late'] as const)
    t.ok(relay.counts[fate] > 20, `${fate}: ${relay.counts[fate]}`);
  const now = await site.ages();
  const passed = (Date.now() - startedMs) / 1000 - 2;
  const mac = `fa:16:3e:00:${hex(plugged)}:00`;
  const untouched = [...ages].filter(([flow]) => flow.includes(mac));
  t.ok(untouched.length > 10);
  t.same(
    untouched.filter(([flow, age]) => (now.get(flow) ?? 0) - age < passed),
    [],
    'flows of a port that nobody wrote were never touched',
  );
  t.same(
    controller.log.filter(({ level }) => level >= 40),
    [],
    'nothing is held against the northbound',
  );
});
