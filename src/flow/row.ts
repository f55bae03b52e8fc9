// One identity (a flow's table, priority and match, or a group's id): who wants it, and what the switch holds there.
import type { Owner } from './batch.js';
import type { Item } from './item.js';

/** Everything that one owner wants, as it said last. */
export interface Wish {
  /** The owner as text. */
  readonly name: string;
  readonly owner: Owner;
  /** Decides between owners of one identity: the smallest is heard. */
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
  others: readonly Claim[];
  /** The hash of what the switch holds, or is about to hold; or `tampered`, or `foreign`. Absent: nothing. */
  installed: number | undefined;
  /** What the switch does not take. */
  refused: { readonly hash: number; readonly reason: string } | undefined;
}

/** The content of a flow of ours that somebody else has changed: equal to nothing that is wanted. */
export const tampered = -1;
/** The content of a flow that is not ours and has an identity that we want. */
export const foreign = -2;

const noClaims: readonly Claim[] = [];

/** A row of which nothing is known. */
export const emptyRow = (): Row => ({ winner: undefined, others: noClaims, installed: undefined, refused: undefined });

/** Adds a claim, in place of what its owner claimed before. */
export function addClaim(row: Row, claim: Claim): void {
  const { winner } = row;
  if (winner === undefined || (winner.wish.name === claim.wish.name && row.others.length === 0)) row.winner = claim;
  else setClaims(row, [...claimsBut(row, claim.wish.name), claim]);
}

/** Takes an owner's claim away. */
export function removeClaim(row: Row, name: string): void {
  if (row.others.length > 0) setClaims(row, claimsBut(row, name));
  else if (row.winner?.wish.name === name) row.winner = undefined;
}

/** Whether the switch has to be told something about a row. */
export function isDue({ winner, installed, refused }: Row): boolean {
  return winner?.item.hash !== installed && installed !== foreign && refused === undefined;
}

/** Whether something stands against what is wanted, or somebody else wants it too. */
export function isTroubled({ winner, others, installed, refused }: Row): boolean {
  return winner !== undefined && (others.length > 0 || refused !== undefined || installed === foreign);
}

function setClaims(row: Row, claims: readonly Claim[]): void {
  const [winner, ...others] = [...claims].sort(inRank);
  row.winner = winner;
  row.others = others.length === 0 ? noClaims : others;
}

const claimsBut = ({ winner, others }: Row, name: string): Claim[] =>
  [...(winner === undefined ? [] : [winner]), ...others].filter(({ wish }) => wish.name !== name);

const inRank = ({ wish: a }: Claim, { wish: b }: Claim): number =>
  a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
