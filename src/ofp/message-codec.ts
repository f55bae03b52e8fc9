// What a message's codec is: how its body, the bytes after the header, is written and read.
import type { Message } from './messages.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** The message of one type. */
export type MessageOf<Type extends Message['type']> = Extract<Message, { type: Type }>;

/** Writes and reads bodies. A reader that meets a value outside the protocol's lists gives undefined: the message stays bytes. */
export interface BodyCodec<M> {
  readonly number: number;
  readonly write: (w: Writer, message: M) => void;
  readonly read: (r: Reader) => M | undefined;
}

const nothing = () => undefined;

/** The codec of a message without a body. */
export const bare = <T extends string>(number: number, type: T): BodyCodec<{ readonly type: T }> => ({
  number,
  write: nothing,
  read: () => ({ type }),
});

/** The place of a name in a list of names whose index is the number on the wire. */
export const numberIn = <Name extends string>(names: readonly Name[], name: Name) => names.indexOf(name);
