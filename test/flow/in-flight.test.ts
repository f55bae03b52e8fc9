// Batches that are on their way together: what the switch says of one of them is true whatever has been sent behind it.
import fc from 'fast-check';
import t from 'tap';
import type { Batch } from '../../src/flow/batch.js';
import { FlowTable } from '../../src/flow/table.js';
import { MemorySwitch } from './memory-switch.js';
import { anyWant, flow, holds, itemsOf, owner, settle, type Want } from './samples.js';

void t.test('what is on its way is not sent again before the answer is there', (t) => {
  const table = new FlowTable();
  table.whole = true;
  const want = (priority: number, port: number): number => {
    table.want(owner(String(priority)), 1, [flow(priority, port)]);
    return table.endRound();
  };
  const taken = (): Batch => table.next(9) ?? { generation: 0, changes: [] };
  want(1, 1);
  const first = taken();
  const round = want(1, 2);
  want(2, 2);
  const second = taken();
  t.equal(second.changes.length, 1, 'another flow is sent behind it');
  t.equal(table.next(9), undefined);
  table.committed(second);
  t.equal(table.acknowledged(), round - 2);
  table.committed(first, new Map([[0, 'no']]));
  const third = taken();
  t.match(third.changes, [{ kind: 'add', before: undefined }], 'the first was refused: it is not there to be changed');
  table.committed(third);
  t.equal(table.acknowledged(), round + 1);
  t.same(table.refusals(), []);
  t.end();
});

void t.test('what is wanted no more while it is on its way is removed afterwards', (t) => {
  const table = new FlowTable();
  table.whole = true;
  table.want(owner('a'), 1, [flow(1, 1)]);
  table.endRound();
  const batch = table.next(9);
  if (batch === undefined) throw new Error('nothing to send');
  table.want(owner('a'), 1, []);
  table.endRound();
  t.equal(table.next(9), undefined);
  table.committed(batch);
  t.match(table.next(9)?.changes, [{ kind: 'remove' }]);
  t.end();
});

type Step =
  | Want
  | { readonly kind: 'send' | 'retry' | 'reconnect' }
  | { readonly kind: 'answer'; readonly refused: readonly number[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: anyWant },
  { weight: 4, arbitrary: fc.constant({ kind: 'send' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), refused: fc.subarray([0, 1, 2]) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'retry' as const }, { kind: 'reconnect' as const }) },
);

function served(to: MemorySwitch): FlowTable {
  const table = new FlowTable();
  table.whole = true;
  to.readBy(table, table.load());
  return table;
}

void t.test('any history with several batches on their way ends in the flows of a cold start', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (history) => {
      const to = new MemorySwitch();
      const table = served(to);
      const underWay: Batch[] = [];
      const answer = (refused: readonly number[]): void => {
        const batch = underWay.shift();
        if (batch !== undefined) table.committed(batch, to.take(batch, new Set(refused)));
      };
      for (const s of history) {
        if (s.kind === 'want') {
          table.want(owner(String(s.owner)), s.owner, itemsOf(s));
          table.endRound();
        } else if (s.kind === 'send') {
          const batch = table.next(3);
          if (batch !== undefined) underWay.push(batch);
          const identities = underWay.flatMap(({ changes }) => changes.map(({ identity }) => identity));
          if (new Set(identities).size < identities.length) return false;
        } else if (s.kind === 'answer') answer(s.refused);
        else if (s.kind === 'retry') table.retry();
        else {
          underWay.length = 0;
          to.readBy(table, table.load());
        }
      }
      while (underWay.length > 0) answer([]);
      table.retry();
      settle(table, to);
      const fresh = new MemorySwitch();
      const cold = served(fresh);
      for (const s of history) if (s.kind === 'want') cold.want(owner(String(s.owner)), s.owner, itemsOf(s));
      settle(cold, fresh);
      return holds(to) === holds(fresh) && settle(table, to) === 0 && table.counts().waiting === 0;
    }),
    { numRuns: 1000 },
  );
  t.end();
});
