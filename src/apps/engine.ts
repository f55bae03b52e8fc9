// Runs the apps over a view and keeps what they want: each owner again only when an answer that it read has changed.
import { flowItem, groupItem, type Item } from '../flow/item.js';
import { type Owner, ownerName } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import type { TunnelPort, Wanted } from '../flow/wanted.js';
import { numberName } from '../model/world.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import type { App } from './app.js';

/** What an owner wants, ready to be compared; the flows' own objects are not kept. */
interface Prepared {
  readonly items: readonly Item[];
  readonly tunnels: readonly TunnelPort[];
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
  readonly #tunnels = new Map<string, TunnelPort>();
  readonly #failures = new Map<string, AppFailure>();

  constructor(view: View, table: FlowTable, apps: readonly App[]) {
    this.#view = view;
    this.#table = table;
    for (const app of apps) for (const index of app.rules.keys()) this.#install(app, index);
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
    return this.#tunnels;
  }

  /** The owners for which an app has failed. */
  failures(): readonly AppFailure[] {
    return [...this.#failures.values()];
  }

  #install(app: App, index: number): void {
    const rule = app.rules[index];
    if (rule === undefined) return;
    const ownerOf = (member: string): Owner => ({ app: app.name, object: nameOf(rule.kind, member), rule: index });
    this.#view.world.graph.each<string, Prepared>(
      rule.owners(this.#view),
      (member) => prepared(app.id, rule.wants(this.#view, member)),
      (member, now, before) => {
        const owner = ownerOf(member);
        if (this.#failures.size > 0) this.#failures.delete(ownerName(owner));
        this.#table.want(owner, this.#rank(rule.kind, owner.object, member), now?.items ?? []);
        for (const tunnel of before?.tunnels ?? []) this.#tunnels.delete(tunnel.key);
        for (const tunnel of now?.tunnels ?? []) this.#tunnels.set(tunnel.key, tunnel);
      },
      (member, error) => this.#failures.set(ownerName(ownerOf(member)), { owner: ownerOf(member), error }),
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

/** The name of an owner's object, which is the one that its number is allocated to. */
const nameOf = (kind: string, member: string): string => numberName(kind, refOfMember(member));

const noTunnels: readonly TunnelPort[] = [];

const prepared = (app: number, { flows, groups, tunnels }: Wanted): Prepared => ({
  items: [...(groups ?? []).map(groupItem), ...flows.map((flow) => flowItem(app, flow))],
  tunnels: tunnels ?? noTunnels,
});
