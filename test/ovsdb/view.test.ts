import t from 'tap';
import { Replica } from '../../src/ovsdb/replica.js';
import { vswitchColumns } from '../../src/ovsdb/rows.js';
import { type ColumnType, type Schema } from '../../src/ovsdb/schema.js';
import { emptyView, interfaceChanges, viewer } from '../../src/ovsdb/view.js';

const references: readonly string[] = ['bridges', 'ports', 'interfaces', 'controller'];
const maps: readonly string[] = ['external_ids', 'other_config', 'options'];

function typeOf(column: string): ColumnType {
  if (references.includes(column)) return { key: 'uuid', min: 0, max: Infinity };
  if (maps.includes(column)) return { key: 'string', value: 'string', min: 0, max: Infinity };
  if (column === 'ofport') return { key: 'integer', min: 0, max: 1 };
  return { key: 'string', min: 0, max: 1 };
}

const schema: Schema = new Map(
  Object.entries(vswitchColumns).map(([table, columns]) => [
    table,
    new Map(columns.map((column): [string, ColumnType] => [column, typeOf(column)])),
  ]),
);

const to = (...uuids: string[]): unknown => ['set', uuids.map((uuid) => ['uuid', uuid])];
const iface = (name: string, ofport: number): unknown => ({ initial: { name, ofport } });

const snapshot = {
  Open_vSwitch: { root: { initial: { bridges: to('b2', 'b1'), external_ids: ['map', [['system-id', 'host-a']]] } } },
  Bridge: {
    b1: { initial: { name: 'br-int', ports: to('p2', 'p1', 'dangling'), datapath_id: '00000000000000c1' } },
    b2: { initial: { name: 'br-ex' } },
  },
  Port: {
    p1: { initial: { name: 'bond0', interfaces: to('i2', 'i1') } },
    p2: { initial: { name: 'a-vm', interfaces: to('i3', 'gone') } },
    orphan: { initial: { name: 'orphan', interfaces: to('i4') } },
  },
  Interface: { i1: iface('eth0', 1), i2: iface('eth1', 2), i3: iface('a-vm', 3), i4: iface('orphan', 4) },
};

function setUp(): { replica: Replica; look: ReturnType<typeof viewer> } {
  const replica = new Replica();
  replica.replace(schema, snapshot, 'update2');
  return { replica, look: viewer(replica) };
}

void t.test('rows are put together by name; what dangles, or hangs on nothing, is left out', (t) => {
  const { look } = setUp();
  t.match(look().openVswitch, { systemId: 'host-a' });
  t.same(
    look().bridges.map(({ name, datapathId, ports }) => [
      name,
      datapathId,
      ports.map((port) => [port.name, port.interfaces.map(({ name, ofport }) => `${name}:${ofport ?? ''}`)]),
    ]),
    [
      ['br-ex', undefined, []],
      [
        'br-int',
        '00000000000000c1',
        [
          ['a-vm', ['a-vm:3']],
          ['bond0', ['eth0:1', 'eth1:2']],
        ],
      ],
    ],
  );
  t.equal(viewer(new Replica())(), emptyView);
  t.end();
});

void t.test('what did not change stays the same object, and what did is found by comparing', (t) => {
  const { replica, look } = setUp();
  const before = look();
  t.equal(look(), before);
  replica.apply(
    {
      Interface: { i2: { modify: { ofport: -1 } }, i3: { delete: null }, i5: { insert: { name: 'new', ofport: 9 } } },
      Port: { p2: { modify: { interfaces: to('i3', 'i5') } } },
    },
    'update2',
  );
  const after = look();
  t.equal(after.bridges[0], before.bridges[0], 'the other bridge');
  t.not(after.bridges[1], before.bridges[1]);
  t.equal(after.bridges[1]?.ports[1]?.interfaces[0], before.bridges[1]?.ports[1]?.interfaces[0], 'the other member');
  t.match(
    interfaceChanges(before, after).map(({ bridge, before, after }) => [
      bridge,
      before?.name,
      after?.name,
      after?.ofport,
    ]),
    [
      ['br-int', 'a-vm', undefined, undefined],
      ['br-int', undefined, 'new', 9],
      ['br-int', 'eth1', 'eth1', -1],
    ],
  );
  t.equal(interfaceChanges(emptyView, after).length, 3, 'the first snapshot is all new');
  t.equal(interfaceChanges(after, emptyView).length, 3, 'a bridge that is gone takes its interfaces along');
  t.end();
});
