// One of the controllers that a bridge connects to changes its flows: the one whose connection has the role of master (OpenFlow 1.3.5,
// 6.3.4). The others stay equals, who may ask and hear answers, and change nothing because we do not. Who becomes master makes the one
// before it a slave, from whom the switch takes nothing more: so there are never two writers, whatever anybody believes. A master that
// was made a slave closes its connection, and with it whatever was on its way; on the next one it stands by.
import { experimenterId, type Message } from '../ofp/index.js';
import { candidacyHeard, candidacyStart, candidacyTick, isFree, type LastMaster, questionMs } from './candidacy.js';
import { SessionError, SwitchError } from './errors.js';
import { type Holder, holderOf, isSameHolder, nextGeneration, noGeneration } from './generation.js';
import { rollCallPacketOut } from './roll-call.js';
import type { Session } from './session.js';

/** A process that may become the master of bridges. */
export interface Candidate {
  readonly holder: Holder;
  /** What others are told who holds a bridge. */
  readonly name: string;
  /** Tells our own questions from others'. */
  readonly nonce: string;
  /** Whether another process has ended, for certain. */
  readonly isGone: (holder: Holder) => boolean;
}

/** What becomes of a candidate. */
export interface MastershipEvents {
  /** A master of this name has answered; told again with every answer. */
  readonly standsBy: (master: string) => void;
  /** We were the master and are no longer; told before the connection is closed, and before anything that the switch refuses now. */
  readonly lost: () => void;
}

/** ONF's OFPT_ROLE_STATUS, which Open vSwitch sends over OpenFlow 1.3; it begins with the role. */
const roleStatusType = 1911;
const masterRole = 2;

/**
 * Resolves to the generation with which the session has become its bridge's master; to undefined when it has ended before. `hasStoodBy`: another controller was
 * the master when we last asked.
 */
export async function becomeMaster(
  session: Session,
  self: Candidate,
  hasStoodBy: boolean,
  events: MastershipEvents,
): Promise<bigint | undefined> {
  try {
    let last = await generationAt(session);
    let mayClaim = isFree(lastMaster(last, self), hasStoodBy);
    for (;;) {
      const generation = nextGeneration(last, self.holder);
      if (mayClaim && (await claims(session, generation, self, events))) return generation;
      await untilFree(session, self, holderOf(last), events);
      const now = await generationAt(session);
      mayClaim = now === last; // else somebody else was faster
      last = now;
    }
  } catch (error) {
    if (error instanceof SessionError) return undefined;
    throw error;
  }
}

/** The generation of the last master. */
async function generationAt(session: Session): Promise<bigint> {
  const reply = await session.request({ type: 'role_request', role: 'nochange', generationId: 0n });
  return reply.type === 'role_reply' ? reply.generationId : noGeneration;
}

function lastMaster(generation: bigint, self: Candidate): LastMaster {
  if (generation === noGeneration) return 'nobody';
  const holder = holderOf(generation);
  const isSelf = isSameHolder(generation, nextGeneration(noGeneration, self.holder));
  return isSelf ? 'ourselves' : self.isGone(holder) ? 'gone' : 'somebody';
}

/** Becomes master, and from then on answers for the bridge until another does; false if another has become master meanwhile. */
async function claims(
  session: Session,
  generationId: bigint,
  self: Candidate,
  events: MastershipEvents,
): Promise<boolean> {
  const unlisten = session.onMessage((message) => {
    if (!isDemotion(message)) return;
    unlisten();
    events.lost();
    session.close('demoted', 'another controller has become the master of this bridge');
  });
  try {
    await session.request({ type: 'role_request', role: 'master', generationId });
  } catch (error) {
    unlisten();
    if (error instanceof SwitchError && error.errorName === 'OFPRRFC_STALE') return false;
    throw error;
  }
  session.onRollCall((call) => {
    if (call.kind === 'question') session.send(rollCallPacketOut({ kind: 'answer', name: self.name }));
  });
  return true;
}

function isDemotion(message: Message): boolean {
  if (message.type !== 'experimenter' || message.experimenter !== experimenterId.onf) return false;
  return message.expType === roleStatusType && message.data[3] !== masterRole;
}

/** Asks until nobody has answered for a while, or the last master is gone; rejects when the session is over. */
function untilFree(session: Session, self: Candidate, holder: Holder, events: MastershipEvents): Promise<void> {
  let candidacy = candidacyStart;
  return new Promise((resolve, reject) => {
    const unlisten = session.onRollCall((call) => {
      if (call.kind === 'question' && call.asker !== self.nonce) return;
      candidacy = candidacyHeard(candidacy, call.kind === 'answer' ? 'answer' : 'own question');
      if (call.kind === 'answer') events.standsBy(call.name);
    });
    const tick = (): void => {
      const next = candidacyTick(candidacy, self.isGone(holder));
      candidacy = next.candidacy;
      if (next.step === 'ask') session.send(rollCallPacketOut({ kind: 'question', asker: self.nonce }));
      else end(resolve);
    };
    const timer = setInterval(tick, questionMs);
    const end = (settle: () => void): void => {
      clearInterval(timer);
      unlisten();
      settle();
    };
    void session.closed.then((error) => {
      end(() => {
        reject(error);
      });
    });
    tick();
  });
}
