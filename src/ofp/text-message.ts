// A whole message as text: what has to do with flows, groups, errors and bundles as `ovs-ofctl ofp-print` prints it, anything else in
// one line. Further lines begin with a space, or with the name of a message within the message.
import type { Message } from './messages.js';
import {
  formatBundleAdd,
  formatBundleControl,
  formatFlowSelection,
  formatFlowStats,
  formatGroupStats,
} from './text-dump.js';
import { formatError, hexDump } from './text-error.js';
import { formatFlowMod, formatGroup } from './text-flow.js';
import { messageName } from './text-names.js';
import { formatPlain, formatReason } from './text-plain.js';
import { padded } from './text-values.js';

type Multipart = Message & { readonly type: 'multipart_request' | 'multipart_reply' };

const groupCommands = { add: 'ADD', modify: 'MOD', delete: 'DEL', add_or_modify: 'ADD_OR_MOD' } as const;
/** Messages within messages deeper than this are shown as bytes. */
const depthLimit = 4;

const lines = <T>(entries: readonly T[], format: (entry: T) => string) =>
  entries.map((entry) => `\n ${format(entry)}`).join('');

function multipartText(message: Multipart): string {
  const body = (text: string) =>
    message.more ? `flags=[more]${text === '' || text.startsWith('\n') ? '' : ' '}${text}` : text;
  if (message.type === 'multipart_request')
    return body(
      message.kind === 'flow' || message.kind === 'aggregate'
        ? formatFlowSelection(message)
        : formatPlain(message, ['type', 'kind', 'more']),
    );
  switch (message.kind) {
    case 'flow':
      return body(lines(message.entries, formatFlowStats));
    case 'group':
      return body(lines(message.entries, formatGroupStats));
    case 'group_desc':
      return body(lines(message.entries, formatGroup));
    default:
      return body(formatPlain(message, ['type', 'kind', 'more']));
  }
}

function bodyText(message: Message, depth: number): string {
  const within = (inner: Message, xid: number) =>
    depth < depthLimit ? textOf(inner, xid, depth + 1) : '(***message within messages***)';
  switch (message.type) {
    case 'flow_mod':
      return formatFlowMod(message);
    case 'group_mod':
      return `\n ${groupCommands[message.command]} ${formatGroup(message)}`;
    case 'multipart_request':
    case 'multipart_reply':
      return multipartText(message);
    case 'error':
      return formatError(message, within);
    case 'hello':
      return `\n version bitmap: ${message.versions.map((version) => padded(version, 2)).join(', ')}`;
    case 'bundle_control':
      return `\n ${formatBundleControl(message)}`;
    case 'echo_request':
    case 'echo_reply':
      return `${message.data.length} bytes of payload${message.data.length > 0 ? `\n${hexDump(message.data)}` : ''}`;
    case 'packet_in':
    case 'flow_removed':
      return formatPlain({ ...message, reason: formatReason(message.type, message.reason) }, ['type']);
    default:
      return formatPlain(message, ['type', 'messageType']);
  }
}

function textOf(message: Message, xid: number, depth: number): string {
  const head = `${messageName(message)} (OF1.3) (xid=0x${xid.toString(16)}):`;
  if (message.type === 'bundle_add')
    return `${head}\n ${formatBundleAdd(message)}\n${
      depth < depthLimit ? textOf(message.message, message.innerXid ?? xid, depth + 1) : ''
    }`;
  const body = bodyText(message, depth);
  return body === '' || body.startsWith('\n') ? head + body : `${head} ${body}`;
}

/** A message as text, without a newline at its end. */
export const formatMessage = (message: Message, xid: number): string => textOf(message, xid, 0);
