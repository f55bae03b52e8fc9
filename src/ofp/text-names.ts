// The names by which ovs-ofctl calls messages.
import { messageTypeOf } from './codec.js';
import { headerSize } from './constants.js';
import { extensionTypeOf } from './extension-codec.js';
import type { Message } from './messages.js';
import { multipartKindOf } from './multipart-codec.js';

type Kind = (Message & { type: 'multipart_request' | 'multipart_reply' })['kind'];

const extensionNames: Partial<Record<Message['type'], string>> = {
  bundle_add: 'ONFT_BUNDLE_ADD_MESSAGE',
  bundle_control: 'ONFT_BUNDLE_CONTROL',
  flow_monitor_cancel: 'ONFT_FLOW_MONITOR_CANCEL',
  flow_monitor_paused: 'ONFT_FLOW_MONITOR_PAUSED',
  flow_monitor_resumed: 'ONFT_FLOW_MONITOR_RESUMED',
};

function typeName(type: Message['type']): string {
  const name = type.toUpperCase();
  return extensionNames[type] ?? (name.startsWith('NX_') ? `NXT_${name.slice(3)}` : `OFPT_${name}`);
}

const kindNames: Partial<Record<Kind, string>> = {
  port_stats: 'OFPST_PORT',
  flow_monitor: 'ONFST_FLOW_MONITOR',
  nx_flow_monitor: 'NXST_FLOW_MONITOR',
};

const kindName = (kind: Kind, side: 'request' | 'reply') =>
  `${kindNames[kind] ?? `OFPST_${kind.toUpperCase()}`} ${side}`;

/** The name of a message, of an unknown one with its number. */
export function messageName(message: Message): string {
  switch (message.type) {
    case 'multipart_request':
    case 'multipart_reply':
      return kindName(message.kind, message.type === 'multipart_request' ? 'request' : 'reply');
    case 'unknown':
      return `OFPT_UNKNOWN ${message.messageType}`;
    default:
      return typeName(message.type);
  }
}

const multipartHeadSize = 16;
const experimenterNumber = 4;

/** The name of a message of which only the beginning is there; undefined if that does not say. */
export function frameName(frame: Uint8Array): string | undefined {
  if (frame.length < headerSize) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const id = (at: number) =>
    frame.length < at + 8 ? undefined : ([view.getUint32(at), view.getUint32(at + 4)] as const);
  if (view.getUint8(1) === experimenterNumber) {
    const known = id(headerSize);
    const type = known && extensionTypeOf(...known);
    return type && typeName(type);
  }
  const type = messageTypeOf(view.getUint8(1));
  if (type !== 'multipart_request' && type !== 'multipart_reply') return type && typeName(type);
  if (frame.length < multipartHeadSize) return undefined;
  const kind = multipartKindOf(view.getUint16(headerSize), id(multipartHeadSize));
  return kind && kindName(kind, type === 'multipart_request' ? 'request' : 'reply');
}
