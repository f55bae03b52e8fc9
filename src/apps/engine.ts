// Runs the apps over a view and keeps what they want: each owner again only when an answer that it read has changed.
import { flowItem, groupItem, type Item } from '../flow/item.js';
import { type Owner, ownerName } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import type { TunnelPort, Wanted } from '../flow/wanted.js';
import { numberName } from '../model/world.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import type { Members } from '../model/members.js';
import type { App, Rule } from './app.js';

/** What an owner wants, ready to be compared; the flows' own objects are not kept. */
interface Prepared {
  readonly items: readonly Item[];
  readonly tunnels: readonly TunnelPort[];
}

/** The rules of all apps over one set of owners of one kind. */
interface RuleSet {
  readonly owners: Members<string>;
  readonly kind: string;
  readonly rules: { readonly app: App; readonly rule: Rule; readonly index: number }[];
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
  /** The tunnel ports that owners want, by the owner's name. */
  readonly #tunnels = new Map<string, readonly TunnelPort[]>();
  readonly #failures = new Map<string, AppFailure>();

  constructor(view: View, table: FlowTable, apps: readonly App[]) {
    this.#view = view;
    this.#table = table;
    for (const set of ruleSets(view, apps)) this.#install(set);
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
    return [...this.#failures.values()];
  }

  /** Runs rules over one set together: they read nearly the same, and what they want of one member is sent together. */
  #install({ owners, kind, rules }: RuleSet): void {
    this.#view.world.graph.each<string, readonly Outcome[]>(
      owners,
      (member) => rules.map(({ app, rule }) => attempted(() => prepared(app.id, rule.wants(this.#view, member)))),
      (member, now, before) => {
        const object = numberName(kind, refOfMember(member)); // the one that a number is allocated to
        const rank = this.#rank(kind, object, member);
        for (const [i, { app, index }] of rules.entries()) {
          const outcome = now?.[i] ?? nothingPrepared;
          if (outcome === nothingPrepared && (before?.[i] ?? nothingPrepared) === nothingPrepared) continue;
          this.#take({ app: app.name, object, rule: index }, rank, outcome);
        }
      },
      (member, error) => {
        this.#view.world.graph.failed(`the flows of ${member}`, error);
      },
    );
  }

  /** Takes what came of a rule for one owner; where it failed, what was wanted before stays. */
  #take(owner: Owner, rank: number, outcome: Outcome): void {
    const name = ownerName(owner);
    if ('error' in outcome) {
      this.#failures.set(name, { owner, error: outcome.error });
      return;
    }
    this.#failures.delete(name);
    this.#table.want(owner, rank, outcome.items);
    if (outcome.tunnels.length > 0) this.#tunnels.set(name, outcome.tunnels);
    else this.#tunnels.delete(name);
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
    for (const [index, rule] of app.rules.entries()) {
      const [owners, { kind }] = [rule.owners(view), rule];
      const known = sets.find((set) => set.owners === owners && set.kind === kind);
      if (known === undefined) sets.push({ owners, kind, rules: [{ app, rule, index }] });
      else known.rules.push({ app, rule, index });
    }
  return sets;
}

const noTunnels: readonly TunnelPort[] = [];
const nothingPrepared: Prepared = { items: [], tunnels: noTunnels };

function prepared(app: number, { flows, groups, tunnels }: Wanted): Prepared {
  const items = flows.map((flow) => flowItem(app, flow));
  if (groups !== undefined) items.unshift(...groups.map(groupItem));
  return items.length === 0 && tunnels === undefined ? nothingPrepared : { items, tunnels: tunnels ?? noTunnels };
}

/** What came of a rule for one owner. */
type Outcome = Prepared | { readonly error: unknown };

/** An app that fails for one owner is a mistake of ours, which must not cost anybody else their flows. */
function attempted(work: () => Prepared): Outcome {
  try {
    return work();
  } catch (error) {
    return { error };
  }
}
