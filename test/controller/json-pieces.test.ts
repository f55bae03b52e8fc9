// JSON in pieces is the JSON that JSON.stringify makes, and no piece is long where there are many things.
import fc from 'fast-check';
import t from 'tap';
import { jsonPieces } from '../../src/controller/json-pieces.js';

void t.test('the pieces make the text of JSON.stringify', (t) => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 8 }, fc.jsonValue(), fc.constant(undefined), tie('list'), tie('record')),
    list: fc.array(tie('value')),
    record: fc.dictionary(fc.string(), tie('value')),
  })).record;
  fc.assert(fc.property(plain, (value) => [...jsonPieces(value)].join('') === JSON.stringify(value)));
  t.end();
});

void t.test('of a hundred thousand ports no piece is long', (t) => {
  const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`lport red/${i}`, i]));
  const ports = Array.from({ length: 1000 }, (_, i) => ({ object: `lport red/${i}`, reason: 'x'.repeat(100) }));
  let longest = 0;
  for (const { length } of jsonPieces({ answer: [{ keys, ports }] })) longest = Math.max(longest, length);
  t.ok(longest < 200, `the longest has ${longest} characters`);
  t.end();
});
