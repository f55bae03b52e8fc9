// Answers that may be a refusal: a value, or why there is none, in the words of the object's status.
import { type Fault, faultText } from './errors.js';

/** States of an object on a chassis, as its status shows them (`ACTIVE` and `HELD` are not for the model to say). */
export interface Verdict {
  /** ERROR: refused until somebody changes something. DOWN: waits for something. DEGRADED: another came first, or a limit. */
  readonly state: 'ERROR' | 'DOWN' | 'DEGRADED';
  readonly fault: Fault;
}

/** A value, or why there is none. */
export type Answer<T> = { readonly ok: T; readonly no?: never } | { readonly ok?: never; readonly no: Verdict };

const verdict =
  (state: Verdict['state']) =>
  (field: string, value: unknown, allowed: string): { readonly no: Verdict } => ({
    no: { state, fault: { field, value, allowed } },
  });

/** Refused until somebody changes the object or what it refers to. */
export const refused = verdict('ERROR');
/** Right, but something that it needs is not there yet. */
export const waiting = verdict('DOWN');
/** Right by itself, but another object came first, or a limit is reached. */
export const degraded = verdict('DEGRADED');

/** A verdict as the reason of a status. */
export const reasonOf = (verdict: Verdict): string =>
  verdict.state === 'DOWN' ? verdict.fault.allowed : faultText(verdict.fault);

/** Whether two verdicts say the same, or there is none. */
export const sameVerdict = (a: Verdict | undefined, b: Verdict | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));

/** Whether two answers say the same; `sameValue` compares what they hold. */
export const sameAnswer =
  <T>(sameValue: (a: T, b: T) => boolean) =>
  (a: Answer<T>, b: Answer<T>): boolean => {
    if (a.ok !== undefined && b.ok !== undefined) return sameValue(a.ok, b.ok);
    return a.no !== undefined && b.no !== undefined && sameVerdict(a.no, b.no);
  };
