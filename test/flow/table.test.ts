import fc from 'fast-check';
import t from 'tap';
import { seenFlow } from '../../src/flow/dumped.js';
import { flowItem } from '../../src/flow/item.js';
import type { Batch, DumpedFlow } from '../../src/flow/batch.js';
import { tampered } from '../../src/flow/row.js';
import { FlowTable } from '../../src/flow/table.js';
import { apply, decode, output } from '../../src/ofp/index.js';
import { MemorySwitch } from './memory-switch.js';
import { anyWant, author, flow, group, owner, settle, type Want } from './samples.js';

const load1 = (table: FlowTable, of: MemorySwitch) => of.readBy(table, table.load()).found;

void t.test('a restart on a switch that holds what is wanted sends nothing', (t) => {
  const wanted = () => {
    const table = new FlowTable();
    table.whole = true;
    table.want(owner('a'), 1, [flow(1, 1), flow(2, 2, 115), group(1, 7)]);
    table.endRound();
    return table;
  };
  const to = new MemorySwitch();
  const first = wanted();
  load1(first, to);
  t.equal(settle(first, to), 3);
  t.equal(first.acknowledged(), 1);
  const second = wanted();
  t.same(load1(second, to), { ours: 3, foreign: 0, changedByOthers: 0 });
  t.equal(settle(second, to), 0);
  t.equal(second.acknowledged(), 1);
  t.end();
});

void t.test('one flow deleted and one altered while we were away: exactly two messages', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  table.want(
    owner('a'),
    1,
    [1, 2, 3, 4, 5].map((priority) => flow(priority, priority)),
  );
  load1(table, to);
  settle(table, to);
  const [first, second] = [...to.flows.keys()];
  to.flows.delete(first ?? '');
  const altered = to.flows.get(second ?? '');
  if (altered === undefined) throw new Error('no flow');
  to.flows.set(second ?? '', { ...altered, instructions: new Uint8Array(0) }); // the cookie stays, as a foreign MODIFY leaves it
  t.same(load1(table, to), { ours: 4, foreign: 0, changedByOthers: 1 });
  t.equal(settle(table, to), 2);
  t.end();
});

void t.test('nothing is removed until the view is whole; additions go in at once', (t) => {
  const to = new MemorySwitch();
  const old = new FlowTable();
  old.whole = true;
  old.want(owner('gone'), 1, [flow(9, 9)]);
  load1(old, to);
  settle(old, to);
  const table = new FlowTable();
  table.want(owner('a'), 1, [flow(1, 1)]);
  load1(table, to);
  t.equal(settle(table, to), 1);
  t.equal(to.flows.size, 2);
  const round = table.endRound();
  table.whole = true;
  t.equal(table.acknowledged(), round - 1, 'what is still to be removed is not done');
  t.equal(settle(table, to), 1);
  t.equal(table.acknowledged(), round);
  t.equal(to.flows.size, 1);
  t.end();
});

void t.test(
  'what waits to be removed is known by the round that released it, also after the switch was read again',
  (t) => {
    const to = new MemorySwitch();
    const table = new FlowTable();
    table.whole = true;
    load1(table, to);
    for (const name of ['a', 'b']) table.want(owner(name), 1, [flow(name.charCodeAt(0), 1)]);
    settle(table, to);
    table.endRound();
    t.same([...table.removalsDue()], []);
    table.whole = false;
    table.want(owner('a'), 1, []);
    const round = table.endRound();
    t.equal(table.acknowledged(), round, 'whatever was to be sent is there');
    t.same([...table.removalsDue()], [round], 'but something of the round is left');
    load1(table, to);
    t.same([...table.removalsDue()], [round]);
    table.want(owner('a'), 1, [flow('a'.charCodeAt(0), 1)]);
    t.same([...table.removalsDue()], [], 'wanted again');
    table.want(owner('b'), 1, []);
    table.endRound();
    table.whole = true;
    settle(table, to);
    t.same([...table.removalsDue()], []);
    const later = new FlowTable();
    load1(later, to);
    t.same([...later.removalsDue()], [0], 'what was there before us has no round');
    t.end();
  },
);

void t.test('foreign flows are never touched, and hold their identity', (t) => {
  const to = new MemorySwitch();
  const item = flow(1, 1);
  const table = new FlowTable();
  table.whole = true;
  table.want(owner('a'), 1, [item, flow(2, 2)]);
  load1(table, to);
  settle(table, to);
  const [key, held] = [...to.flows][0] ?? [];
  if (key === undefined || held === undefined) throw new Error('no flow');
  to.flows.set(key, { ...held, cookie: 0x1234n });
  load1(table, to);
  t.equal(settle(table, to), 0);
  t.match(table.refusals(), [{ owner: { object: 'a' }, state: 'ERROR', reason: /not ours/ }]);
  table.want(owner('a'), 1, []);
  t.equal(settle(table, to), 1, 'ours goes, the other stays');
  t.equal(to.flows.size, 1);
  t.end();
});

void t.test('two owners of one identity: equal content is shared, other content goes to the smaller key', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  table.want(owner('late'), 9, [flow(1, 9)]);
  settle(table, to);
  table.want(owner('early'), 2, [flow(1, 2)]);
  settle(table, to);
  t.same(to.hashes(), [flow(1, 2).hash]);
  t.match(table.refusals(), [
    {
      owner: { object: 'late' },
      state: 'DEGRADED',
      reason: 'has table=0,priority=1,in_port=1 already, with other actions',
      rival: { object: 'early' },
    },
  ]);
  table.want(owner('twin'), 5, [flow(1, 2)]);
  table.want(owner('early'), 2, []);
  t.equal(settle(table, to), 0, 'the twin keeps it');
  t.same(to.hashes(), [flow(1, 2).hash]);
  table.want(owner('twin'), 5, []);
  settle(table, to);
  t.same(to.hashes(), [flow(1, 9).hash], 'then the other is heard');
  t.same(table.refusals(), []);
  t.end();
});

void t.test('groups go before the flows that use them, classification last; removals the other way round', (t) => {
  const table = new FlowTable();
  table.whole = true;
  const to = new MemorySwitch();
  load1(table, to);
  table.want(owner('a'), 1, [flow(1, 1, 0), flow(1, 1, 55), group(1, 1), flow(1, 1, 115)]);
  const order = (batch: Batch | undefined) =>
    batch?.changes.map(({ frame }) => {
      const { message } = decode(frame);
      return message.type === 'flow_mod' ? message.table : message.type;
    });
  const adds = table.next(100);
  t.same(order(adds), ['group_mod', 115, 55, 0]);
  if (adds !== undefined) table.committed(adds);
  table.want(owner('a'), 1, []);
  t.same(order(table.next(100)), [0, 55, 115, 'group_mod']);
  t.end();
});

void t.test(
  'what the switch refuses is set aside with its reason, and tried again when it changes or is asked for',
  (t) => {
    const to = new MemorySwitch();
    const table = new FlowTable();
    table.whole = true;
    load1(table, to);
    table.want(owner('bad'), 1, [flow(1, 1), flow(2, 2)]);
    const round = table.endRound();
    const batch = table.next(100);
    if (batch === undefined) throw new Error('nothing to send');
    t.equal(table.acknowledged(), round - 1);
    to.take(batch, new Set([0]));
    table.committed(batch, new Map([[0, 'OFPBAC_BAD_OUT_PORT']]));
    t.equal(table.acknowledged(), round);
    t.match(table.refusals(), [
      {
        owner: { object: 'bad' },
        reason: /^OFPBAC_BAD_OUT_PORT: cookie=0xd5f101\w+, priority=1,in_port=1 actions=output:1$/,
        state: 'ERROR',
      },
    ]);
    t.equal(settle(table, to), 0);
    table.retry();
    t.equal(settle(table, to), 1);
    t.same(table.refusals(), []);
    t.equal(to.flows.size, 2);
    t.end();
  },
);

void t.test('what a switch would refuse is not sent, and named with the reason until it is right', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  const wrong = flowItem(author, {
    table: 0,
    priority: 1,
    match: { in_port: 1 },
    instructions: [apply(output(0xff00))],
  });
  table.want(owner('bad'), 1, [wrong, flow(2, 2)]);
  const round = table.endRound();
  t.equal(settle(table, to), 1);
  t.equal(table.acknowledged(), round);
  const reason = /^OFPBAC_BAD_OUT_PORT: 65280 is no port/;
  t.match(table.refusals(), [{ owner: { object: 'bad' }, reason, state: 'ERROR' }]);
  t.equal(table.refusals(), table.refusals(), 'nothing new is no work');
  table.retry();
  t.equal(settle(table, to), 0);
  t.match(table.refusals(), [{ reason }]);
  table.want(owner('bad'), 1, [flow(1, 1), flow(2, 2)]);
  t.equal(settle(table, to), 1);
  t.same(table.refusals(), []);
  t.end();
});

void t.test('a removal that the switch refuses is tried again when asked for', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  table.want(owner('a'), 1, [flow(1, 1)]);
  settle(table, to);
  table.want(owner('a'), 1, []);
  const batch = table.next(100);
  if (batch === undefined) throw new Error('nothing to send');
  table.committed(batch, new Map([[0, 'no']]));
  t.equal(settle(table, to), 0);
  table.retry();
  t.equal(settle(table, to), 1);
  t.equal(to.flows.size, 0);
  t.end();
});

void t.test('what was refused is named until the switch has taken it, also if the connection ended then', (t) => {
  for (const answer of ['committed', 'lost'] as const) {
    const to = new MemorySwitch();
    const table = new FlowTable();
    table.whole = true;
    load1(table, to);
    table.want(owner('a'), 1, [flow(1, 1)]);
    const taken = (): Batch => table.next(100) ?? { generation: 0, changes: [] };
    table.committed(taken(), new Map([[0, 'no']]));
    table.retry();
    t.equal(table.refusals().length, 1, 'before it is sent');
    const batch = taken();
    t.equal(table.refusals().length, 1, 'on its way');
    to.take(batch);
    if (answer === 'committed') table.committed(batch);
    else load1(table, to);
    t.same(table.refusals(), []);
    t.equal(settle(table, to), 0);
  }
  t.end();
});

void t.test('so many refusals are tried again at a time, the others after them', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  for (const port of [1, 2, 3, 4, 5]) table.want(owner(`owner ${port}`), 1, [flow(port, 1)]);
  const batch = table.next(100);
  if (batch === undefined) throw new Error('nothing to send');
  table.committed(batch, new Map([...batch.changes.keys()].map((index) => [index, 'no'])), 1000);
  t.equal(table.retry(999, 2), 1000, 'none has rested');
  t.equal(table.next(100), undefined);
  t.equal(table.retry(1000, 2), 1000, 'others have rested as well');
  const again = table.next(100);
  if (again === undefined) throw new Error('nothing to send');
  t.equal(again.changes.length, 2);
  table.committed(again, new Map([[0, 'no']]), 2000);
  t.equal(table.retry(1000, 4), 2000);
  t.equal(table.next(100)?.changes.length, 3, 'the rest');
  t.end();
});

void t.test('each refusal rests by itself: a later one puts off no earlier one', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  const refusing = (name: string, priority: number, nowMs: number): void => {
    table.want(owner(name), 1, [flow(priority, priority)]);
    const batch = table.next(9);
    if (batch === undefined) throw new Error('nothing to send');
    table.committed(batch, new Map([[0, 'no']]), nowMs);
  };
  refusing('a', 1, 0);
  refusing('b', 2, 20);
  t.equal(table.retry(-1), 0, 'both rest, since 0 and since 20');
  t.equal(table.next(9), undefined);
  t.equal(table.retry(0), 20);
  t.equal(settle(table, to), 1, 'only the first is tried');
  t.equal(table.retry(19), 20);
  t.equal(settle(table, to), 0);
  t.equal(table.retry(20), Infinity);
  t.equal(settle(table, to), 1);
  t.end();
});

void t.test('while a round is open nothing is sent, or only additions while the view is not whole', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  load1(table, to);
  table.beginRound();
  table.want(owner('a'), 1, [flow(1, 1)]);
  t.equal(settle(table, to), 1, 'a switch that is being filled need not wait for the rest');
  t.equal(table.acknowledged(), 0);
  table.whole = true;
  table.want(owner('a'), 1, []);
  table.want(owner('b'), 1, [flow(2, 2)]);
  t.equal(settle(table, to), 0, 'what takes the place of the flow may be still to come');
  const round = table.endRound();
  t.equal(settle(table, to), 2);
  t.equal(table.acknowledged(), round);
  t.end();
});

void t.test('while the table takes over what a switch holds, nothing is sent and nothing more is acknowledged', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  table.want(owner('a'), 1, [flow(1, 1), flow(2, 2)]);
  const round = table.endRound();
  load1(table, to);
  settle(table, to);
  to.flows.clear();
  const loading = table.finish(table.load(), to.groups.values());
  loading.next();
  table.want(owner('b'), 2, [flow(3, 3)]);
  t.equal(table.endRound(), round + 1);
  t.equal(table.acknowledged(), round);
  t.equal(table.next(9), undefined);
  while (loading.next().done !== true);
  t.equal(table.acknowledged(), 0, 'nothing of it is there');
  t.equal(settle(table, to), 3);
  t.equal(table.acknowledged(), round + 1);
  t.end();
});

type Step =
  | Want
  | { kind: 'send' }
  | { kind: 'refuse' }
  | { kind: 'retry' }
  | { kind: 'lost' }
  | { kind: 'restart' }
  | { kind: 'drift' };

void t.test('any history ends in the flows of a cold start', (t) => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: anyWant },
    { weight: 3, arbitrary: fc.constant({ kind: 'send' as const }) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ...(['refuse', 'retry', 'restart', 'drift', 'lost'] as const).map((kind) => ({ kind })),
      ),
    },
  );
  const items = (s: Want) => {
    const byIdentity = new Map(
      [
        ...s.flows.map(([priority, port]) => flow(priority, port, priority % 2 ? 115 : 0)),
        ...s.groups.map((id) => group(id, s.owner)),
      ].map((item) => [item.identity, item]),
    );
    return [...byIdentity.values()];
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (history) => {
      const to = new MemorySwitch();
      const table = new FlowTable();
      table.whole = true;
      load1(table, to);
      // A load goes on between the wishes that follow it, and is through before anything is sent.
      let loading: ReturnType<FlowTable['finish']> | undefined;
      const steps = (length: number): void => {
        for (let i = 0; i < length && loading !== undefined; i++) if (loading.next().done === true) loading = undefined;
      };
      for (const s of history) {
        table.refusals(); // what is remembered of them must not be old
        if (s.kind === 'want') {
          steps(3);
          table.want(owner(String(s.owner)), s.owner, items(s));
          continue;
        }
        steps(Infinity);
        if (s.kind === 'retry') table.retry();
        else if (s.kind === 'restart' || s.kind === 'drift' || s.kind === 'lost') {
          const unanswered = s.kind === 'lost' ? table.next(2) : undefined;
          if (unanswered !== undefined) to.take(unanswered);
          if (s.kind === 'drift') for (const key of [...to.flows.keys()].slice(0, 1)) to.flows.delete(key);
          const reading = table.load();
          for (const held of to.flows.values()) reading.flow(held);
          loading = table.finish(reading, [...to.groups.values()]);
          steps(1);
        } else {
          const batch = table.next(2);
          if (batch === undefined) continue;
          const refused = s.kind === 'refuse' ? new Map([[0, 'no']]) : new Map<number, string>();
          to.take(batch, new Set(refused.keys()));
          table.committed(batch, refused);
        }
      }
      steps(Infinity);
      table.retry();
      settle(table, to);
      const cold = new FlowTable();
      cold.whole = true;
      const fresh = new MemorySwitch();
      load1(cold, fresh);
      const last = new Map<number, Want>();
      for (const s of history) if (s.kind === 'want') last.set(s.owner, s);
      for (const s of last.values()) cold.want(owner(String(s.owner)), s.owner, items(s));
      settle(cold, fresh);
      const same =
        JSON.stringify(to.hashes()) === JSON.stringify(fresh.hashes()) &&
        JSON.stringify([...to.groups.keys()].sort()) === JSON.stringify([...fresh.groups.keys()].sort());
      const refusals = (of: FlowTable) => of.refusals().map((refusal) => JSON.stringify(refusal));
      const alike = JSON.stringify(refusals(table).sort()) === JSON.stringify(refusals(cold).sort());
      const { wanted, installed, waiting } = table.counts();
      const counted = wanted === table.wanted().length && installed === to.flows.size + to.groups.size && waiting === 0;
      return same && alike && settle(table, to) === 0 && counted;
    }),
    { numRuns: 500 },
  );
  t.end();
});

void t.test('what others do to flows is put right when it is told; a flow that is not ours is not', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  table.want(
    owner('a'),
    1,
    [1, 2, 3].map((priority) => flow(priority, priority)),
  );
  const round = table.endRound();
  settle(table, to);
  const [first = '', second = '', third = ''] = [...to.flows.keys()];
  const tell = (key: string, change: (flow: DumpedFlow) => DumpedFlow | undefined) => {
    const there = to.flows.get(key);
    if (there === undefined) throw new Error('no flow');
    const { identity, content } = to.byAnotherHand(key, change(there));
    return table.observed(identity, content);
  };
  t.equal(
    tell(first, (there) => there),
    'known',
    'as we had made it',
  );
  const deleted = to.flows.get(first);
  t.equal(
    tell(first, () => undefined),
    'due',
  );
  t.equal(table.acknowledged(), round, 'what was acknowledged stays so');
  t.equal(settle(table, to), 1);
  t.same(to.flows.get(first), deleted);
  t.equal(
    tell(second, (there) => ({ ...there, instructions: new Uint8Array(0) })),
    'due',
    'the cookie stays',
  );
  t.equal(settle(table, to), 1);
  t.equal(
    tell(third, (there) => ({ ...there, cookie: 0x77n })),
    'noted',
  );
  t.equal(settle(table, to), 0);
  t.match(table.refusals(), [{ owner: { object: 'a' }, reason: /not ours/ }]);
  t.equal(
    tell(third, () => undefined),
    'due',
    'now there is room for ours',
  );
  t.equal(settle(table, to), 1);
  t.same(table.refusals(), []);
  const extra: DumpedFlow = { ...(to.flows.get(first) ?? raise()), priority: 9 };
  const { identity, content } = to.byAnotherHand('extra', extra);
  t.equal(table.observed(identity, content), 'due', 'added under our mark');
  t.equal(table.next(9)?.changes[0]?.kind, 'remove');
  t.end();
});

const raise = (): never => {
  throw new Error('not there');
};

const learnedFlow: DumpedFlow = {
  table: 3,
  priority: 5,
  cookie: 0xd5f1_0100_0000_0001n,
  match: new Uint8Array([0, 1, 0, 4, 0, 0, 0, 0]),
  instructions: new Uint8Array(0),
  idleTimeout: 0,
  hardTimeout: 0,
  flags: 0,
};

void t.test('what the switch learned by itself is nothing to the table', (t) => {
  const learned = { ...learnedFlow, cookie: 0xd5f1_ff00_0000_0001n };
  const { identity, content } = seenFlow(learned);
  t.equal(new FlowTable().observed(identity, content), 'known');
  t.equal(new FlowTable().observed(identity, seenFlow(learnedFlow).content), 'due');
  t.end();
});

void t.test('groups that others deleted, changed or added are found by reading them', (t) => {
  const to = new MemorySwitch();
  const table = new FlowTable();
  table.whole = true;
  load1(table, to);
  table.want(owner('a'), 1, [group(1, 1), group(2, 2), group(3, 3), flow(1, 1)]);
  settle(table, to);
  const read = (): string[] => [...to.groupsReadBy(table).due.keys()];
  t.same(read(), []);
  const third = to.groups.get(0xd0000003) ?? raise();
  to.groups.delete(0xd0000001);
  to.groups.set(0xd0000002, { ...third, groupId: 0xd0000002 });
  to.groups.set(0xd0000009, { ...third, groupId: 0xd0000009 });
  to.groups.set(0x9, { ...third, groupId: 0x9 });
  t.same(read(), ['g3489660930', 'g3489660937', 'g3489660929']);
  t.equal(settle(table, to), 3);
  t.same(
    [...to.groups.keys()].sort((a, b) => a - b),
    [0x9, 0xd0000001, 0xd0000002, 0xd0000003],
  );
  t.same(read(), []);
  t.end();
});

void t.test('whatever others do before, during or after a commit, told in order, ends in what is wanted', (t) => {
  const small = fc.integer({ min: 0, max: 3 });
  const hand = fc.record({
    kind: fc.constantFrom('delete' as const, 'alter' as const, 'copy' as const),
    which: small,
    when: fc.constantFrom('before' as const, 'after' as const),
  });
  const want = fc.record({
    kind: fc.constant('want' as const),
    owner: small,
    ports: fc.array(small, { maxLength: 4 }),
  });
  const send = fc.record({ kind: fc.constant('send' as const), hands: fc.array(hand, { maxLength: 2 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(want, send), { maxLength: 30, size: 'max' }), (history) => {
      const to = new MemorySwitch();
      const table = new FlowTable();
      table.whole = true;
      load1(table, to);
      const act = ({ kind, which }: { kind: 'delete' | 'alter' | 'copy'; which: number }) => {
        const [key, there] = [...to.flows][which] ?? [];
        if (key === undefined || there === undefined) return [];
        if (kind === 'delete') return [to.byAnotherHand(key, undefined)];
        if (kind === 'alter') return [to.byAnotherHand(key, { ...there, instructions: new Uint8Array(0) })];
        return [to.byAnotherHand(key.replace(/^\d+ \d+/, '9 9'), { ...there, table: 9, priority: 9 })];
      };
      for (const step of history) {
        if (step.kind === 'want') {
          table.want(
            owner(String(step.owner)),
            step.owner,
            step.ports.map((port, priority) => flow(priority, port)),
          );
          continue;
        }
        const batch = table.next(2);
        const told = step.hands.filter(({ when }) => when === 'before').flatMap(act);
        if (batch !== undefined) to.take(batch);
        told.push(...step.hands.filter(({ when }) => when === 'after').flatMap(act));
        if (batch !== undefined) table.committed(batch);
        const crossed = new Set(batch?.changes.map(({ identity }) => identity));
        for (const { identity, content } of told) table.observed(identity, crossed.has(identity) ? tampered : content);
      }
      settle(table, to);
      const cold = new FlowTable();
      cold.whole = true;
      const fresh = new MemorySwitch();
      for (const step of history)
        if (step.kind === 'want')
          cold.want(
            owner(String(step.owner)),
            step.owner,
            step.ports.map((port, priority) => flow(priority, port)),
          );
      load1(cold, fresh);
      settle(cold, fresh);
      return JSON.stringify(to.hashes()) === JSON.stringify(fresh.hashes()) && load1(table, to).changedByOthers === 0;
    }),
    { numRuns: 1000 },
  );
  t.end();
});
