// Child ports: which ChildPortSegmentation holds, and why another does not. The rules are Neutron's, each refusal by name.
import { byteOrder, operator, type Ref, tenantOf, type VlanId, vlanId } from './ids.js';
import { type ChildPortSegmentation } from './kinds.js';
import type { Relation } from './relation.js';
import { type Answer, degraded, refused, waiting } from './verdict.js';
import { numberName, type World } from './world.js';

/** A child port: the traffic that `parent`'s interface sends and receives with the tag `vid` is that of `child`. */
export interface Segment {
  readonly ref: Ref;
  readonly parent: Ref;
  readonly child: Ref;
  readonly vid: VlanId;
}

/** Who refers to whom, among the segmentations that are permitted to. */
export interface SegmentIndexes {
  readonly ofChild: Relation<Ref, Ref>;
  readonly ofParent: Relation<Ref, Ref>;
  /** By `vidName(parent, vid)`. */
  readonly ofVid: Relation<string, Ref>;
}

/** The name under which a parent's VLAN id is looked up. */
export const vidName = (parent: Ref, vid: number): string => `${parent} ${vid}`;

/** Builds the indexes; a segmentation that may not name its ports counts nowhere. */
export function segmentIndexes(world: World): SegmentIndexes {
  const index = <K>(keyOf: (value: ChildPortSegmentation) => K): Relation<K, Ref> =>
    world.graph.relation(world.children, (ref) => {
      const value = world.children.get(ref);
      if (value === undefined || permission(world, ref).no !== undefined) return [];
      return [[keyOf(value), ref]];
    });
  return {
    ofChild: index((value) => value.port),
    ofParent: index((value) => value.parent),
    ofVid: index((value) => vidName(value.parent, value.segmentation_id)),
  };
}

/** A segmentation by its reference, or why it does not hold. Where children would nest the outermost holds, whichever came first. */
export function resolveSegment(world: World, indexes: SegmentIndexes, ref: Ref): Answer<Segment> {
  const permitted = permission(world, ref);
  if (permitted.no !== undefined) return permitted;
  const { parent, child, vid } = permitted.ok;
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
  const winner = firstByKey(world, indexes.ofVid.at(vidName(parent, vid)).keys());
  if (winner !== ref)
    return degraded(
      'segmentation_id',
      vid,
      `is used by another child of lport ${parent}: give each child of one parent its own VLAN id`,
    );
  return permitted;
}

/** Whether a segmentation may name its ports at all: parent in its own tenant, child there too or shared with it. */
function permission(world: World, ref: Ref): Answer<Segment> {
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
  return { ok: { ref, parent, child, vid: vlanId(value.segmentation_id) } };
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
