// A switch as far as a flow table sees it: it keeps what it is sent and dumps what it holds. Of groups it knows what Open vSwitch
// does: it refuses a flow that uses one which is not there, and a group takes the flows that use it along when it goes.
import type { Batch, DumpedFlow, DumpedGroup } from '../../src/flow/batch.js';
import { seenFlow } from '../../src/flow/dumped.js';
import { readCookie } from '../../src/flow/item.js';
import type { Outcome, Reading } from '../../src/flow/reading.js';
import type { FlowTable } from '../../src/flow/table.js';
import { decode, type FlowMod } from '../../src/ofp/index.js';
import { atOnce } from '../../src/turns/slices.js';

/** What a flow monitor tells of a flow: what is at its identity now. */
export type Seen = ReturnType<typeof seenFlow>;

const groupsUsedBy = ({ instructions }: FlowMod): number[] =>
  instructions.flatMap((instruction) =>
    instruction.type === 'apply_actions'
      ? instruction.actions.flatMap((action) => (action.type === 'group' ? [action.groupId] : []))
      : [],
  );

/** The switch; its flows by table, priority and match. */
export class MemorySwitch {
  readonly flows = new Map<string, DumpedFlow>();
  readonly groups = new Map<number, DumpedGroup>();
  /** The groups that the flow of a key used when it was sent. */
  readonly #uses = new Map<string, readonly number[]>();
  messages = 0;

  /** Takes all of a batch but for `refused`; gives what it does not take, by index with the reason. */
  take(batch: Batch, refused: ReadonlySet<number> = new Set()): Map<number, string> {
    const reasons = new Map<number, string>();
    batch.changes.forEach(({ frame }, index) => {
      const reason = refused.has(index) ? 'no' : this.#takeOne(frame);
      if (reason !== undefined) reasons.set(index, reason);
    });
    return reasons;
  }

  /** Somebody else puts a flow there, or takes it away (undefined): what a flow monitor tells of it. */
  byAnotherHand(key: string, flow: DumpedFlow | undefined): Seen {
    const before = this.flows.get(key);
    if (flow === undefined) this.flows.delete(key);
    else this.flows.set(key, flow);
    const seen = flow ?? before;
    if (seen === undefined) throw new Error(`no flow ${key}`);
    const { identity, content } = seenFlow(seen);
    return { identity, content: flow === undefined ? undefined : content };
  }

  /** A group goes, and with it the flows that use it: what a flow monitor tells of these. */
  deleteGroup(groupId: number): Seen[] {
    this.groups.delete(groupId);
    const users = [...this.flows.keys()].filter((key) => this.#uses.get(key)?.includes(groupId) === true);
    return users.map((key) => this.byAnotherHand(key, undefined));
  }

  /** Has a table read all of it, at one moment. */
  readBy(table: FlowTable, reading: Reading): Outcome {
    for (const flow of this.flows.values()) reading.flow(flow);
    return atOnce(table.finish(reading, this.groups.values()));
  }

  /** Has a table read the groups. */
  groupsReadBy(table: FlowTable): Outcome {
    return atOnce(table.finish(table.read('groups'), this.groups.values()));
  }

  hashes(): number[] {
    return [...this.flows.values()].map(({ cookie }) => readCookie(cookie)?.hash ?? -1).sort((a, b) => a - b);
  }

  #takeOne(frame: Uint8Array): string | undefined {
    this.messages++;
    const { message } = decode(frame);
    if (message.type === 'group_mod') {
      const { command, groupId, groupType } = message;
      if (command === 'delete') this.deleteGroup(groupId);
      else this.groups.set(groupId, { groupId, type: groupType, buckets: frame.slice(16) });
      return undefined;
    }
    if (message.type !== 'flow_mod') throw new Error(message.type);
    const { table, priority, cookie, command } = message;
    const matchSize = Math.ceil(new DataView(frame.buffer, frame.byteOffset).getUint16(50) / 8) * 8;
    const match = frame.slice(48, 48 + matchSize);
    const key = `${table} ${priority} ${Buffer.from(match).toString('hex')}`;
    if (command === 'delete_strict') {
      this.flows.delete(key);
      return undefined;
    }
    const groups = groupsUsedBy(message);
    if (!groups.every((groupId) => this.groups.has(groupId))) return 'OFPBAC_BAD_OUT_GROUP';
    this.#uses.set(key, groups);
    const instructions = frame.slice(48 + matchSize);
    this.flows.set(key, { table, priority, cookie, match, instructions, idleTimeout: 0, hardTimeout: 0, flags: 0 });
    return undefined;
  }
}
