// VLAN-aware VMs: one interface carries many ports, told apart by VLAN tags. A child port is classified by its parent's interface
// and its tag, travels untagged as a port of its own, and is tagged again on its way out. Everything else treats it as any port.
//
//   in:   in_port=183, VLAN 100  ->  untagged, reg6 = child's key, metadata = child's network  ->  table 5
//   out:  reg7 = child's key     ->  VLAN 100, output 183
import { type Match, output, resubmit } from '../ofp/index.js';
import { drop, type Flow, nothing, type Wanted } from '../flow/wanted.js';
import type { OfPort, Ref } from '../model/ids.js';
import type { LocalPort, View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { identify, priorityTag } from './classification.js';
import { priorities, tables } from './pipeline.js';
import { type SegmentationType, segmentationTypes } from './segmentation-types.js';

/** Below a child that holds its tag, above everything of its parent's. */
const awaitedChild = 140;
/** Above the parent's own way out. */
const notAsChild = 110;
/** Whatever VLAN id there is. */
const anyTag = { value: 0x1000, mask: 0x1000 } as const;
/** The ethertypes of tags (IEEE 802.1Q, table 9-1). */
const tagTypes = [0x8100, 0x88a8] as const;

type Types = ReadonlyMap<string, SegmentationType>;

function child(types: Types, view: View, ref: Ref): Wanted {
  const segment = view.segmentAnswer(ref).ok;
  const type = segment === undefined ? undefined : types.get(segment.type);
  if (segment === undefined || type === undefined) return awaited(types, view, ref);
  const parent = view.localPort(segment.parent);
  const port = view.localPort(segment.child);
  const ofport = port?.ofport ?? parent?.ofport;
  if (ofport === undefined) return nothing;
  return { flows: [...asChild(type, segment.id, ofport, port), ...notAsParent(type.match(segment.id), parent)] };
}

/** What still waits for something (its port, another tenant's northbound) has its tag already; whoever holds it comes first. */
function awaited(types: Types, view: View, ref: Ref): Wanted {
  const value = view.world.children.get(ref);
  const tag = view.tagAsked(ref);
  if (value === undefined || tag === undefined || view.segmentAnswer(ref).no?.state !== 'DOWN') return nothing;
  const parent = view.localPort(value.parent);
  const tagged = types.get(tag.type)?.match(tag.id);
  if (parent === undefined || parent.tag !== undefined || tagged === undefined) return nothing;
  return {
    flows: [
      flow(tables.classification, awaitedChild, { in_port: parent.ofport, ...tagged }, drop),
      ...notAsParent(tagged, parent),
    ],
  };
}

/** In with its tag, out with its tag. Disabled, or not complete yet: its tag is nobody's, and not its parent's. */
function asChild(type: SegmentationType, id: number, ofport: OfPort, port: LocalPort | undefined): Flow[] {
  const tagged = { in_port: ofport, ...type.match(id) };
  if (port === undefined) return [flow(tables.classification, priorities.child, tagged, drop)];
  return [
    flow(tables.classification, priorities.child, tagged, [...type.pop, ...identify(port.key, port.network.key)]),
    flow(tables.dispatch, priorities.normal, { reg7: port.key }, [...type.push(id), output(ofport)]),
  ];
}

/** A frame for the parent never leaves with the tag of a child: it would enter the child's network from outside. */
function notAsParent(tagged: Match, parent: LocalPort | undefined): Flow[] {
  return parent === undefined ? [] : [flow(tables.dispatch, notAsChild, { reg7: parent.key, ...tagged }, drop)];
}

/**
 * Nor with one that is hidden. Behind a tag that was taken off Open vSwitch does not look (`vlan-limit=1`): such a frame has no tag
 * and the ethertype of one. A guest looks behind priority tags; those of local senders are gone by now.
 */
function nothingHidden(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined || port.tag !== undefined || view.segmentsOfParent(ref).length === 0) return nothing;
  const frames = [...tagTypes.map((eth_type) => ({ vlan_vid: 0, eth_type })), { vlan_vid: priorityTag }];
  return { flows: frames.map((match) => flow(tables.dispatch, notAsChild, { reg7: port.key, ...match }, drop)) };
}

function unknownVlans(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined || port.tag !== undefined || port.unknownVlans === 'passthrough') return nothing;
  return {
    flows: [
      flow(tables.classification, priorities.unknownVlan, { in_port: port.ofport, vlan_vid: anyTag }, [
        resubmit(tables.unknown.id),
      ]),
    ],
  };
}

/** The app for these segmentation types. */
export const childPorts = (types: Types): App => ({
  name: 'vlan-aware-ports',
  id: 3,
  does: 'carries child ports on their parents’ interfaces, told apart by VLAN tags',
  rules: [
    rule(
      'child_port_segmentation',
      (view) => view.world.children,
      (view, ref) => child(types, view, ref),
    ),
    rule('lport', (view) => view.localPorts, unknownVlans),
    rule('lport', (view) => view.localPorts, nothingHidden),
  ],
});

/** VLAN-aware ports. */
export const vlanAwarePorts = childPorts(segmentationTypes);
