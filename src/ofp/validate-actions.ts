// What Open vSwitch would refuse in a list of actions.
import { actionRules, type ActionRule } from './action-rules.js';
import type { Action } from './action-types.js';
import type { PacketFacts } from './packet-facts.js';
import { isNothing } from './set-field-rules.js';
import { firstOf, refuse, type Refusal } from './refusal.js';

// The rule is that of the action's own type.
const ruleOf = (action: Action) => actionRules[action.type] as ActionRule<Action>;

/** Where a list of actions stands. */
export type Place = 'apply' | 'set' | 'ct' | 'clone';

const nestedIn = (action: Action): readonly Action[] =>
  action.type === 'ct' || action.type === 'clone' ? (action.actions ?? []) : [];

const isPlainNat = (action: Action) =>
  action.type === 'nat' && !(action.direction ?? action.address ?? action.persistent ?? action.algorithm);

function checkNested(action: Action): Refusal | undefined {
  if (action.type !== 'ct' && action.type !== 'clone') return undefined;
  const actions = nestedIn(action);
  const refusal = checkActions(actions) ?? checkPlaces(actions, action.type);
  const isEager =
    action.type === 'ct' && !action.commit && !actions.every((inner) => isPlainNat(inner) || isNothing(inner));
  return refusal ?? (isEager ? refuse('OFPBAC_BAD_ARGUMENT', 'ct does more than nat without commit') : undefined);
}

/** What is wrong with actions by themselves, wherever they stand, and with what is in them. */
export const checkActions = (actions: readonly Action[]): Refusal | undefined =>
  firstOf(actions, (action) =>
    isNothing(action) ? undefined : (ruleOf(action).check?.(action) ?? checkNested(action)),
  );

const ctFields: ReadonlySet<string> = new Set(['ct_mark', 'ct_label']);

function writtenField(action: Action): string | undefined {
  if (action.type === 'set_field' || action.type === 'reg_load') return action.field;
  return action.type === 'reg_move' ? action.dst.field : undefined;
}

function checkInCt(action: Action): Refusal | undefined {
  const name = writtenField(action);
  if (action.type === 'nat' || (name !== undefined && ctFields.has(name))) return undefined;
  return refuse('OFPBAC_BAD_ARGUMENT', `${action.type} in ct`);
}

function checkPlace(action: Action, place: Place): Refusal | undefined {
  if (place === 'set')
    return ruleOf(action).inSet ? undefined : refuse('OFPBAC_BAD_TYPE', `${action.type} in an action set`);
  if (place === 'ct') return checkInCt(action);
  const name = writtenField(action);
  return action.type === 'nat' || (name !== undefined && ctFields.has(name))
    ? refuse('OFPBAC_BAD_SET_ARGUMENT', `${name ?? 'nat'} outside of ct`)
    : undefined;
}

const besideConjunction: ReadonlySet<Action['type']> = new Set(['conjunction', 'note']);

/** What is wrong with where actions stand. A conjunction beside nothing but its like is looked at no further. */
export function checkPlaces(actions: readonly Action[], place: Place): Refusal | undefined {
  for (const action of actions) {
    if (action.type === 'conjunction' && place !== 'set')
      return actions.every((other) => besideConjunction.has(other.type) || isNothing(other))
        ? undefined
        : refuse('NXBAC_BAD_CONJUNCTION', 'conjunction beside other actions');
    const refusal = isNothing(action) ? undefined : checkPlace(action, place);
    if (refusal) return refusal;
  }
  return undefined;
}

/** What is known of the packets, action after action, and what the actions so far wanted in vain of the flow. */
export interface Walk {
  facts: PacketFacts;
  /** Open vSwitch says so only if nothing else is wrong with the flow. */
  inconsistent: Refusal | undefined;
}

// Open vSwitch does not look into a ct whose zone is in a field.
const lookedInto = (action: Action) =>
  action.type === 'ct' && typeof action.zone === 'object' ? [] : nestedIn(action);

/** What is wrong with actions for the packets that get to them; after it, the walk is behind the last. */
export function fitsActions(actions: readonly Action[], walk: Walk): Refusal | undefined {
  return firstOf(actions, (action) => {
    if (isNothing(action)) return undefined;
    const { suits, fits, after } = ruleOf(action);
    if (suits && !suits(walk.facts))
      walk.inconsistent ??= refuse('OFPBAC_MATCH_INCONSISTENT', `${action.type} does not suit what the flow matches`);
    const refusal = fits?.(action, walk.facts) ?? fitsNested(lookedInto(action), walk);
    walk.facts = after?.(action, walk.facts) ?? walk.facts;
    return refusal;
  });
}

/** The same for actions within an action or an action set, after which the packets are as they were. */
export function fitsNested(actions: readonly Action[], walk: Walk, isSet = false): Refusal | undefined {
  const inner: Walk = { ...walk };
  const refusal = fitsActions(actions, inner);
  if (!isSet) walk.inconsistent = inner.inconsistent;
  return refusal;
}
