// What northbound objects mean for one chassis, computed as the controller computes it, without a switch and without NATS.
import { allApps } from '../apps/apps.js';
import { Engine } from '../apps/engine.js';
import { segmentationTypes } from '../apps/segmentation-types.js';
import type { Owner } from '../flow/batch.js';
import { FlowTable } from '../flow/table.js';
import { isFlow } from '../flow/item.js';
import { type Fault, faultText, type NbError } from '../model/errors.js';
import { byteOrder, ofPort, operator, type Ref, refOf, tenantOf } from '../model/ids.js';
import { tunnelTypes } from '../model/kinds.js';
import { numberOffline } from '../model/numbering.js';
import { type AnyObject, objectName } from '../model/parse.js';
import { standingOf } from '../model/standing.js';
import { View } from '../model/view.js';
import { type Settings, World } from '../model/world.js';

/** Numbers that a live switch would give: as `--ports` has them. */
export interface PortsFile {
  readonly ofports: Readonly<Record<string, number>>;
  readonly tunnels: Readonly<Record<string, number>>;
  readonly bindings: Readonly<Record<string, string>>;
}

/** What to compile for. */
export interface CompileOptions {
  readonly chassis: string;
  readonly ports: PortsFile;
  readonly tunnelMode: Settings['tunnelMode'];
  /** The names of the apps that are on; undefined: all. */
  readonly apps?: readonly string[];
}

/** One message of the result, with its owner. */
export interface CompiledItem {
  readonly owner: Owner;
  readonly frame: Uint8Array;
}

/** The result: messages in commit order, the numbers used, and what was refused. */
export interface Compiled {
  readonly flows: readonly CompiledItem[];
  readonly groups: readonly CompiledItem[];
  readonly ports: {
    readonly ofports: Record<string, number>;
    readonly tunnels: Record<string, number>;
    readonly keys: Record<string, number>;
  };
  readonly refused: readonly {
    readonly object: string;
    readonly state: string;
    readonly fault: Fault;
    readonly text: string;
  }[];
}

/** Compiles objects for one chassis. Deterministic: the same objects give the same bytes, in whatever order they come. */
export function compile(objects: readonly AnyObject[], refused: readonly NbError[], options: CompileOptions): Compiled {
  const world = new World();
  const view = new View(world, segmentationTypes);
  const table = new FlowTable();
  const engine = new Engine(
    view,
    table,
    allApps.filter((app) => options.apps?.includes(app.name) ?? true),
  );
  world.settings.set('self', settingsOf(objects, options));
  for (const object of objects) world.put(object);
  for (const tenant of tenantsIn(objects)) world.settled.set(tenant, true);
  const faults = numberOffline(world, objects);
  world.graph.flush();
  place(world, view, objects, options);
  world.graph.flush();
  const ofports = numberLocals(world, view, options.ports);
  engine.flush();
  const tunnels = numberTunnels(
    world,
    [...engine.tunnels().keys()],
    options.ports.tunnels,
    new Set(Object.values(ofports)),
  );
  engine.flush();
  const [failure] = engine.failures();
  if (failure !== undefined) throw failure.error;
  const items = table.wanted().map(({ owner, item }) => ({ owner, frame: item.frame, flow: isFlow(item.identity) }));
  return {
    flows: items.filter(({ flow }) => flow),
    groups: items.filter(({ flow }) => !flow),
    ports: {
      ofports,
      tunnels,
      keys: Object.fromEntries(
        [...world.numbers.members()].sort(byteOrder).map((name) => [name, world.numbers.peek(name) ?? 0]),
      ),
    },
    refused: [...refused.flatMap(fromError), ...refusals(view, table, objects, faults)].sort((a, b) =>
      byteOrder(a.text, b.text),
    ),
  };
}

/** A set of files is all there is: every tenant that is named is completely known. */
const tenantsIn = (objects: readonly AnyObject[]): Set<string> =>
  new Set(
    objects.flatMap(({ kind, ref, value }) => [
      tenantOf(ref),
      ...(kind === 'lport' || kind === 'subnet' ? [tenantOf(value.lswitch)] : []),
      ...(kind === 'child_port_segmentation' ? [tenantOf(value.port)] : []),
    ]),
  );

/** Files do not say what the underlay carries. */
const underlayMtu = Infinity;

/** The chassis as the files describe it; one that they do not mention can reach both families by every type of tunnel. */
function settingsOf(objects: readonly AnyObject[], { chassis, tunnelMode }: CompileOptions): Settings {
  const own = objects.find((object) => object.kind === 'chassis' && object.ref === refOf(operator, chassis));
  if (own?.kind !== 'chassis')
    return { chassis, encapIps: ['0.0.0.0', '::'], encapTypes: tunnelTypes, tunnelMode, underlayMtu };
  return { chassis, encapIps: own.value.ips, encapTypes: own.value.tunnel_types, tunnelMode, underlayMtu };
}

/**
 * Local is what is bound to this chassis by `--ports` or by its binding, or bound nowhere; the rest is where it is bound. A child is where
 * its parent is.
 */
function place(world: World, view: View, objects: readonly AnyObject[], { chassis, ports }: CompileOptions): void {
  for (const { kind, ref, value } of objects) {
    if (kind !== 'lport' || value.binding?.type === 'vtep') continue;
    if (ports.bindings[ref] === undefined && view.segmentsOfChild(ref).length > 0) continue;
    world.claims.set(ref, ports.bindings[ref] ?? value.binding?.chassis ?? chassis);
  }
}

/** Gives each local port that is nobody's child its ofport: the listed one, or the smallest free; 0 is "not there yet". */
function numberLocals(world: World, view: View, { ofports, tunnels }: PortsFile): Record<string, number> {
  const self = world.settings.peek('self')?.chassis;
  const taken = new Set([...Object.values(ofports), ...Object.values(tunnels)]);
  const out: Record<string, number> = {};
  let next = 1;
  for (const ref of world.refs('lport')) {
    const child = view.segmentsOfChild(ref).some((segment) => view.segmentAnswer(segment).ok !== undefined);
    if (world.claims.peek(ref) !== self || child) continue;
    let number = ofports[ref];
    if (number === undefined) {
      while (taken.has(next)) next++;
      taken.add(next);
      number = next;
    }
    out[ref] = number;
    world.bindings.set(ref, { interface: ref, ofport: number === 0 ? undefined : ofPort(number) });
  }
  return out;
}

function numberTunnels(
  world: World,
  keys: readonly string[],
  listed: Readonly<Record<string, number>>,
  used: ReadonlySet<number>,
): Record<string, number> {
  const taken = new Set([...used, ...Object.values(listed)]);
  const out: Record<string, number> = {};
  let next = 1;
  // The common ports last: the numbers of the others do not depend on them.
  const isCommon = (key: string): boolean => tunnelTypes.some((type) => type === key);
  for (const key of [...keys].sort((a, b) => Number(isCommon(a)) - Number(isCommon(b)) || byteOrder(a, b))) {
    let number = listed[key];
    if (number === undefined) {
      while (taken.has(next)) next++;
      taken.add(next);
      number = next;
    }
    out[key] = number;
    world.tunnels.set(key, { ofport: number === 0 ? undefined : ofPort(number) });
  }
  return out;
}

const fromError = (error: NbError) =>
  error.faults.map((fault) => ({
    object: error.object,
    state: 'ERROR',
    fault,
    text: `${error.object}: ${faultText(fault)}`,
  }));

/** What the model or the flow table stands against: in a closed set of files nothing can be waited for but what `--ports` leaves out. */
function refusals(
  view: View,
  table: FlowTable,
  objects: readonly AnyObject[],
  numbering: ReadonlyMap<string, Fault>,
): Compiled['refused'][number][] {
  const out: Compiled['refused'][number][] = [];
  const add = (object: string, state: string, fault: Fault) =>
    out.push({ object, state, fault, text: `${object}: ${faultText(fault)}` });
  for (const { kind, ref } of objects) {
    const name = objectName(kind, ref);
    const numberFault = numbering.get(name);
    const { verdict } = standingOf(view, kind, ref);
    if (numberFault !== undefined) add(name, 'ERROR', numberFault);
    else if (verdict !== undefined && (verdict.state !== 'DOWN' || isDangling(view, verdict.fault)))
      add(name, verdict.state, verdict.fault);
  }
  for (const { owner, reason, rival, state } of table.refusals())
    add(owner.object, state, { field: 'flow', allowed: rival === undefined ? reason : `${rival.object} ${reason}` });
  return out;
}

/** Whether something is waited for that no file contains: a mistake in the files, not a matter of time. */
function isDangling(view: View, { field, value }: Fault): boolean {
  const { lswitches, lports, chassis } = view.world;
  if (typeof value !== 'string') return false;
  const ref = value as Ref; // verdicts of these fields hold references, or the name of a chassis
  if (field === 'lswitch') return !lswitches.present(ref);
  if (field === 'lport' || field === 'parent' || field === 'port') return !lports.present(ref);
  return field === 'binding' && !chassis.present(refOf(operator, value));
}
