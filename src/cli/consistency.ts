// Whether objects fit together: the model's own rules, asked before anything is written. What only a chassis can know is left to it.
import { segmentationTypes } from '../apps/segmentation-types.js';
import { type Fault, faultText, NbError } from '../model/errors.js';
import { byteOrder, type Ref, tenantOf } from '../model/ids.js';
import { type Kind, tunnelTypes } from '../model/kinds.js';
import { type AnyObject, objectName } from '../model/parse.js';
import { standingOf } from '../model/standing.js';
import { View } from '../model/view.js';
import { numberName, World } from '../model/world.js';

/** What is known beside the objects themselves. */
export interface Context {
  /** Numbers that are allocated, by `numberName`. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The tenants of which everything was read; references to others cannot be judged. */
  readonly known: ReadonlySet<string>;
}

/** Which field of an object refers to which kind. */
const targets: Readonly<Record<string, Kind>> = { lswitch: 'lswitch', lport: 'lport', parent: 'lport', port: 'lport' };

/** Fields of a ChildPortSegmentation, which the model names in verdicts on its child, too. */
const segmentFields = new Set(['parent', 'port', 'segmentation_id']);

/**
 * What is wrong with `after` that is to be blamed on a change from `before`: everything wrong with a `touched` object, and what
 * is newly wrong with others. Sorted by object.
 */
export function inconsistencies(
  before: readonly AnyObject[],
  after: readonly AnyObject[],
  touched: ReadonlySet<string>,
  context: Context,
): NbError[] {
  const old = faultsOf(before, context);
  return [...faultsOf(after, context)]
    .filter(([name, fault]) => touched.has(name) || faultText(old.get(name) ?? none) !== faultText(fault))
    .sort(([a], [b]) => byteOrder(a, b))
    .map(([name, fault]) => new NbError(name, [fault]));
}

const none: Fault = { field: '', allowed: '' };

function faultsOf(objects: readonly AnyObject[], context: Context): Map<string, Fault> {
  const world = worldOf(objects, context);
  const view = new View(world, segmentationTypes);
  world.graph.flush();
  const faults = new Map<string, Fault>();
  for (const object of objects) {
    const fault = faultOf(view, object, context.known);
    if (fault !== undefined) faults.set(objectName(object.kind, object.ref), fault);
  }
  return faults;
}

/** A world without a place: no chassis, no claims. Whoever has no number yet gets one after all those that do. */
function worldOf(objects: readonly AnyObject[], { numbers, known }: Context): World {
  const world = new World();
  for (const tenant of known) world.settled.set(tenant, true);
  world.settings.set('self', {
    chassis: '',
    encapIps: ['0.0.0.0', '::'],
    encapTypes: tunnelTypes,
    tunnelMode: 'per-remote',
    underlayMtu: Infinity,
  });
  let next = Math.max(0, ...numbers.values()) + 1;
  for (const object of [...objects].sort((a, b) => byteOrder(a.ref, b.ref))) {
    world.put(object);
    const { kind, ref } = object;
    if (kind !== 'lport' && kind !== 'lswitch') continue;
    const key = object.value.unique_key ?? next++;
    world.numbers.set(numberName(kind, ref), numbers.get(numberName(kind, ref)) ?? key);
    if (kind === 'lport') world.addresses.set(ref, { lswitch: object.value.lswitch, ips: [] });
    // Whether another VNI than the key is allocated is seen when it is asked for.
    else world.numbers.set(numberName('vni', ref), numbers.get(numberName('vni', ref)) ?? object.value.segmentation_id);
  }
  return world;
}

function faultOf(view: View, object: AnyObject, known: ReadonlySet<string>): Fault | undefined {
  const { kind, ref } = object;
  if (kind === 'subnet') return danglingFault(view, 'lswitch', object.value.lswitch, known);
  const { verdict } = standingOf(view, kind, ref);
  if (verdict === undefined) return undefined;
  const { fault, state } = verdict;
  // What stands against a child's segmentation is said of the segmentation.
  if (kind === 'lport' && segmentFields.has(fault.field)) return undefined;
  const target = targets[fault.field];
  const named = typeof fault.value === 'string' ? fault.value : undefined;
  if (target === undefined || named?.includes('/') !== true) return state === 'DOWN' ? undefined : fault;
  const to = named as Ref; // the model puts complete references into the faults of these fields
  if (!known.has(tenantOf(to))) return undefined;
  return state === 'DOWN' ? danglingFault(view, fault.field, to, known) : fault;
}

function danglingFault(view: View, field: string, to: Ref, known: ReadonlySet<string>): Fault | undefined {
  const kind = targets[field] ?? 'lport';
  const there = kind === 'lswitch' ? view.world.lswitches.present(to) : view.world.lports.present(to);
  if (there || !known.has(tenantOf(to))) return undefined;
  return { field, value: to, allowed: `there is no ${kind} ${to}, neither given nor in the northbound` };
}
