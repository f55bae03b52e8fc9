// Child ports: which ChildPortSegmentation holds, and why another does not. The rules are Neutron's, each refusal by name.
import { type Fault } from './errors.js';
import { byteOrder, operator, type Ref, tenantOf } from './ids.js';
import { type ChildPortSegmentation } from './kinds.js';
import { resolveNetwork } from './network.js';
import type { Relation } from './relation.js';
import { type Answer, degraded, refused, waiting } from './verdict.js';
import { numberName, type World } from './world.js';

/** The ids that a segmentation type has. What the tags look like on the wire is the business of an app. */
export interface SegmentationIds {
  readonly from: number;
  readonly to: number;
}

/** The segmentation types that there are, by name. */
export type SegmentationTypes = ReadonlyMap<string, SegmentationIds>;

/** How a child's traffic is told apart on its parent's interface. */
export interface Tag {
  readonly type: string;
  readonly id: number;
}

/** A child port: the traffic that `parent`'s interface sends and receives with the tag is that of `child`. */
export interface Segment extends Tag {
  readonly ref: Ref;
  readonly parent: Ref;
  readonly child: Ref;
}

/** Who refers to whom, among the segmentations that are permitted to. */
export interface SegmentIndexes {
  /** Every port that any segmentation names, permitted or not: all others are spared the questions about children. */
  readonly ofPort: Relation<Ref, Ref>;
  readonly ofChild: Relation<Ref, Ref>;
  readonly ofParent: Relation<Ref, Ref>;
  /** By `tagName`. */
  readonly ofTag: Relation<string, Ref>;
}

/** The name under which a tag of a parent is looked up. */
const tagName = (parent: Ref, { type, id }: Tag): string => `${parent} ${type} ${id}`;

/** The `segmentation_type` of a child that has the VLAN of its own network, whatever that is. */
const inherit = 'inherit';

/** Builds the indexes; a segmentation that may not name its ports, or has no tag, counts nowhere. */
export function segmentIndexes(world: World, types: SegmentationTypes): SegmentIndexes {
  const index = <K>(keyOf: (segment: Segment) => K): Relation<K, Ref> =>
    world.graph.relation(world.children, (ref) => {
      const segment = permission(world, types, ref).ok;
      return segment === undefined ? [] : [[keyOf(segment), ref]];
    });
  return {
    ofPort: world.graph.relation(world.children, (ref) => {
      const value = world.children.get(ref);
      return value === undefined ? [] : [value.parent, value.port].map((port) => [port, ref] as const);
    }),
    ofChild: index(({ child }) => child),
    ofParent: index(({ parent }) => parent),
    ofTag: index((segment) => tagName(segment.parent, segment)),
  };
}

/** A segmentation by its reference, or why it does not hold. Where children would nest the outermost holds, whichever came first. */
export function resolveSegment(
  world: World,
  types: SegmentationTypes,
  indexes: SegmentIndexes,
  ref: Ref,
): Answer<Segment> {
  const permitted = permission(world, types, ref);
  if (permitted.no !== undefined) return permitted;
  const { parent, child, id } = permitted.ok;
  if (indexes.ofChild.has(parent)) return refused('parent', parent, 'is itself a child port; children do not nest');
  if (first(indexes.ofChild.at(child).keys()) !== ref)
    return refused('port', child, 'is already a child of another parent port');
  const binding = world.lports.get(child)?.binding;
  if (binding?.type === 'vtep') return refused('port', child, 'is a remote device, which cannot be a child port');
  // Its children would be behind its VTEP on networks that never allowed that.
  if (world.lports.get(parent)?.binding?.type === 'vtep')
    return refused('parent', parent, 'is a remote device, which carries no child ports');
  if (world.lports.get(parent) === undefined) return waiting('parent', parent, `waits for its parent, lport ${parent}`);
  if (world.lports.get(child) === undefined) return waiting('port', child, `waits for lport ${child}`);
  const [mtu, room] = [mtuOf(world, child), mtuOf(world, parent)];
  if (mtu !== undefined && room !== undefined && mtu > room)
    return refused('port', child, `has an MTU of ${mtu} (that of its network), but its parent of ${room} only`);
  const winner = firstByKey(world, indexes.ofTag.at(tagName(parent, permitted.ok)).keys());
  if (winner !== ref)
    return degraded(
      'segmentation_id',
      id,
      `is used by another child of lport ${parent}: give each child of one parent its own VLAN id`,
    );
  return permitted;
}

/** Whether a segmentation may name its ports at all: parent in its own tenant, child there too or shared with it, and not in use. */
function permission(world: World, types: SegmentationTypes, ref: Ref): Answer<Segment> {
  const value = world.children.get(ref);
  if (value === undefined) return waiting('child_port_segmentation', ref, `waits for child_port_segmentation ${ref}`);
  const { parent, port: child } = value;
  if (parent === child) return refused('port', child, 'a port cannot be its own child');
  const tenant = tenantOf(ref);
  if (tenant !== operator && tenantOf(parent) !== tenant)
    return refused('parent', parent, 'must be a port of the same tenant: a segmentation lives with its parent');
  const foreign = tenant !== operator && tenantOf(child) !== tenant;
  if (foreign && world.settled.get(tenantOf(child)) === undefined)
    return waiting('port', child, 'waits for the northbound of the tenant of its port');
  if (foreign && world.lports.get(child)?.shared_with.includes(tenant) !== true)
    return refused('port', child, `there is no lport of that name that is shared with ${tenant}`);
  const tag = tagOf(world, types, value);
  if (tag.no !== undefined) return tag;
  if (world.claims.get(child) !== undefined) return refused('port', child, 'is in use: it has its own interface');
  return { ok: { ref, parent, child, ...tag.ok } };
}

/** The tag of a segmentation, as it is written or as it is inherited. */
export function tagOf(
  world: World,
  types: SegmentationTypes,
  { port, segmentation_type: type, segmentation_id: id }: ChildPortSegmentation,
): Answer<Tag> {
  if (type === inherit)
    return id === undefined
      ? inheritedTag(world, types, port)
      : refused('segmentation_id', id, `not beside segmentation_type: ${inherit}`);
  return checkedTag(types, type, id);
}

/** What is wrong with the tag that a segmentation names, as far as it says by itself. */
export const tagFault = (
  types: SegmentationTypes,
  { segmentation_type: type, segmentation_id: id }: ChildPortSegmentation,
): Fault | undefined => (type === inherit ? undefined : checkedTag(types, type, id).no?.fault);

function checkedTag(types: SegmentationTypes, type: string, id: number | undefined): Answer<Tag> {
  const ids = types.get(type);
  const known = [...types.keys(), inherit].join(', ');
  if (ids === undefined) return refused('segmentation_type', type, `not allowed: one of ${known}`);
  if (id === undefined || id < ids.from || id > ids.to)
    return refused(
      'segmentation_id',
      id,
      `${id === undefined ? 'missing' : 'not allowed'}: an integer from ${ids.from} to ${ids.to}`,
    );
  return { ok: { type, id } };
}

/** The VLAN of the child's network, now: it changes with the network. */
function inheritedTag(world: World, types: SegmentationTypes, child: Ref): Answer<Tag> {
  const lswitch = world.lports.get(child)?.lswitch;
  const network = lswitch === undefined ? undefined : resolveNetwork(world, lswitch).ok;
  if (network === undefined) return waiting('segmentation_type', inherit, 'waits for the network of its port');
  if (world.lswitches.get(network.ref)?.network_type !== 'vlan')
    return refused('segmentation_type', inherit, 'is for ports of vlan networks: give a segmentation_id');
  return checkedTag(types, 'vlan', network.vni);
}

/** The MTU of a port's network in bytes; undefined where nobody has said. */
function mtuOf(world: World, port: Ref): number | undefined {
  const lswitch = world.lports.get(port)?.lswitch;
  return lswitch === undefined ? undefined : world.lswitches.get(lswitch)?.mtu;
}

function first(refs: Iterable<Ref>): Ref | undefined {
  return [...refs].sort(byteOrder)[0];
}

/** Of segmentations that want the same, the one whose child has the smallest unique key. */
function firstByKey(world: World, refs: Iterable<Ref>): Ref | undefined {
  const keyOf = (ref: Ref): number => {
    const port = world.children.get(ref)?.port;
    return (port === undefined ? undefined : world.numbers.get(numberName('lport', port))) ?? Infinity;
  };
  return [...refs].sort((a, b) => keyOf(a) - keyOf(b) || byteOrder(a, b))[0];
}
