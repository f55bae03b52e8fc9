// Brings encoded messages onto the switch: all of them in one ONF bundle, done when the barrier after it came back.
// What the switch refuses is named and left out, and the rest is committed.
//
// Open vSwitch refuses in two ways. What it cannot read it refuses when the message is added, by xid, and commits the
// rest. What it cannot do it refuses at the commit: it names the first such message, rolls everything back and stops
// looking. So a rolled-back bundle is sent again without that message; when that has happened `wholeAttempts` times,
// the rest goes in pieces that shrink with each refusal and grow with each success, still in order, but no longer all
// or nothing.
import { bundledLimitSize } from './bundle.js';
import { headerSize } from '../ofp/index.js';
import { attempt, refusal, type Entry, type Refusal } from './attempt.js';
import type { Session } from './session.js';

/** What came of a commit; `partly` means that everything but the refused is on the switch. */
export type CommitResult =
  | { readonly kind: 'done'; readonly tookMs: number }
  | { readonly kind: 'partly'; readonly refused: readonly Refusal[]; readonly tookMs: number };

/** How often a bundle is sent whole before it goes in pieces. */
const wholeAttempts = 8;
const typeOffset = 1;
const flowOrGroup = { from: 14, to: 15 } as const;
/** OFPMC_DELETE, in the command field of a meter_mod. */
const meterDelete = 2;
/** OFPET_BAD_REQUEST, OFPBRC_BAD_LEN. */
const badLength = { errorType: 1, code: 6 } as const;

/**
 * Commits encoded GROUP_MODs and FLOW_MODs (METER_MODs too: outside the bundle, deletions after it, all others before) in the
 * order given. Commits of one session wait for each other. Throws SessionError when the connection or the bundle was lost:
 * then the outcome is unknown and the switch must be asked. Throws SwitchError when the switch refuses bundles as such.
 */
export function commit(session: Session, frames: readonly Uint8Array[]): Promise<CommitResult> {
  return session.inTurn(async () => {
    const startedMs = session.nowMs();
    const entries = frames.map((frame, index) => ({ index, frame }));
    const bundled = entries.filter(isBundled);
    const others = entries.filter((entry) => !isBundled(entry));
    const refused = [
      ...(await plainly(
        session,
        others.filter((entry) => !isMeterDelete(entry)),
      )),
      ...(await inBundles(session, bundled)),
      ...(await plainly(session, others.filter(isMeterDelete))),
    ].sort((a, b) => a.index - b.index);
    const tookMs = session.nowMs() - startedMs;
    return refused.length === 0 ? { kind: 'done', tookMs } : { kind: 'partly', refused, tookMs };
  });
}

/** Outside a bundle: one write, one barrier. */
async function plainly(session: Session, entries: readonly Entry[]): Promise<Refusal[]> {
  if (entries.length === 0) return [];
  const refused: Refusal[] = [];
  const claim = session.claim(entries.length, (offset, message) => {
    const entry = entries[offset];
    if (entry && message.type === 'error') refused.push(refusal(entry, message));
  });
  try {
    for (const [i, { frame }] of entries.entries()) session.write(stamped(frame, claim.firstXid + i));
    await session.barrier();
  } finally {
    claim.release();
  }
  return refused;
}

/** Whole while that is likely to work, then in pieces. */
async function inBundles(session: Session, entries: readonly Entry[]): Promise<Refusal[]> {
  const refused: Refusal[] = entries.filter(isTooLong).map((entry) => refusal(entry, badLength));
  let rest: readonly Entry[] = entries.filter((entry) => !isTooLong(entry));
  for (let attempts = 0; attempts < wholeAttempts && rest.length > 0; attempts += 1) {
    const outcome = await attempt(session, rest);
    refused.push(...outcome.refused);
    if (outcome.kind === 'committed') return refused;
    if (outcome.refused.length === 0) break;
    rest = without(rest, outcome.refused);
  }
  return [...refused, ...(await inPieces(session, rest))];
}

async function inPieces(session: Session, entries: readonly Entry[]): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  let rest = entries;
  let length = Math.ceil(entries.length / 2);
  while (rest.length > 0) {
    const piece = rest.slice(0, length);
    const outcome = await attempt(session, piece);
    refused.push(...outcome.refused);
    if (outcome.kind === 'committed') {
      rest = rest.slice(length);
      length *= 2;
      continue;
    }
    const [only] = piece;
    if (outcome.refused.length > 0) rest = without(rest, outcome.refused);
    else if (piece.length === 1 && only) {
      // Bisected down to one message, and the switch still gives no name but that of the commit.
      refused.push(refusal(only, outcome.error));
      rest = rest.slice(1);
    }
    length = Math.ceil(Math.min(length, rest.length) / 2);
  }
  return refused;
}

function isBundled({ frame }: Entry): boolean {
  const type = frame[typeOffset] ?? 0;
  return type >= flowOrGroup.from && type <= flowOrGroup.to;
}

function isMeterDelete({ frame }: Entry): boolean {
  return frame[headerSize + 1] === meterDelete;
}

function isTooLong({ frame }: Entry): boolean {
  return frame.length > bundledLimitSize;
}

function without(entries: readonly Entry[], refused: readonly Refusal[]): readonly Entry[] {
  const gone = new Set(refused.map(({ index }) => index));
  return entries.filter(({ index }) => !gone.has(index));
}

function stamped(frame: Uint8Array, xid: number): Uint8Array {
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(4, xid);
  return copy;
}
