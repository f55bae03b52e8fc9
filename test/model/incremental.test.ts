import fc from 'fast-check';
import t from 'tap';
import { Graph } from '../../src/model/incremental.js';

const rethrow = (_: unknown, error: unknown): never => {
  throw error;
};

void t.test('an owner runs again only when an answer that it read has changed', (t) => {
  const graph = new Graph();
  const input = graph.input<string, number>();
  let parityRuns = 0;
  const parity = graph.query((key: string) => (parityRuns++, (input.get(key) ?? 0) % 2));
  const told: string[] = [];
  graph.each(
    input,
    (key) => `${key}:${parity(key)}`,
    (key, now) => told.push(`${key}=${now ?? 'gone'}`),
    rethrow,
  );
  input.set('a', 1);
  input.set('b', 2);
  graph.flush();
  t.same(told.splice(0), ['a=a:1', 'b=b:0']);
  input.set('a', 3); // another value, the same answer
  graph.flush();
  t.same(told.splice(0), []);
  t.equal(parityRuns, 3);
  input.set('a', 4);
  input.set('b', undefined);
  graph.flush();
  t.same(told.splice(0), ['a=a:0', 'b=gone']);
  t.end();
});

void t.test('an index tells the first and the last of a value, and counts between', (t) => {
  const graph = new Graph();
  const ports = graph.input<string, { network: string; chassis: string }>();
  const chassisOf = graph.relation<string, string, string>(ports, (port) => {
    const value = ports.get(port);
    return value === undefined ? [] : [[value.network, value.chassis]];
  });
  let runs = 0;
  const told: string[] = [];
  graph.each(
    chassisOf,
    (network) => (runs++, [...chassisOf.at(network).keys()].sort().join()),
    (network, now) => told.push(`${network}: ${now ?? 'gone'}`),
    rethrow,
  );
  for (let i = 0; i < 100; i++) ports.set(`p${i}`, { network: 'n', chassis: `c${i % 2}` });
  graph.flush();
  t.same(told.splice(0), ['n: c0,c1']);
  t.equal(runs, 1);
  ports.set('p100', { network: 'n', chassis: 'c1' });
  graph.flush();
  t.equal(runs, 1, 'one more port on a known chassis is no news');
  for (let i = 1; i < 100; i += 2) ports.set(`p${i}`, undefined);
  ports.set('p100', undefined);
  graph.flush();
  t.same(told.splice(0), ['n: c0']);
  for (let i = 0; i < 100; i += 2) ports.set(`p${i}`, undefined);
  graph.flush();
  t.same(told.splice(0), ['n: gone']);
  t.end();
});

void t.test(
  'an error in one member is told and hides nobody else, and is tried again when what it read changes',
  (t) => {
    const graph = new Graph();
    const input = graph.input<string, number>();
    const errors: string[] = [];
    const told: string[] = [];
    graph.each(
      input,
      (key) => {
        const value = input.get(key);
        if (value === 0) throw new Error('zero');
        return value;
      },
      (key, now) => told.push(`${key}=${now ?? 'gone'}`),
      (key, error) => errors.push(`${key}: ${String(error)}`),
    );
    input.set('a', 0);
    input.set('b', 1);
    graph.flush();
    t.same(errors.splice(0), ['a: Error: zero']);
    t.same(told.splice(0), ['b=1']);
    input.set('a', 2);
    graph.flush();
    t.same(told.splice(0), ['a=2']);
    t.end();
  },
);

/** A little world: ports on networks, networks with a name that may be absent, counted per chassis. */
function world(): { apply: (op: Op) => void; result: () => string } {
  const graph = new Graph();
  const ports = graph.input<number, { network: number; chassis: number }>(
    (a, b) => a.network === b.network && a.chassis === b.chassis,
  );
  const names = graph.input<number, string>();
  const name = graph.query((network: number) => names.get(network)?.slice(0, 1));
  const members = graph.relation<number, number, number>(ports, (port) => {
    const value = ports.get(port);
    return value === undefined || name(value.network) === undefined ? [] : [[value.network, value.chassis]];
  });
  const out = new Map<string, string>();
  const keep = (key: string) => (_: number, now: string | undefined) =>
    now === undefined ? out.delete(key + String(_)) : out.set(key + String(_), now);
  graph.each(
    members,
    (network) => `${name(network) ?? '-'}:${[...members.at(network).keys()].sort().join()}`,
    keep('n'),
    rethrow,
  );
  graph.each(
    ports,
    (port) =>
      `${port}@${name(ports.get(port)?.network ?? -1) ?? '-'}/${members.at(ports.get(port)?.network ?? -1).size}`,
    keep('p'),
    rethrow,
  );
  return {
    apply: (op) => {
      if (op.kind === 'port') ports.set(op.port, op.value);
      else if (op.kind === 'name') names.set(op.network, op.name);
      else {
        let left = op.steps;
        graph.flush(() => --left <= 0);
      }
    },
    result: () => (
      graph.flush(),
      [...out]
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join('\n')
    ),
  };
}
type Op =
  | { kind: 'port'; port: number; value: { network: number; chassis: number } | undefined }
  | { kind: 'name'; network: number; name: string | undefined }
  | { kind: 'flush'; steps: number };

void t.test('an index over those whose own value passes a test never asks the others', (t) => {
  const graph = new Graph();
  const input = graph.input<string, number>();
  input.set('before', 10);
  const asked: string[] = [];
  const large = graph.relation(
    input.where((value) => value >= 10),
    (key) => {
      asked.push(key);
      return [['large', key]];
    },
  );
  const found = () => {
    graph.flush();
    return [...large.at('large').keys()].sort();
  };
  input.set('small', 1);
  input.set('large', 11);
  t.strictSame(found(), ['before', 'large']);
  input.set('small', 12);
  input.set('large', 2);
  t.strictSame(found(), ['before', 'small'], 'members come and go with their values');
  input.set('small', undefined);
  t.strictSame(found(), ['before'], 'and with themselves');
  t.strictSame(asked, ['before', 'large', 'small']);
  t.end();
});

void t.test('work can be done in steps; what is left is said, and done by the next call', (t) => {
  const graph = new Graph();
  const input = graph.input<string, number>();
  const told: string[] = [];
  const tell = (key: string) => told.push(key);
  graph.each(input, (key) => input.get(key), tell, rethrow);
  for (const key of ['a', 'b', 'c']) input.set(key, 1);
  t.equal(
    graph.flush(() => told.length === 2),
    false,
  );
  t.same(told, ['a', 'b']);
  t.equal(graph.flush(), true);
  t.same(told, ['a', 'b', 'c']);
  t.end();
});

void t.test('after any history the values are those of a fresh graph with the same inputs', (t) => {
  const small = fc.integer({ min: 0, max: 3 });
  const op: fc.Arbitrary<Op> = fc.oneof(
    fc.record({
      kind: fc.constant('port' as const),
      port: fc.integer({ min: 0, max: 8 }),
      value: fc.option(fc.record({ network: small, chassis: small }), { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant('name' as const),
      network: small,
      name: fc.option(fc.constantFrom('ab', 'ac', 'b'), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('flush' as const), steps: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60, size: 'max' }), (history) => {
      const warm = world();
      for (const step of history) warm.apply(step);
      const cold = world();
      const last = new Map<string, Op>();
      for (const step of history)
        if (step.kind !== 'flush') last.set(step.kind === 'port' ? `p${step.port}` : `n${step.network}`, step);
      for (const step of last.values()) cold.apply(step);
      return warm.result() === cold.result();
    }),
    { numRuns: 2000 },
  );
  t.end();
});
