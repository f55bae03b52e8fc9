import fc from 'fast-check';
import t from 'tap';
import { calmLength, Damper, windowMs } from '../../src/sync/damper.js';

/** A damper, its clock, and what came of it: the revision of each key that was passed on last, and how many were. */
class Damped {
  nowMs = 0;
  readonly passed = new Map<string, number>();
  length = 0;
  /** The first revision that waits, as it was told last. */
  since: number | undefined;
  #revision = 0;
  #due: { readonly atMs: number; readonly work: () => void } | undefined;
  readonly #damper = new Damper(
    (revision) => (this.since = revision),
    (delayMs, work) => {
      if (this.#due !== undefined) throw new Error('one timer is enough');
      this.#due = { atMs: this.nowMs + delayMs, work };
      return () => (this.#due = undefined);
    },
  );

  get isAtRest(): boolean {
    return this.#due === undefined;
  }

  /** Returns the revision. */
  change(key: string): number {
    const revision = ++this.#revision;
    this.#damper.change(key, revision, () => {
      this.passed.set(key, revision);
      this.length++;
    });
    return revision;
  }

  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.#due !== undefined && this.#due.atMs <= untilMs) {
      const { atMs, work } = this.#due;
      this.nowMs = atMs;
      this.#due = undefined;
      work();
    }
    this.nowMs = untilMs;
  }

  close(): void {
    this.#damper.close();
  }
}

void t.test('what changes less than 100 times a second never waits, and then it is forgotten', (t) => {
  const damped = new Damped();
  for (let round = 0; round < 500; round++) {
    for (const key of ['a', 'b', 'c', `new ${round}`]) {
      const revision = damped.change(key);
      if (damped.passed.get(key) !== revision) t.fail(`${key} waits in round ${round}`);
    }
    damped.wait(windowMs / calmLength);
  }
  t.equal(damped.since, undefined);
  damped.wait(windowMs);
  t.ok(damped.isAtRest, 'nothing is kept for it');
  t.end();
});

void t.test('of a storm one change in a window is passed on, the newest, and no other key waits for it', (t) => {
  const damped = new Damped();
  let last = 0;
  for (let ms = 0; ms < 1000; ms++) {
    for (let i = 0; i < 10; i++) last = damped.change('storm');
    if (ms % 100 !== 50) damped.wait(1);
    else {
      const revision = damped.change('calm');
      t.equal(damped.passed.get('calm'), revision);
    }
  }
  damped.wait(windowMs);
  t.equal(damped.passed.get('storm'), last, 'the last one is there within a window');
  t.equal(damped.length - 10, calmLength + 2, 'in two windows');
  t.equal(damped.since, undefined);
  damped.wait(windowMs);
  t.ok(damped.isAtRest);
  t.equal(damped.change('storm'), damped.passed.get('storm'), 'a storm that is over is forgotten');
  t.end();
});

void t.test('whatever changes whenever: the last word of each key comes, and what is said to be complete is', (t) => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    times: fc.integer({ min: 1, max: 2 * calmLength }),
    thenMs: fc.oneof(fc.nat(30), fc.nat(2 * windowMs)),
  });
  let waited = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
      const damped = new Damped();
      const newest = new Map<string, number>();
      const isComplete = (): boolean =>
        [...newest].every(
          ([key, revision]) => damped.passed.get(key) === revision || (damped.since ?? Infinity) <= revision,
        );
      for (const { key, times, thenMs } of steps) {
        for (let i = 0; i < times; i++) newest.set(key, damped.change(key));
        if (damped.since !== undefined) waited++;
        if (!isComplete()) return false;
        damped.wait(thenMs);
        if (!isComplete()) return false;
      }
      damped.wait(windowMs);
      return damped.since === undefined && [...newest].every(([key, revision]) => damped.passed.get(key) === revision);
    }),
  );
  t.ok(waited > 100, `${waited} times something waited`);
  t.end();
});

void t.test('nothing is passed on once it is closed', (t) => {
  const damped = new Damped();
  for (let i = 0; i < 2 * calmLength; i++) damped.change('a');
  damped.close();
  damped.wait(10 * windowMs);
  t.equal(damped.length, calmLength);
  t.end();
});
