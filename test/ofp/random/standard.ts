// Whether a message says nothing beyond OpenFlow 1.3 itself.
import { field, isFieldName, type Message } from '../../../src/ofp/index.js';

/** Whether something holds of an object and of all objects in it. */
export function everyObject(value: unknown, holds: (object: object) => boolean): boolean {
  if (Array.isArray(value)) return value.every((item) => everyObject(item, holds));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true;
  return holds(value) && Object.values(value).every((item) => everyObject(item, holds));
}

const standardActions: ReadonlySet<string> = new Set([
  'output',
  'group',
  'set_queue',
  'push_vlan',
  'pop_vlan',
  'push_mpls',
  'pop_mpls',
  'set_mpls_ttl',
  'dec_mpls_ttl',
  'set_nw_ttl',
]);
const isActionList = (list: unknown) =>
  !Array.isArray(list) ||
  list.every((action: unknown) => typeof action !== 'object' || standardActions.has((action as { type: string }).type)); // actions have a type
const isStandardMatch = (match: unknown) =>
  typeof match !== 'object' ||
  match === null ||
  Object.keys(match).every(
    (name) => isFieldName(name) && field(name).oxm.startsWith('OXM_OF_') && !field(name).oxm.includes('PKT_REG'),
  );

/** Whether a message has nothing of Nicira's: no other fields and actions than OpenFlow's own. */
export const isStandard = (message: Message): boolean =>
  everyObject(
    message,
    (object) =>
      (!('actions' in object) || isActionList(object.actions)) &&
      (!('match' in object) || isStandardMatch(object.match)),
  );
