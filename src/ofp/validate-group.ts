// What Open vSwitch would refuse in a group_mod.
import type { Bucket } from './action-types.js';
import type { GroupMod } from './messages.js';
import { firstOf, refuse, type Refusal } from './refusal.js';
import { checkActions, checkPlaces } from './validate-actions.js';

const greatestGroup = 0xffff_ff00;

const checkBucket = ({ actions }: Bucket): Refusal | undefined =>
  checkActions(actions) ?? checkPlaces(actions, 'apply');

function checkOptions(
  { weight, watchPort, watchGroup }: Bucket,
  groupType: GroupMod['groupType'],
): Refusal | undefined {
  if (weight && groupType !== 'select')
    return refuse('OFPGMFC_INVALID_GROUP', `a weight in a group of type ${groupType}`);
  return groupType === 'ff' && watchPort === undefined && watchGroup === undefined
    ? refuse('OFPGMFC_INVALID_GROUP', 'a bucket of a fast failover group watches nothing')
    : undefined;
}

/** The first thing in a group_mod that Open vSwitch would refuse; undefined if it would take it. */
export function validateGroupMod(group: GroupMod): Refusal | undefined {
  const { groupType, groupId, command, buckets } = group;
  const refusal = firstOf(buckets, checkBucket);
  if (refusal) return refusal;
  if (command === 'delete')
    return buckets.length > 0 ? refuse('OFPGMFC_INVALID_GROUP', 'delete with buckets') : undefined;
  if (groupId > greatestGroup) return refuse('OFPGMFC_INVALID_GROUP', `group ${groupId}`);
  if (groupType === 'indirect' && buckets.length !== 1)
    return refuse('OFPGMFC_INVALID_GROUP', `an indirect group of ${buckets.length} buckets`);
  return firstOf(buckets, (bucket) => checkOptions(bucket, groupType));
}
