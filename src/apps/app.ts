// What an app is: a name, a number for its cookies, and rules that map one owner and the view to everything that it wants.
import { apply, goto } from '../ofp/index.js';
import type { Action, Match } from '../ofp/index.js';
import type { Flow, Shape, ShapedFlow, Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { Members } from '../model/members.js';
import type { View } from '../model/view.js';

/** One kind of owner of an app, and what each of them wants. */
export interface Rule {
  /** The kind of object whose unique key decides between owners of one identity. */
  readonly kind: string;
  /** The owners: they come and go with the answers of the view. */
  readonly owners: (view: View) => Members<string>;
  /** A pure function of one owner and what it reads from the view. */
  readonly wants: (view: View, owner: string) => Wanted;
}

/** A feature: one file of pure functions. */
export interface App {
  readonly name: string;
  /** The app byte of its flows' cookies, 0 to 0xfe: declared once, never reused. */
  readonly id: number;
  readonly does: string;
  readonly rules: readonly Rule[];
}

/** A rule over objects that are named by reference. */
export const rule = (
  kind: string,
  owners: (view: View) => Members<Ref>,
  wants: (view: View, ref: Ref) => Wanted,
): Rule => ({
  kind,
  owners,
  wants: wants as Rule['wants'], // a Ref is a string, and what `wants` is given are the members of `owners`
});

/** A rule over things that are named by a plain string. */
export const namedRule = (
  kind: string,
  owners: (view: View) => Members<string>,
  wants: (view: View, name: string) => Wanted,
): Rule => ({
  kind,
  owners,
  wants,
});

/** Where a packet goes on after a flow's actions. */
interface Onwards {
  readonly goto?: { readonly id: number };
}

/** A flow of a table: match, actions, and perhaps the table to go on with. No action and no table is a drop. */
export function flow(
  table: { readonly id: number },
  priority: number,
  match: Match,
  actions: readonly Action[],
  onwards: Onwards = {},
): Flow {
  return {
    table: table.id,
    priority,
    match,
    instructions: [
      ...(actions.length > 0 ? [apply(...actions)] : []),
      ...(onwards.goto === undefined ? [] : [goto(onwards.goto.id)]),
    ],
  };
}

/** How many bits the numbers have that flows differ in. */
export const bits = { ofport: 32, key: 32, vni: 24, mac: 48, ipv4: 32 } as const;

/**
 * Declares flows that differ in whole numbers only: `make` is given the numbers, of so many bits each, and puts them into the flow
 * as they are. What comes out makes one such flow from its numbers, at a tenth of the cost of `flow`.
 */
export function shape<const Bits extends readonly number[]>(
  bits: Bits,
  make: (...numbers: { [Index in keyof Bits]: number }) => Flow,
): (...numbers: { [Index in keyof Bits]: number }) => ShapedFlow {
  const one: Shape = { bits, make: make as Shape['make'] }; // it is given as many numbers as there are bits
  return (...numbers) => ({ shape: one, numbers });
}
