// Two machines whose bridges have one chassis id, as after one was copied from the other: each is told, and what helps.
import t from 'tap';
import { NatsServer } from '../lab/nats.js';
import { Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

void t.test('two machines with one chassis id', wholeOptions, async (t) => {
  const nats = await NatsServer.start();
  const [one, other] = [await Site.on(t, nats), await Site.on(t, nats)];
  const first = one.controller();
  await first.says(/^switch connected$/);
  const second = other.controller();
  for (const controller of [first, second]) {
    const said = await controller.says(/another controller serves another bridge as this chassis; name one of them/);
    t.match(said, {
      chassis: 'c1',
      datapath: /^[0-9a-f]{16}$/,
      other: /^[0-9a-f]{16}$/,
      command: 'ovs-vsctl br-set-external-id br1 damselfly-chassis ID',
    });
    t.not(said['other'], said['datapath']);
  }
  t.same(
    [...first.said(/taken over/), ...second.said(/taken over|stands by/)],
    [],
    'neither takes the other for its own master',
  );
});
