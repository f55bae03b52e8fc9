// How a child's frames are told apart on its parent's interface: one row for each `segmentation_type`. A new way is a new row.
import { type Action, type Match, popVlan, pushVlan, setField } from '../ofp/index.js';
import type { SegmentationIds } from '../model/segment.js';

/** A way to mark frames as those of an id. */
export interface SegmentationType extends SegmentationIds {
  /** The frames that have the mark. */
  readonly match: (id: number) => Match;
  /** Takes the mark off. */
  readonly pop: readonly Action[];
  /** Puts it on. */
  readonly push: (id: number) => readonly Action[];
}

/** The bit of a VLAN id on the wire that says "there is a tag" (OpenFlow 1.3.5, table 13, OFPVID_PRESENT). */
const present = 0x1000;

/** All of them, by name. Priority bits are not looked at, and are 0 in what is pushed; Open vSwitch takes an 802.1ad tag for the same. */
export const segmentationTypes: ReadonlyMap<string, SegmentationType> = new Map([
  [
    'vlan',
    {
      from: 1,
      to: 4094,
      match: (id) => ({ vlan_vid: present | id }),
      pop: [popVlan()],
      push: (id) => [pushVlan(), setField('vlan_vid', present | id)],
    },
  ],
]);
