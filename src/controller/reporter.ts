// What a chassis says of the objects that are its business: a pure function of model and flow table, told when it changes. ACTIVE
// is said only after the barrier behind the object's flows came back; trouble is said at once.
import { isDeepStrictEqual } from 'node:util';
import type { Refusal } from '../flow/batch.js';
import type { FlowTable } from '../flow/table.js';
import { tenantOf, type Ref } from '../model/ids.js';
import type { Kind } from '../model/kinds.js';
import { namedObject, objectName } from '../model/parse.js';
import { type Standing, standingOf } from '../model/standing.js';
import { sameVerdict, type Verdict } from '../model/verdict.js';
import type { View } from '../model/view.js';
import type { CommitReport } from './installer.js';
import { Receipts } from './receipts.js';
import { refusalByObject, troubleOf } from './trouble.js';

/** States of an object on a chassis. */
export type State = 'ACTIVE' | 'DOWN' | 'DEGRADED' | 'ERROR' | 'HELD';

/** What is written about one object, besides the time and the chassis. */
export interface Status {
  readonly state: State;
  readonly reason?: string;
  /** The northbound revision whose flows the switch has acknowledged, or which was refused. */
  readonly revision: number;
}

/** What is said of an object whose flows are on their way. */
const waiting: Status = { state: 'DOWN', reason: 'waits for the switch', revision: 0 };

interface Watched {
  readonly kind: Kind;
  readonly ref: Ref;
  concerned: boolean;
  verdict: Verdict | undefined;
  /** The round in which it last changed; it is on the switch when that round is. */
  round: number;
  refused?: string;
  written?: string;
}

/** The reporter of one chassis. */
export class Reporter {
  readonly #view: View;
  readonly #table: FlowTable;
  readonly #write: (kind: Kind, ref: Ref, status: Status | undefined) => void;
  /** Objects by name; one of which there is nothing to say is forgotten: most ports are somebody else's business. */
  readonly #objects = new Map<string, Watched>();
  /** Objects to look at. */
  readonly #dirty = new Set<string>();
  /** Objects that have changed since the last round was closed. */
  readonly #touched = new Set<Watched>();
  /** Objects that are looked at again when more is acknowledged. */
  readonly #later = new Set<string>();
  /** Objects that are looked at again when their tenant is completely known: what they wait for may be just coming in. */
  readonly #coming = new Set<string>();
  #acknowledged = 0;
  /** What the switch or another owner has against flows, as last read from the table; and what of that stands for each object. */
  #refusals: readonly Refusal[] = [];
  #refused: ReadonlyMap<string, Refusal> = new Map();
  readonly #receipts: Receipts;
  /** Tenants whose northbound is not obeyed at present, with the reason. */
  readonly #held = new Map<string, string>();

  constructor(
    view: View,
    table: FlowTable,
    write: (kind: Kind, ref: Ref, status: Status | undefined) => void,
    nowMs: () => number,
    acknowledge: (tenant: string, revision: number, report: CommitReport) => void,
  ) {
    this.#view = view;
    this.#table = table;
    this.#write = write;
    this.#receipts = new Receipts(table, nowMs, acknowledge);
    const { graph } = view.world;
    const members = {
      lswitch: view.world.lswitches,
      lport: view.remarkable,
      child_port_segmentation: view.world.children,
    } as const;
    for (const kind of ['lswitch', 'lport', 'child_port_segmentation'] as const)
      graph.each<Ref, Standing>(
        members[kind],
        (ref) => standingOf(view, kind, ref),
        (ref, now, before) => {
          if (now?.concerned === before?.concerned && sameVerdict(now?.verdict, before?.verdict)) return;
          const object = this.#object(kind, ref);
          object.concerned = now?.concerned ?? false;
          object.verdict = now?.verdict;
          this.#touch(object);
        },
        (ref, error) => {
          graph.failed(`the status of ${objectName(kind, ref)}`, error);
        },
      );
  }

  /** A northbound revision of an object has come. */
  seen(kind: Kind, ref: Ref, revision: number): void {
    this.reached(tenantOf(ref), revision);
    this.#touch(this.#object(kind, ref));
  }

  /** Everything of a tenant up to a revision has come. */
  reached(tenant: string, revision: number): void {
    this.#receipts.reached(tenant, revision);
  }

  /** Everything of a tenant has come. */
  settled(tenant: string): void {
    for (const name of this.#coming) {
      const object = this.#objects.get(name);
      if (object !== undefined && tenantOf(object.ref) !== tenant) continue;
      this.#coming.delete(name);
      this.#dirty.add(name);
    }
  }

  /** An lport is behind another interface: what is said of it is said again. */
  moved(ref: Ref): void {
    const object = this.#object('lport', ref);
    delete object.written;
    this.#touch(object);
  }

  /** An object could not be read (a reason), or could. */
  refused(kind: Kind, ref: Ref, reason: string | undefined): void {
    const object = this.#object(kind, ref);
    if (reason === undefined) delete object.refused;
    else object.refused = reason;
    this.#touch(object);
  }

  /** A tenant's northbound is not obeyed (a reason), or is again; each of its objects says so. */
  hold(tenant: string, reason: string | undefined): void {
    if (this.#held.get(tenant) === reason) return;
    if (reason === undefined) this.#held.delete(tenant);
    else this.#held.set(tenant, reason);
    for (const [name, { ref }] of this.#objects) if (tenantOf(ref) === tenant) this.#dirty.add(name);
  }

  /** Nothing of a tenant from this revision on is complete, and none of it is acknowledged; undefined: all that was seen is. */
  withhold(tenant: string, revision: number | undefined): void {
    this.#receipts.withhold(tenant, revision);
  }

  /** An object is nobody's business here any more; what was said of it is withdrawn. */
  forgotten(kind: Kind, ref: Ref): void {
    const object = this.#object(kind, ref);
    delete object.refused;
    this.#touch(object);
    this.#receipts.forget(tenantOf(ref));
  }

  /** Everything seen so far is in the table as of this round, but for tenants that are unanswered: flows of theirs are still to come. */
  round(round: number, isUnanswered: (tenant: string) => boolean): void {
    this.#receipts.round(round, isUnanswered);
    for (const object of this.#touched) object.round = round;
    this.#touched.clear();
  }

  /** The switch took a batch. */
  committed(report: CommitReport): void {
    this.#receipts.committed(report);
  }

  /** Writes what has changed, now that everything up to a round is on the switch, until `isEnough`; tells whether that is all. */
  report(acknowledged: number, isEnough = (): boolean => false): boolean {
    this.#readRefusals();
    if (acknowledged !== this.#acknowledged) {
      for (const name of this.#later) this.#dirty.add(name);
      this.#later.clear();
    }
    this.#acknowledged = acknowledged;
    for (const name of this.#dirty) {
      this.#dirty.delete(name); // a Set may change while it is walked
      const object = this.#objects.get(name);
      if (object !== undefined) this.#reportOne(name, object, acknowledged);
      if (isEnough()) break;
    }
    this.#receipts.acknowledged(acknowledged);
    return this.#dirty.size === 0;
  }

  /** Everything that has a status, as it stands: what `damselfly status` shows. What comes or goes meanwhile is told or left out. */
  *states(): Generator<{ readonly name: string; readonly kind: Kind; readonly ref: Ref; readonly status: Status }> {
    this.#readRefusals();
    const acknowledged = this.#table.acknowledged();
    for (const [name, object] of this.#objects) {
      const { kind, ref } = object;
      const status = this.#statusOf(name, object, acknowledged);
      if (status === undefined) continue;
      yield { name, kind, ref, status: status === 'later' ? waiting : status };
    }
  }

  #reportOne(name: string, object: Watched, acknowledged: number): void {
    if (this.#isComing(object)) {
      this.#coming.add(name);
      return;
    }
    const status = this.#statusOf(name, object, acknowledged);
    if (status === 'later') {
      this.#later.add(name);
      return;
    }
    const text = JSON.stringify(status);
    if (text !== object.written) {
      this.#write(object.kind, object.ref, status);
      if (status === undefined) delete object.written;
      else object.written = text;
    }
    if (status === undefined && object.verdict === undefined) this.#objects.delete(name);
  }

  /** Whether an object's tenant is not completely known yet. */
  #isComing({ kind, ref }: Watched): boolean {
    const { world } = this.#view;
    return world.revision(kind, ref) !== undefined && !world.settled.present(tenantOf(ref));
  }

  #statusOf(name: string, object: Watched, acknowledged: number): Status | undefined | 'later' {
    const refusal = this.#refused.get(name);
    const revision = this.#view.world.revision(object.kind, object.ref) ?? 0;
    if (object.refused !== undefined) return { state: 'ERROR', reason: object.refused, revision };
    const refused = object.verdict !== undefined && object.verdict.state !== 'DOWN';
    if (!object.concerned && !refused && refusal === undefined) return undefined;
    const held = this.#held.get(tenantOf(object.ref));
    if (held !== undefined) return { state: 'HELD', reason: held, revision };
    const trouble = troubleOf(object.ref, object.verdict, refusal);
    if (trouble !== undefined) return { ...trouble, revision };
    return acknowledged >= object.round ? { state: 'ACTIVE', revision } : 'later';
  }

  /** Reads what there is against each object; objects for which that has changed are reported again. */
  #readRefusals(): void {
    const refusals = this.#table.refusals();
    if (refusals === this.#refusals) return;
    const before = this.#refused;
    this.#refusals = refusals;
    this.#refused = refusalByObject(refusals);
    for (const name of new Set([...before.keys(), ...this.#refused.keys()])) {
      if (isDeepStrictEqual(before.get(name), this.#refused.get(name))) continue;
      const named = namedObject(name);
      if (named !== undefined && this.#view.world.revision(named.kind, named.ref) !== undefined)
        this.#object(named.kind, named.ref);
      if (this.#objects.has(name)) this.#dirty.add(name);
    }
  }

  #object(kind: Kind, ref: Ref): Watched {
    const name = objectName(kind, ref);
    let object = this.#objects.get(name);
    if (object === undefined)
      this.#objects.set(name, (object = { kind, ref, concerned: false, verdict: undefined, round: Infinity }));
    return object;
  }

  #touch(object: Watched): void {
    object.round = Infinity; // until the round that brings the change to the table is closed
    this.#touched.add(object);
    this.#dirty.add(objectName(object.kind, object.ref));
  }
}
