// Whole messages: the header, the type, the body.
import { headerSize, openFlow13 } from './constants.js';
import { DecodeError } from './decode-error.js';
import { readExperimenter, writeExperimenter, type InnerMessage } from './extension-codec.js';
import { flowModCodec, flowRemovedCodec } from './flow-codec.js';
import { groupModCodec } from './group-codec.js';
import type { BodyCodec, MessageOf } from './message-codec.js';
import type { Message } from './messages.js';
import * as meter from './meter-codec.js';
import { multipartReply, multipartRequest } from './multipart-codec.js';
import { packetInCodec, packetOutCodec } from './packet-codec.js';
import * as port from './port-codec.js';
import { Reader } from './reader.js';
import * as session from './session-codec.js';
import { type Writer, written } from './writer.js';

type Experimenters = Extract<Parameters<typeof writeExperimenter>[1], Message>;
type PlainType = Exclude<Message, Experimenters | { type: 'unknown' }>['type'];

const codecs: { readonly [T in PlainType]: BodyCodec<MessageOf<T>> } = {
  hello: session.hello,
  error: session.error,
  echo_request: session.echoRequest,
  echo_reply: session.echoReply,
  features_request: session.featuresRequest,
  features_reply: session.featuresReply,
  get_config_request: session.getConfigRequest,
  get_config_reply: session.getConfigReply,
  set_config: session.setConfig,
  packet_in: packetInCodec,
  flow_removed: flowRemovedCodec,
  port_status: port.portStatus,
  packet_out: packetOutCodec,
  flow_mod: flowModCodec,
  group_mod: groupModCodec,
  port_mod: port.portMod,
  table_mod: port.tableMod,
  multipart_request: multipartRequest,
  multipart_reply: multipartReply,
  barrier_request: session.barrierRequest,
  barrier_reply: session.barrierReply,
  queue_get_config_request: meter.queueGetConfigRequest,
  queue_get_config_reply: meter.queueGetConfigReply,
  role_request: session.roleRequest,
  role_reply: session.roleReply,
  get_async_request: session.getAsyncRequest,
  get_async_reply: session.getAsyncReply,
  set_async: session.setAsync,
  meter_mod: meter.meterMod,
};

interface AnyCodec {
  readonly number: number;
  readonly write: (w: Writer, message: never) => void;
  readonly read: (r: Reader) => Message | undefined;
}
const typeByNumber: ReadonlyMap<number, PlainType> = new Map(
  // Object.entries forgets the key type of a constant table.
  Object.entries(codecs).map(([type, { number }]) => [number, type as PlainType]),
);
/** The type of message that a number in the header stands for; undefined for an experimenter's and unknown ones. */
export const messageTypeOf = (number: number): PlainType | undefined => typeByNumber.get(number);

const byType: ReadonlyMap<string, AnyCodec> = new Map(Object.entries(codecs));
const byNumber: ReadonlyMap<number, AnyCodec> = new Map(
  Object.values<AnyCodec>(codecs).map((codec) => [codec.number, codec]),
);
const experimenterNumber = 4;
const helloNumber = 0;
const errorNumber = 1;

/** The first eight bytes of a message. */
export interface RawHeader {
  readonly version: number;
  /** OFPT_ number. */
  readonly type: number;
  /** Bytes of the whole message. */
  readonly length: number;
  readonly xid: number;
}

/** Reads a header, of any version and type. Throws DecodeError on fewer than eight bytes. */
export const headerOf = (frame: Uint8Array): RawHeader => readHeader(new Reader(frame, 'header'));

const readHeader = (r: Reader): RawHeader => ({ version: r.u8(), type: r.u8(), length: r.u16(), xid: r.u32() });

// A message within a message holds no third one: how deep a peer can send us is bounded.
const inner: InnerMessage = { write: encodeInto, read: (frame) => decodeWith(frame) };

function writeHeader(w: Writer, type: number, xid: number): void {
  w.u32Pair((openFlow13 << 24) | (type << 16), xid); // the length follows
}

function writeFrom(w: Writer, message: Message, xid: number): void {
  const codec = byType.get(message.type);
  if (codec) {
    writeHeader(w, codec.number, xid);
    // The codec is that of the message's own type.
    codec.write(w, message as never);
  } else if (message.type === 'unknown') {
    writeHeader(w, message.messageType, xid);
    w.bytes(message.body);
  } else {
    writeHeader(w, experimenterNumber, xid);
    // Every message that has no codec of its own is an experimenter's.
    writeExperimenter(w, message as Experimenters, xid, inner);
  }
}

/** Writes a message behind what the writer holds, for many messages in one write. Throws EncodeError, and then nothing is written. */
export function encodeInto(w: Writer, message: Message, xid: number): void {
  const start = w.size;
  try {
    writeFrom(w, message, xid);
    w.patchSize(start);
  } catch (error) {
    w.reset(start);
    throw error;
  }
}

/** The bytes of a message. Throws EncodeError on a value that its field cannot hold. */
export function encode(message: Message, xid: number): Uint8Array {
  return written((w) => {
    encodeInto(w, message, xid);
  });
}

function readBody(r: Reader, header: RawHeader, within?: InnerMessage): Message | undefined {
  if (header.type === helloNumber) return session.readHello(r, header.version);
  if (header.type === experimenterNumber) return readExperimenter(r, header.xid, within);
  return byNumber.get(header.type)?.read(r);
}

/**
 * Decodes one whole message, as the framer gives it. Takes everything whose lengths nest; what it does not know it keeps
 * as bytes. Only hello and error may be of another version. Byte fields are views of the frame. Throws DecodeError.
 */
export const decode = (frame: Uint8Array): Decoded => decodeWith(frame, inner);

/** How errors call a message, by its type. */
const messageNames = Array.from({ length: 256 }, (_, type) => `message of type ${type}`);

interface Decoded {
  readonly xid: number;
  readonly message: Message;
}

function decodeWith(frame: Uint8Array, within?: InnerMessage): Decoded {
  const r = new Reader(frame, messageNames[frame[1] ?? 0] ?? '');
  const header = readHeader(r);
  const { type, version, length, xid } = header;
  if (length !== frame.length) throw new DecodeError(`message length ${length} of ${frame.length} bytes`, 2, frame);
  if (version !== openFlow13 && type !== helloNumber && type !== errorNumber)
    throw new DecodeError(`version ${version}`, 0, frame);
  const message = readBody(r, header, within);
  return { xid, message: message ?? { type: 'unknown', messageType: type, body: frame.subarray(headerSize) } };
}
