// Marks of installed interfaces, written in batches.
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import t from 'tap';
import { Marks } from '../../src/controller/marks.js';

type Entry = { readonly iface: string; readonly key: string; readonly value: string | undefined };

void t.test('many marks are one transaction, of each interface the newest', async (t) => {
  const written: (readonly Entry[])[] = [];
  const marks = new Marks(
    {
      setInterfaceExternalIds: (entries) => {
        written.push(entries);
        return Promise.resolve([]);
      },
    },
    pino({ level: 'silent' }),
  );
  for (let index = 0; index < 100; index++) marks.set(`p${index}`, 1);
  marks.set('p5', 7);
  marks.set('p6', undefined);
  await delay(200);
  t.equal(written.length, 1);
  t.equal(written[0]?.length, 100);
  t.same(
    written[0]?.filter(({ iface }) => iface === 'p5' || iface === 'p6'),
    [
      { iface: 'p5', key: 'damselfly-installed', value: '7' },
      { iface: 'p6', key: 'damselfly-installed', value: undefined },
    ],
  );
  for (let index = 0; index < 1200; index++) marks.set(`p${index}`, 2);
  await delay(500);
  t.same(
    written.slice(1).map((entries) => entries.length),
    [500, 500, 200],
    'and no transaction is without bounds',
  );
});
