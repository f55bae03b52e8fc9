// What stands in an object's way, in the state and the words of its status: the model's verdict, and what the switch or another
// owner has against its flows. Pure.
import type { Refusal } from '../flow/batch.js';
import { tenantOf, type Ref } from '../model/ids.js';
import { reasonOf, type Verdict } from '../model/verdict.js';

/** A state that is not in order, and why. */
export interface Trouble {
  readonly state: Verdict['state'];
  readonly reason: string;
}

/** The refusal that stands for each object: the first, but one by the switch before one for the sake of another owner. */
export function refusalByObject(refusals: readonly Refusal[]): Map<string, Refusal> {
  const chosen = new Map<string, Refusal>();
  for (const refusal of refusals) {
    const { object } = refusal.owner;
    const before = chosen.get(object);
    if (before === undefined || (before.state !== 'ERROR' && refusal.state === 'ERROR')) chosen.set(object, refusal);
  }
  return chosen;
}

/** What is wrong with an object, undefined if nothing is: ERROR if either says so, else as the model says; the reason names both. */
export function troubleOf(ref: Ref, verdict: Verdict | undefined, refusal: Refusal | undefined): Trouble | undefined {
  const ofModel = verdict && { state: verdict.state, reason: reasonOf(verdict) };
  const ofSwitch = refusal && { state: refusal.state, reason: refusalText(ref, refusal) };
  if (ofModel === undefined || ofSwitch === undefined) return ofModel ?? ofSwitch;
  const isGraver = ofSwitch.state === 'ERROR' && ofModel.state !== 'ERROR';
  const [first, second] = isGraver ? [ofSwitch, ofModel] : [ofModel, ofSwitch];
  return { state: first.state, reason: `${first.reason}; ${second.reason}` };
}

/** Why a flow is not there; who has it instead is named within one tenant only. */
function refusalText(ref: Ref, { reason, rival }: Refusal): string {
  if (rival === undefined) return reason;
  const [, other = ''] = rival.object.split(' ');
  return `${other.startsWith(`${tenantOf(ref)}/`) ? rival.object : 'an object of another tenant'} ${reason}`;
}
