// All flows of a switch, asked for in pieces. Open vSwitch does nothing else while it answers one request, for about 1 µs for each flow
// that it tells and 0.1 µs for each other one of the table: what it is told to change meanwhile waits for a piece, and not for everything.
import { decode, type FlowCursor, type FlowSelection } from '../ofp/index.js';
import type { Session } from './session.js';

/** Flows of a piece, about. */
const pieceLength = 8192;

/** Hands over all flows as they come; of one that changes meanwhile what it was, what it is, both, or nothing. Rejects as `Session.multipart` does. */
export async function eachFlowInPieces(session: Session, take: (flow: FlowCursor) => void): Promise<void> {
  for (const [table, length] of await tableLengths(session))
    for (const piece of piecesOf(table, length)) await session.eachFlow(take, piece);
}

/** How many flows there are in each table that has any. */
async function tableLengths(session: Session): Promise<Map<number, number>> {
  const lengths = new Map<number, number>();
  await session.multipart({ type: 'multipart_request', kind: 'table' }, (frame) => {
    const { message } = decode(frame);
    if (message.type !== 'multipart_reply' || message.kind !== 'table') return;
    for (const { table, activeCount } of message.entries) if (activeCount > 0) lengths.set(table, activeCount);
  });
  return lengths;
}

/** The flows of a table by the last bits of their cookies, which are as good as random in ours. */
function piecesOf(table: number, length: number): Partial<FlowSelection>[] {
  let pieces = 1;
  while (pieces * pieceLength < length) pieces *= 2;
  const cookieMask = BigInt(pieces - 1);
  return Array.from({ length: pieces }, (_, piece) => ({ table, cookie: BigInt(piece), cookieMask }));
}
