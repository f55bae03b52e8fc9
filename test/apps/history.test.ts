// The promise behind everything: after any history of northbound, switch and database, in any order of arrival, what is wanted is what
// a cold start with the same facts wants. A full recomputation changes nothing, after every step. And who hears only of the tenants that
// it watches wants what it would want if it heard of all.
import fc from 'fast-check';
import t from 'tap';
import { refIn } from '../../src/model/ids.js';
import { kinds } from '../../src/model/kinds.js';
import type { World } from '../../src/model/world.js';
import {
  beginning,
  Chassis,
  claimFact,
  coldly,
  type Fact,
  fact,
  newest,
  objectFact,
  settledFact,
  tenants,
} from './facts.js';

const anyFact = fc.oneof({ weight: 15, arbitrary: fact }, { weight: 1, arbitrary: settledFact });

/** Whether two texts are the same; if not, the difference is printed. */
function isSame(a: string, b: string): boolean {
  if (a !== b) t.same(a.split('\n'), b.split('\n'));
  return a === b;
}

void t.test('any history in any order ends in what a cold start wants', (t) => {
  let wantedMost = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyFact, fc.boolean()), { minLength: 1, maxLength: 40, size: 'max' }),
      fc.infiniteStream(fc.nat()),
      (history, order) => {
        const warm = coldly(beginning);
        for (const [{ apply }, flush] of history) {
          apply(warm.world);
          if (flush) warm.engine.flush();
        }
        const shuffled = newest([...beginning, ...history.map(([each]) => each)])
          .map((each) => ({ each, rank: Number(order.next().value) }))
          .sort((a, b) => a.rank - b.rank);
        const cold = coldly(shuffled.map(({ each }) => each));
        wantedMost = Math.max(wantedMost, warm.table.wanted().length);
        return isSame(warm.result(), cold.result());
      },
    ),
    { numRuns: 300 },
  );
  t.ok(wantedMost > 100, `histories meet networks that work (${wantedMost} flows at most)`);
  t.end();
});

void t.test('after every step a full recomputation changes nothing', (t) => {
  fc.assert(
    fc.property(fc.array(anyFact, { minLength: 1, maxLength: 20, size: 'max' }), (history) => {
      const warm = coldly(beginning);
      return history.every(({ apply }, index) => {
        apply(warm.world);
        const cold = coldly(newest([...beginning, ...history.slice(0, index + 1)]));
        return isSame(warm.result(), cold.result());
      });
    }),
    { numRuns: 40 },
  );
  t.end();
});

/** The tenant whose northbound says a fact; undefined for what the machine itself knows. */
const tellerOf = ({ name }: Fact): string | undefined =>
  /^(?:number )?(?:lport|lswitch|child_port_segmentation|claim) ([^/]+)\//.exec(name)?.[1];

/** Takes back all that was told of a tenant. */
function forget(world: World, tenant: string, told: readonly Fact[]): void {
  for (const each of told) {
    if (tellerOf(each) !== tenant) continue;
    const words = each.name.split(' ');
    const ref = refIn('', words.at(-1) ?? '');
    const kind = kinds.find((one) => one === words[0]);
    if (kind !== undefined) world.remove(kind, ref);
    else if (words[0] === 'claim') world.claims.set(ref, undefined);
    else world.numbers.set(words.slice(1).join(' '), undefined);
  }
  world.settled.set(tenant, undefined);
}

/** A chassis that is told of the tenants that it watches, and of no others. */
class Watcher {
  readonly chassis = new Chassis();
  readonly #facts = new Map<string, Fact>();
  readonly #watched = new Set<string>();

  /** A fact has become so. */
  take(each: Fact): void {
    this.#facts.set(each.name, each);
    const teller = tellerOf(each);
    if (teller === undefined || this.#watched.has(teller)) each.apply(this.chassis.world);
  }

  /** Watches what it then has to, until that is the same. */
  settle(): ReadonlySet<string> {
    const { engine, interest, world } = this.chassis;
    for (;;) {
      engine.flush();
      const needed = interest.tenants();
      const come = needed.filter((tenant) => !this.#watched.has(tenant));
      const gone = [...this.#watched].filter((tenant) => !needed.includes(tenant));
      if (come.length === 0 && gone.length === 0) return this.#watched;
      for (const tenant of gone) {
        forget(world, tenant, [...this.#facts.values()]);
        this.#watched.delete(tenant);
      }
      for (const tenant of come) {
        for (const each of this.#facts.values()) if (tellerOf(each) === tenant) each.apply(world);
        world.settled.set(tenant, true);
        this.#watched.add(tenant);
      }
    }
  }
}

void t.test('who is told of the tenants that it watches wants what it would want if it were told of all', (t) => {
  // Of the other tenant nothing is here at first: its ports are on another chassis, where they may join a network that is shared with
  // it. Numbers are given out once: those of the beginning stay.
  const facts: Fact[] = [
    ...beginning.filter(({ name }) => !/^(binding|claim) blue|^settled/.test(name)),
    objectFact('chassis', '_operator', 'c2', { ips: ['192.0.2.2'], tunnel_types: ['vxlan', 'geneve'] }),
    ...['a', 'b', 'c', 'd'].map((id) => claimFact(`blue/${id}`, 'c2')),
  ];
  const later = fact.filter(({ name }) => !name.startsWith('number'));
  let ignorant = 0;
  fc.assert(
    fc.property(fc.boolean(), fc.array(later, { minLength: 1, maxLength: 25, size: 'max' }), (isShared, history) => {
      const first = isShared ? [...facts, objectFact('lswitch', 'red', 'n1', { shared_with: ['blue'] })] : facts;
      const [watcher, knower] = [new Watcher(), coldly(first)];
      for (const tenant of tenants) knower.world.settled.set(tenant, true);
      for (const each of first) watcher.take(each);
      return history.every((each) => {
        watcher.take(each);
        each.apply(knower.world);
        const watched = watcher.settle();
        if (tenants.some((tenant) => !watched.has(tenant)) && knower.wanted().length > 50) ignorant++;
        return isSame(watcher.chassis.wanted().join('\n'), knower.wanted().join('\n'));
      });
    }),
    { numRuns: 300 },
  );
  t.ok(ignorant > 100, `${ignorant} times there was a tenant of whom nothing was known`);
  t.end();
});
