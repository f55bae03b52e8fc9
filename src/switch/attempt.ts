// Sends one bundle and says what came of it: committed or rolled back, and which of its messages were refused.
import { describeError, type Message } from '../ofp/index.js';
import { bundleAdds, bundleCommit, bundleOpen } from './bundle.js';
import { SessionError, switchError, type SwitchError } from './errors.js';
import type { Session } from './session.js';

/** An encoded message, its index among those of the whole commit, and who wants it. */
export interface Entry {
  readonly index: number;
  readonly frame: Uint8Array;
  /** What has the same owner is not torn apart; a number: it has none but itself. */
  readonly owner: string | number;
}

/** A message that the switch refused: its index, and OVS's error. */
export interface Refusal {
  readonly index: number;
  readonly errorType: number;
  readonly code: number;
  /** OVS's name of the error, such as OFPBAC_BAD_OUT_GROUP. */
  readonly name: string;
  readonly sentence: string;
}

/** The numbers of an error. */
export interface ErrorNumbers {
  readonly errorType: number;
  readonly code: number;
  readonly experimenter?: number;
}

/** What came of one bundle. Refusals without a roll-back were made while the bundle was filled: the rest is committed. */
export type Outcome =
  | { readonly kind: 'committed'; readonly refused: readonly Refusal[] }
  | { readonly kind: 'rolled_back'; readonly refused: readonly Refusal[]; readonly error: ErrorNumbers };

/** At most this many slabs are on their way unread: a slow switch is felt here, not in the kernel's memory, and answers often enough to be seen alive. */
const slabsInFlight = 8;

/** The refusal of one message. */
export function refusal(entry: Entry, { errorType, code, experimenter }: ErrorNumbers): Refusal {
  return { index: entry.index, errorType, code, ...describeError(errorType, code, experimenter) };
}

/** Sends the entries as one bundle and waits for the barrier behind it. Throws as `commit` does. */
export async function attempt(session: Session, entries: readonly Entry[]): Promise<Outcome> {
  const refused: Refusal[] = [];
  const seen: { openError?: SwitchError; answer?: Message } = {};
  const openOffset = entries.length;
  const commitOffset = entries.length + 1;
  const claim = session.claim(entries.length + 2, (offset, message) => {
    const entry = entries[offset];
    if (offset === commitOffset) seen.answer = message;
    else if (message.type !== 'error') return;
    else if (offset === openOffset) seen.openError = switchError(claim.firstXid + offset, message);
    else if (entry) refused.push(refusal(entry, message));
  });
  try {
    await send(session, entries, claim.firstXid);
    await session.barrier();
  } finally {
    claim.release();
  }
  if (seen.openError) throw lost(session, seen.openError);
  if (seen.answer?.type === 'error') return { kind: 'rolled_back', refused, error: seen.answer };
  if (seen.answer?.type !== 'bundle_control') throw lost(session, undefined);
  return { kind: 'committed', refused };
}

/** Open, adds, commit. It never waits longer than the switch takes to read, so the bundle does not idle (OVS drops it after 10 s). */
async function send(session: Session, entries: readonly Entry[], firstXid: number): Promise<void> {
  const bundleId = firstXid;
  const inFlight: Promise<void>[] = [];
  session.write(bundleOpen(bundleId, firstXid + entries.length));
  const frames = entries.map(({ frame }) => frame);
  let slabs = 0;
  for (const slab of bundleAdds(bundleId, firstXid, frames)) {
    if (slabs > 0) inFlight.push(readMark(session));
    if (inFlight.length >= slabsInFlight) await inFlight.shift();
    session.write(slab);
    slabs += 1;
  }
  session.write(bundleCommit(bundleId, firstXid + entries.length + 1));
}

/** Resolves when the switch has read what was written before. Those that nobody awaits fail only with the session, and so does the barrier. */
function readMark(session: Session): Promise<void> {
  const mark = session.echo();
  mark.catch(() => undefined);
  return mark;
}

/**
 * An error for the open request: bundles are refused as such, or this one idled out. In the second case the adds that came
 * afterwards made a bundle of their own, so nobody can say from here what was committed.
 */
function lost(session: Session, error: SwitchError | undefined): SessionError | SwitchError {
  if (error && error.errorName !== 'OFPBFC_TIMEOUT') return error;
  const reason = error ? 'the bundle idled out at the switch while it was being filled' : 'the commit was not answered';
  return new SessionError('bundle_lost', 'ready', `${session.peer}: ${reason}; what the switch holds is unknown`);
}
