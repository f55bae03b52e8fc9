// What whoever follows the northbound is told: the seam between this room and the model's view.
import type { NbError } from '../model/errors.js';
import type { Ref } from '../model/ids.js';
import type { Kind } from '../model/kinds.js';
import type { AnyObject } from '../model/parse.js';

/** What a chassis is told of the tenants that it watches. */
export interface NorthboundSink {
  readonly object: (object: AnyObject) => void;
  readonly gone: (kind: Kind, ref: Ref, revision: number) => void;
  /** The value of that revision cannot be read; the object counts as absent. */
  readonly refused: (kind: Kind, ref: Ref, revision: number, error: NbError) => void;
  /** A key of the tenant that is no object or allocation of ours; `undefined` when it is gone. */
  readonly stray: (tenant: string, key: string, reason: string | undefined) => void;
  /** The number that an object holds in a space: `lport`, `lswitch` (unique keys), `vni`. */
  readonly allocated: (space: string, ref: Ref, number: number | undefined) => void;
  /** The addresses that a port got on a network; none when they were given back. */
  readonly addressed: (port: Ref, addresses: readonly string[], lswitch: Ref) => void;
  readonly claimed: (port: Ref, chassis: string | undefined) => void;
  /** All of this tenant up to this revision (objects, allocations and claims) was told: once per watch, and again when what comes last needs no word. */
  readonly settled: (tenant: string, revision: number) => void;
  /** Nothing of this tenant from this revision on is complete: what changes without pause is told now and then; undefined: all is. */
  readonly withheld: (tenant: string, revision: number | undefined) => void;
  /** The northbound went back in time: what was told stays until `released`. Told again when the figures change. */
  readonly held: (tenant: string, reason: string, what: HeldBack) => void;
  readonly released: (tenant: string) => void;
  /** The tenant cannot be read at present, or (undefined) can be again; what was told stays. */
  readonly unreadable: (tenant: string, reason: string | undefined) => void;
}

/** What a northbound that went back would do if it were obeyed. */
export interface HeldBack {
  readonly gone: number;
  readonly changed: number;
}
