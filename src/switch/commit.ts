// Brings encoded messages onto the switch: all of them in one ONF bundle, done when the barrier after it came back.
// What the switch refuses is named and left out, and the rest is committed.
//
// Open vSwitch refuses in two ways. What it cannot read it refuses when the message is added, by xid, and commits the
// rest. What it cannot do it refuses at the commit: it names the first such message, rolls everything back and stops
// looking. So what was rolled back is sent again without that message, in bundles that are halved with each refusal and
// doubled with each success: each in the order given, and no longer all or nothing, but with all that one owner wants.
import { bundledLimitSize } from './bundle.js';
import { headerSize } from '../ofp/index.js';
import { attempt, refusal, type Entry, type Refusal } from './attempt.js';
import type { Session } from './session.js';

/** What came of a commit; `partly` means that everything but the refused is on the switch. */
export type CommitResult =
  | { readonly kind: 'done'; readonly tookMs: number }
  | { readonly kind: 'partly'; readonly refused: readonly Refusal[]; readonly tookMs: number };

/** A bundle of no more messages is not halved: to send all of them again costs less than to wait once more. */
const shortestBundle = 16;
const typeOffset = 1;
const flowOrGroup = { from: 14, to: 15 } as const;
/** OFPMC_DELETE, in the command field of a meter_mod. */
const meterDelete = 2;
/** OFPET_BAD_REQUEST, OFPBRC_BAD_LEN. */
const badLength = { errorType: 1, code: 6 } as const;

/**
 * Commits encoded GROUP_MODs and FLOW_MODs (METER_MODs too: outside the bundle, deletions after it, all others before) in the
 * order given. `owners` names whose each message is: those of one owner stay in one bundle. Commits of one session wait for
 * each other. Throws SessionError when the connection or the bundle was lost: then the outcome is unknown and the switch must be
 * asked. Throws SwitchError when the switch refuses bundles as such.
 */
export function commit(
  session: Session,
  frames: readonly Uint8Array[],
  owners: readonly string[] = [],
): Promise<CommitResult> {
  return session.inTurn(async () => {
    const startedMs = session.nowMs();
    const entries = frames.map((frame, index) => ({ index, frame, owner: owners[index] ?? index }));
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

/** In one bundle, or in as many as it takes to find what is refused. */
async function inBundles(session: Session, entries: readonly Entry[]): Promise<Refusal[]> {
  const refused: Refusal[] = entries.filter(isTooLong).map((entry) => refusal(entry, badLength));
  let rest: readonly Entry[] = entries.filter((entry) => !isTooLong(entry));
  let length = rest.length;
  while (rest.length > 0) {
    const bundle = wholeOwners(rest, length);
    const outcome = await attempt(session, bundle);
    refused.push(...outcome.refused);
    const [first] = bundle;
    if (outcome.kind === 'committed') {
      rest = without(rest, bundle);
      length = 2 * bundle.length;
    } else if (outcome.refused.length > 0) {
      rest = without(rest, outcome.refused);
      length = Math.max(shortestBundle, Math.ceil(bundle.length / 2));
    } else if (bundle.length === 1 && first) {
      // Bisected down to one message, and the switch still gives no name but that of the commit.
      refused.push(refusal(first, outcome.error));
      rest = without(rest, bundle);
    } else {
      rest = rest.map((entry) => ({ ...entry, owner: entry.index }));
      length = Math.ceil(bundle.length / 2);
    }
  }
  return refused;
}

/** The messages of the first owners, at most about `length`, in the order given. */
function wholeOwners(entries: readonly Entry[], length: number): readonly Entry[] {
  if (entries.length <= length) return entries;
  const lengths = new Map<Entry['owner'], number>();
  for (const { owner } of entries) lengths.set(owner, (lengths.get(owner) ?? 0) + 1);
  const chosen = new Set<Entry['owner']>();
  let sum = 0;
  for (const [owner, own] of lengths) {
    if (sum > 0 && sum + own > length) break;
    chosen.add(owner);
    sum += own;
  }
  return entries.filter(({ owner }) => chosen.has(owner));
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

function without(entries: readonly Entry[], these: readonly { readonly index: number }[]): readonly Entry[] {
  const gone = new Set(these.map(({ index }) => index));
  return entries.filter(({ index }) => !gone.has(index));
}

function stamped(frame: Uint8Array, xid: number): Uint8Array {
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(4, xid);
  return copy;
}
