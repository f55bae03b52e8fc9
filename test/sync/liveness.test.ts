import t from 'tap';
import { type Listening, isGone } from '../../src/sync/liveness.js';

const leaseMs = 60_000;
const listening = (overrides: Partial<Listening>): Listening => ({
  nowMs: 1_000_000,
  sinceMs: 1_000_000,
  newestStoredMs: 0,
  ...overrides,
});

void t.test('a chassis is gone when it was silent for its lease while we listened', (t) => {
  const beat = { storedMs: 0, heardMs: 900_000, leaseMs };
  t.equal(isGone(beat, listening({ sinceMs: 0, nowMs: 900_000 + leaseMs })), false);
  t.equal(isGone(beat, listening({ sinceMs: 0, nowMs: 900_001 + leaseMs })), true);
  t.equal(isGone({ ...beat, leaseMs: 10 }, listening({ sinceMs: 0, nowMs: 900_011 })), true, 'its own lease counts');
  t.end();
});

void t.test('an outage or a pause of ours makes nobody look gone', (t) => {
  const beat = { storedMs: 0, heardMs: 10, leaseMs };
  t.equal(isGone(beat, listening({ nowMs: 1_000_000, sinceMs: 999_000 })), false);
  t.end();
});

void t.test(
  'one that was long silent before we came is gone after half a lease, one never heard of after a whole one',
  (t) => {
    const old = { storedMs: 0, heardMs: undefined, leaseMs };
    const late = { newestStoredMs: 3_600_000, sinceMs: 0 };
    t.equal(isGone(old, listening({ ...late, nowMs: 0 })), false, 'the server’s clock may have been set');
    t.equal(isGone(old, listening({ ...late, nowMs: leaseMs / 2 + 1 })), true);
    t.equal(
      isGone({ ...old, heardMs: 5 }, listening({ ...late, nowMs: leaseMs / 2 + 1 })),
      false,
      'it has beaten since',
    );
    t.equal(isGone(undefined, listening({ ...late, nowMs: leaseMs })), false);
    t.equal(isGone(undefined, listening({ ...late, nowMs: leaseMs + 1 })), true);
    t.end();
  },
);
