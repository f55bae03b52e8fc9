// One switch's flows and groups: what is wanted, what is installed, and what has to be sent so that the two become the same.
import { type Batch, type Change, type DumpedGroup, inCommitOrder, type Owner, type Refusal } from './batch.js';
import { Flights } from './flights.js';
import { type Item, removal } from './item.js';
import { type Outcome, Reading, type Scope } from './reading.js';
import { isDue, ownerOf, refusedFor, type Wish } from './row.js';
import { Rows } from './rows.js';
import { Unwanted } from './unwanted.js';

const noItems: readonly Item[] = [];

/** What becomes of an observation: it was known, it is noted, or the switch has to be told something because of it. */
export type Observed = 'known' | 'noted' | 'due';

/** What one switch should hold and does hold. */
export class FlowTable {
  readonly #rows = new Rows();
  readonly #wishes = new Map<string, Wish>();
  /** Owners that may have something to send, by name, in the order in which that became so, with the round in which it did. */
  readonly #dirty = new Map<string, number>();
  /** What such owners do not want any more. */
  readonly #released = new Map<string, Set<string>>();
  /** Installed, ours and wanted by nobody, with the round since which (0: it was there before us): removed once the view is whole. */
  readonly #unwanted = new Unwanted();
  /** Wanted by nobody, but the switch has refused to remove it, with when that was tried last. */
  readonly #staying = new Map<string, number>();
  readonly #flights = new Flights();
  readonly #readings = new Set<Reading>();
  /** The one without which we do not know what the switch holds. */
  #loading: Reading | undefined;
  #generation = 0;
  #isOpen = false;
  /** The last round acknowledged before a load that is under way. */
  #frozen: number | undefined;
  #whole = false;

  /** Says that `want`s follow, which belong together up to `endRound`. Until then nothing is sent, or only additions while the view is not whole. */
  beginRound(): void {
    this.#isOpen = true;
  }

  /**
   * Says what is wanted for an object from now on, in place of whatever a wish of that name wanted before. `rank` decides between
   * wishes for one identity. What is wanted together goes in one batch.
   */
  want({ name, object }: Pick<Wish, 'name' | 'object'>, rank: number, items: readonly Item[]): void {
    const before = this.#wishes.get(name)?.items ?? noItems;
    const wish = { name, object, rank, items };
    if (items.length === 0) this.#wishes.delete(name);
    else this.#wishes.set(name, wish);
    let isSettled = true;
    for (const item of items) if (this.#claim(wish, item)) isSettled = false;
    if (before.length > 0) this.#release(name, before, items);
    if (!isSettled) this.#touch(name);
    else if (!this.#released.has(name)) this.#dirty.delete(name);
  }

  /** Closes a round of `want`s and gives its number, which `acknowledged` reaches when all of it is on the switch. */
  endRound(): number {
    this.#isOpen = false;
    return ++this.#generation;
  }

  /** The last round of which everything is on the switch (or refused by it), and after which nothing is left to be removed. */
  acknowledged(): number {
    if (this.#frozen !== undefined) return this.#frozen;
    const waiting = Array.from(this.#flights.batches(), (batch) => batch.generation);
    const [first] = this.#dirty.values();
    if (first !== undefined) waiting.push(first);
    // What is still to be removed may name a port that somebody waits to remove.
    if (this.#whole && this.#unwanted.size > 0) waiting.push(this.#generation);
    return Math.min(this.#generation, ...waiting.map((generation) => generation - 1));
  }

  /** The rounds of which something is to be removed that waits for the whole view; 0 stands for what was there before us. */
  removalsDue(): ReadonlySet<number> {
    return this.#unwanted.rounds();
  }

  /** Whether everything that the chassis should know is known, so that what nobody wants may go. */
  set whole(whole: boolean) {
    this.#whole = whole;
  }

  get whole(): boolean {
    return this.#whole;
  }

  /**
   * Begins to take over what a switch says it holds that was out of sight: batches in flight are forgotten. Until `finish` is through with the
   * reading `next` gives nothing and nothing more is acknowledged.
   */
  load(): Reading {
    this.#frozen ??= this.acknowledged();
    for (const reading of [this.#loading, ...this.#readings]) if (reading !== undefined) this.drop(reading);
    this.#flights.forget();
    for (const name of this.#dirty.keys()) this.#dirty.set(name, 1);
    for (const identities of [this.#staying.keys(), ...this.#released.values()])
      for (const identity of identities) this.#reconsider(identity);
    this.#staying.clear();
    this.#released.clear();
    return (this.#loading = this.#begin('first'));
  }

  /** Begins to compare what is believed with what the switch says it holds, which is to be asked after this. Changes go on meanwhile. */
  read(scope: Exclude<Scope, 'first'>): Reading {
    const reading = this.#begin(scope);
    for (const { changes } of this.#flights.batches()) for (const { identity } of changes) reading.crossed(identity);
    this.#readings.add(reading);
    return reading;
  }

  /** Ends a reading, in many small steps: the switch has told of its flows, and these are its groups. */
  *finish(reading: Reading, groups: Iterable<DumpedGroup>): Generator<void, Outcome> {
    const outcome = yield* reading.conclude(groups);
    this.#readings.delete(reading);
    if (reading === this.#loading) yield* this.#loaded();
    return outcome;
  }

  /** Forgets a reading that cannot be finished. */
  drop(reading: Reading): void {
    reading.end();
    this.#readings.delete(reading);
  }

  /** Something was heard of an identity that will be `observed`, or it is sent: readings under way leave it alone. */
  heard(identity: string): void {
    for (const reading of this.#readings) reading.crossed(identity);
  }

  /**
   * The switch holds this (nothing, if undefined) at an identity, and not by our doing. Only while no batch is in flight; what was seen
   * while one was that has the identity too is `tampered`, because nobody can say what came last.
   */
  observed(identity: string, content: number | undefined): Observed {
    this.heard(identity);
    const row = content === undefined ? this.#rows.find(identity) : this.#rows.at(identity);
    const isRefused = row?.refused !== undefined && row.refused.hash === content;
    if (row === undefined || (row.installed === content && !isRefused)) return 'known';
    this.#rows.hold(row, content);
    if (isRefused) this.#rows.refuse(row, undefined);
    this.#staying.delete(identity);
    const isWaiting = this.#rows.review(identity, row);
    if (row.winner === undefined) {
      if (isWaiting) this.#unwanted.set(identity, 0);
      else this.#unwanted.delete(identity);
      this.#rows.tidy(identity, row);
    } else if (isWaiting) this.#touch(row.winner.wish.name);
    return isWaiting ? 'due' : 'noted';
  }

  /** The next changes to send, at most about `limit`, whole owners at a time; undefined if nothing is to be done now. */
  next(limit: number): Batch | undefined {
    if (this.#frozen !== undefined || (this.#isOpen && this.#whole)) return undefined;
    while (this.#dirty.size > 0 || (this.#whole && this.#unwanted.size > 0)) {
      const { changes, generation, isAll } = this.#take(limit);
      if (changes.length === 0 && isAll) continue;
      if (changes.length === 0) return undefined;
      const batch = { generation, changes: inCommitOrder(changes) };
      this.#flights.start(batch);
      return batch;
    }
    return undefined;
  }

  /** The switch has taken a batch, except for the changes of the given indexes, with its reasons, at a time in ms. */
  committed(batch: Batch, refused: ReadonlyMap<number, string> = new Map(), nowMs = 0): void {
    if (!this.#flights.end(batch)) return;
    for (const [index, change] of batch.changes.entries()) {
      const reason = refused.get(index);
      if (reason !== undefined) this.#refused(change, reason, nowMs);
      else if (this.#rows.hasTrouble) this.#accepted(change);
    }
  }

  /** Tries again what the switch refused at this time or before, at most `limit` of it; gives when the first of the others was refused, or Infinity. */
  retry(untilMs = Infinity, limit = Infinity): number {
    let firstMs = Infinity;
    let left = limit;
    const isDueAgain = (triedMs: number): boolean => {
      if (triedMs <= untilMs && triedMs < Infinity && left > 0) {
        left--;
        return true;
      }
      firstMs = Math.min(firstMs, triedMs);
      return false;
    };
    for (const [identity, triedMs] of this.#staying) {
      if (!isDueAgain(triedMs)) continue;
      this.#staying.delete(identity);
      if (this.#rows.find(identity)?.winner === undefined) this.#unwanted.set(identity, 0);
    }
    for (const [identity, row] of this.#rows.troubled()) {
      if (row.winner === undefined || row.refused?.isResting !== true || !isDueAgain(row.refused.triedMs)) continue;
      this.#rows.refuse(row, { ...row.refused, isResting: false });
      if (isDue(row)) this.#touch(row.winner.wish.name);
      else this.#rows.refuse(row, undefined);
      this.#rows.review(identity, row);
    }
    return firstMs;
  }

  /** Everything wanted that is not on the switch and will not be by itself, with the reason; the same array until that may have changed. */
  refusals(): readonly Refusal[] {
    return this.#rows.refusals();
  }

  /** How many flows and groups are wanted, installed (ours), and waiting to be sent. */
  counts(): { wanted: number; installed: number; waiting: number } {
    const { wanted, installed, due } = this.#rows.counts();
    const staying = [...this.#staying.keys()].filter((identity) => this.#rows.find(identity)?.winner === undefined);
    return { wanted, installed, waiting: due - staying.length - (this.#whole ? 0 : this.#unwanted.size) };
  }

  /** The wanted item of an identity, with its owner. */
  wantedAt(identity: string): { readonly owner: Owner; readonly item: Item } | undefined {
    const winner = this.#rows.find(identity)?.winner;
    return winner && { owner: ownerOf(winner), item: winner.item };
  }

  /** The wanted items in commit order, each with its owner: what a cold start would send. */
  wanted(): { readonly owner: Owner; readonly item: Item }[] {
    return this.#rows.wanted();
  }

  #begin(scope: Scope): Reading {
    return new Reading(this.#rows, (identity, content) => this.observed(identity, content) === 'due', scope);
  }

  /** What was to be removed at once waits for the whole view again. */
  #reconsider(identity: string): void {
    const row = this.#rows.find(identity);
    if (row === undefined) return;
    if (row.winner === undefined) this.#unwanted.set(identity, 0);
    else if (isDue(row)) this.#touch(row.winner.wish.name);
  }

  /** After a load: of what was to be sent, what is there already is not. */
  *#loaded(): Generator<void> {
    for (const name of this.#dirty.keys()) {
      yield;
      if (this.#dueOf(name).length === 0) this.#dirty.delete(name);
    }
    this.#loading = undefined;
    this.#frozen = undefined;
  }

  /** The switch has not taken a change. */
  #refused({ identity, before, hash, frame }: Change, reason: string, nowMs: number): void {
    const row = this.#rows.at(identity);
    this.#rows.hold(row, before);
    if (row.winner === undefined && hash === undefined) this.#staying.set(identity, nowMs);
    this.#rows.tidy(identity, row);
    if (row.winner === undefined || hash === undefined) return;
    this.#rows.refuse(row, refusedFor({ hash, frame }, reason, nowMs));
    if (this.#rows.review(identity, row)) this.#touch(row.winner.wish.name); // it may be wanted otherwise by now
  }

  /** The switch has taken a change, which it may have refused before. */
  #accepted({ identity, hash }: Change): void {
    const row = this.#rows.find(identity);
    if (row?.refused === undefined || row.refused.hash !== hash) return;
    this.#rows.refuse(row, undefined);
    this.#rows.review(identity, row);
  }

  /** Enters a claim; tells whether the switch has to be told. */
  #claim(wish: Wish, item: Item): boolean {
    const row = this.#rows.at(item.identity);
    if (row.winner === undefined && row.installed !== undefined) this.#unwanted.delete(item.identity);
    this.#rows.claim(row, { wish, item });
    return this.#rows.review(item.identity, row);
  }

  /** Takes back what an owner claims no more. */
  #release(name: string, before: readonly Item[], now: readonly Item[]): void {
    const kept = new Set(now.map(({ identity }) => identity));
    for (const { identity } of before) {
      const row = kept.has(identity) ? undefined : this.#rows.find(identity);
      if (row === undefined) continue;
      this.#rows.unclaim(row, name);
      const isWaiting = this.#rows.review(identity, row);
      this.#rows.tidy(identity, row);
      const isLater = !this.#whole || this.#frozen !== undefined;
      if (isWaiting && row.winner === undefined && isLater) this.#unwanted.set(identity, this.#generation + 1);
      else if (isWaiting) this.#releaseLater(name, identity);
    }
  }

  #releaseLater(name: string, identity: string): void {
    const released = this.#released.get(name);
    if (released === undefined) this.#released.set(name, new Set([identity]));
    else released.add(identity);
    this.#touch(name);
  }

  #touch(name: string): void {
    if (!this.#dirty.has(name)) this.#dirty.set(name, this.#frozen === undefined ? this.#generation + 1 : 1);
  }

  /** The identities of an owner about which the switch has to be told. */
  #dueOf(name: string): string[] {
    const due: string[] = [];
    for (const { identity } of this.#wishes.get(name)?.items ?? noItems)
      if (isDue(this.#rows.at(identity))) due.push(identity);
    const released = this.#released.get(name);
    return released === undefined ? due : [...new Set([...released, ...due])];
  }

  /** Takes whole owners, first come first, and what nobody wants any more; `isAll`: nothing was left because it is in flight. */
  #take(limit: number): { changes: Change[]; generation: number; isAll: boolean } {
    const changes: Change[] = [];
    let generation = 0;
    let isAll = true;
    const isInFlight = (identity: string): boolean => {
      const isFlying = this.#flights.has(identity);
      if (isFlying) isAll = false;
      return isFlying;
    };
    for (const [name, since] of this.#dirty) {
      const due = this.#dueOf(name);
      if (!this.#flights.isEmpty && due.some(isInFlight)) continue;
      if (changes.length > 0 && changes.length + due.length > limit) break;
      this.#dirty.delete(name);
      this.#released.delete(name);
      if (generation === 0) generation = since; // the oldest: they come in order
      for (const identity of due) this.#change(identity, name, changes);
    }
    if (this.#whole)
      for (const identity of this.#unwanted.identities()) {
        if (changes.length >= limit) break;
        if (!isInFlight(identity)) this.#change(identity, identity, changes);
      }
    return { changes, generation: generation === 0 ? this.#generation : generation, isAll };
  }

  /** Adds the message that makes an identity as wanted; what it will have made is taken for installed from now on. */
  #change(identity: string, wish: string, changes: Change[]): void {
    this.#unwanted.delete(identity);
    const row = this.#rows.find(identity);
    if (row === undefined || !isDue(row)) return;
    this.heard(identity);
    const { installed: before, winner } = row;
    this.#rows.hold(row, winner?.item.hash);
    if (winner === undefined) {
      this.#rows.tidy(identity, row);
      changes.push({ identity, wish, kind: 'remove', frame: removal(identity), hash: undefined, before });
      return;
    }
    const { hash, frame } = winner.item;
    changes.push({ identity, wish, kind: before === undefined ? 'add' : 'change', frame, hash, before });
  }
}
