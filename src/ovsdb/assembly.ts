// Objects put together from the rows of one table and the parts that these rows refer to, kept up to date at the cost of
// what changed: the ports of a bridge may be thousands.
import { textsOf } from './datum.js';
import type { Replica, Row, RowChange } from './replica.js';
import { steps } from '../turns/slices.js';

/** What can be a part, or a whole. */
export interface Named {
  readonly uuid: string;
  readonly name: string;
}

/** Where wholes come from, how one is made of its row and its parts, which come by name, and what parts it was made of. */
export interface AssemblyPlan<Part extends Named, Whole extends Named> {
  readonly table: string;
  /** The column that refers to the parts. */
  readonly column: string;
  readonly make: (uuid: string, row: Row, parts: readonly Part[]) => Whole;
  readonly parts: (whole: Whole) => readonly Part[];
}

/** The parts of a whole that came, went or became others; `all` for a whole that is new. */
type Touched = Set<string> | 'all';

/** The wholes of one table. */
export class Assembly<Part extends Named, Whole extends Named> {
  readonly #plan: AssemblyPlan<Part, Whole>;
  readonly #replica: Replica;
  readonly #part: (uuid: string) => Part | undefined;
  readonly #wholes = new Map<string, Whole>();
  /** By part, the wholes that refer to it: one, but a database may hold nonsense. */
  readonly #holders = new Map<string, readonly string[]>();

  constructor(plan: AssemblyPlan<Part, Whole>, replica: Replica, part: (uuid: string) => Part | undefined) {
    this.#plan = plan;
    this.#replica = replica;
    this.#part = part;
  }

  /** The whole made of a row. */
  whole(uuid: string): Whole | undefined {
    return this.#wholes.get(uuid);
  }

  /** Takes what changed, in the rows and in the parts, in small steps; answers with the wholes that changed, or went. */
  *update(changes: readonly RowChange[], parts: ReadonlySet<string>): Generator<void, Set<string>> {
    const dirty = new Map<string, Touched>();
    const isStep = steps();
    for (const change of changes) {
      if (change.table !== this.#plan.table) continue;
      if (isStep()) yield;
      dirty.set(change.uuid, this.#refer(change));
    }
    for (const part of parts) {
      if (isStep()) yield;
      for (const holder of this.#holders.get(part) ?? []) touch(dirty, holder, part);
    }
    for (const [uuid, touched] of dirty) {
      if (isStep()) yield;
      this.#remake(uuid, touched);
    }
    return new Set(dirty.keys());
  }

  /** Follows a row's references; answers with those that came or went. */
  #refer({ uuid, before, after }: RowChange): Touched {
    const now = this.#references(after);
    if (!before) {
      for (const part of now) this.#hold(part, uuid);
      return 'all';
    }
    const touched = new Set<string>();
    const old = this.#references(before);
    if (old === now) return touched;
    for (const part of old) {
      if (now.has(part)) continue;
      touched.add(part);
      this.#release(part, uuid);
    }
    for (const part of now) {
      if (old.has(part)) continue;
      touched.add(part);
      this.#hold(part, uuid);
    }
    return touched;
  }

  #hold(part: string, holder: string): void {
    const others = this.#holders.get(part);
    this.#holders.set(part, others ? [...others, holder] : [holder]);
  }

  #release(part: string, holder: string): void {
    const others = (this.#holders.get(part) ?? []).filter((other) => other !== holder);
    if (others.length > 0) this.#holders.set(part, others);
    else this.#holders.delete(part);
  }

  #references(row: Row | undefined): ReadonlySet<string> {
    return textsOf(row?.[this.#plan.column]);
  }

  #remake(uuid: string, touched: Touched): void {
    const row = this.#replica.rows(this.#plan.table).get(uuid);
    if (!row) {
      this.#wholes.delete(uuid);
      return;
    }
    const references = this.#references(row);
    const parts = touched === 'all' ? [] : this.#partsWithout(uuid, touched);
    for (const part of touched === 'all' ? references : touched) {
      // A reference may dangle for a moment: what it names comes later.
      const found = references.has(part) ? this.#part(part) : undefined;
      if (found) parts.push(found);
    }
    if (parts.length > 1) parts.sort(byName);
    this.#wholes.set(uuid, this.#plan.make(uuid, row, parts));
  }

  #partsWithout(uuid: string, touched: ReadonlySet<string>): Part[] {
    const whole = this.#wholes.get(uuid);
    return whole ? this.#plan.parts(whole).filter((part) => !touched.has(part.uuid)) : [];
  }
}

function touch(dirty: Map<string, Touched>, whole: string, part: string): void {
  const touched = dirty.get(whole);
  if (touched === undefined) dirty.set(whole, new Set([part]));
  else if (touched !== 'all') touched.add(part);
}

/** The order of every list in a view. */
export const byName = (a: Named, b: Named): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
