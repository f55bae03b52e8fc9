// What a status says of an object against whose flows something stands, also while the object waits for something else.
import t from 'tap';
import { type App, rule } from '../../src/apps/app.js';
import { Engine } from '../../src/apps/engine.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { Reporter, type Status } from '../../src/controller/reporter.js';
import { refusalByObject, troubleOf } from '../../src/controller/trouble.js';
import type { Refusal } from '../../src/flow/batch.js';
import { FlowTable } from '../../src/flow/table.js';
import { ofPort, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { View } from '../../src/model/view.js';
import { numberName, World } from '../../src/model/world.js';
import { apply, output } from '../../src/ofp/index.js';

const vm = refOf('red', 'vm');
const tableFull = 'OFPFMFC_TABLE_FULL: Flow not added because table was full.';

/** Wants one flow for each lport, whether it has an interface or not. */
const app: App = {
  name: 'test',
  id: 0xfe,
  does: 'wants one flow for each lport',
  rules: [
    rule(
      'lport',
      ({ world }) => world.lports,
      ({ world }, ref) => {
        const eth_dst = world.numbers.get(numberName('lport', ref)) ?? 0;
        return { flows: [{ table: 9, priority: 1, match: { eth_dst }, instructions: [apply(output(1))] }] };
      },
    ),
  ],
};

/** A chassis without a switch, on which a network is known. */
function desk() {
  const [world, table] = [new World(), new FlowTable()];
  const view = new View(world, segmentationTypes);
  const engine = new Engine(view, table, [app]);
  const said = new Map<string, Status | undefined>();
  const reporter = new Reporter(
    view,
    table,
    (_, ref, status) => said.set(ref, status),
    () => 0,
    () => undefined,
  );
  const settings = {
    chassis: 'c1',
    encapIps: [],
    encapTypes: [],
    tunnelMode: 'per-remote',
    underlayMtu: 1500,
  } as const;
  world.settings.set('self', settings);
  world.settled.set('red', true);
  world.put(parseObject('lswitch', 'red', 'net', {}, 1));
  world.numbers.set(numberName('lswitch', refOf('red', 'net')), 1);
  return { world, table, engine, reporter, said };
}

void t.test('a port that waits says that its flow is refused, until it is not, and what it waits for', (t) => {
  const { world, table, engine, reporter, said } = desk();
  world.put(parseObject('lport', 'red', 'vm', { lswitch: 'net', ips: [] }, 1));
  world.numbers.set(numberName('lport', vm), 1);
  world.claims.set(vm, 'c1');
  const numbered = (ofport: number | undefined): Status | undefined => {
    world.bindings.set(vm, { interface: 'tap', ofport: ofport === undefined ? undefined : ofPort(ofport) });
    return report();
  };
  const report = (): Status | undefined => {
    const round = engine.flush() ?? 0;
    reporter.round(round, () => false);
    reporter.report(table.acknowledged());
    return said.get(vm);
  };
  const committed = (reason?: string): Status | undefined => {
    const batch = table.next(10);
    if (batch === undefined) throw new Error('nothing to commit');
    table.committed(batch, new Map(reason === undefined ? [] : [[0, reason]]));
    return report();
  };

  const waits = numbered(undefined);
  t.match(waits, { state: 'DOWN', reason: /interface/ });
  const refused = committed(tableFull);
  t.match(refused, { state: 'ERROR', reason: /^OFPFMFC_TABLE_FULL.*table=9.*actions=output:1; / });
  t.ok(refused?.reason?.endsWith(`; ${waits?.reason}`), 'and what it waits for');
  t.notMatch(numbered(5), { reason: waits?.reason }, 'it has its interface');
  t.match(said.get(vm), { state: 'ERROR', reason: /actions=output:1$/ });
  t.match(numbered(undefined), refused ?? {});
  table.retry();
  t.match(committed(), waits ?? {});
  t.match(numbered(5), { state: 'ACTIVE' });
  t.end();
});

void t.test('while a refused flow is tried again its object is not ACTIVE', (t) => {
  const { world, table, engine, reporter, said } = desk();
  world.put(parseObject('lport', 'red', 'vm', { lswitch: 'net', ips: [] }, 1));
  world.numbers.set(numberName('lport', vm), 1);
  world.claims.set(vm, 'c1');
  world.bindings.set(vm, { interface: 'tap', ofport: ofPort(5) });
  const report = (): string | undefined => {
    reporter.round(engine.flush() ?? 0, () => false);
    reporter.report(table.acknowledged());
    return said.get(vm)?.state;
  };
  const taken = () => table.next(10) ?? { generation: 0, changes: [] };
  report();
  table.committed(taken(), new Map([[0, tableFull]]));
  t.equal(report(), 'ERROR');
  for (const outcome of ['ERROR', 'ACTIVE'] as const) {
    table.retry();
    t.equal(report(), 'ERROR', 'before it is sent');
    const batch = taken();
    t.equal(report(), 'ERROR', 'on its way');
    table.committed(batch, new Map(outcome === 'ERROR' ? [[0, tableFull]] : []));
    t.equal(report(), outcome);
  }
  t.end();
});

void t.test('the graver comes first, and the other one is named as well', (t) => {
  const refusal = (state: Refusal['state']): Refusal => ({
    owner: { app: 'test', object: 'lport red/vm' },
    identity: 'f',
    reason: 'refused',
    state,
  });
  const verdict = (state: 'ERROR' | 'DOWN' | 'DEGRADED') => ({ state, fault: { field: 'lswitch', allowed: 'waits' } });
  const both = (model: 'ERROR' | 'DOWN' | 'DEGRADED', ofSwitch: Refusal['state']) => {
    const { state, reason = '' } = troubleOf(vm, verdict(model), refusal(ofSwitch)) ?? {};
    return `${state} ${reason.startsWith('refused; ') ? 'switch' : 'model'} ${/refused/.test(reason) && /waits/.test(reason)}`;
  };
  t.equal(both('DOWN', 'ERROR'), 'ERROR switch true');
  t.equal(both('DEGRADED', 'ERROR'), 'ERROR switch true');
  t.equal(both('ERROR', 'ERROR'), 'ERROR model true');
  t.equal(both('DOWN', 'DEGRADED'), 'DOWN model true', 'it does not work at all yet');
  t.equal(troubleOf(vm, undefined, undefined), undefined);
  const [rival, bad] = [refusal('DEGRADED'), refusal('ERROR')];
  for (const refusals of [
    [rival, bad],
    [bad, rival],
  ])
    t.equal(refusalByObject(refusals).get('lport red/vm'), bad, 'of several flows one that the switch refuses');
  t.end();
});

void t.test('however many are refused, in slices they are all reported, and then nothing is left to do', (t) => {
  const length = 5000;
  const { world, table, engine, reporter, said } = desk();
  for (let i = 1; i <= length; i++) {
    const ref = refOf('red', `p${i}`);
    world.put(parseObject('lport', 'red', `p${i}`, { lswitch: 'net', ips: [] }, i));
    world.numbers.set(numberName('lport', ref), i);
  }
  const round = engine.flush() ?? 0;
  reporter.round(round, () => false);
  const refuse = (): void => {
    for (let batch = table.next(1000); batch !== undefined; batch = table.next(1000))
      table.committed(batch, new Map([...batch.changes.keys()].map((index) => [index, tableFull])));
  };
  refuse();
  /** Reports a hundred objects at a time. */
  const slices = (): number => {
    for (let turn = 1; turn <= 1000; turn++) {
      let left = 100;
      if (reporter.report(round, () => --left <= 0)) return turn;
    }
    return Infinity;
  };
  t.ok(slices() <= 2 * (length / 100));
  t.equal([...said.values()].filter((status) => status?.state === 'ERROR').length, length);
  t.equal(slices(), 1);
  table.retry();
  refuse();
  t.ok(slices() <= 2 * (length / 100), 'also when it was tried again');
  t.end();
});
