// Runs the apps over a view and keeps what they want: each owner again only when an answer that it read has changed.
import { flowItem, groupItem, type Item } from '../flow/item.js';
import type { Owner } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import type { TunnelPort, Wanted } from '../flow/wanted.js';
import { numberName } from '../model/world.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import type { Members } from '../model/members.js';
import type { App, Rule } from './app.js';

/** What came of a rule for one owner, ready to be compared; the flows' own objects are not kept. */
interface Outcome {
  readonly items: readonly Item[];
  readonly tunnels: readonly TunnelPort[];
  /** Why the app failed; then the rest is what came of it before. */
  readonly error?: unknown;
}

/** The rules of all apps over one set of owners of one kind. */
interface RuleSet {
  readonly owners: Members<string>;
  readonly kind: string;
  readonly rules: { readonly app: App; readonly rule: Rule }[];
}

/** An app that failed for one owner: the others go on, and it is tried again when what it read changes. */
export interface AppFailure {
  readonly owner: Owner;
  readonly error: unknown;
}

/** The apps of one chassis at work. */
export class Engine {
  readonly #view: View;
  readonly #table: FlowTable;
  /** The tunnel ports that are wanted, and the apps that failed, by the name of the wish. */
  readonly #tunnels = new Map<string, readonly TunnelPort[]>();
  readonly #failures = new Map<string, readonly AppFailure[]>();

  constructor(view: View, table: FlowTable, apps: readonly App[]) {
    this.#view = view;
    this.#table = table;
    for (const [index, set] of ruleSets(view, apps).entries()) this.#install(index, set);
  }

  /**
   * Brings everything that is wanted up to date with the world, and gives the number of the round; undefined if `isEnough` said
   * so before, after one of many small steps: then the round goes on with the next call.
   */
  flush(isEnough?: () => boolean): number | undefined {
    this.#table.beginRound();
    return this.#view.world.graph.flush(isEnough) ? this.#table.endRound() : undefined;
  }

  /** The tunnel ports that are wanted, by key. */
  tunnels(): ReadonlyMap<string, TunnelPort> {
    return new Map([...this.#tunnels.values()].flat().map((tunnel) => [tunnel.key, tunnel]));
  }

  /** The owners for which an app has failed. */
  failures(): readonly AppFailure[] {
    return [...this.#failures.values()].flat();
  }

  /** Runs rules over one set together: they read nearly the same, and what they want of one member is one wish. */
  #install(index: number, { owners, kind, rules }: RuleSet): void {
    this.#view.world.graph.each<string, Outcome[]>(
      owners,
      (member) => rules.map(({ app, rule }) => attempted(app, () => rule.wants(this.#view, member))),
      (member, now = [], before = []) => {
        const object = numberName(kind, refOfMember(member)); // the one that a number is allocated to
        const wish = { name: `${index} ${object}`, object };
        this.#noteFailures(wish, rules, now, before);
        this.#table.want(
          wish,
          this.#rank(kind, object, member),
          noItems.concat(...now.map(({ items }) => items)), // `flatMap` would leave room to grow
        );
        note(
          this.#tunnels,
          wish.name,
          now.flatMap(({ tunnels }) => tunnels),
        );
      },
      (member, error) => {
        this.#view.world.graph.failed(`the flows of ${member}`, error);
      },
    );
  }

  /** Where an app failed, what it wanted before stays: also for the next time. */
  #noteFailures(
    { name, object }: { name: string; object: string },
    rules: RuleSet['rules'],
    now: Outcome[],
    before: readonly Outcome[],
  ): void {
    const failures: AppFailure[] = [];
    for (const [i, { app }] of rules.entries()) {
      const error = now[i]?.error;
      if (error === undefined) continue;
      now[i] = { ...(before[i] ?? nothingPrepared), error };
      failures.push({ owner: { app: app.name, object }, error });
    }
    note(this.#failures, name, failures);
  }

  /** Between two owners of one identity the smaller unique key is heard; a segmentation counts by its child's. */
  #rank(kind: string, name: string, member: string): number {
    const { numbers, children } = this.#view.world;
    const child = kind === 'child_port_segmentation' ? children.peek(refOfMember(member))?.port : undefined;
    return numbers.peek(child === undefined ? name : numberName('lport', child)) ?? Infinity;
  }
}

/** Rules over named things have names that no number is allocated to. */
const refOfMember = (member: string): Ref => member as Ref;

function ruleSets(view: View, apps: readonly App[]): RuleSet[] {
  const sets: RuleSet[] = [];
  for (const app of apps)
    for (const rule of app.rules) {
      const [owners, { kind }] = [rule.owners(view), rule];
      const known = sets.find((set) => set.owners === owners && set.kind === kind);
      if (known === undefined) sets.push({ owners, kind, rules: [{ app, rule }] });
      else known.rules.push({ app, rule });
    }
  return sets;
}

/** Keeps a list under a name, unless it is empty. */
function note<T>(lists: Map<string, readonly T[]>, name: string, list: readonly T[]): void {
  if (list.length > 0) lists.set(name, list);
  else if (lists.size > 0) lists.delete(name);
}

const noItems: readonly Item[] = [];
const noTunnels: readonly TunnelPort[] = [];
const nothingPrepared: Outcome = { items: noItems, tunnels: noTunnels };

function prepared(app: App, { flows, groups = [], tunnels = noTunnels }: Wanted): Outcome {
  if (flows.length === 0 && groups.length === 0 && tunnels.length === 0) return nothingPrepared;
  const items = flows.map((flow) => flowItem(app, flow));
  return { items: groups.length === 0 ? items : [...groups.map((group) => groupItem(app, group)), ...items], tunnels };
}

/** An app that fails for one owner is a mistake of ours, which must not cost anybody else their flows. */
function attempted(app: App, wants: () => Wanted): Outcome {
  try {
    return prepared(app, wants());
  } catch (error) {
    return { ...nothingPrepared, error };
  }
}
