// Objects put together from the rows of one table and the parts that these rows refer to, kept up to date at the cost of
// what changed: the ports of a bridge may be thousands.
import type { Replica, Row, RowChange } from './replica.js';

/** What can be a part, or a whole. */
export interface Named {
  readonly uuid: string;
  readonly name: string;
}

/** Where wholes come from, and how one is made of its row and its parts, which come by name. */
export interface AssemblyPlan<Part extends Named, Whole extends Named> {
  readonly table: string;
  /** The column that refers to the parts. */
  readonly column: string;
  readonly make: (uuid: string, row: Row, parts: readonly Part[]) => Whole;
}

/** The wholes of one table. */
export class Assembly<Part extends Named, Whole extends Named> {
  readonly #plan: AssemblyPlan<Part, Whole>;
  readonly #replica: Replica;
  readonly #part: (uuid: string) => Part | undefined;
  readonly #wholes = new Map<string, { readonly whole: Whole; readonly parts: readonly Part[] }>();
  /** By part, the wholes that refer to it: one, but a database may hold nonsense. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(plan: AssemblyPlan<Part, Whole>, replica: Replica, part: (uuid: string) => Part | undefined) {
    this.#plan = plan;
    this.#replica = replica;
    this.#part = part;
  }

  /** The whole made of a row. */
  whole(uuid: string): Whole | undefined {
    return this.#wholes.get(uuid)?.whole;
  }

  /** Takes what changed, in the rows and in the parts, in small steps; answers with the wholes that changed, or went. */
  *update(changes: readonly RowChange[], parts: ReadonlySet<string>): Generator<void, Set<string>> {
    const dirty = new Map<string, Set<string>>();
    const touched = (whole: string): Set<string> => {
      const known = dirty.get(whole) ?? new Set();
      dirty.set(whole, known);
      return known;
    };
    for (const change of changes) {
      if (change.table !== this.#plan.table) continue;
      yield;
      this.#refer(change, touched(change.uuid));
    }
    for (const part of parts) {
      yield;
      for (const holder of this.#holders.get(part) ?? []) touched(holder).add(part);
    }
    for (const [uuid, changed] of dirty) {
      yield;
      this.#remake(uuid, changed);
    }
    return new Set(dirty.keys());
  }

  /** Follows a row's references; puts those that came or went among `touched`. */
  #refer({ uuid, before, after }: RowChange, touched: Set<string>): void {
    const [old, now] = [this.#references(before), this.#references(after)];
    if (old === now) return;
    for (const part of old.keys()) {
      if (now.has(part)) continue;
      touched.add(part);
      const holders = this.#holders.get(part);
      holders?.delete(uuid);
      if (holders?.size === 0) this.#holders.delete(part);
    }
    for (const part of now.keys()) {
      if (old.has(part)) continue;
      touched.add(part);
      const holders = this.#holders.get(part);
      if (holders) holders.add(uuid);
      else this.#holders.set(part, new Set([uuid]));
    }
  }

  #references(row: Row | undefined): ReadonlyMap<string, unknown> {
    return row?.get(this.#plan.column) ?? nothing;
  }

  #remake(uuid: string, changed: ReadonlySet<string>): void {
    const row = this.#replica.rows(this.#plan.table).get(uuid);
    if (!row) {
      this.#wholes.delete(uuid);
      return;
    }
    const references = this.#references(row);
    const parts = (this.#wholes.get(uuid)?.parts ?? []).filter((part) => !changed.has(part.uuid));
    for (const part of changed) {
      // A reference may dangle for a moment: what it names comes later.
      const found = references.has(part) ? this.#part(part) : undefined;
      if (found) parts.push(found);
    }
    parts.sort(byName);
    this.#wholes.set(uuid, { whole: this.#plan.make(uuid, row, parts), parts });
  }
}

const nothing: ReadonlyMap<string, unknown> = new Map();

/** The order of every list in a view. */
export const byName = (a: Named, b: Named): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
