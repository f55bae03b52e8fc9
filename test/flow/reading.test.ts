import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Batch, DumpedFlow } from '../../src/flow/batch.js';
import { flowItem } from '../../src/flow/item.js';
import type { Reading } from '../../src/flow/reading.js';
import { foreign, tampered } from '../../src/flow/row.js';
import { FlowTable } from '../../src/flow/table.js';
import { apply, decode } from '../../src/ofp/index.js';
import { MemorySwitch } from './memory-switch.js';
import { anyWant, author, flow, group, holds, itemsOf, owner, settle, small, type Want } from './samples.js';

function tableOf(to: MemorySwitch): FlowTable {
  const table = new FlowTable();
  table.whole = true;
  to.readBy(table, table.load());
  return table;
}

void t.test('while the switch is read again, changes are sent and acknowledged', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  table.want(owner('a'), 1, [flow(1, 1), flow(2, 2)]);
  settle(table, to);
  table.endRound();
  const reading = table.read('all');
  for (const held of to.flows.values()) reading.flow(held);
  table.want(owner('a'), 1, [flow(1, 9), flow(3, 3)]);
  const round = table.endRound();
  t.equal(settle(table, to), 3, 'one changed, one new, one gone');
  t.equal(table.acknowledged(), round);
  const finishing = table.finish(reading, to.groups.values());
  finishing.next();
  table.want(owner('b'), 1, [flow(4, 4)]);
  t.equal(settle(table, to), 1);
  let step = finishing.next();
  while (step.done !== true) step = finishing.next();
  t.same([...step.value.due], [], 'what the switch said of them is old');
  t.equal(settle(table, to), 0);
  t.equal(to.flows.size, 3);
  t.end();
});

void t.test('what others did is found by reading all of it, and put right while other changes go on', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  table.want(
    owner('a'),
    1,
    [1, 2, 3].map((priority) => flow(priority, 1)),
  );
  table.want(owner('b'), 1, [group(1, 1)]);
  const round = table.endRound();
  settle(table, to);
  const [first = '', second = '', third = ''] = [...to.flows.keys()];
  const there = to.flows.get(second);
  if (there === undefined) throw new Error('no flow');
  to.flows.delete(first);
  to.flows.set(second, { ...there, instructions: new Uint8Array(0) });
  to.flows.set(third, { ...there, priority: 3, cookie: 0x77n });
  to.groups.clear();
  const { found, due } = to.readBy(table, table.read('all'));
  t.same(found, { ours: 1, foreign: 1, changedByOthers: 1 });
  t.same(new Set(due.keys()), new Set([flow(1, 1), flow(2, 1), group(1, 1)].map(({ identity }) => identity)));
  t.equal(due.get(flow(2, 1).identity), tampered);
  t.equal(table.acknowledged(), round, 'what was acknowledged stays so');
  t.equal(settle(table, to), 3);
  t.equal(to.flows.get(third)?.cookie, 0x77n, 'a flow that is not ours stays');
  t.match(table.refusals(), [{ owner: { object: 'a' }, reason: /not ours/ }]);
  t.same([...to.readBy(table, table.read('all')).due], []);
  to.flows.set('extra', { ...there, priority: 9 });
  t.equal(to.readBy(table, table.read('all')).due.size, 1);
  t.equal(table.next(9)?.changes[0]?.kind, 'remove', 'added under our mark');
  t.end();
});

void t.test('a group that is gone is found before the flows that went with it', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  const groupId = 0xd0000001;
  const user = flowItem(author, {
    table: 0,
    priority: 1,
    match: {},
    instructions: [apply({ type: 'group', groupId })],
  });
  table.want(owner('group'), 1, [group(1, 1)]);
  settle(table, to);
  table.want(owner('flow'), 1, [user]);
  settle(table, to);
  to.deleteGroup(groupId);
  t.same([...to.readBy(table, table.read('all')).due.keys()].sort(), [user.identity, group(1, 1).identity].sort());
  for (const kind of ['group_mod', 'flow_mod']) {
    const batch = table.next(1);
    t.same(
      batch?.changes.map(({ frame }) => decode(frame).message.type),
      [kind],
    );
    if (batch !== undefined) table.committed(batch, to.take(batch));
  }
  t.same(table.refusals(), []);
  t.end();
});

void t.test('of what is told twice in one reading the last counts', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  table.want(owner('a'), 1, [flow(1, 1)]);
  settle(table, to);
  const [held] = to.flows.values();
  const reading = table.read('all');
  if (held !== undefined) reading.flow({ ...held, instructions: new Uint8Array(0) });
  t.same([...to.readBy(table, reading).due], []);
  t.end();
});

void t.test('a reading that is not finished when the switch is connected anew says nothing any more', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  table.want(owner('a'), 1, [flow(1, 1)]);
  settle(table, to);
  const finishing = table.finish(table.read('all'), []);
  to.readBy(table, table.load());
  while (finishing.next().done !== true);
  t.equal(settle(table, to), 0);
  t.end();
});

void t.test('what was to be removed before the connection ended waits for the whole view of the next one', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  for (const name of ['a', 'b', 'c', 'd', 'e']) table.want(owner(name), 1, [flow(name.charCodeAt(0), 1)]);
  settle(table, to);
  table.want(owner('a'), 1, []);
  const batch = table.next(1);
  if (batch !== undefined) table.committed(batch, new Map([[0, 'no']]));
  table.want(owner('b'), 1, []);
  const finishing = table.finish(table.load(), []);
  table.want(owner('c'), 1, []);
  const reading = table.load();
  table.want(owner('d'), 1, []);
  table.whole = false;
  to.readBy(table, reading);
  while (finishing.next().done !== true);
  table.want(owner('e'), 1, []);
  t.equal(settle(table, to), 0);
  table.whole = true;
  t.equal(settle(table, to), 5, 'what was refused then too');
  t.equal(to.flows.size, 0);
  t.end();
});

void t.test('after a connection only what is on the switch is acknowledged, and that at once', (t) => {
  const to = new MemorySwitch();
  const table = tableOf(to);
  table.want(owner('a'), 1, [flow(1, 1)]);
  table.endRound();
  settle(table, to);
  table.want(owner('b'), 1, [flow(2, 2)]);
  const round = table.endRound();
  to.flows.clear();
  to.readBy(table, table.load());
  t.equal(table.acknowledged(), 0, 'nothing is there, also of what was acknowledged');
  settle(table, to);
  t.equal(table.acknowledged(), round);
  const other = new FlowTable();
  other.whole = true;
  other.want(owner('a'), 1, [flow(1, 1), flow(2, 2)]);
  const only = other.endRound();
  to.readBy(other, other.load());
  t.equal(other.acknowledged(), only);
  t.end();
});

type Step =
  | Want
  | { kind: 'send' | 'take' | 'answer' | 'refuse' | 'tell' | 'retry' | 'reconnect' | 'read groups' | 'read' | 'finish' }
  | { kind: 'piece'; piece: number }
  | { kind: 'go on'; steps: number }
  | { kind: 'hand'; act: 'delete' | 'alter' | 'copy' | 'take over' | 'delete group'; which: number };

/** The pieces in which the switch tells of its flows, by their cookies: each at a moment of its own. */
const pieces = 3;

/** A switch, its table, at most one commit and one reading under way, and what was done behind their backs. */
class Bench {
  readonly to = new MemorySwitch();
  readonly table = tableOf(this.to);
  #batch: Batch | undefined;
  #reasons: Map<number, string> | undefined;
  #reading:
    { readonly reading: Reading; readonly told: Set<number>; finishing?: ReturnType<FlowTable['finish']> } | undefined;
  /** What the switch has said of its own accord and the table was not told yet; of a flow that a commit changed too it is unknown. */
  readonly #heard = new Map<string, number | undefined>();
  isUntold = false;
  readonly mistakes: string[] = [];
  /** Whether the switch tells what others do to its flows. */
  readonly #isWatched: boolean;

  constructor(isWatched: boolean) {
    this.#isWatched = isWatched;
  }

  take(step: Step): void {
    const { table, to } = this;
    switch (step.kind) {
      case 'want':
        table.want(owner(String(step.owner)), step.owner, itemsOf(step));
        return;
      case 'send':
        this.#batch ??= table.next(2);
        return;
      case 'take':
      case 'refuse':
        if (this.#batch !== undefined)
          this.#reasons ??= to.take(this.#batch, new Set(step.kind === 'refuse' ? [0] : []));
        return;
      case 'answer':
        this.answer();
        return;
      case 'retry':
        table.retry();
        return;
      case 'reconnect':
        if (this.#batch !== undefined && this.#reasons === undefined) to.take(this.#batch);
        this.#batch = this.#reasons = this.#reading = undefined;
        this.#heard.clear();
        to.readBy(table, table.load());
        this.isUntold = false;
        return;
      case 'read groups':
        if (this.#batch === undefined) this.#demandNothingDue(to.groupsReadBy(table).due.size);
        return;
      case 'read':
        if (this.#reading !== undefined) return;
        this.tell();
        if (this.#heard.size === 0) this.#reading = { reading: table.read('all'), told: new Set() };
        return;
      case 'tell':
        this.tell();
        return;
      case 'piece':
        this.piece(step.piece);
        return;
      case 'finish':
        this.finish();
        return;
      case 'go on':
        this.#finishing(step.steps);
        return;
      case 'hand':
        this.#suffer(step);
    }
  }

  /** The switch answers the commit that is under way. */
  answer(): void {
    if (this.#batch === undefined) return;
    this.#reasons ??= this.to.take(this.#batch);
    this.table.committed(this.#batch, this.#reasons);
    for (const { identity } of this.#batch.changes) {
      if (!this.#heard.has(identity)) continue;
      this.isUntold = true; // nobody can say what came last
      if (this.#heard.get(identity) !== foreign) this.#heard.set(identity, tampered);
    }
    this.#batch = this.#reasons = undefined;
  }

  /** The table is told what was heard, if no commit is under way. */
  tell(): void {
    if (this.#batch !== undefined) return;
    for (const [identity, content] of this.#heard) this.table.observed(identity, content);
    this.#heard.clear();
  }

  /** The switch tells of some flows, as they are now. */
  piece(piece: number): void {
    if (this.#reading === undefined || this.#reading.told.has(piece)) return;
    this.#reading.told.add(piece);
    for (const held of this.to.flows.values())
      if (Number(held.cookie & 0xffn) % pieces === piece) this.#reading.reading.flow(held);
  }

  /** It has told of all of them, and tells of its groups. */
  finish(): void {
    if (this.#reading === undefined || this.#reading.finishing !== undefined) return;
    for (let piece = 0; piece < pieces; piece++) this.piece(piece);
    this.#reading.finishing = this.table.finish(this.#reading.reading, [...this.to.groups.values()]);
  }

  /** Everything under way comes to its end. */
  rest(): void {
    this.answer();
    this.finish();
    this.#finishing(Infinity);
    this.tell();
    this.table.retry();
  }

  #finishing(steps: number): void {
    for (let i = 0; i < steps && this.#reading?.finishing !== undefined; i++) {
      const step = this.#reading.finishing.next();
      if (step.done !== true) continue;
      this.#reading = undefined;
      this.#demandNothingDue(step.value.due.size);
    }
  }

  #demandNothingDue(length: number): void {
    if (length > 0 && !this.isUntold) this.mistakes.push(`${length} due that nobody else had changed`);
  }

  #suffer({ act, which }: Step & { kind: 'hand' }): void {
    const { to } = this;
    if (act === 'delete group') {
      if (this.#isWatched) return; // a monitor says nothing of groups
      const groups = [...to.groups.keys()];
      to.deleteGroup(groups[which % Math.max(1, groups.length)] ?? 0);
      this.isUntold = true;
      return;
    }
    const [key, there] = [...to.flows][which] ?? [];
    if (key === undefined || there === undefined) return;
    const becomes: Record<typeof act, DumpedFlow | undefined> = {
      delete: undefined,
      alter: { ...there, instructions: new Uint8Array(0) },
      copy: { ...there, priority: 9 },
      'take over': { ...there, cookie: 0x77n },
    };
    const seen = to.byAnotherHand(act === 'copy' ? key.replace(/^0 \d+/, '0 9') : key, becomes[act]);
    if (!this.#isWatched) this.isUntold = true;
    else {
      this.table.heard(seen.identity);
      this.#heard.set(seen.identity, seen.content);
    }
  }
}

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: anyWant,
  },
  {
    weight: 10,
    arbitrary: fc.constantFrom(
      ...(['send', 'send', 'take', 'answer', 'answer', 'tell', 'read', 'read', 'finish', 'read groups'] as const).map(
        (kind) => ({ kind }),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...(['refuse', 'retry', 'reconnect'] as const).map((kind) => ({ kind }))),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('piece' as const), piece: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('go on' as const), steps: fc.nat({ max: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('hand' as const),
      act: fc.constantFrom('delete', 'alter', 'copy', 'take over', 'delete group'),
      which: small,
    }),
  },
);

void t.test('readings among commits, wishes and foreign hands: at rest the switch holds what is wanted', (t) => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(anyStep, { maxLength: 60, size: 'max' }), (isWatched, history) => {
      const bench = new Bench(isWatched);
      const { table, to } = bench;
      for (const step of history) {
        bench.take(step);
        table.refusals(); // what is remembered of them must not be old
      }
      bench.rest();
      settle(table, to);
      const round = table.endRound();
      const { due } = to.readBy(table, table.read('all'));
      if (due.size > 0 && !bench.isUntold) bench.mistakes.push(`${due.size} were not as the table believed`);
      settle(table, to);
      // A cold start on a switch that holds what others have put there.
      const fresh = new MemorySwitch();
      for (const [key, held] of to.flows) if (held.cookie === 0x77n) fresh.flows.set(key, held);
      const cold = tableOf(fresh);
      const wishes = history.filter((step) => step.kind === 'want');
      for (const wish of wishes) cold.want(owner(String(wish.owner)), wish.owner, itemsOf(wish));
      settle(cold, fresh);
      assert.deepEqual(bench.mistakes, []);
      assert.equal(holds(to), holds(fresh));
      assert.equal(table.acknowledged(), round);
      assert.deepEqual(table.counts(), cold.counts());
    }),
    { numRuns: 2000 },
  );
  t.end();
});
