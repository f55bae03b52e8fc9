// Rows as ovsdb-server(7), 4.1.14 and RFC 7047, 4.1.6 describe their changes.
import fc from 'fast-check';
import t from 'tap';
import {
  type Datum,
  datumAfter,
  defaultDatum,
  isSameDatum,
  pairsOf,
  parseDatum,
  type TextMap,
  textsOf,
} from '../../src/ovsdb/datum.js';
import { atOnce } from '../../src/turns/slices.js';
import { Replica } from '../../src/ovsdb/replica.js';
import { type ColumnType, parseSchema } from '../../src/ovsdb/schema.js';

const set: ColumnType = { key: 'string', min: 0, max: Infinity };
const map: ColumnType = { key: 'string', value: 'string', min: 0, max: Infinity };
const optional: ColumnType = { key: 'integer', min: 0, max: 1 };

const schema = parseSchema({
  tables: {
    T: {
      columns: {
        i: { type: 'integer' },
        o: { type: { key: 'integer', min: 0, max: 1 } },
        s: { type: { key: { type: 'string', enum: ['set', ['a', 'b']] }, min: 0, max: 'unlimited' } },
        m: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        u: { type: { key: { type: 'uuid', refTable: 'T' } } },
        b: { type: 'boolean' },
      },
    },
  },
});

function shown(replica: Replica): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    [...replica.rows('T')].map(([uuid, row]) => [
      uuid,
      Object.fromEntries(Object.entries(row).map(([name, datum]) => [name, text(datum)])),
    ]),
  );
}

const text = (datum: Datum): string =>
  typeof datum === 'string'
    ? datum
    : [...textsOf(datum), ...[...pairsOf(datum)].map(([key, value]) => `${key}=${value}`)].sort().join(' ');

void t.test('columns that an insert leaves out have their defaults', (t) => {
  const replica = new Replica();
  atOnce(replica.replace(schema, { T: { x: { initial: {} } } }, 'update2'));
  t.same(shown(replica), { x: { i: '0', o: '', s: '', m: '', u: '00000000-0000-0000-0000-000000000000', b: 'false' } });
  t.end();
});

void t.test(
  'a modification replaces scalars and optional values, and toggles members of sets and pairs of maps',
  (t) => {
    const replica = new Replica();
    const initial = {
      i: 1,
      o: 5,
      s: ['set', ['a', 'b']],
      m: [
        'map',
        [
          ['k', '1'],
          ['l', '2'],
        ],
      ],
    };
    atOnce(replica.replace(schema, { T: { x: { initial } } }, 'update2'));
    const modify = {
      i: 2,
      o: ['set', []],
      s: ['set', ['b', 'c']],
      m: [
        'map',
        [
          ['k', '1'],
          ['l', '9'],
          ['n', '3'],
        ],
      ],
      b: true,
    };
    atOnce(replica.apply({ T: { x: { modify } } }, 'update2'));
    t.match(shown(replica), { x: { i: '2', o: '', s: 'a c', m: 'l=9 n=3', b: 'true' } });
    atOnce(replica.apply({ T: { x: { modify: { o: 7, s: 'd' } } } }, 'update2'));
    t.match(shown(replica), { x: { o: '7', s: 'a c d' } });
    t.end();
  },
);

void t.test('the RFC’s update brings the whole row, and no row for one that is gone', (t) => {
  const replica = new Replica();
  atOnce(replica.replace(schema, { T: { x: { new: { i: 1, s: 'a' } } } }, 'update'));
  const changes = atOnce(replica.apply({ T: { x: { old: { i: 1 }, new: { i: 2, s: 'a' } } } }, 'update'));
  t.match(changes, [{ table: 'T', uuid: 'x', before: { i: '1' }, after: { i: '2' } }]);
  t.match(shown(replica), { x: { i: '2', s: 'a' } });
  t.match(atOnce(replica.apply({ T: { x: { old: { i: 2 } } } }, 'update')), [{ uuid: 'x' }]);
  t.same(shown(replica), {});
  t.end();
});

void t.test('what is said again is no change, and tables and columns that were not asked for are ignored', (t) => {
  const replica = new Replica();
  const snapshot = { T: { x: { initial: { s: ['set', ['a', 'b']] } } } };
  t.equal(atOnce(replica.replace(schema, snapshot, 'update2')).length, 1);
  const row = replica.rows('T').get('x');
  t.same(atOnce(replica.replace(schema, { T: { x: { initial: { s: ['set', ['b', 'a']] } } } }, 'update2')), []);
  t.same(
    atOnce(replica.apply({ T: { x: { modify: { s: ['set', []] } } }, Other: { y: { insert: {} } } }, 'update2')),
    [],
  );
  t.same(atOnce(replica.apply({ T: { x: { modify: { unknown: 1 } } } }, 'update2')), []);
  t.equal(replica.rows('T').get('x'), row);
  t.end();
});

void t.test('an update with one impossible row changes nothing at all', (t) => {
  const replica = new Replica();
  atOnce(replica.replace(schema, { T: { x: { initial: { i: 1 } } } }, 'update2'));
  const impossible: unknown[] = [
    { T: { x: { modify: { i: 2 } }, y: { modify: { i: 2 } } } },
    { T: { x: { modify: { i: 2 } }, y: { insert: { i: 'two' } } } },
    { T: { x: { modify: { i: 2 } }, y: {} } },
    { T: { x: { modify: { i: 2 } }, y: 7 } },
    { T: { x: { modify: { m: ['set', []] } } } },
    [],
  ];
  for (const update of impossible) {
    t.throws(() => atOnce(replica.apply(update, 'update2')), { code: 'OVSDB_PEER_MALFORMED' });
    t.match(shown(replica), { x: { i: '1' } }, JSON.stringify(update));
  }
  t.end();
});

// The server's own definition of a difference, turned round: what is in exactly one of two sets, and the pairs of the new
// map that are not in the old one, with the pairs of the old one whose key is gone.
const mapDifference = (old: TextMap, now: TextMap): TextMap =>
  new Map([
    ...[...now].filter(([key, value]) => !old.has(key) || old.get(key) !== value),
    ...[...old].filter(([key]) => !now.has(key)),
  ]);
const setDifference = (old: ReadonlySet<string>, now: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...[...now].filter((text) => !old.has(text)), ...[...old].filter((text) => !now.has(text))]);

void t.test('any two values: the old one and the difference give the new one', (t) => {
  const maps = fc.dictionary(fc.string(), fc.string()).map((pairs) => new Map(Object.entries(pairs)));
  const sets = fc.array(fc.string()).map((texts) => new Set(texts));
  fc.assert(fc.property(maps, maps, (old, now) => isSameDatum(datumAfter(old, mapDifference(old, now), map), now)));
  fc.assert(fc.property(sets, sets, (old, now) => isSameDatum(datumAfter(old, setDifference(old, now), set), now)));
  t.end();
});

void t.test('a set of one may come bare, and an optional value as a set', (t) => {
  t.same(parseDatum('a', set), parseDatum(['set', ['a']], set));
  t.same(parseDatum(['set', []], optional), undefined);
  t.same(parseDatum(['set', [5]], optional), parseDatum(5, optional));
  t.throws(() => parseDatum(['set', [5, 6]], optional), { code: 'OVSDB_PEER_MALFORMED', message: /more than one/ });
  t.same(parseDatum(['set', [['uuid', 'x']]], { ...set, key: 'uuid' }), new Set(['x']));
  t.same(defaultDatum({ ...map, min: 1 }), new Map([['', '']]));
  t.end();
});
