// All identities of one switch's table, what is known of each, and which are in trouble.
import { type Owner, placeInCommit, type Refusal } from './batch.js';
import { isFlow, type Item } from './item.js';
import {
  addClaim,
  type Claim,
  emptyRow,
  foreign,
  isDue,
  isTroubled,
  ownerOf,
  refusalsOf,
  type Refused,
  refusedFor,
  removeClaim,
  type Row,
} from './row.js';

/** Whether a switch's content at an identity is a flow or group of ours. */
const isOurs = (content: number | undefined): boolean => content !== undefined && content !== foreign;

const isWanted = ({ winner }: Row): boolean => winner !== undefined;

/** The rows of one flow table, by identity. Whoever changes a row has it reviewed. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  /** Those of groups, of which there are few. */
  readonly #groups = new Map<string, Row>();
  /** Identities with more than one claim, or refused, or held by a flow that is not ours. */
  readonly #troubled = new Set<string>();
  /** What `refusals` gave last; undefined: that may have changed. */
  #refusals: readonly Refusal[] | undefined;
  #wanted = 0;
  #installed = 0;
  /** Of how many the switch has to be told. */
  #due = 0;

  /** What is known of an identity, if anything is. */
  find(identity: string): Row | undefined {
    return this.#rows.get(identity);
  }

  /** The row of an identity, made where there is none. */
  at(identity: string): Row {
    let row = this.#rows.get(identity);
    if (row !== undefined) return row;
    this.#rows.set(identity, (row = emptyRow()));
    if (!isFlow(identity)) this.#groups.set(identity, row);
    return row;
  }

  /** Enters a claim. */
  claim(row: Row, claim: Claim): void {
    const wasDue = isDue(row);
    if (!isWanted(row)) this.#wanted++;
    addClaim(row, claim);
    this.#recount(row, wasDue);
  }

  /** Takes away what the wish of a name claims, if it does. */
  unclaim(row: Row, name: string): void {
    const [wasWanted, wasDue] = [isWanted(row), isDue(row)];
    removeClaim(row, name);
    if (wasWanted && !isWanted(row)) this.#wanted--;
    this.#recount(row, wasDue);
  }

  /** The switch holds this, or is about to; nothing, if undefined. */
  hold(row: Row, content: number | undefined): void {
    const wasDue = isDue(row);
    this.#installed += Number(isOurs(content)) - Number(isOurs(row.installed));
    row.installed = content;
    this.#recount(row, wasDue);
  }

  /** The switch does not take this, or (undefined) nothing is known of that any more. */
  refuse(row: Row, refused: Refused | undefined): void {
    const wasDue = isDue(row);
    row.refused = refused;
    this.#recount(row, wasDue);
  }

  /** Forgets an identity that nobody wants and the switch does not hold. */
  tidy(identity: string, { winner, installed }: Row): void {
    if (winner !== undefined || installed !== undefined) return;
    this.#rows.delete(identity);
    this.#groups.delete(identity);
  }

  /** All of them; rows that go or come meanwhile are left out or told too. */
  entries(): Iterable<[string, Row]> {
    return this.#rows;
  }

  /** The same of groups alone. */
  groups(): Iterable<[string, Row]> {
    return this.#groups;
  }

  /** Brings what is noted about a row up to date; tells whether the switch has to be told. */
  review(identity: string, row: Row): boolean {
    if (row.refused !== undefined && row.refused.hash !== row.winner?.item.hash) this.refuse(row, undefined);
    const item = row.winner?.item;
    if (item?.wrong !== undefined && row.refused === undefined)
      this.refuse(row, refusedFor(item, item.wrong, Infinity));
    const wasTroubled = this.hasTrouble && this.#troubled.delete(identity);
    if (isTroubled(row)) this.#troubled.add(identity);
    if (wasTroubled || this.#troubled.has(identity)) this.#refusals = undefined;
    return isDue(row);
  }

  /** Whether any row is in trouble. */
  get hasTrouble(): boolean {
    return this.#troubled.size > 0;
  }

  /** The rows that are in trouble at this moment. */
  troubled(): [string, Row][] {
    return [...this.#troubled].flatMap((identity) => {
      const row = this.#rows.get(identity);
      return row === undefined ? [] : [[identity, row]];
    });
  }

  /** Everything wanted that is not on the switch and will not be by itself, with the reason; the same array until that may have changed. */
  refusals(): readonly Refusal[] {
    this.#refusals ??= this.troubled().flatMap(([identity, row]) => refusalsOf(identity, row));
    return this.#refusals;
  }

  /** How many flows and groups are wanted, and installed (ours), and are not as wanted. */
  counts(): { wanted: number; installed: number; due: number } {
    return { wanted: this.#wanted, installed: this.#installed, due: this.#due };
  }

  /** The wanted items in commit order, each with its owner: what a cold start would send. */
  wanted(): { readonly owner: Owner; readonly item: Item }[] {
    return [...this.#rows.values()]
      .flatMap(({ winner }) => (winner === undefined ? [] : [{ owner: ownerOf(winner), item: winner.item }]))
      .sort(
        ({ item: { identity: a } }, { item: { identity: b } }) =>
          placeInCommit('add', a) - placeInCommit('add', b) || (a < b ? -1 : 1),
      );
  }

  #recount(row: Row, wasDue: boolean): void {
    this.#due += Number(isDue(row)) - Number(wasDue);
  }
}
