// A wanted flow or group in the form in which it is compared with a switch: identity, content hash, and the bytes that install it.
import {
  decode,
  encode,
  type FlowMod,
  formatFlow,
  formatGroup,
  formatMatch,
  type Message,
  noBuffer,
  reservedGroup,
  reservedPort,
  Template,
  validate,
} from '../ofp/index.js';
import type { Flow, Group, Shape, ShapedFlow } from './wanted.js';

/** A flow or group ready to be compared and sent. */
export interface Item {
  /** The name of the app that wants it. */
  readonly app: string;
  /** Two items with one identity are one flow (table, priority, match) or one group (id). */
  readonly identity: string;
  /** 40 bits over identity and content; equal hashes mean equal items. */
  readonly hash: number;
  /** The FLOW_MOD or GROUP_MOD that installs it, with xid 0. */
  readonly frame: Uint8Array;
  /** Why every switch would refuse it; undefined if it would not: what is wrong is never sent. */
  readonly wrong: string | undefined;
}

/** An app as the things that it wants carry it: its name, and the number in the cookies of its flows. */
export interface Author {
  readonly id: number;
  readonly name: string;
}

/** The upper 16 bits of the cookies of all our flows. */
export const cookieTag = 0xd5f1;
/** The app byte of flows that the switch learned by itself: never compared, never removed. */
export const learnedApp = 0xff;
/** The upper 4 bits of our group ids. */
export const groupTag = 0xd;

/** What a cookie of ours says; undefined for a foreign one. */
export function readCookie(cookie: bigint): { readonly app: number; readonly hash: number } | undefined {
  if (cookie >> 48n !== BigInt(cookieTag)) return undefined;
  return { app: Number((cookie >> 40n) & 0xffn), hash: Number(cookie & 0xff_ffff_ffffn) };
}

/** What stands before the match of a flow's identity: a letter, table and priority. */
const placeSize = 4;

/** Where identities are put together: the longest match has 64 KiB. */
const desk = Buffer.alloc(placeSize + 0x10000, 'f');

/** The identity of a flow by the bytes of its match. */
export function flowIdentity(table: number, priority: number, match: Uint8Array): string {
  desk[1] = table;
  desk[2] = priority >> 8;
  desk[3] = priority;
  desk.set(match, placeSize);
  return desk.toString('latin1', 0, placeSize + match.length); // in one piece, as a Map wants its keys
}

/** The identity of a group. */
export const groupIdentity = (groupId: number): string => `g${groupId}`;

/** A group by its identity, as ovs-ofctl writes its id. */
export const groupText = (identity: string): string => `group_id=${identity.slice(1)}`;

/** The place of a flow among others, as ovs-ofctl writes it: table, priority, match; of a group its id. */
export function placeText(frame: Uint8Array): string {
  const { message } = decode(frame);
  if (message.type === 'group_mod') return `group_id=${message.groupId}`;
  if (message.type !== 'flow_mod') throw new Error(`a ${message.type} is neither a flow nor a group`);
  const match = formatMatch(message.match);
  return `table=${message.table},priority=${message.priority}${match === '' ? '' : `,${match}`}`;
}

/** A FLOW_MOD as one line of a dump of ovs-ofctl, a GROUP_MOD as one line of a group dump. */
export function frameText(frame: Uint8Array): string {
  const { message } = decode(frame);
  if (message.type === 'flow_mod') return formatFlow(message).trim();
  if (message.type === 'group_mod') return formatGroup(message).trim();
  throw new Error(`a ${message.type} is neither a flow nor a group`);
}

/** Whether an identity is a flow's. */
export const isFlow = (identity: string): boolean => identity.startsWith('f');

/** The table of a flow's identity. */
export const tableOf = (identity: string): number => identity.charCodeAt(1);

/** The hash that a flow's cookie carries. */
export const flowHash = (identity: string, instructions: Uint8Array): number => hash40(identity, instructions);

/** The hash of a group's content as GROUP_DESC tells it. */
export const groupHash = (identity: string, type: string, buckets: Uint8Array): number =>
  hash40(`${identity} ${type}`, buckets);

/**
 * Of each shape that was found to be right, the message to copy: most flows come from a dozen shapes, and to make, check and encode
 * each of them would be most of our work. The numbers of a flow name ports and addresses; none makes a right shape wrong.
 */
const templates = new Map<Shape, Template>();

/** A wanted flow as an item; the app's number goes into its cookie. Encoded once: identity and hash are read from the bytes. */
export function flowItem(app: Author, flow: Flow | ShapedFlow): Item {
  if (!('shape' in flow)) return plainItem(app, flow);
  const { shape, numbers } = flow;
  const template = templates.get(shape);
  if (template !== undefined) return itemOf(app, template.message(0, numbers), undefined);
  const item = plainItem(app, shape.make(...numbers));
  if (item.wrong === undefined)
    templates.set(shape, new Template(shape.bits, (...open) => flowMod('add', shape.make(...open))));
  return item;
}

function plainItem(app: Author, flow: Flow): Item {
  const message = flowMod('add', flow);
  return itemOf(app, encode(message, 0), wrongWith(message));
}

/** The item of an encoded FLOW_MOD, which gets its cookie. */
function itemOf({ id, name: app }: Author, frame: Uint8Array, wrong: string | undefined): Item {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const matchEnd = flowModHeadSize + Math.ceil(view.getUint16(flowModHeadSize + 2) / 8) * 8;
  const [table, priority] = [view.getUint8(tableOffset), view.getUint16(priorityOffset)];
  const identity = flowIdentity(table, priority, frame.subarray(flowModHeadSize, matchEnd));
  const hash = flowHash(identity, frame.subarray(matchEnd));
  view.setUint32(cookieOffset, ((cookieTag << 16) | (id << 8) | Math.floor(hash / 2 ** 32)) >>> 0);
  view.setUint32(cookieOffset + 4, hash % 2 ** 32);
  return { app, identity, hash, frame, wrong };
}

/** A wanted group as an item. */
export function groupItem({ name: app }: Author, group: Group): Item {
  const identity = groupIdentity(group.groupId);
  const { groupId, type: groupType, buckets } = group;
  const message = { type: 'group_mod', command: 'add_or_modify', groupType, groupId, buckets } as const;
  const frame = encode(message, 0);
  const hash = groupHash(identity, groupType, frame.subarray(groupModHeadSize));
  return { app, identity, hash, frame, wrong: wrongWith(message) };
}

/** Looks at each message of which no shape was declared: to tell its shape would take as long. */
function wrongWith(message: Message): string | undefined {
  const refusal = validate(message);
  return refusal && `${refusal.error}: ${refusal.why}`;
}

/** The message that removes what has an identity: a strict FLOW_MOD delete, or a GROUP_MOD delete; xid 0. */
export function removal(identity: string): Uint8Array {
  if (!isFlow(identity))
    return encode(
      { type: 'group_mod', command: 'delete', groupType: 'all', groupId: Number(identity.slice(1)), buckets: [] },
      0,
    );
  const frame = new Uint8Array(flowModHeadSize + identity.length - placeSize);
  frame.set(removalHead);
  for (let i = placeSize; i < identity.length; i++) frame[flowModHeadSize + i - placeSize] = identity.charCodeAt(i);
  const view = new DataView(frame.buffer);
  view.setUint16(2, frame.length);
  view.setUint8(tableOffset, tableOf(identity));
  view.setUint8(priorityOffset, identity.charCodeAt(2));
  view.setUint8(priorityOffset + 1, identity.charCodeAt(3));
  return frame;
}

/** Where a FLOW_MOD has its cookie, table and priority (OpenFlow 1.3.5, 7.3.4.1). */
const cookieOffset = 8;
const tableOffset = 24;
const priorityOffset = 30;
/** Bytes before the match of a FLOW_MOD (OpenFlow 1.3.5, 7.3.4.1). */
const flowModHeadSize = 48;
/** Bytes before the buckets of a GROUP_MOD (OpenFlow 1.3.5, 7.3.4.2). */
const groupModHeadSize = 16;

/** Written out: to spread one object into another takes longer than to encode it. */
const flowMod = (command: FlowMod['command'], { table, priority, match, instructions }: Flow): FlowMod => ({
  type: 'flow_mod',
  command,
  cookie: 0n,
  cookieMask: 0n,
  table,
  priority,
  idleTimeout: 0,
  hardTimeout: 0,
  flags: 0,
  outPort: reservedPort.any,
  outGroup: reservedGroup.any,
  bufferId: noBuffer,
  match,
  instructions,
});

/** What all messages that remove a flow begin with, but for length, table and priority. */
const removalHead = encode(
  flowMod('delete_strict', { table: 0, priority: 0, match: {}, instructions: [] }),
  0,
).subarray(0, flowModHeadSize);

/** Two multiplicative hashes over the same bytes, 32 and 8 bits of which are kept. */
function hash40(identity: string, content: Uint8Array): number {
  let low = 0x9e3779b1 | 0;
  let high = 0x85ebca77 | 0;
  const { length } = identity;
  // One loop, for a closure over both numbers would make new ones of each byte.
  for (let i = 0; i < length + content.length; i++) {
    const byte = i < length ? identity.charCodeAt(i) : (content[i - length] ?? 0);
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte ^ (low >>> 13), 0x5bd1e995);
  }
  low ^= high >>> 15;
  low = Math.imul(low ^ (low >>> 16), 0x2c1b3c6d);
  high = Math.imul(high ^ (high >>> 15), 0x297a2d39);
  return ((high >>> 24) & 0xff) * 2 ** 32 + (low >>> 0);
}
