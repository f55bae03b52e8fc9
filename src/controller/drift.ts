// What others do to the flows of one switch: heard from its flow monitor, told to the table, counted and logged. The table's
// ordinary difference then puts it right.
import type { Logger } from 'pino';
import { seenFlow } from '../flow/dumped.js';
import { groupText } from '../flow/item.js';
import { foreign, tampered } from '../flow/row.js';
import type { FlowTable } from '../flow/table.js';
import { encodeInstructions, encodeMatch, formatFlow } from '../ofp/index.js';
import type { FlowChange } from '../switch/flow-watch.js';
import { Repeats } from './repeats.js';

/** What is heard is told to the table at most so often, in milliseconds: who deletes a flow again and again sees it back ten times a second. */
const restMs = 100;
/** Lines logged each time; what is more is counted. */
const linesLength = 10;
/** OFPRR_GROUP_DELETE: the flow went with its group. */
const groupDeleted = 3;

interface Heard {
  content: number | undefined;
  readonly change: FlowChange;
}

/** The drift of one chassis. Time is given by the caller. */
export class Drift {
  readonly #table: FlowTable;
  readonly #log: Logger;
  /** What was heard and not yet told, by identity: the newest counts. */
  readonly #heard = new Map<string, Heard>();
  readonly #repeats = new Repeats();
  #toldMs = -Infinity;
  /** Flows and groups of ours that others changed since the process started. */
  count = 0;
  /** Flows went with their groups, of which nothing is told: the groups have to be read before anything is put back. */
  hasLostGroups = false;

  constructor(table: FlowTable, log: Logger) {
    this.#table = table;
    this.#log = log;
  }

  /** When there is something to tell; Infinity: nothing. */
  get dueMs(): number {
    return this.#heard.size === 0 ? Infinity : this.#toldMs + restMs;
  }

  /** The switch says what others have changed. */
  hear(changes: readonly FlowChange[]): void {
    for (const change of changes) {
      const match = encodeMatch(change.match);
      const { identity, content } = seenFlow({
        ...change,
        match,
        instructions: encodeInstructions(change.instructions),
        flags: 0, // a monitor does not tell them
      });
      this.#table.heard(identity);
      this.#heard.set(identity, { content: change.event === 'deleted' ? undefined : content, change });
      if (change.reason === groupDeleted && content !== foreign) this.hasLostGroups = true;
    }
  }

  /** These were changed by us, before or after what was heard of them: whatever is there now, it has to be set or removed again. */
  crossed(identities: Iterable<string>): void {
    if (this.#heard.size === 0) return;
    for (const identity of identities) {
      const heard = this.#heard.get(identity);
      if (heard !== undefined && heard.content !== foreign) heard.content = tampered;
    }
  }

  /** Forgets what was heard: the switch is read anew, or is another. */
  forget(): void {
    this.#heard.clear();
    this.hasLostGroups = false;
  }

  /** Tells the table; true if any of it was news. */
  tell(nowMs: number): boolean {
    if (this.#heard.size === 0) return false;
    let isNews = false;
    const repaired: FlowChange[] = [];
    for (const [identity, { content, change }] of this.#heard) {
      const observed = this.#table.observed(identity, content);
      if (observed !== 'known') isNews = true;
      if (observed === 'due') repaired.push(change);
    }
    this.#heard.clear();
    this.#toldMs = nowMs;
    this.#say(repaired, (change) => ({ event: change.event, flow: formatFlow(change) }), nowMs);
    return isNews;
  }

  /** The switch was asked for its groups: others have changed these, and left this (nothing, if undefined). */
  groups(changed: ReadonlyMap<string, unknown>, nowMs: number): void {
    const line = ([identity, content]: readonly [string, unknown]) => ({
      event: content === undefined ? 'deleted' : 'modified',
      group: groupText(identity),
    });
    this.#say([...changed], line, nowMs);
  }

  /** A dump showed that others have changed so many flows and groups. */
  dumped(length: number): void {
    if (length === 0) return;
    this.count += length;
    this.#log.warn({ flows: length }, 'somebody else changed flows of ours; putting them back');
  }

  #say<Thing>(things: readonly Thing[], line: (thing: Thing) => object, nowMs: number): void {
    this.count += things.length;
    for (const fields of things.slice(0, linesLength).map(line)) {
      const repeated = this.#repeats.say(Object.values(fields).join(' '), nowMs);
      if (repeated === undefined) continue;
      const more = repeated === 0 ? {} : { repeated };
      this.#log.warn({ ...fields, ...more }, 'somebody else changed what is ours; putting it right');
    }
    const unsaid = things.length - linesLength;
    if (unsaid > 0) this.#log.warn({ flows: unsaid }, 'somebody else changed more of ours at the same time');
  }
}
