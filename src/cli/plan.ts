// What a command would write: the difference between what is wanted and what the northbound holds, in an order in which nothing
// ever refers to what is not there.
import { isDeepStrictEqual } from 'node:util';
import type { NbError } from '../model/errors.js';
import type { Ref } from '../model/ids.js';
import { type Kind, kinds } from '../model/kinds.js';
import { type AnyObject, objectName } from '../model/parse.js';
import { inReferenceOrder } from './written.js';

/** What the northbound holds under one name. */
export interface Stored {
  readonly revision: number;
  /** Absent where it cannot be read. */
  readonly object?: AnyObject;
  /** Why it cannot be read. */
  readonly error?: NbError;
}

/** What becomes of an object. */
export type Action = 'create' | 'change' | 'unchanged' | 'delete';

/** One object, what becomes of it, and the revision on which that is decided (0: there is none). */
export interface Step {
  readonly action: Action;
  readonly kind: Kind;
  readonly ref: Ref;
  readonly expected: number;
  readonly before?: AnyObject;
  readonly after?: AnyObject;
}

/** What it takes to have these objects as they are given, what is referred to first. */
export function planApply(objects: readonly AnyObject[], stored: ReadonlyMap<string, Stored>): Step[] {
  const steps = inReferenceOrder(objects).map((after): Step => {
    const there = stored.get(objectName(after.kind, after.ref));
    const { kind, ref } = after;
    const step = { kind, ref, expected: there?.revision ?? 0, after };
    if (there === undefined) return { ...step, action: 'create' };
    if (there.object === undefined) return { ...step, action: 'change' };
    const action = isDeepStrictEqual(there.object.value, after.value) ? 'unchanged' : 'change';
    return { ...step, action, before: there.object };
  });
  return steps.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || Number(isGiven(a)) - Number(isGiven(b)));
}

/** Whether a port is to be given an address: after those that name their own, so that none of these is given away. */
const isGiven = ({ after }: Step): boolean => after?.kind === 'lport' && after.value.ips === 'auto';

/** What it takes to have none of these objects, what refers to others first. Those that are not there are left out. */
export function planDelete(
  names: readonly { readonly kind: Kind; readonly ref: Ref }[],
  stored: ReadonlyMap<string, Stored>,
): Step[] {
  const steps = inReferenceOrder(names).flatMap(({ kind, ref }): Step[] => {
    const there = stored.get(objectName(kind, ref));
    if (there === undefined) return [];
    const before = there.object === undefined ? {} : { before: there.object };
    return [{ action: 'delete', kind, ref, expected: there.revision, ...before }];
  });
  return steps.reverse().sort((a, b) => kinds.indexOf(b.kind) - kinds.indexOf(a.kind));
}

/** What the northbound would hold after these steps. */
export function after(stored: ReadonlyMap<string, Stored>, steps: readonly Step[]): AnyObject[] {
  const objects = new Map<string, AnyObject>();
  for (const [name, { object }] of stored) if (object !== undefined) objects.set(name, object);
  for (const step of steps) {
    const name = objectName(step.kind, step.ref);
    if (step.after === undefined) objects.delete(name);
    else objects.set(name, step.after);
  }
  return [...objects.values()];
}
