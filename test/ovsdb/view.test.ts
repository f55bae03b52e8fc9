import fc from 'fast-check';
import t from 'tap';
import { atOnce } from '../../src/turns/slices.js';
import { textsOf } from '../../src/ovsdb/datum.js';
import { Replica, type RowChange } from '../../src/ovsdb/replica.js';
import { type Interface, vswitchColumns } from '../../src/ovsdb/rows.js';
import { type ColumnType, type Schema } from '../../src/ovsdb/schema.js';
import { emptyView, interfaceChanges, Viewer, type VswitchView } from '../../src/ovsdb/view.js';

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

interface Scene {
  replica: Replica;
  first: VswitchView;
  /** Takes an update2; answers with the view after it. */
  apply: (updates: unknown) => VswitchView;
  /** The same rows put together by somebody who has seen nothing before. */
  cold: () => VswitchView;
}

function setUp(): Scene {
  const replica = new Replica();
  const viewer = new Viewer(replica);
  const first = atOnce(viewer.after(atOnce(replica.replace(schema, snapshot, 'update2'))));
  return {
    replica,
    first,
    apply: (updates) => atOnce(viewer.after(atOnce(replica.apply(updates, 'update2')))),
    cold: () => {
      const rows = Object.keys(vswitchColumns).flatMap((table) =>
        [...replica.rows(table)].map(([uuid, after]): RowChange => ({ table, uuid, after })),
      );
      return atOnce(new Viewer(replica).after(rows));
    },
  };
}

void t.test('rows are put together by name; what dangles, or hangs on nothing, is left out', (t) => {
  const { first } = setUp();
  t.match(first.openVswitch, { systemId: 'host-a' });
  t.same(
    first.bridges.map(({ name, datapathId, ports }) => [
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
  t.equal(atOnce(new Viewer(new Replica()).after([])), emptyView);
  t.end();
});

void t.test('what did not change stays the same object, and what did is found by comparing', (t) => {
  const { first: before, apply, cold } = setUp();
  const after = apply({
    Interface: { i2: { modify: { ofport: -1 } }, i3: { delete: null }, i5: { insert: { name: 'new', ofport: 9 } } },
    Port: { p2: { modify: { interfaces: to('i3', 'i5') } } },
  });
  t.same(after, cold());
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

void t.test('a reference that dangles is completed when its row comes', (t) => {
  const { apply, cold } = setUp();
  const after = apply({ Port: { dangling: { insert: { name: 'late', interfaces: to('i9') } } } });
  t.same(
    after.bridges[1]?.ports.map(({ name, interfaces }) => [name, interfaces.length]),
    [
      ['a-vm', 1],
      ['bond0', 2],
      ['late', 0],
    ],
  );
  t.match(apply({ Interface: { i9: { insert: { name: 'late' } } } }).bridges[1]?.ports[2]?.interfaces, [
    { name: 'late' },
  ]);
  const controlled = apply({
    Bridge: { b1: { modify: { controller: to('c1') } } },
    Controller: { c1: { insert: { target: 'tcp:x' } } },
  });
  t.match(controlled.bridges[1]?.controllers, [{ target: 'tcp:x', isConnected: false }]);
  const connected = apply({ Controller: { c1: { modify: { is_connected: 'true' } } } });
  t.match(connected.bridges[1]?.controllers, [{ isConnected: true }]);
  t.same(connected, cold());
  const both = apply({
    Bridge: { b1: { modify: { ports: to('orphan') } } },
    Controller: { c1: { modify: { is_connected: 'false' } } },
  });
  t.equal(both.bridges[1]?.ports.length, 4, 'a bridge and its controller in one update');
  t.same(both, cold());
  t.end();
});

void t.test('an interface that goes to another port leaves before it comes', (t) => {
  const { first, apply } = setUp();
  const after = apply({ Port: { p1: { modify: { interfaces: to('i1') } }, p2: { modify: { interfaces: to('i1') } } } });
  t.match(interfaceChanges(first, after), [{ before: { uuid: 'i1' } }, { after: { uuid: 'i1' } }]);
  t.end();
});

void t.test('a port made again under its name is another one', (t) => {
  const { first, apply } = setUp();
  const after = apply({
    Bridge: { b1: { modify: { ports: to('p2', 'p9') } } },
    Port: { p2: { delete: null }, p9: { insert: { name: 'a-vm', interfaces: to('i9') } } },
    Interface: { i3: { delete: null }, i9: { insert: { name: 'a-vm', ofport: 3 } } },
  });
  t.match(interfaceChanges(first, after), [{ before: { uuid: 'i3' } }, { after: { uuid: 'i9' } }]);
  t.end();
});

interface Step {
  readonly table: string;
  readonly uuid: string;
  readonly ofport?: number;
  readonly parts?: string[];
}

/** A step as update2 has it: the row is put, or, where it says nothing of a content, deleted. */
function updateOf({ table, uuid, ofport, parts }: Step, replica: Replica): unknown {
  const row = replica.rows(table).get(uuid);
  const column = table === 'Port' ? 'interfaces' : 'ports';
  if (ofport === undefined && !parts) return row ? { [table]: { [uuid]: { delete: null } } } : {};
  if (!row)
    return { [table]: { [uuid]: { insert: { name: uuid, ...(parts ? { [column]: to(...parts) } : { ofport }) } } } };
  if (!parts) return { [table]: { [uuid]: { modify: { ofport } } } };
  const held = [...textsOf(row[column])];
  const differing = [...held.filter((part) => !parts.includes(part)), ...parts.filter((part) => !held.includes(part))];
  return { [table]: { [uuid]: { modify: { [column]: to(...differing) } } } };
}

/** Every interface with its bridge, as often as it is there. */
const interfacesOf = (view: VswitchView): [string, Interface][] =>
  view.bridges.flatMap((bridge) =>
    bridge.ports.flatMap((port) => port.interfaces.map((iface): [string, Interface] => [bridge.name, iface])),
  );

const sorted = (list: readonly [string, Interface][]): unknown[] =>
  list.map(([bridge, iface]) => [`${bridge} ${iface.uuid}`, iface]).sort(([a], [b]) => (a! < b! ? -1 : 1));

void t.test('after any history of updates the view is what a fresh look gives, and the changes lead there', (t) => {
  const uuids = { port: ['p1', 'p2', 'p3'], iface: ['i1', 'i2', 'i3', 'i4'] };
  const step = fc.oneof(
    fc.record({ table: fc.constant('Interface'), uuid: fc.constantFrom(...uuids.iface), ofport: fc.nat(4) }),
    fc.record({ table: fc.constant('Port'), uuid: fc.constantFrom(...uuids.port), parts: fc.subarray(uuids.iface) }),
    fc.record({ table: fc.constant('Bridge'), uuid: fc.constantFrom('b1', 'b2'), parts: fc.subarray(uuids.port) }),
    fc.record({ table: fc.constant('Interface'), uuid: fc.constantFrom(...uuids.iface) }),
    fc.record({ table: fc.constant('Port'), uuid: fc.constantFrom(...uuids.port) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }), (steps) => {
      const { replica, first, apply, cold } = setUp();
      const held = interfacesOf(first);
      let view = first;
      for (const one of steps) {
        const after = apply(updateOf(one, replica));
        t.strictSame(after, cold());
        for (const { bridge, before, after: now } of interfaceChanges(view, after)) {
          if (before) {
            const at = held.findIndex(([where, iface]) => where === bridge && iface === before);
            if (at < 0) t.fail(`${before.name} left ${bridge} without having been there`);
            held.splice(at, 1);
          }
          if (now) held.push([bridge, now]);
        }
        t.strictSame(sorted(held), sorted(interfacesOf(after)));
        view = after;
      }
    }),
    { numRuns: 200 },
  );
  t.end();
});
