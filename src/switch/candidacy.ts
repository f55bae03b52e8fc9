// Whether a controller may take a bridge over: at once, when the last master is gone for certain; else when nobody answers for it. A
// pure machine, moved by what is heard and by a tick every `questionMs`.
//
//     question ──the switch passes it on──> (own copy heard) ──no answer until the next tick──> one more unanswered
//
// A question that the switch has not passed on proves nothing, so neither a connection that hangs nor a pause of our own makes a
// master look dead. Taking over from one that lives would lose nothing either: the switch refuses whoever was master before.

/** How often is asked, in ms. */
export const questionMs = 500;
/** So many questions in a row without an answer mean that there is no master: 3 s. */
export const unansweredLimit = 6;

/** Who was master last, as far as can be told: nobody yet, this process, one that is gone, or one that may be there. */
export type LastMaster = 'nobody' | 'ourselves' | 'gone' | 'somebody';

/** What has been heard since the question before. */
export interface Candidacy {
  /** Questions in a row that were passed on and not answered. */
  readonly unanswered: number;
  readonly isPassedOn: boolean;
  readonly isAnswered: boolean;
}

/** Whether a connection may become master without asking. Who has stood by lets the master of before come back first. */
export const isFree = (last: LastMaster, hasStoodBy: boolean): boolean =>
  last === 'ourselves' || last === 'gone' || (last === 'nobody' && !hasStoodBy);

/** Nothing has been asked. */
export const candidacyStart: Candidacy = { unanswered: 0, isPassedOn: false, isAnswered: false };

/** Our own question came back, or a master answered (us, or another who asked). */
export const candidacyHeard = (candidacy: Candidacy, what: 'own question' | 'answer'): Candidacy =>
  what === 'answer' ? { ...candidacy, isAnswered: true } : { ...candidacy, isPassedOn: true };

/** It is time for the next question, unless the bridge may be claimed; `isGone`: the last master is gone for certain. */
export function candidacyTick(
  { unanswered, isPassedOn, isAnswered }: Candidacy,
  isGone: boolean,
): { readonly candidacy: Candidacy; readonly step: 'ask' | 'claim' } {
  const inARow = isAnswered ? 0 : unanswered + (isPassedOn ? 1 : 0);
  const step = isGone || inARow >= unansweredLimit ? 'claim' : 'ask';
  return { candidacy: { ...candidacyStart, unanswered: inARow }, step };
}
