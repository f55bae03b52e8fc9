// The status of a child is a function of its parent, its flows and the barrier, whatever came before.
import fc from 'fast-check';
import t from 'tap';
import { allApps } from '../../src/apps/apps.js';
import { Engine } from '../../src/apps/engine.js';
import { segmentationTypes } from '../../src/apps/segmentation-types.js';
import { Reporter, type Status } from '../../src/controller/reporter.js';
import { FlowTable } from '../../src/flow/table.js';
import { ofPort, refOf } from '../../src/model/ids.js';
import { parseObject } from '../../src/model/parse.js';
import { View } from '../../src/model/view.js';
import { numberName, World } from '../../src/model/world.js';

const [parent, child, segment] = [refOf('red', 'vm'), refOf('red', 'kid'), refOf('red', 'seg')];

/** Mostly the first: a child is ACTIVE only where all is as usual. */
const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
/** What the world may be like, as far as a child is concerned. */
const situations = fc.record({
  parent: often('there', 'gone', 'disabled'),
  claim: often<string | undefined>('c1', 'c2', undefined),
  plugged: often('yes', 'no', 'unnumbered'),
  child: often('there', 'gone', 'disabled'),
  segment: often('there', 'gone', 'disabled'),
});
type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

/** One chassis without a switch: how far the switch has acknowledged is said by hand. */
class Desk {
  readonly #world = new World();
  readonly #table = new FlowTable();
  readonly #engine: Engine;
  readonly #reporter: Reporter;
  readonly said = new Map<string, Status | undefined>();

  constructor() {
    const view = new View(this.#world, segmentationTypes);
    this.#engine = new Engine(view, this.#table, allApps);
    const write = (kind: string, ref: string, status: Status | undefined) => this.said.set(`${kind} ${ref}`, status);
    this.#reporter = new Reporter(
      view,
      this.#table,
      write,
      () => 0,
      () => undefined,
    );
    this.#world.settings.set('self', {
      chassis: 'c1',
      encapIps: [],
      encapTypes: [],
      tunnelMode: 'per-remote',
      underlayMtu: 1500,
    });
    this.#world.settled.set('red', true);
    this.#world.put(parseObject('lswitch', 'red', 'net', {}, 1));
    for (const [name, number] of [
      [numberName('lswitch', refOf('red', 'net')), 1],
      [numberName('lport', parent), 1],
      [numberName('lport', child), 2],
    ] as const)
      this.#world.numbers.set(name, number);
  }

  /** The world is like this now; the switch has said that it has the flows, or has not. */
  is(situation: Situation, isAcknowledged: boolean): void {
    const world = this.#world;
    const port = (id: string, state: string) => {
      if (state === 'gone') world.remove('lport', refOf('red', id));
      else world.put(parseObject('lport', 'red', id, { lswitch: 'net', ips: [], enabled: state === 'there' }, 1));
    };
    port('vm', situation.parent);
    port('kid', situation.child);
    if (situation.segment === 'gone') world.remove('child_port_segmentation', segment);
    else
      world.put(
        parseObject(
          'child_port_segmentation',
          'red',
          'seg',
          { parent: 'vm', port: 'kid', segmentation_id: 7, enabled: situation.segment === 'there' },
          1,
        ),
      );
    world.claims.set(parent, situation.claim);
    const ofport = situation.plugged === 'yes' ? ofPort(5) : undefined;
    world.bindings.set(parent, situation.plugged === 'no' ? undefined : { interface: 'tap', ofport });
    const round = this.#engine.flush() ?? 0;
    this.#reporter.round(round, () => false);
    this.#reporter.report(isAcknowledged ? round : 0);
  }

  states(): unknown[] {
    return [`child_port_segmentation ${segment}`, `lport ${child}`].map((name) => this.said.get(name) ?? null);
  }
}

const works = (situation: Situation): boolean =>
  situation.parent === 'there' &&
  situation.child === 'there' &&
  situation.segment === 'there' &&
  situation.claim === 'c1' &&
  situation.plugged === 'yes';

void t.test('after any history a child’s status is that of a cold start, ACTIVE exactly if its parent is here', (t) => {
  let active = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(situations, fc.boolean()), { maxLength: 8, size: 'max' }),
      situations,
      (history, last) => {
        const [warm, cold] = [new Desk(), new Desk()];
        for (const [situation, isAcknowledged] of history) warm.is(situation, isAcknowledged);
        warm.is(last, true);
        cold.is(last, false);
        const early = cold.states().some((status) => JSON.stringify(status).includes('ACTIVE'));
        cold.is(last, true);
        const isActive = JSON.stringify(warm.states()[0]).includes('"ACTIVE"');
        if (isActive) active++;
        return !early && isActive === works(last) && JSON.stringify(warm.states()) === JSON.stringify(cold.states());
      },
    ),
    { numRuns: 500 },
  );
  t.ok(active > 20, `some are ACTIVE (${active})`);
  t.end();
});
