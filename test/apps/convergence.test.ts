// The promise all the way down: whatever becomes so in the northbound, and whatever becomes of the switch and the connection to it
// meanwhile, in the end the switch holds what a cold start puts on an empty one, and reading it once more changes nothing.
import fc from 'fast-check';
import t from 'tap';
import type { Batch } from '../../src/flow/batch.js';
import { readCookie } from '../../src/flow/item.js';
import { operator } from '../../src/model/ids.js';
import { MemorySwitch, type Seen } from '../flow/memory-switch.js';
import { beginning, coldly, type Fact, fact, newest, settledFact, tenants } from './facts.js';

/** What a foreign hand does to one of the flows or groups of the switch. */
type Act = 'delete' | 'alter' | 'copy' | 'foreign' | 'delete group' | 'alter group' | 'copy group';

type Step =
  | { readonly kind: 'fact'; readonly fact: Fact }
  /** What is wanted is brought up to date, or some of it. */
  | { readonly kind: 'turn'; readonly isCut: boolean }
  /** A batch is taken, of which a change may be refused. */
  | { readonly kind: 'commit'; readonly limit: number; readonly refused: number | undefined }
  /** The connection is lost while a batch is under way: nobody knows whether the switch has it. */
  | { readonly kind: 'lose'; readonly limit: number; readonly isTaken: boolean }
  | { readonly kind: 'reconnect' | 'empty' | 'retry' }
  /** It is told at once, or found when the switch is read. */
  | { readonly kind: 'hand'; readonly act: Act; readonly which: number; readonly isTold: boolean };

const kind = <Kind extends string>(name: Kind) => fc.constant(name);
const limit = fc.integer({ min: 1, max: 60 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ kind: kind('fact'), fact: fc.oneof({ weight: 12, arbitrary: fact }, settledFact) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind('turn'),
      isCut: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind('commit'), limit, refused: fc.option(fc.nat(30), { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('lose'), limit, isTaken: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('reconnect' as const, 'empty' as const, 'retry' as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('hand'),
      act: fc.constantFrom<Act>('delete', 'alter', 'copy', 'foreign', 'delete group', 'alter group', 'copy group'),
      which: fc.nat(200),
      isTold: fc.boolean(),
    }),
  },
);

const isOurs = (cookie: bigint): boolean => readCookie(cookie) !== undefined;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const nth = <Element>(elements: Iterable<Element>, which: number): Element | undefined => {
  const all = [...elements];
  return all[which % all.length];
};

/** A chassis that is told facts, and the switch that it serves. */
class Served {
  readonly chassis = coldly([]);
  readonly to = new MemorySwitch();
  /** Whether something was changed by others of which nobody told since the switch was read. */
  isUntold = false;
  /** Of each kind of step, how many had something to do. */
  readonly counts: Record<string, number> = {};

  constructor() {
    this.load();
  }

  get table() {
    return this.chassis.table;
  }

  /** Reads what the switch holds, as after each new connection. */
  load(): void {
    this.to.readBy(this.table, this.table.load());
    this.isUntold = false;
  }

  /** Brings what is wanted up to date, unless the turn is cut off at once. */
  turn(isCut: boolean): void {
    const { engine, interest, world } = this.chassis;
    if (engine.flush(() => isCut) === undefined) return;
    this.table.whole = interest.tenants().every((tenant) => world.settled.present(tenant));
  }

  /** Sends all that there is to send; gives how much that was. Nothing of it may be refused. */
  settle(): number {
    let sent = 0;
    for (let batch = this.table.next(50); batch !== undefined; batch = this.table.next(50)) {
      const [refused] = this.to.take(batch);
      if (refused !== undefined) throw new Error(`the switch refuses ${refused.join(': ')}`);
      this.table.committed(batch);
      sent += batch.changes.length;
    }
    return sent;
  }

  /** Does a step, and counts it if there was anything to do. */
  take(one: Step): void {
    if (this.#takes(one)) this.counts[one.kind] = (this.counts[one.kind] ?? 0) + 1;
  }

  #takes(one: Step): boolean {
    switch (one.kind) {
      case 'fact':
        one.fact.apply(this.chassis.world);
        return true;
      case 'turn':
        this.turn(one.isCut);
        return true;
      case 'commit':
        return this.#commit(this.table.next(one.limit), one.refused);
      case 'lose': {
        const batch = this.table.next(one.limit);
        if (batch !== undefined && one.isTaken) this.to.take(batch);
        this.load();
        return batch !== undefined;
      }
      case 'empty':
        this.to.flows.clear();
        this.to.groups.clear();
        this.load();
        return true;
      case 'reconnect':
        this.load();
        return true;
      case 'retry':
        this.table.retry();
        return true;
      case 'hand':
        return this.#suffer(one);
    }
  }

  #commit(batch: Batch | undefined, refused: number | undefined): boolean {
    if (batch === undefined) return false;
    this.table.committed(batch, this.to.take(batch, new Set(refused === undefined ? [] : [refused])));
    return true;
  }

  #suffer({ act, which, isTold }: Step & { readonly kind: 'hand' }): boolean {
    const seen = act.endsWith('group') ? this.#onGroup(act, which) : this.#onFlow(act, which);
    if (seen === undefined) return false;
    if (!isTold) {
      this.isUntold = true;
      return true;
    }
    if (act.endsWith('group')) this.to.groupsReadBy(this.table);
    for (const { identity, content } of seen) this.table.observed(identity, content);
    return true;
  }

  #onFlow(act: Act, which: number): Seen[] | undefined {
    const { to } = this;
    const [key, flow] =
      nth(
        [...to.flows].filter(([, { cookie }]) => isOurs(cookie)),
        which,
      ) ?? [];
    if (key === undefined || flow === undefined) return undefined;
    if (act === 'delete') return [to.byAnotherHand(key, undefined)];
    if (act === 'alter') return [to.byAnotherHand(key, { ...flow, instructions: new Uint8Array(0) })];
    if (act === 'copy') return [to.byAnotherHand(`9 9 ${hex(flow.match)}`, { ...flow, table: 9, priority: 9 })];
    return [to.byAnotherHand(`8 8 ${hex(flow.match)}`, { ...flow, table: 8, priority: 8, cookie: 0x77n })];
  }

  #onGroup(act: Act, which: number): Seen[] | undefined {
    const group = nth(this.to.groups.values(), which);
    if (group === undefined) return undefined;
    if (act === 'delete group') return this.to.deleteGroup(group.groupId);
    const groupId = act === 'copy group' ? 0xdfffffff : group.groupId;
    this.to.groups.set(groupId, { ...group, groupId, buckets: new Uint8Array(0) });
    return [];
  }
}

/** What a switch holds of ours, as text. */
const held = ({ flows, groups }: MemorySwitch): string[] => [
  ...[...flows]
    .filter(([, { cookie }]) => isOurs(cookie))
    .map(([key, { cookie, instructions }]) => `${key} ${cookie.toString(16)} ${hex(instructions)}`)
    .sort(),
  ...[...groups.values()].map(({ groupId, type, buckets }) => `${groupId} ${type} ${hex(buckets)}`).sort(),
];

/** The flows of others. */
const foreignFlows = ({ flows }: MemorySwitch): string[] =>
  [...flows].flatMap(([key, { cookie }]) => (isOurs(cookie) ? [] : [key]));

/** Throws what is not in both. */
function demandSame(found: readonly string[], wanted: readonly string[]): void {
  const surplus = found.filter((line) => !wanted.includes(line));
  const missing = wanted.filter((line) => !found.includes(line));
  if (surplus.length + missing.length > 0)
    throw new Error(['the switch holds', ...surplus, 'and lacks', ...missing].join('\n'));
}

/** All that can be known is known. */
const whole: readonly Fact[] = [operator, ...tenants].map((tenant) => ({
  name: `settled ${tenant}`,
  apply: (world) => {
    world.settled.set(tenant, true);
  },
}));
const first = [...beginning, ...whole];

void t.test('whatever happens on the way, the switch comes to hold what a cold start gives it', (t) => {
  const counts: Record<string, number> = {};
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 80 }), (history) => {
      const served = new Served();
      for (const each of first) each.apply(served.chassis.world);
      served.turn(false);
      served.settle();
      for (const one of history) served.take(one);
      for (const each of whole) each.apply(served.chassis.world);
      const foreign = foreignFlows(served.to);
      served.turn(false);
      if (served.isUntold) served.load(); // as it is from time to time
      served.table.retry();
      served.settle();

      const cold = new Served();
      const told = history.flatMap((one) => (one.kind === 'fact' ? [one.fact] : []));
      for (const each of newest([...first, ...told, ...whole])) each.apply(cold.chassis.world);
      cold.turn(false);
      cold.settle();
      demandSame(held(served.to), held(cold.to));
      demandSame(foreignFlows(served.to), foreign);
      served.load();
      if (served.settle() !== 0 || served.table.counts().waiting !== 0) throw new Error('something is sent once more');
      for (const [name, count] of Object.entries(served.counts)) counts[name] = (counts[name] ?? 0) + count;
    }),
    { numRuns: 150 },
  );
  for (const name of ['commit', 'lose', 'empty', 'hand']) t.ok((counts[name] ?? 0) > 50, `${name}: ${counts[name]}`);
  t.end();
});
