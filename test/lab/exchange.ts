// "This frame in here; exactly these frames out there; anything else is a failure." Frames of a test carry a seal at their
// end, behind the last byte that their headers count, so that neither the kernels' own chatter nor their answers count.
import { setTimeout as delay } from 'node:timers/promises';
import { decapsulated, described, type Encapsulated } from './packets.js';
import type { SeenFrame, Tap, Wire } from './wire.js';

/** A frame at a tap. */
export interface Placed {
  readonly at: Tap;
  readonly frame: Buffer;
}

/** What is sent, what must arrive, and where to look for frames that must not. */
export interface Exchange {
  readonly send: readonly Placed[];
  readonly expect: readonly Placed[];
  readonly watch: readonly Tap[];
  /** Sent after all others, on the way that they should or could take: switches keep the order, so when it is there they are too. */
  readonly follower?: Passage;
  /** How long after the last expected frame to wait for further ones. */
  readonly quietMs?: number;
  readonly deadlineMs?: number;
}

/** A frame and where it must come out, and how. */
export interface Passage {
  readonly sent: Placed;
  readonly seen: Placed;
}

/** The numbers in the seals of what one exchange has sent; exchanges at the same time do not see each other's frames. */
export interface Seals {
  readonly first: number;
  readonly last: number;
}

/** What an exchange came to: nothing missing and nothing surplus is success. */
export interface Outcome {
  /** Every frame of this exchange that came to where it is expected or watched for. */
  readonly arrived: readonly Placed[];
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
  readonly seals: Seals;
}

type Expectation = Pick<Exchange, 'expect' | 'watch'>;

const shortestFrame = 60;
const sealSize = 8;
let sealed = 0;

/** Pads a frame as a NIC would and ends it with a seal of its own. */
function seal(frame: Buffer, count: number): Buffer {
  const mark = Buffer.alloc(sealSize);
  mark.write('dflytest', 'latin1');
  mark.writeUInt32BE(count, 4);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, shortestFrame - frame.length)), mark]);
}

/** Whether `seen` is `frame` with padding and the seal behind it. */
export function isSame(seen: Buffer, frame: Buffer): boolean {
  const rest = seen.subarray(frame.length, seen.length - sealSize);
  return (
    seen.length >= frame.length + sealSize &&
    seen.subarray(0, frame.length).equals(frame) &&
    rest.every((byte) => byte === 0)
  );
}

function hasSeal({ frame, direction }: SeenFrame, { first, last }: Seals): boolean {
  const at = frame.length - sealSize;
  if (direction !== 'in' || at <= 0 || frame.toString('latin1', at, at + 4) !== 'dfly') return false;
  const number = frame.readUInt32BE(at + 4);
  return number >= first && number <= last;
}

function sendSealed(placed: readonly Placed[]): Seals {
  const first = sealed + 1;
  for (const { at, frame } of placed) {
    sealed += 1;
    at.send(seal(frame, sealed));
  }
  return { first, last: sealed };
}

function compare({ expect, watch }: Expectation, seals: Seals): Outcome {
  const arrived = [...new Set([...watch, ...expect.map(({ at }) => at)])].flatMap((at) =>
    at.seen.filter((seen) => hasSeal(seen, seals)).map(({ frame }) => ({ at, frame })),
  );
  const left = [...arrived];
  const missing = [];
  for (const { at, frame } of expect) {
    const index = left.findIndex((seen) => seen.at === at && isSame(seen.frame, frame));
    if (index < 0) missing.push(`${at.name}: ${described(frame)}`);
    else left.splice(index, 1);
  }
  return { arrived, missing, surplus: left.map(({ at, frame }) => `${at.name}: ${described(frame)}`), seals };
}

/** Returns when what is expected is there, or after `deadlineMs`. */
async function arrival(wire: Wire, expectation: Expectation, seals: Seals, deadlineMs: number): Promise<void> {
  const end = Date.now() + deadlineMs;
  do {
    await delay(20);
    await wire.sync();
  } while (compare(expectation, seals).missing.length > 0 && Date.now() < end);
}

/** Sends, waits for what is expected and then a little longer, and says what is missing and what there was too much of. */
export async function exchange(wire: Wire, plan: Exchange): Promise<Outcome> {
  const { send, follower, quietMs = 150, deadlineMs = 2_000 } = plan;
  const seals = sendSealed(send);
  if (follower !== undefined) {
    const behind = sendSealed([follower.sent]);
    await arrival(wire, { expect: [follower.seen], watch: [] }, behind, deadlineMs);
  }
  await arrival(wire, plan, seals, deadlineMs);
  await delay(quietMs);
  await wire.sync();
  return compare(plan, seals);
}

/** What a tap on the underlay has seen of an exchange (coming in), without its tunnel. */
export function sealedInTunnel(tap: Tap, seals: Seals): Encapsulated[] {
  return tap.seen.flatMap((seen) => {
    const packet = hasSeal(seen, seals) ? decapsulated(seen.frame) : undefined;
    return packet === undefined ? [] : [packet];
  });
}
