// Thousands of statuses are to be written, and then a port changes: its flows do not wait for them.
import { jetstreamManager } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { median } from '../../bench/sample.js';
import { refOf } from '../../src/model/ids.js';
import { schemaVersion } from '../../src/model/parse.js';
import { nbKey } from '../../src/sync/keys.js';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(150_000);

/** Objects that are wrong, each time in other words: all of their statuses are written. */
const crowd = 5000;
const rounds = 6;

void t.test('a storm of statuses keeps no flow waiting', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const { nb, nats, status } = site.store;
  const jsm = await jetstreamManager(nats.connection);
  const written = async (): Promise<number> => (await jsm.streams.info(status.stream)).state.last_seq;
  await site.put('lswitch', 'red/net', {});
  const change = async (number: number): Promise<number> => {
    const mac = `fa:16:3e:00:01:${number.toString(16).padStart(2, '0')}`;
    await site.put('lport', 'red/vm', { lswitch: 'net', macs: [mac], ips: ['10.0.0.1'] });
    const beganMs = performance.now();
    const isThere = async () => (await site.ovs.ofctl(['dump-flows', 'br1', 'table=55'])).includes(mac);
    await until('its flow is there', isThere, patienceMs);
    return performance.now() - beganMs;
  };
  await site.plugged('br1', 'red/vm', 'vm');
  const controller = site.controller();
  await change(0);
  const storm = (round: number): void => {
    const wrong = JSON.stringify({ schema: schemaVersion, lswitch: 'net', macs: [`${round}`], ips: [] });
    for (let index = 0; index < crowd; index++)
      nats.connection.publish(nb.subject(nbKey('lport', refOf('red', `d${index}`))), wrong);
  };
  const rest = async (): Promise<void> => {
    let last = -1;
    await until(
      'no status is written any more',
      async () => {
        const before = last;
        await delay(400);
        last = await written();
        return last === before;
      },
      2 * patienceMs,
    );
  };
  const [calm, behind, stormy, share]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 1; round <= rounds; round++) {
    calm.push(await change(2 * round));
    await rest();
    const before = await written();
    storm(round);
    behind.push(await change(100 + round)); // behind all of them in the stream
    await until('half of the statuses are written', async () => (await written()) - before > crowd / 2, patienceMs);
    stormy.push(await change(2 * round + 1));
    share.push((await written()) - before);
    await until('all statuses are written', async () => (await written()) - before >= crowd, 2 * patienceMs);
  }
  const words = (times: readonly number[]) => times.map((ms) => Math.round(ms)).join(', ');
  t.comment(
    `a change is on the switch after ${words(calm)} ms; behind ${crowd} wrong objects after ${words(behind)} ms; amid their statuses after ${words(stormy)} ms`,
  );
  t.comment(`by then so many of them were written: ${share.join(', ')}`);
  t.ok(Math.max(...share) < crowd, 'the flow is there before the statuses are');
  t.ok(
    median(stormy) < median(calm) + 300,
    `median ${Math.round(median(stormy))} ms, else ${Math.round(median(calm))} ms`,
  );
  t.ok(controller.isRunning);
});
