import fc from 'fast-check';
import t from 'tap';
import { OvsdbError } from '../../src/ovsdb/errors.js';
import { JsonStream } from '../../src/ovsdb/json-stream.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

function read(pieces: readonly Uint8Array[], stream = new JsonStream()): unknown[] {
  const values: unknown[] = [];
  for (const piece of pieces) stream.push(piece, (value) => values.push(value));
  return values;
}

function cut(whole: Uint8Array, points: readonly number[]): Uint8Array[] {
  const ends = [...points.map((point) => point % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
}

void t.test('values that follow one another without a delimiter come apart', (t) => {
  t.same(read([bytes('{"a":1}{"b":[2]}[]\n {"c":"}{\\""}')]), [{ a: 1 }, { b: [2] }, [], { c: '}{"' }]);
  t.end();
});

void t.test('any cut of the stream, inside an escape or a UTF-8 character too, gives the same values', (t) => {
  const value = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (values, points) => {
      const texts = values.map((one) => JSON.stringify(one));
      const whole = bytes(texts.join(''));
      t.strictSame(
        read(cut(whole, points)).map((value) => JSON.stringify(value)),
        texts.map((text) => JSON.stringify(JSON.parse(text))),
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

void t.test('single bytes give the same values', (t) => {
  const text = '{"ü":"\\u00e9\\\\","日本":["𝄞",-1.5e3,null,true]}';
  const whole = bytes(text + text);
  t.same(read([...whole].map((byte) => Uint8Array.of(byte))), [JSON.parse(text), JSON.parse(text)]);
  t.end();
});

void t.test('a table of thousands of rows is the same however it is cut, and parsed while it comes', (t) => {
  const row = (index: number) => ({ initial: { name: `pört-${index}`, ids: ['map', [['a', `"},{${index}`]]] } });
  const rows = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`row-${index}`, row(index)]));
  const message = { method: 'update3', params: ['id', 'txn', { Interface: rows, Port: { one: row(1) } }], id: null };
  const whole = bytes(JSON.stringify(message));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (points) => {
      const [value] = read(cut(whole, points));
      return JSON.stringify(value) === JSON.stringify(message);
    }),
    { numRuns: 30 },
  );
  const broken = bytes(JSON.stringify(message).replace('"row-9":', '"row-9" '));
  t.throws(() => read([broken.subarray(0, broken.length / 2)]), { message: /not JSON/ }, 'a mistake is found at once');
  t.end();
});

void t.test('what came before the mistake is delivered, then the mistake is named', (t) => {
  const cases: [string | Buffer, RegExp][] = [
    ['{"a":1}x', /0x78 where a JSON object should begin/],
    ['{"a":1}"text"', /0x22 where/],
    ['{"a":1}{"b":]', /not JSON in UTF-8: "\{\\"b\\":\}"/],
    ...[
      ',',
      ']',
      '{"b":1,}',
      '{"b":{}"c":1}',
      '{"b":[]{}}',
      '{"b":[[1]2]}',
      '{"b":[1[2]]}',
      '{"b":[1,,2]}',
      '{"b":[,1]}',
      '[[],]',
      '{{}}',
      '{"a":[[[[[}]]]]}',
      '[[1}]',
      '{"a":1]',
    ].map((text): [string, RegExp] => [`{"a":1}${text}`, /not JSON in UTF-8|should begin/]),
    [Buffer.concat([bytes('{"a":1}{"b":"'), Buffer.of(0xff, 0xfe), bytes('"}')]), /not JSON in UTF-8/],
  ];
  for (const [input, message] of cases) {
    const values: unknown[] = [];
    const stream = new JsonStream();
    const push = (): void => {
      stream.push(typeof input === 'string' ? bytes(input) : input, (value) => values.push(value));
    };
    t.throws(push, { code: 'OVSDB_PEER_MALFORMED', message });
    t.same(values, [{ a: 1 }]);
  }
  t.end();
});

void t.test('a value over the size limit, or nested too deep, is refused as soon as it is seen', (t) => {
  const limits = { maxSize: 20, maxDepth: 3 };
  t.same(read([bytes('{"a":"0123456789"}')], new JsonStream(limits)), [{ a: '0123456789' }]);
  t.same(read([bytes('[[[]]]')], new JsonStream(limits)), [[[[]]]]);
  t.throws(() => read([bytes('{"a":"012'), bytes('345678901234567890')], new JsonStream(limits)), {
    message: /larger than the limit of 20 bytes/,
  });
  t.throws(() => read([bytes('[[[[')], new JsonStream(limits)), { message: /deeper than the limit of 3/ });
  t.throws(() => read([bytes('['.repeat(100_000))]), OvsdbError);
  t.end();
});

void t.test('a large value in small pieces costs linear time', (t) => {
  const text = JSON.stringify({
    rows: Array.from({ length: 60_000 }, (_, index) => ({ name: `port-${index}`, n: index })),
  });
  const costMs = (repeats: number): number => {
    const whole = bytes(`[${Array(repeats).fill(text).join()}]`);
    const pieces = Array.from({ length: Math.ceil(whole.length / 512) }, (_, n) =>
      whole.subarray(n * 512, n * 512 + 512),
    );
    const start = performance.now();
    t.equal(read(pieces).length, 1);
    return performance.now() - start;
  };
  costMs(1);
  const [one, eight] = [costMs(1), costMs(8)];
  t.ok(eight < 24 * one + 100, `1 x ${one.toFixed(0)} ms, 8 x ${eight.toFixed(0)} ms`);
  t.end();
});
