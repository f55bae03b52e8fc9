// Messages about the connection itself: hello, error, echo, features, configuration, roles, asynchronous messages.
import { openFlow13 } from './constants.js';
import { bare, numberIn, type BodyCodec, type MessageOf } from './message-codec.js';
import type { AsyncMasks, Role } from './messages.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const versionBitmap = 1;

function writeHello(w: Writer, { versions }: MessageOf<'hello'>): void {
  const words = Math.floor(Math.max(0, ...versions) / 32) + 1;
  const bitmaps = Array.from({ length: words }, () => 0);
  for (const version of versions) {
    const word = Math.floor(version / 32);
    bitmaps[word] = ((bitmaps[word] ?? 0) | (1 << (version % 32))) >>> 0;
  }
  const start = w.size;
  w.u16(versionBitmap);
  w.u16(4 + 4 * words);
  for (const bitmap of bitmaps) w.u32(bitmap);
  w.pad(start);
}

function readVersions(r: Reader): number[] {
  const versions: number[] = [];
  for (let base = 0; r.remaining >= 4; base += 32) {
    const bitmap = r.u32();
    for (let bit = 0; bit < 32; bit++) if ((bitmap >>> bit) & 1) versions.push(base + bit);
  }
  return versions;
}

/** Reads a hello; without a bitmap it offers every version up to that of its header. */
export function readHello(r: Reader, headerVersion: number): MessageOf<'hello'> {
  let versions: number[] | undefined;
  while (r.remaining > 0) {
    const size = r.peek16(2);
    if (size < 4) throw r.error(`hello element length ${size}`);
    const element = r.sub(size, 'hello element');
    const type = element.u16();
    element.skip(2);
    if (type === versionBitmap) versions ??= readVersions(element);
    r.align();
  }
  return { type: 'hello', versions: versions ?? Array.from({ length: headerVersion }, (_, i) => i + 1) };
}

/** OFPT_HELLO. */
export const hello: BodyCodec<MessageOf<'hello'>> = {
  number: 0,
  write: writeHello,
  read: (r) => readHello(r, openFlow13),
};

const experimenterError = 0xffff;

/** OFPT_ERROR; an experimenter's has its id before the data. */
export const error: BodyCodec<MessageOf<'error'>> = {
  number: 1,
  write(w, message) {
    w.u16(message.errorType);
    w.u16(message.code);
    if (message.experimenter !== undefined) w.u32(message.experimenter);
    w.bytes(message.data);
  },
  read(r) {
    const errorType = r.u16();
    const code = r.u16();
    if (errorType !== experimenterError) return { type: 'error', errorType, code, data: r.rest() };
    return { type: 'error', errorType, code, experimenter: r.u32(), data: r.rest() };
  },
};

const echo = <T extends 'echo_request' | 'echo_reply'>(
  number: number,
  type: T,
): BodyCodec<{ readonly type: T; readonly data: Uint8Array }> => ({
  number,
  write: (w, { data }) => {
    w.bytes(data);
  },
  read: (r) => ({ type, data: r.rest() }),
});

/** OFPT_ECHO_REQUEST. */
export const echoRequest = echo(2, 'echo_request');
/** OFPT_ECHO_REPLY. */
export const echoReply = echo(3, 'echo_reply');

/** OFPT_FEATURES_REPLY. */
export const featuresReply: BodyCodec<MessageOf<'features_reply'>> = {
  number: 6,
  write(w, message) {
    w.u64(message.datapathId);
    w.u32(message.nBuffers);
    w.u8(message.nTables);
    w.u8(message.auxiliaryId);
    w.zeros(2);
    w.u32(message.capabilities);
    w.zeros(4);
  },
  read(r) {
    const datapathId = r.u64();
    const [nBuffers, nTables, auxiliaryId] = [r.u32(), r.u8(), r.u8()];
    r.skip(2);
    const capabilities = r.u32();
    r.skip(4);
    return { type: 'features_reply', datapathId, nBuffers, nTables, auxiliaryId, capabilities };
  },
};

const config = <T extends 'get_config_reply' | 'set_config'>(
  number: number,
  type: T,
): BodyCodec<{ readonly type: T; readonly flags: number; readonly missSendLen: number }> => ({
  number,
  write(w, message) {
    w.u16(message.flags);
    w.u16(message.missSendLen);
  },
  read: (r) => ({ type, flags: r.u16(), missSendLen: r.u16() }),
});

/** OFPT_GET_CONFIG_REPLY. */
export const getConfigReply = config(8, 'get_config_reply');
/** OFPT_SET_CONFIG. */
export const setConfig = config(9, 'set_config');

const roles: readonly Role[] = ['nochange', 'equal', 'master', 'slave'];

const roleMessage = <T extends 'role_request' | 'role_reply'>(
  number: number,
  type: T,
): BodyCodec<{ readonly type: T; readonly role: Role; readonly generationId: bigint }> => ({
  number,
  write(w, message) {
    w.u32(numberIn(roles, message.role));
    w.zeros(4);
    w.u64(message.generationId);
  },
  read(r) {
    const role = roles[r.u32()];
    r.skip(4);
    return role && { type, role, generationId: r.u64() };
  },
});

/** OFPT_ROLE_REQUEST. */
export const roleRequest = roleMessage(24, 'role_request');
/** OFPT_ROLE_REPLY. */
export const roleReply = roleMessage(25, 'role_reply');

const asyncMessage = <T extends 'get_async_reply' | 'set_async'>(
  number: number,
  type: T,
): BodyCodec<{ readonly type: T; readonly masks: AsyncMasks }> => ({
  number,
  write(w, { masks }) {
    for (const mask of [...masks.packetIn, ...masks.portStatus, ...masks.flowRemoved]) w.u32(mask);
  },
  read: (r) => ({
    type,
    masks: { packetIn: [r.u32(), r.u32()], portStatus: [r.u32(), r.u32()], flowRemoved: [r.u32(), r.u32()] },
  }),
});

/** OFPT_GET_ASYNC_REPLY. */
export const getAsyncReply = asyncMessage(27, 'get_async_reply');
/** OFPT_SET_ASYNC. */
export const setAsync = asyncMessage(28, 'set_async');

/** OFPT_FEATURES_REQUEST. */
export const featuresRequest = bare(5, 'features_request');
/** OFPT_GET_CONFIG_REQUEST. */
export const getConfigRequest = bare(7, 'get_config_request');
/** OFPT_BARRIER_REQUEST. */
export const barrierRequest = bare(20, 'barrier_request');
/** OFPT_BARRIER_REPLY. */
export const barrierReply = bare(21, 'barrier_reply');
/** OFPT_GET_ASYNC_REQUEST. */
export const getAsyncRequest = bare(26, 'get_async_request');
