// Decides what a second connection with a known datapath id is: the same bridge once more, another bridge, or the
// successor of a connection that is dead.
import { setTimeout as sleep } from 'node:timers/promises';
import { markerPacketOut, mayBeSameBridge, nonceText } from './marker.js';
import type { Session } from './session.js';

/** How long the first connection has for answering an ECHO, and a marker for coming back. */
export const contestMs = 1000;

/**
 * `same`: one bridge met twice, the second may stand by. `other`: another bridge, and the first one lives. `successor`: the first
 * does not answer, the second takes its place.
 */
export type Verdict = 'same' | 'other' | 'successor';

/** Asks both connections; takes at most `contestMs`. The nonce is fresh randomness. */
export async function contest(first: Session, second: Session, nonce: Uint8Array): Promise<Verdict> {
  const timeout = new AbortController();
  const waited = sleep(contestMs, 'late' as const, { signal: timeout.signal }).catch(() => 'late' as const);
  const answered = first.echo().then(
    () => true,
    () => false,
  );
  const marked = mayBeSameBridge(first.ports, second.ports) ? markerComesBack(first, second, nonce) : undefined;
  try {
    const alive = await Promise.race([answered, waited]);
    if (alive !== true) return 'successor';
    if (marked === undefined) return 'other';
    return (await Promise.race([marked.seen, waited])) === 'late' ? 'other' : 'same';
  } finally {
    marked?.stop();
    timeout.abort();
  }
}

function markerComesBack(
  first: Session,
  second: Session,
  nonce: Uint8Array,
): { seen: Promise<void>; stop: () => void } {
  const expected = nonceText(nonce);
  let stop = (): void => undefined;
  const seen = new Promise<void>((resolve) => {
    stop = first.onMarker((text) => {
      if (text === expected) resolve();
    });
  });
  second.send(markerPacketOut(nonce));
  return { seen, stop };
}
