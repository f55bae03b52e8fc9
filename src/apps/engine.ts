// Runs the apps over a view and keeps what they want: each owner again only when an answer that it read has changed.
import { flowItem, groupItem, type Item } from '../flow/item.js';
import type { Owner } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import type { TunnelPort } from '../flow/wanted.js';
import { numberName } from '../model/world.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import type { Members } from '../model/members.js';
import type { App, Rule } from './app.js';

/** What came of the rules of a set for one owner, ready to be compared; the flows' own objects are not kept. */
interface Outcome {
  items: readonly Item[];
  tunnels: readonly TunnelPort[];
  /** The apps that failed, and why: of them the rest has what they wanted before, once that is known. */
  readonly failed: ReadonlyMap<App, unknown>;
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
    this.#view.world.graph.each<string, Outcome>(
      owners,
      (member) => outcomeOf(this.#view, rules, member),
      (member, now = nothingPrepared, before = nothingPrepared) => {
        const object = numberName(kind, refOfMember(member)); // the one that a number is allocated to
        const name = `${index} ${object}`;
        const failures = [...now.failed].map(([app, error]) => ({ owner: { app: app.name, object }, error }));
        if (failures.length > 0) mend(now, before);
        note(this.#failures, name, failures);
        note(this.#tunnels, name, now.tunnels);
        this.#table.want({ name, object }, this.#rank(kind, object, member), now.items);
      },
      (member, error) => {
        this.#view.world.graph.failed(`the flows of ${member}`, error);
      },
    );
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

const noTunnels: readonly TunnelPort[] = [];
const nothingPrepared: Readonly<Outcome> = { items: [], tunnels: noTunnels, failed: new Map() };

/** What rules want for one owner. An app that fails for it is a mistake of ours, which must not cost anybody else their flows. */
function outcomeOf(view: View, rules: RuleSet['rules'], member: string): Outcome {
  const items: Item[] = [];
  let { tunnels, failed } = nothingPrepared;
  for (const { app, rule } of rules) {
    const { length } = items;
    try {
      const wanted = rule.wants(view, member);
      for (const group of wanted.groups ?? []) items.push(groupItem(app, group));
      for (const flow of wanted.flows) items.push(flowItem(app, flow));
      if (wanted.tunnels !== undefined) tunnels = [...tunnels, ...wanted.tunnels];
    } catch (error) {
      items.length = length;
      failed = new Map([...failed, [app, error]]);
    }
  }
  if (items.length === 0 && tunnels.length === 0 && failed.size === 0) return nothingPrepared;
  return { items: items.slice(), tunnels, failed }; // a copy has no room to grow
}

/** Has apps that failed want what they wanted before, also the next time; tunnels stay if any did. */
function mend(now: Outcome, before: Outcome): void {
  const names = new Set([...now.failed.keys()].map(({ name }) => name));
  const isOfFailed = ({ app }: Item): boolean => names.has(app);
  now.items = [...now.items.filter((item) => !isOfFailed(item)), ...before.items.filter(isOfFailed)];
  now.tunnels = before.tunnels;
}
