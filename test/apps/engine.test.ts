import t from 'tap';
import { type App, flow, rule } from '../../src/apps/app.js';
import { Engine } from '../../src/apps/engine.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { FlowTable } from '../../src/flow/table.js';
import { refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { View } from '../../src/model/view.js';
import { World } from '../../src/model/world.js';

void t.test('an app that fails for one owner costs nobody else their flows, and is tried again', (t) => {
  const world = new World();
  const view = new View(world, segmentationTypes);
  const table = new FlowTable();
  const appOf = (id: number, name: string, isGood: (mac: string) => boolean): App => ({
    name,
    id,
    does: 'tests',
    rules: [
      rule(
        'lport',
        () => world.lports,
        (_, ref) => {
          const mac = world.lports.get(ref)?.macs[0] ?? '';
          if (!isGood(mac)) throw new Error(`${name} cannot`);
          const eth_dst = Number(`0x${mac.replaceAll(':', '')}`);
          return { flows: [flow({ id }, 1, { eth_dst }, [])] };
        },
      ),
    ],
  });
  const engine = new Engine(view, table, [
    appOf(1, 'picky', (mac) => !mac.endsWith('9')),
    appOf(2, 'easy', () => true),
  ]);
  const put = (id: string, mac: string) => {
    world.put(parseObject('lport', 'red', id, { lswitch: 'net', macs: [mac], ips: [] }));
  };
  const wanted = () =>
    table
      .wanted()
      .map(({ owner }) => `${owner.app} ${owner.object}`)
      .sort();
  put('a', 'fa:16:3e:00:00:01');
  put('b', 'fa:16:3e:00:00:09');
  engine.flush();
  t.same(wanted(), ['easy lport red/a', 'easy lport red/b', 'picky lport red/a']);
  t.match(engine.failures(), [{ owner: { app: 'picky', object: 'lport red/b' }, error: { message: 'picky cannot' } }]);
  put('a', 'fa:16:3e:00:00:19');
  put('b', 'fa:16:3e:00:00:02');
  engine.flush();
  t.same(wanted().length, 4, 'what a failed app wanted before stays');
  t.match(engine.failures(), [{ owner: { object: 'lport red/a' } }]);
  put('a', 'fa:16:3e:00:00:29');
  engine.flush();
  t.same(wanted().length, 4, 'also when it fails again');
  world.remove('lport', refOf('red', 'a'));
  engine.flush();
  t.same(wanted(), ['easy lport red/b', 'picky lport red/b']);
  t.same(engine.failures(), []);
  t.end();
});
