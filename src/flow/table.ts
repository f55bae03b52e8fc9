// One switch's flows and groups: what is wanted, what is installed, and what has to be sent so that the two become the same.
import {
  type Batch,
  type Change,
  type DumpedFlow,
  type DumpedGroup,
  inCommitOrder,
  type Owner,
  type Refusal,
} from './batch.js';
import {
  flowHash,
  flowIdentity,
  groupHash,
  groupIdentity,
  groupTag,
  type Item,
  learnedApp,
  readCookie,
  removal,
} from './item.js';

interface Claim {
  /** The owner's name. */
  readonly name: string;
  readonly owner: Owner;
  readonly rank: number;
  readonly item: Item;
}

interface Entry {
  /** Who wants it, the first being heard: smallest rank, then name. */
  claims: Claim[];
  refused?: { readonly hash: number; readonly reason: string };
}

/** The content of a flow of ours that somebody else has changed: equal to nothing that is wanted. */
const tampered = -1;
/** The content of a flow that is not ours and has an identity that we want. */
const foreign = -2;

/** What one switch should hold and does hold. */
export class FlowTable {
  readonly #entries = new Map<string, Entry>();
  readonly #owned = new Map<string, { readonly owner: Owner; identities: Set<string> }>();
  readonly #installed = new Map<string, number>();
  /** Owners with something to send, in the order in which that became so, with the generation in which it did. */
  readonly #dirty = new Map<string, { readonly generation: number; readonly identities: Set<string> }>();
  /** Installed, ours and wanted by nobody: removed once the view is whole. */
  readonly #unwanted = new Set<string>();
  /** Wanted by nobody, but the switch has refused to remove it. */
  readonly #staying = new Set<string>();
  readonly #flying = new Set<Batch>();
  /** Identities with more than one claim, or refused, or held by a flow that is not ours. */
  readonly #troubled = new Set<string>();
  #generation = 0;
  #whole = false;

  /** Says what an owner wants from now on, in place of whatever it wanted before. `rank` decides between owners of one identity. */
  want(owner: Owner, rank: number, items: readonly Item[]): void {
    const name = ownerName(owner);
    const before = this.#owned.get(name)?.identities ?? new Set<string>();
    const now = new Set(items.map((item) => item.identity));
    for (const item of items) this.#claim({ name, owner, rank, item });
    for (const identity of before) if (!now.has(identity)) this.#release(name, identity);
    if (now.size === 0) this.#owned.delete(name);
    else this.#owned.set(name, { owner, identities: now });
  }

  /** Closes a round of `want`s and gives its number, which `acknowledged` reaches when all of it is on the switch. */
  endRound(): number {
    return ++this.#generation;
  }

  /** The last round of which everything is on the switch (or refused by it), and after which nothing is left to be removed. */
  acknowledged(): number {
    const waiting = [...this.#flying].map((batch) => batch.generation);
    const [first] = this.#dirty.values();
    if (first !== undefined) waiting.push(first.generation);
    // What is still to be removed may name a port that somebody waits to remove.
    if (this.#whole && this.#unwanted.size > 0) waiting.push(this.#generation);
    return Math.min(this.#generation, ...waiting.map((generation) => generation - 1));
  }

  /** Whether everything that the chassis should know is known, so that what nobody wants may go. */
  set whole(whole: boolean) {
    this.#whole = whole;
  }

  get whole(): boolean {
    return this.#whole;
  }

  /** Takes over what the switch says it holds; batches in flight are forgotten. Gives what was found of ours and of others. */
  load(
    flows: Iterable<DumpedFlow>,
    groups: Iterable<DumpedGroup>,
  ): { ours: number; foreign: number; changedByOthers: number } {
    this.#installed.clear();
    this.#unwanted.clear();
    this.#staying.clear();
    this.#dirty.clear();
    this.#flying.clear();
    const found = { ours: 0, foreign: 0, changedByOthers: 0 };
    for (const flow of flows) {
      const identity = flowIdentity(flow.table, flow.priority, flow.match);
      const cookie = readCookie(flow.cookie);
      if (cookie?.app === learnedApp) continue;
      const intact =
        cookie !== undefined &&
        cookie.hash === flowHash(identity, flow.instructions) &&
        flow.idleTimeout === 0 &&
        flow.hardTimeout === 0 &&
        flow.flags === 0;
      this.#installed.set(identity, cookie === undefined ? foreign : intact ? cookie.hash : tampered);
      found[cookie === undefined ? 'foreign' : 'ours']++;
      if (cookie !== undefined && !intact) found.changedByOthers++;
    }
    for (const group of groups) {
      if (group.groupId >>> 28 !== groupTag) continue;
      const identity = groupIdentity(group.groupId);
      this.#installed.set(identity, group.type === 'all' ? groupHash(identity, group.buckets) : tampered);
      found.ours++;
    }
    for (const [identity, hash] of this.#installed)
      if (!this.#entries.has(identity) && hash !== foreign) this.#unwanted.add(identity);
    for (const [name, { identities }] of this.#owned)
      for (const identity of identities) this.#compare(name, identity, 1);
    return found;
  }

  /** The next changes to send, at most about `limit`, whole owners at a time; undefined if nothing is to be done now. */
  next(limit: number): Batch | undefined {
    while (this.#dirty.size > 0 || (this.#whole && this.#unwanted.size > 0)) {
      const { identities, generation } = this.#take(limit);
      const changes = [...identities].flatMap((identity) => this.#change(identity) ?? []).sort(inCommitOrder);
      if (changes.length === 0) continue;
      const batch = { generation, changes };
      this.#flying.add(batch);
      return batch;
    }
    return undefined;
  }

  /** The switch has taken a batch, except for the changes of the given indexes, with its reasons. */
  committed(batch: Batch, refused: ReadonlyMap<number, string> = new Map()): void {
    if (!this.#flying.delete(batch)) return;
    for (const [index, reason] of refused) {
      const change = batch.changes[index];
      if (change === undefined) continue;
      if (change.before === undefined) this.#installed.delete(change.identity);
      else this.#installed.set(change.identity, change.before);
      const entry = this.#entries.get(change.identity);
      if (entry === undefined && change.hash === undefined) this.#staying.add(change.identity);
      if (entry === undefined || change.hash === undefined) continue;
      entry.refused = { hash: change.hash, reason };
      const [winner] = entry.claims;
      if (winner !== undefined) this.#compare(winner.name, change.identity); // it may be wanted otherwise by now
    }
  }

  /** Tries again what the switch had refused. */
  retry(): void {
    for (const identity of this.#staying) if (!this.#entries.has(identity)) this.#unwanted.add(identity);
    this.#staying.clear();
    for (const identity of [...this.#troubled]) {
      const entry = this.#entries.get(identity);
      const [winner] = entry?.claims ?? [];
      if (entry?.refused === undefined || winner === undefined) continue;
      delete entry.refused;
      this.#compare(winner.name, identity);
    }
  }

  /** Everything wanted that is not on the switch and will not be by itself, with the reason. */
  refusals(): Refusal[] {
    const out: Refusal[] = [];
    for (const identity of this.#troubled) {
      const entry = this.#entries.get(identity);
      const [winner, ...others] = entry?.claims ?? [];
      if (entry === undefined || winner === undefined) continue;
      if (entry.refused !== undefined)
        out.push({ owner: winner.owner, identity, reason: entry.refused.reason, state: 'ERROR' });
      if (this.#installed.get(identity) === foreign)
        out.push({
          owner: winner.owner,
          identity,
          reason: 'a flow that is not ours has the same table, priority and match',
          state: 'ERROR',
        });
      for (const other of others)
        if (other.item.hash !== winner.item.hash)
          out.push({
            owner: other.owner,
            identity,
            reason: 'has the same table, priority and match with other actions',
            rival: winner.owner,
            state: 'DEGRADED',
          });
    }
    return out;
  }

  /** How many flows and groups are wanted, installed (ours), and waiting to be sent. */
  counts(): { wanted: number; installed: number; waiting: number } {
    let waiting = this.#whole ? this.#unwanted.size : 0;
    for (const { identities } of this.#dirty.values()) waiting += identities.size;
    let installed = 0;
    for (const hash of this.#installed.values()) if (hash !== foreign) installed++;
    return { wanted: this.#entries.size, installed, waiting };
  }

  /** The wanted items in commit order, each with its owner: what a cold start would send. */
  wanted(): { readonly owner: Owner; readonly item: Item }[] {
    return [...this.#entries.values()]
      .flatMap((entry) => (entry.claims[0] === undefined ? [] : [entry.claims[0]]))
      .sort((a, b) =>
        inCommitOrder({ kind: 'add', identity: a.item.identity }, { kind: 'add', identity: b.item.identity }),
      );
  }

  #claim(claim: Claim): void {
    const { identity } = claim.item;
    const entry = this.#entries.get(identity);
    if (entry === undefined) this.#entries.set(identity, { claims: [claim] });
    else if (entry.claims.length === 1 && entry.claims[0]?.name === claim.name) entry.claims = [claim];
    else entry.claims = [...entry.claims.filter(({ name }) => name !== claim.name), claim].sort(byRank);
    this.#unwanted.delete(identity);
    this.#compare(claim.name, identity);
  }

  #release(name: string, identity: string): void {
    const entry = this.#entries.get(identity);
    if (entry === undefined) return;
    entry.claims = entry.claims.filter((claim) => claim.name !== name);
    if (entry.claims.length > 0) {
      this.#compare(name, identity);
      return;
    }
    this.#entries.delete(identity);
    this.#troubled.delete(identity);
    const installed = this.#installed.get(identity);
    if (installed === undefined || installed === foreign) this.#dirty.get(name)?.identities.delete(identity);
    else if (this.#whole) this.#touch(name, identity);
    else this.#unwanted.add(identity);
  }

  /** Notes under an owner's name that an identity has to be sent, or no longer has to. */
  #compare(name: string, identity: string, generation?: number): void {
    const entry = this.#entries.get(identity);
    const hash = entry?.claims[0]?.item.hash;
    const installed = this.#installed.get(identity);
    if (entry?.refused !== undefined && entry.refused.hash !== hash) delete entry.refused;
    if (entry !== undefined && (entry.claims.length > 1 || entry.refused !== undefined || installed === foreign))
      this.#troubled.add(identity);
    else this.#troubled.delete(identity);
    const settled = hash === installed || installed === foreign || entry?.refused !== undefined;
    if (!settled) this.#touch(name, identity, generation);
    else {
      const waiting = this.#dirty.get(name);
      waiting?.identities.delete(identity);
      if (waiting?.identities.size === 0) this.#dirty.delete(name);
    }
  }

  #touch(name: string, identity: string, generation = this.#generation + 1): void {
    const waiting = this.#dirty.get(name);
    if (waiting !== undefined) waiting.identities.add(identity);
    else this.#dirty.set(name, { generation, identities: new Set([identity]) });
  }

  /** Takes whole owners, first come first, and what nobody wants any more. */
  #take(limit: number): { identities: Set<string>; generation: number } {
    const identities = new Set<string>();
    let generation = 0;
    for (const [name, waiting] of this.#dirty) {
      if (identities.size > 0 && identities.size + waiting.identities.size > limit) break;
      this.#dirty.delete(name);
      if (generation === 0) generation = waiting.generation; // the oldest: they come in order
      for (const identity of waiting.identities) identities.add(identity);
    }
    if (this.#whole)
      for (const identity of this.#unwanted) {
        if (identities.size >= limit) break;
        identities.add(identity);
      }
    return { identities, generation: generation === 0 ? this.#generation : generation };
  }

  /** The message that makes an identity as wanted; what it will have made is taken for installed from now on. */
  #change(identity: string): Change | undefined {
    const before = this.#installed.get(identity);
    const item = this.#entries.get(identity)?.claims[0]?.item;
    this.#unwanted.delete(identity);
    if (item === undefined) {
      if (before === undefined || before === foreign) return undefined;
      this.#installed.delete(identity);
      return { identity, kind: 'remove', frame: removal(identity), hash: undefined, before };
    }
    if (item.hash === before || before === foreign) return undefined;
    this.#installed.set(identity, item.hash);
    return { identity, kind: before === undefined ? 'add' : 'change', frame: item.frame, hash: item.hash, before };
  }
}

const ownerName = (owner: Owner): string => `${owner.app} ${owner.rule} ${owner.object}`;

const byRank = (a: Claim, b: Claim): number => a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
