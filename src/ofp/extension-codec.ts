// OFPT_EXPERIMENTER: ONF bundles and monitor messages, Nicira's packet_in2 and its small messages, the rest as bytes.
import { experimenterId } from './constants.js';
import type { BundleControl, ExtensionMessage, NxPacketIn2 } from './extension-types.js';
import { readOxms, writeOxms } from './match-codec.js';
import { numberIn, type MessageOf } from './message-codec.js';
import type { Message } from './messages.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Every message that travels as an experimenter's. */
export type ExperimenterMessage = ExtensionMessage | MessageOf<'bundle_add'> | MessageOf<'experimenter'>;

/** How a whole message within a message is written and read: the codec itself, handed down. */
export interface InnerMessage {
  readonly write: (w: Writer, message: Message, xid: number) => void;
  readonly read: (frame: Uint8Array) => { readonly xid: number; readonly message: Message };
}

interface Row<M> {
  readonly experimenter: number;
  readonly expType: number;
  readonly write: (w: Writer, message: M, xid: number, inner: InnerMessage) => void;
  readonly read: (r: Reader, xid: number, inner: InnerMessage | undefined) => M | undefined;
}
type Known = Exclude<ExperimenterMessage, { type: 'experimenter' }>;

const controls: readonly BundleControl[] = [
  'open_request',
  'open_reply',
  'close_request',
  'close_reply',
  'commit_request',
  'commit_reply',
  'discard_request',
  'discard_reply',
];

const { onf, nicira } = experimenterId;

const bundleControl: Row<MessageOf<'bundle_control'>> = {
  experimenter: onf,
  expType: 2300,
  write(w, message) {
    w.u32(message.bundleId);
    w.u16(numberIn(controls, message.ctrl));
    w.u16(message.flags);
    if (message.properties) w.bytes(message.properties);
  },
  read(r) {
    const [bundleId, ctrl, flags] = [r.u32(), controls[r.u16()], r.u16()];
    if (!ctrl) return undefined;
    return { type: 'bundle_control', bundleId, ctrl, flags, ...(r.remaining > 0 && { properties: r.rest() }) };
  },
};

const bundleAdd: Row<MessageOf<'bundle_add'>> = {
  experimenter: onf,
  expType: 2301,
  write(w, message, xid, inner) {
    w.u32(message.bundleId);
    w.zeros(2);
    w.u16(message.flags);
    inner.write(w, message.message, message.innerXid ?? xid);
  },
  read(r, xid, inner) {
    if (!inner) return undefined;
    const bundleId = r.u32();
    r.skip(2);
    const flags = r.u16();
    const size = r.peek16(2);
    const { xid: innerXid, message } = inner.read(r.bytes(size));
    return { type: 'bundle_add', bundleId, flags, message, ...(innerXid !== xid && { innerXid }) };
  },
};

const cancel = <T extends 'flow_monitor_cancel' | 'nx_flow_monitor_cancel'>(
  experimenter: number,
  expType: number,
  type: T,
): Row<{ readonly type: T; readonly monitorId: number }> => ({
  experimenter,
  expType,
  write: (w, { monitorId }) => {
    w.u32(monitorId);
  },
  read: (r) => ({ type, monitorId: r.u32() }),
});

const notice = <T extends string>(experimenter: number, expType: number, type: T): Row<{ readonly type: T }> => ({
  experimenter,
  expType,
  write: () => undefined,
  read: () => ({ type }),
});

const setControllerId: Row<MessageOf<'nx_set_controller_id'>> = {
  experimenter: nicira,
  expType: 20,
  write(w, { controllerId }) {
    w.zeros(6);
    w.u16(controllerId);
  },
  read(r) {
    r.skip(6);
    return { type: 'nx_set_controller_id', controllerId: r.u16() };
  },
};

const setPacketInFormat: Row<MessageOf<'nx_set_packet_in_format'>> = {
  experimenter: nicira,
  expType: 16,
  write: (w, { format }) => {
    w.u32(format);
  },
  read: (r) => ({ type: 'nx_set_packet_in_format', format: r.u32() }),
};

const ctFlushZone: Row<MessageOf<'nx_ct_flush_zone'>> = {
  experimenter: nicira,
  expType: 29,
  write(w, { zone }) {
    w.zeros(6);
    w.u16(zone);
  },
  read(r) {
    r.skip(6);
    return { type: 'nx_ct_flush_zone', zone: r.u16() };
  },
};

const property = {
  packet: 0,
  fullLength: 1,
  bufferId: 2,
  table: 3,
  cookie: 4,
  reason: 5,
  match: 6,
  userdata: 7,
  continuation: 8,
} as const;

function writeProperty(w: Writer, type: number, write: () => void): void {
  const start = w.size;
  w.u16(type);
  w.u16(0);
  write();
  w.patchSize(start);
  w.pad(start);
}

function writePacketIn2(w: Writer, message: NxPacketIn2): void {
  const { packet, fullLength, bufferId, table, cookie, reason, match, userdata, continuation } = message;
  const put = <T>(type: number, value: T | undefined, write: (value: T) => void) => {
    if (value !== undefined) {
      writeProperty(w, type, () => {
        write(value);
      });
    }
  };
  const bytes = (value: Uint8Array) => {
    w.bytes(value);
  };
  put(property.packet, packet, bytes);
  put(property.fullLength, fullLength, (value) => {
    w.u32(value);
  });
  put(property.bufferId, bufferId, (value) => {
    w.u32(value);
  });
  put(property.table, table, (value) => {
    w.u8(value);
  });
  put(property.cookie, cookie, (value) => {
    w.zeros(4);
    w.u64(value);
  });
  put(property.reason, reason, (value) => {
    w.u8(value);
  });
  put(property.match, match, (value) => {
    writeOxms(w, value);
  });
  // Open vSwitch's order: not that of the numbers.
  put(property.continuation, continuation, bytes);
  put(property.userdata, userdata, bytes);
  for (const { type, bytes: value } of message.unknown ?? []) put(type, value, bytes);
}

function readPacketIn2Property(r: Reader, type: number): Partial<NxPacketIn2> | undefined {
  switch (type) {
    case property.packet:
      return { packet: r.rest() };
    case property.fullLength:
      return { fullLength: r.u32() };
    case property.bufferId:
      return { bufferId: r.u32() };
    case property.table:
      return { table: r.u8() };
    case property.cookie:
      r.skip(4);
      return { cookie: r.u64() };
    case property.reason:
      return { reason: r.u8() };
    case property.match:
      return { match: readOxms(r) };
    case property.userdata:
      return { userdata: r.rest() };
    case property.continuation:
      return { continuation: r.rest() };
    default:
      return undefined;
  }
}

function readPacketIn2<T extends NxPacketIn2['type']>(r: Reader, type: T): NxPacketIn2 & { readonly type: T } {
  let properties: Partial<NxPacketIn2> = {};
  const unknown: { type: number; bytes: Uint8Array }[] = [];
  while (r.remaining > 0) {
    const size = r.peek16(2);
    if (size < 4) throw r.error(`property length ${size}`);
    const body = r.sub(size, 'packet_in2 property');
    const number = body.u16();
    body.skip(2);
    const read = readPacketIn2Property(body, number);
    if (read) properties = { ...properties, ...read };
    else unknown.push({ type: number, bytes: body.rest() });
    r.skip(Math.min(r.remaining, -size & 7));
  }
  return { ...properties, type, ...(unknown.length > 0 && { unknown }) };
}

const packetIn2 = <T extends NxPacketIn2['type']>(expType: number, type: T): Row<NxPacketIn2 & { type: T }> => ({
  experimenter: nicira,
  expType,
  write: writePacketIn2,
  read: (r) => readPacketIn2(r, type),
});

interface AnyRow {
  readonly experimenter: number;
  readonly expType: number;
  readonly write: (w: Writer, message: never, xid: number, inner: InnerMessage) => void;
  readonly read: (r: Reader, xid: number, inner: InnerMessage | undefined) => ExperimenterMessage | undefined;
}

const rows: Readonly<Record<Known['type'], AnyRow>> = {
  bundle_control: bundleControl,
  bundle_add: bundleAdd,
  flow_monitor_cancel: cancel(onf, 1870, 'flow_monitor_cancel'),
  flow_monitor_paused: notice(onf, 1871, 'flow_monitor_paused'),
  flow_monitor_resumed: notice(onf, 1872, 'flow_monitor_resumed'),
  nx_flow_monitor_cancel: cancel(nicira, 21, 'nx_flow_monitor_cancel'),
  nx_flow_monitor_paused: notice(nicira, 22, 'nx_flow_monitor_paused'),
  nx_flow_monitor_resumed: notice(nicira, 23, 'nx_flow_monitor_resumed'),
  nx_set_controller_id: setControllerId,
  nx_set_packet_in_format: setPacketInFormat,
  nx_ct_flush_zone: ctFlushZone,
  nx_packet_in2: packetIn2(30, 'nx_packet_in2'),
  nx_resume: packetIn2(28, 'nx_resume'),
};

/** The type of an experimenter's message that this codec knows. */
export function extensionTypeOf(experimenter: number, expType: number): Known['type'] | undefined {
  const found = Object.entries(rows).find(([, row]) => row.experimenter === experimenter && row.expType === expType);
  // Object.entries forgets the key type of a constant table.
  return found?.[0] as Known['type'] | undefined;
}

/** Writes the body of an experimenter's message. */
export function writeExperimenter(w: Writer, message: ExperimenterMessage, xid: number, inner: InnerMessage): void {
  if (message.type === 'experimenter') {
    w.u32(message.experimenter);
    w.u32(message.expType);
    w.bytes(message.data);
    return;
  }
  const row = rows[message.type];
  w.u32(row.experimenter);
  w.u32(row.expType);
  // The row is that of the message's own type.
  row.write(w, message as never, xid, inner);
}

/** Reads the body of an experimenter's message; one unknown here comes back as bytes. Without `inner`, no message may hold another. */
export function readExperimenter(r: Reader, xid: number, inner?: InnerMessage): ExperimenterMessage | undefined {
  const [experimenter, expType] = [r.u32(), r.u32()];
  const row = Object.values(rows).find((known) => known.experimenter === experimenter && known.expType === expType);
  return row ? row.read(r, xid, inner) : { type: 'experimenter', experimenter, expType, data: r.rest() };
}
