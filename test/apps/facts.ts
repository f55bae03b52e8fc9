// Facts about the northbound, a switch and its database as random histories have them, and a chassis that is told some of them.
import fc from 'fast-check';
import { allApps } from '../../src/apps/apps.js';
import { Engine } from '../../src/apps/engine.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { FlowTable } from '../../src/flow/table.js';
import { ofPort, refOf, type Ref } from '../../src/model/ids.js';
import { Interest } from '../../src/model/interest.js';
import { type Kind, kinds } from '../../src/model/kinds.js';
import { parseObject } from '../../src/model/parse.js';
import { standingOf } from '../../src/model/standing.js';
import { View } from '../../src/model/view.js';
import { World } from '../../src/model/world.js';

/** One fact, replaced by a later one with the same name. */
export interface Fact {
  readonly name: string;
  readonly apply: (world: World) => void;
}

/** The tenants whose objects the facts are about. */
export const tenants = ['red', 'blue'] as const;
const ids = ['a', 'b', 'c', 'd'] as const;
const networks = ['n1', 'n2'] as const;
const chassis = ['c1', 'c2', 'c3'] as const;
const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::2', '203.0.113.9'] as const;

/** An object is like this, or (undefined) is not. */
export const objectFact = (kind: Kind, tenant: string, id: string, value: object | undefined): Fact => ({
  name: `${kind} ${tenant}/${id}`,
  apply: (world) => {
    if (value === undefined) world.remove(kind, refOf(tenant, id));
    else world.put(parseObject(kind, tenant, id, value, 1));
  },
});

/** An lport is on a chassis, or (undefined) nobody says so. */
export const claimFact = (port: string, chassis: string | undefined): Fact => ({
  name: `claim ${port}`,
  apply: (world) => {
    world.claims.set(port as Ref, chassis);
  },
});

const object = (kind: Kind, tenant: string, id: string, fields: fc.Arbitrary<object | undefined>): fc.Arbitrary<Fact> =>
  fields.map((value) => objectFact(kind, tenant, id, value));

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 });
const portRef = fc.tuple(fc.constantFrom(...tenants), fc.constantFrom(...ids)).map(([tenant, id]) => `${tenant}/${id}`);
const networkRef = fc
  .tuple(fc.constantFrom(...tenants), fc.constantFrom(...networks))
  .map(([tenant, id]) => `${tenant}/${id}`);

const lport = fc.record(
  {
    lswitch: networkRef,
    macs: fc.constantFrom<string[] | 'auto'>('auto', ['fa:16:3e:00:00:01'], ['fa:16:3e:00:00:02']),
    ips: fc.constantFrom([], ['10.0.0.1'], ['10.0.0.1', '2001:db8::1'], ['10.0.0.2']),
    enabled: fc.constantFrom(true, true, true, false),
    port_security: fc.boolean(),
    unknown_vlans: fc.constantFrom('passthrough', 'drop'),
    shared_with: fc.constantFrom<string[]>([], ['red', 'blue']),
    binding: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ type: 'chassis' }) },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant('vtep'),
          vtep_address: fc.constantFrom(...addresses),
          vni: fc.constantFrom(99, 100),
        }),
      },
    ),
  },
  { requiredKeys: ['lswitch', 'ips'] },
);

/** Anything that may become so. */
export const fact: fc.Arbitrary<Fact> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...tenants), fc.constantFrom(...ids))
      .chain(([tenant, id]) => object('lport', tenant, id, maybe(lport))),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...tenants), fc.constantFrom(...networks)).chain(([tenant, id]) =>
      object(
        'lswitch',
        tenant,
        id,
        maybe(
          fc.record({
            network_type: fc.constantFrom('vxlan', 'geneve', 'flat'),
            shared_with: fc.constantFrom<string[]>([], ['red', 'blue']),
            allow_remote: fc.constantFrom<string[]>([], ['red', 'blue']),
          }),
        ),
      ),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...tenants), fc.constantFrom(...ids)).chain(([tenant, id]) =>
      object(
        'child_port_segmentation',
        tenant,
        id,
        maybe(
          fc.record({
            parent: portRef,
            port: portRef,
            segmentation_id: fc.constantFrom(100, 101),
            enabled: fc.constantFrom(true, true, false),
          }),
        ),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...chassis).chain((id) =>
      object(
        'chassis',
        '_operator',
        id,
        maybe(
          fc.record({
            ips: fc.constantFrom<string[]>([], ['192.0.2.2'], ['2001:db8::2']),
            tunnel_types: fc.constantFrom<string[]>([], ['vxlan'], ['vxlan', 'geneve']),
          }),
        ),
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ port: portRef, chassis: maybe(fc.constantFrom('c1', 'c1', 'c2', 'c3')) })
      .map(({ port, chassis }) => claimFact(port, chassis)),
  },
  {
    weight: 3,
    arbitrary: fc.record({ port: portRef, ofport: maybe(fc.integer({ min: 0, max: 5 })) }).map(({ port, ofport }) => ({
      name: `binding ${port}`,
      apply: (world: World) => {
        world.bindings.set(
          port as Ref,
          ofport === undefined
            ? undefined
            : { interface: `tap-${port}`, ofport: ofport === 0 ? undefined : ofPort(ofport) },
        );
      },
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        key: fc.constantFrom(
          'vxlan',
          'geneve',
          'vxlan/192.0.2.2',
          'vxlan/2001:db8::2',
          'vxlan/203.0.113.9',
          'geneve/192.0.2.2',
        ),
        ofport: maybe(fc.integer({ min: 10, max: 12 })),
      })
      .map(({ key, ofport }) => ({
        name: `tunnel ${key}`,
        apply: (world: World) => {
          world.tunnels.set(key, ofport === undefined ? undefined : { ofport: ofPort(ofport) });
        },
      })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('per-remote' as const, 'flow' as const).map((tunnelMode) => ({
      name: 'settings',
      apply: (world: World) => {
        world.settings.set('self', {
          chassis: 'c1',
          encapIps: ['192.0.2.1', '2001:db8::1'],
          encapTypes: ['vxlan', 'geneve'],
          tunnelMode,
          underlayMtu: 1500,
        });
      },
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('lport a', 'lport b', 'lport c', 'lport d', 'lswitch n1', 'lswitch n2'),
        fc.constantFrom(...tenants),
        maybe(fc.integer({ min: 1, max: 4 })),
      )
      .map(([named, tenant, number]) => {
        const [space = '', id = ''] = named.split(' ');
        return {
          name: `number ${space} ${tenant}/${id}`,
          apply: (world: World) => {
            world.numbers.set(`${space} ${tenant}/${id}`, number);
          },
        };
      }),
  },
);

/** Whether a tenant's northbound has been read. */
export const settledFact = fc.tuple(fc.constantFrom(...tenants), fc.boolean()).map(([tenant, known]) => ({
  name: `settled ${tenant}`,
  apply: (world: World) => {
    world.settled.set(tenant, known ? true : undefined);
  },
}));

/** The facts that are there before a history begins, so that histories meet networks that work. */
export const beginning: Fact[] = [
  ...tenants.map((tenant) => ({
    name: `settled ${tenant}`,
    apply: (world: World) => {
      world.settled.set(tenant, true);
    },
  })),
  ...tenants.flatMap((tenant, i) => [
    ...networks.map((id, j) => ({
      name: `number lswitch ${tenant}/${id}`,
      apply: (world: World) => {
        world.numbers.set(`lswitch ${tenant}/${id}`, 1 + 2 * i + j);
      },
    })),
    ...ids.map((id, j) => ({
      name: `number lport ${tenant}/${id}`,
      apply: (world: World) => {
        world.numbers.set(`lport ${tenant}/${id}`, 10 + 4 * i + j);
      },
    })),
    ...networks.map((id) => ({
      name: `lswitch ${tenant}/${id}`,
      apply: (world: World) => {
        world.put(parseObject('lswitch', tenant, id, {}, 1));
      },
    })),
    ...ids.map((id) => ({
      name: `lport ${tenant}/${id}`,
      apply: (world: World) => {
        world.put(parseObject('lport', tenant, id, { lswitch: 'n1', ips: ['10.0.0.9'] }, 1));
      },
    })),
    ...ids.slice(0, 2).map((id, j) => ({
      name: `binding ${tenant}/${id}`,
      apply: (world: World) => {
        world.bindings.set(refOf(tenant, id), { interface: `tap-${tenant}/${id}`, ofport: ofPort(1 + 2 * i + j) });
      },
    })),
    ...ids.slice(0, 2).map((id) => ({
      name: `claim ${tenant}/${id}`,
      apply: (world: World) => {
        world.claims.set(refOf(tenant, id), 'c1');
      },
    })),
  ]),
  {
    name: 'settings',
    apply: (world) => {
      world.settings.set('self', {
        chassis: 'c1',
        encapIps: ['192.0.2.1', '2001:db8::1'],
        encapTypes: ['vxlan', 'geneve'],
        tunnelMode: 'per-remote',
        underlayMtu: 1500,
      });
    },
  },
];

/** A chassis without a switch. */
export class Chassis {
  readonly world = new World();
  readonly view = new View(this.world, segmentationTypes);
  readonly interest = new Interest(this.view);
  readonly table = new FlowTable();
  readonly engine = new Engine(this.view, this.table, allApps);

  /** The flows, groups and tunnel ports that are wanted, as text. */
  wanted(): string[] {
    this.engine.flush();
    const [failure] = this.engine.failures();
    if (failure !== undefined) throw failure.error;
    const items = this.table
      .wanted()
      .map(
        ({ item, owner }) =>
          `${Buffer.from(item.identity, 'latin1').toString('hex')} ${item.hash} ${owner.app} ${owner.object}`,
      );
    return [...items.sort(), ...[...this.engine.tunnels().keys()].sort()];
  }

  /** Everything that is wanted and said, as text. */
  result(): string {
    const wanted = this.wanted();
    const standings = kinds.flatMap((kind) =>
      this.world.refs(kind).map((ref) => `${kind} ${ref} ${JSON.stringify(standingOf(this.view, kind, ref))}`),
    );
    const refusals = this.table.refusals().map((refusal) => JSON.stringify(refusal));
    return [...wanted, ...standings, ...refusals.sort(), this.interest.tenants().join()].join('\n');
  }
}

/** The last word of each fact. */
export const newest = (facts: readonly Fact[]): Fact[] => [...new Map(facts.map((each) => [each.name, each])).values()];

/** A chassis that has just been started, and is told these facts. */
export function coldly(facts: readonly Fact[]): Chassis {
  const cold = new Chassis();
  for (const { apply } of facts) apply(cold.world);
  return cold;
}
