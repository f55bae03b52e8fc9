// One identity (a flow's table, priority and match, or a group's id): who wants it, and what the switch holds there.
import type { Owner, Refusal } from './batch.js';
import { frameText, type Item, placeText } from './item.js';

/** Everything that is wanted together for one object, as was said last. */
export interface Wish {
  /** Its own, which no other wish has. */
  readonly name: string;
  /** The object, by its name. */
  readonly object: string;
  /** Decides between wishes for one identity: the smallest is heard. */
  readonly rank: number;
  readonly items: readonly Item[];
}

/** That an owner wants an identity, and how. */
export interface Claim {
  readonly wish: Wish;
  readonly item: Item;
}

/** What is known of one identity. */
export interface Row {
  /** Who is heard: of all claims the one of the smallest rank, then name. Absent: nobody wants it. */
  winner: Claim | undefined;
  /** The other claims by owner; thousands of devices may share a flow. Absent: there are none. */
  others: Map<string, Claim> | undefined;
  /** The hash of what the switch holds, or is about to hold; or `tampered`, or `foreign`. Absent: nothing. */
  installed: number | undefined;
  /** What the switch does not take. */
  refused: Refused | undefined;
}

/** A content that a switch does not take. */
export interface Refused {
  readonly hash: number;
  /** The switch's words, and the flow or group as text. */
  readonly reason: string;
  /** When it was tried last, in ms; Infinity: trying again is of no use. */
  readonly triedMs: number;
  /** Whether it is left alone; else it is being tried again. */
  readonly isResting: boolean;
}

/** Of a long flow or group, as a group of a thousand buckets is, only so many characters are said. */
const textLength = 400;

/** That an item is refused, with what the switch says. */
export function refusedFor({ hash, frame }: Pick<Item, 'hash' | 'frame'>, why: string, triedMs: number): Refused {
  const text = frameText(frame);
  const what = text.length > textLength ? `${text.slice(0, textLength)}…` : text;
  return { hash, reason: `${why.replace(/\.$/, '')}: ${what}`, triedMs, isResting: true };
}

/** The content of a flow of ours that somebody else has changed: equal to nothing that is wanted. */
export const tampered = -1;
/** The content of a flow that is not ours and has an identity that we want. */
export const foreign = -2;

/** Who makes a claim. */
export const ownerOf = ({ wish, item }: Claim): Owner => ({ app: item.app, object: wish.object });

/** A row of which nothing is known. */
export const emptyRow = (): Row => ({ winner: undefined, others: undefined, installed: undefined, refused: undefined });

/** Adds a claim, in place of what its owner claimed before. */
export function addClaim(row: Row, claim: Claim): void {
  removeClaim(row, claim.wish.name);
  const { winner } = row;
  row.winner = winner === undefined || isBefore(claim, winner) ? claim : winner;
  if (winner === undefined) return;
  const other = row.winner === claim ? winner : claim;
  row.others ??= new Map();
  row.others.set(other.wish.name, other);
}

/** Takes an owner's claim away. */
export function removeClaim(row: Row, name: string): void {
  const { winner, others } = row;
  const isHeard = winner?.wish.name === name;
  if (isHeard) row.winner = others && firstOf(others.values());
  others?.delete(isHeard ? (row.winner?.wish.name ?? name) : name);
  if (others?.size === 0) row.others = undefined;
}

/** Whether the switch has to be told something about a row. */
export function isDue({ winner, installed, refused }: Row): boolean {
  return winner?.item.hash !== installed && installed !== foreign && refused?.isResting !== true;
}

/** Whether something stands against what is wanted, or somebody else wants it too. */
export function isTroubled({ winner, others, installed, refused }: Row): boolean {
  return winner !== undefined && (others !== undefined || refused !== undefined || installed === foreign);
}

/** What of an identity's claims is not on the switch and will not be by itself, with the reason. */
export function refusalsOf(identity: string, { winner, others, refused, installed }: Row): Refusal[] {
  if (winner === undefined) return [];
  const owner = ownerOf(winner);
  const out: Refusal[] = [];
  if (refused !== undefined) out.push({ owner, identity, reason: refused.reason, state: 'ERROR' });
  if (installed === foreign)
    out.push({
      owner,
      identity,
      reason: `a flow that is not ours has ${placeText(winner.item.frame)}`,
      state: 'ERROR',
    });
  for (const other of others?.values() ?? [])
    if (other.item.hash !== winner.item.hash)
      out.push({
        owner: ownerOf(other),
        identity,
        reason: `has ${placeText(other.item.frame)} already, with other actions`,
        rival: owner,
        state: 'DEGRADED',
      });
  return out;
}

const isBefore = ({ wish: a }: Claim, { wish: b }: Claim): boolean =>
  a.rank === b.rank ? a.name < b.name : a.rank < b.rank;

function firstOf(claims: Iterable<Claim>): Claim | undefined {
  let first: Claim | undefined;
  for (const claim of claims) if (first === undefined || isBefore(claim, first)) first = claim;
  return first;
}
