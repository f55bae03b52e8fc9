// What came of a write on each chassis: a pure judgement of what they say, in the lines that a person reads.
import type { Done, StatusRecord, SummaryRecord } from './statuses.js';

/** What was written, and is waited for. */
export interface Wanted {
  readonly tenant: string;
  /** The first and the last revision of this write; a chassis has answered when it has acknowledged the last. */
  readonly first: number;
  readonly last: number;
  /** By name the revision of each object that is to be there; what was deleted is not in it. */
  readonly objects: ReadonlyMap<string, number>;
  /** Objects that are switched off on purpose: DOWN is what they should be. */
  readonly off: ReadonlySet<string>;
}

/** What the chassis say of one tenant. */
export interface Said {
  readonly summaries: ReadonlyMap<string, SummaryRecord>;
  readonly statuses: readonly StatusRecord[];
  /** Chassis that were silent for their lease: nobody waits for them. */
  readonly gone: ReadonlySet<string>;
}

/** What came of it on one chassis. */
export interface Answer {
  readonly tenant: string;
  readonly chassis: string;
  /** late: it has not acknowledged the last revision; gone: it was not heard of for its lease. */
  readonly answer: 'done' | 'late' | 'gone';
  readonly acknowledged: number;
  readonly added: number;
  readonly removed: number;
  readonly tookMs: number | undefined;
  readonly objects: readonly { readonly object: string; readonly state: string; readonly reason?: string }[];
}

/** How an object is to stand, on every chassis that says anything of it. */
export interface Awaited {
  readonly object: string;
  readonly state: string;
  /** The revision that the switches must have acknowledged. */
  readonly revision: number;
}

/** What chassis that are there say of an object. */
export const saidOf = (object: string, { statuses, gone }: Pick<Said, 'statuses' | 'gone'>): StatusRecord[] =>
  statuses.filter((status) => status.object === object && !gone.has(status.chassis));

/** Whether an object stands as it is to. */
export function isReached({ object, state, revision }: Awaited, said: Pick<Said, 'statuses' | 'gone'>): boolean {
  const own = saidOf(object, said);
  return own.length > 0 && own.every((status) => status.state === state && status.revision >= revision);
}

/** The answers of all chassis that have to do with a tenant, in the order of their names. */
export function answersOf(wanted: Wanted, said: Said): Answer[] {
  const chassis = new Set([...said.summaries.keys(), ...relevant(wanted, said).map((status) => status.chassis)]);
  return [...chassis].sort().map((name) => answerOf(wanted, said, name));
}

const relevant = (wanted: Wanted, { statuses }: Said): StatusRecord[] =>
  statuses.filter(({ object, revision }) => (wanted.objects.get(object) ?? Infinity) <= revision);

function answerOf(wanted: Wanted, said: Said, chassis: string): Answer {
  const summary = said.summaries.get(chassis);
  const own = (summary?.recent ?? []).filter(({ revision }) => revision >= wanted.first);
  const sum = (of: (done: Done) => number): number => own.reduce((total, done) => total + of(done), 0);
  const acknowledged = summary?.revision ?? 0;
  const isDone = summary === undefined || acknowledged >= wanted.last;
  return {
    tenant: wanted.tenant,
    chassis,
    answer: isDone ? 'done' : said.gone.has(chassis) ? 'gone' : 'late',
    acknowledged,
    added: sum(({ added }) => added),
    removed: sum(({ removed }) => removed),
    tookMs: own.length === 0 ? undefined : Math.max(...own.map(({ tookMs }) => tookMs)),
    objects: relevant(wanted, said)
      .filter((status) => status.chassis === chassis)
      .map(({ object, state, reason }) => ({ object, state, ...(reason === undefined ? {} : { reason }) })),
  };
}

/** Whether nobody has to be waited for any more. Statuses of an older revision are about to be overtaken. */
export function isComplete(wanted: Wanted, said: Said): boolean {
  const live = [...said.summaries.values()].filter(({ chassis }) => !said.gone.has(chassis));
  return live.length > 0 && live.every(({ revision }) => revision >= wanted.last);
}

/** Whether a chassis still says something of an older revision of an object. */
export const isOvertaking = (wanted: Wanted, said: Said): boolean =>
  said.statuses.some(
    ({ object, chassis, revision }) =>
      !said.gone.has(chassis) && revision < (wanted.objects.get(object) ?? 0) && said.summaries.has(chassis),
  );

/** Whether a chassis says DOWN of an object that is not switched off: it waits for something that may be on its way. */
export const isPending = (wanted: Wanted, said: Said): boolean =>
  relevant(wanted, said).some(
    (status) => status.state === 'DOWN' && !wanted.off.has(status.object) && !said.gone.has(status.chassis),
  );

const isFine = ({ off }: Wanted, { object, state }: { object: string; state: string }): boolean =>
  state === 'ACTIVE' || (state === 'DOWN' && off.has(object));

/** Whether everything that was reported is as it should be, in time. */
export const isWell = (wanted: Wanted, answers: readonly Answer[]): boolean =>
  answers.every(({ answer, objects }) => answer !== 'late' && objects.every((status) => isFine(wanted, status)));

/** The answers as a person reads them: a line per chassis, and one per object that is not ACTIVE. */
export function answerLines(wanted: Wanted, answers: readonly Answer[], timeoutMs: number): string[] {
  if (answers.length === 0)
    return [`${wanted.first === Infinity ? 'unchanged' : 'written'}; no chassis has a port of ${wanted.tenant} yet`];
  const width = Math.max(...answers.map(({ chassis }) => chassis.length));
  return answers.flatMap((answer) => [
    `${answer.chassis.padEnd(width)}  ${verdict(wanted, answer, timeoutMs)}`,
    ...answer.objects
      .filter(({ state }) => state !== 'ACTIVE')
      .map(({ object, state, reason }) => `  ${object}: ${state}${reason === undefined ? '' : `: ${reason}`}`),
  ]);
}

function verdict(
  wanted: Wanted,
  { answer, acknowledged, added, removed, tookMs, objects }: Answer,
  timeoutMs: number,
): string {
  if (answer === 'gone') return 'is gone: it was not heard of for its lease, and is not waited for';
  if (answer === 'late')
    return `has not answered within ${timeoutMs / 1000} s: its switch has revision ${acknowledged} of ${wanted.last}`;
  const off = objects.filter((status) => status.state !== 'ACTIVE');
  const state = off.length === 0 ? 'ACTIVE' : `${off.length} of ${objects.length} not ACTIVE`;
  const took = tookMs === undefined ? '' : `, ${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms`;
  return `+${added} −${removed} flows${took}, ${state}`;
}
