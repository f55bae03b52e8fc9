import t from 'tap';
import fc from 'fast-check';
import { type Loss, Mirror, lossOf } from '../../src/sync/mirror.js';
import type { Entry } from '../../src/sync/bucket.js';

/** A store of keys with history 1, as the server keeps it: written to, and made anew. */
class FakeStore {
  revision = 0;
  readonly entries = new Map<string, Entry>();
  write(key: string, text: string | undefined): Entry {
    this.revision += 1;
    const entry = { key, text, revision: this.revision, storedMs: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry;
  }
  snapshot(mirror: Mirror<string>): void {
    mirror.started();
    for (const entry of this.entries.values()) mirror.entry(entry);
    mirror.settled();
  }
  values(): Record<string, string> {
    const live = [...this.entries.values()].filter(({ text }) => text !== undefined);
    return Object.fromEntries(live.map(({ key, text = '' }): [string, string] => [key, text]).sort());
  }
}

function watched() {
  const values = new Map<string, string>();
  const told: string[] = [];
  let doubt: Loss | undefined;
  const mirror = new Mirror<string>(
    { read: (_entry, text) => text, same: (a, b) => a === b },
    {
      set: (key, value, revision) => {
        values.set(key, value);
        told.push(`set ${key} ${value} ${revision}`);
      },
      unset: (key) => {
        values.delete(key);
        told.push(`unset ${key}`);
      },
      passed: (revision) => told.push(`passed ${revision}`),
      settled: () => told.push('settled'),
      doubted: (loss) => (doubt = loss),
      trusted: () => (doubt = undefined),
    },
  );
  return { mirror, told, values: () => Object.fromEntries([...values].sort()), doubt: () => doubt };
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), key: fc.nat(5), text: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('offline' as const), isAway: fc.boolean() }) },
);

void t.test(
  'after any history with reconnections and missed writes the mirror is the store, and never in doubt',
  (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const store = new FakeStore();
        const seen = watched();
        store.snapshot(seen.mirror);
        let isAway = false;
        for (const each of steps) {
          if (each.do === 'offline') isAway = each.isAway;
          else if (each.do === 'reconnect') {
            isAway = false;
            store.snapshot(seen.mirror);
          } else {
            const entry = store.write(`k${each.key}`, each.do === 'write' ? `v${each.text}` : undefined);
            if (!isAway) seen.mirror.entry(entry);
          }
        }
        store.snapshot(seen.mirror);
        t.strictSame(seen.values(), store.values());
        return seen.doubt() === undefined && seen.told.filter((line) => line === 'settled').length === 1;
      }),
      { numRuns: 300 },
    );
    t.end();
  },
);

void t.test('whatever a store comes back as, nothing that was told is unset before it is accepted', (t) => {
  const history = fc.array(fc.tuple(fc.nat(5), fc.option(fc.nat(3), { nil: undefined })), {
    maxLength: 30,
    size: 'max',
  });
  const play = (store: FakeStore, writes: readonly (readonly [number, number | undefined])[]) => {
    for (const [key, text] of writes) store.write(`k${key}`, text === undefined ? undefined : `v${text}`);
  };
  fc.assert(
    fc.property(history, history, (before, after) => {
      const first = new FakeStore();
      play(first, before);
      const seen = watched();
      first.snapshot(seen.mirror);
      const values = seen.values();
      const second = new FakeStore();
      play(second, after.slice(0, Math.max(0, first.revision - 1)));
      const isLoss = second.revision < first.revision && JSON.stringify(second.values()) !== JSON.stringify(values);
      second.snapshot(seen.mirror);
      t.equal(seen.doubt() !== undefined, isLoss);
      t.strictSame(seen.values(), values);
      seen.mirror.accept();
      t.strictSame(seen.values(), second.values());
      return seen.doubt() === undefined;
    }),
    { numRuns: 300 },
  );
  t.end();
});

void t.test('what a doubtful snapshot gets afterwards can make it right again', (t) => {
  const store = new FakeStore();
  store.write('a', '1');
  store.write('b', '2');
  const seen = watched();
  store.snapshot(seen.mirror);
  const anew = new FakeStore();
  anew.snapshot(seen.mirror);
  t.strictSame(seen.doubt(), { reason: 'revision 0 after 2 was seen', gone: 2, changed: 0 });
  seen.mirror.entry(anew.write('b', '2'));
  seen.mirror.review();
  t.equal(seen.doubt()?.gone, 1);
  seen.mirror.entry(anew.write('a', '1'));
  seen.mirror.review();
  t.equal(seen.doubt(), undefined);
  t.strictSame(seen.values(), { a: '1', b: '2' });
  t.notOk(seen.told.some((line) => line.startsWith('unset')));
  seen.mirror.entry(anew.write('a', undefined));
  t.strictSame(seen.values(), { b: '2' }, 'and an order after that is obeyed');
  t.end();
});

void t.test('an object that is gone without a tombstone is a loss at any revision; a deleted one is not', (t) => {
  const held = new Map([
    ['a', { value: '1', revision: 1 }],
    ['b', { value: '2', revision: 2 }],
  ]);
  const same = (a: string, b: string) => a === b;
  const grown = new Map<string, { value: string | undefined; revision: number }>([['a', { value: '1', revision: 9 }]]);
  t.match(lossOf(held, grown, 2, same), { gone: 1, reason: '1 objects are gone and nobody deleted them' });
  grown.set('b', { value: undefined, revision: 8 });
  t.equal(lossOf(held, grown, 2, same), undefined);
  t.end();
});

void t.test('a first snapshot that begins again leaves nothing of the one before', (t) => {
  const store = new FakeStore();
  const seen = watched();
  seen.mirror.started();
  seen.mirror.entry(store.write('a', '1'));
  seen.mirror.entry(store.write('b', '1'));
  const anew = new FakeStore();
  anew.write('b', '2');
  anew.snapshot(seen.mirror);
  t.strictSame(seen.values(), { b: '2' });
  t.strictSame(seen.told.slice(-2), ['unset a', 'settled']);
  t.end();
});

void t.test('what was deleted before it was told moves the revision on, once', (t) => {
  const store = new FakeStore();
  const { mirror, told } = watched();
  store.write('old', undefined);
  store.snapshot(mirror);
  t.strictSame(told, ['settled'], 'the first snapshot says its revision as a whole');
  mirror.entry(store.write('a', undefined));
  t.strictSame(told.splice(1), ['passed 2'], 'while we listened');
  store.write('b', '1');
  store.write('b', undefined);
  store.snapshot(mirror);
  t.strictSame(told.splice(1), ['passed 4'], 'while we were away');
  store.snapshot(mirror);
  t.strictSame(told.splice(1), []);
  t.end();
});
