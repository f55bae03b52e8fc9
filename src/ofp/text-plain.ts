// Messages for which ovs-ofctl's own text takes several lines, or is none: one line of `name=value`.
import { noBuffer } from './constants.js';
import { hexOf } from './decode-error.js';
import { formatActions, formatInstructions, reasonNames } from './text-actions.js';
import { formatMatch } from './text-match.js';
import { formatMac, formatPort } from './text-values.js';
import type { Action, Instruction } from './action-types.js';
import type { Match } from './match.js';

const shownBytes = 64;
const inHex = new Set([
  ...['cookie', 'datapathId', 'flags', 'capabilities', 'config', 'mask', 'state', 'curr', 'advertised', 'advertise'],
  ...['supported', 'peer', 'experimenter', 'types', 'bandTypes', 'metadataMatch', 'metadataWrite', 'format'],
]);
const inPorts = new Set(['port', 'portNo', 'inPort', 'outPort', 'watchPort']);

const bytesText = (bytes: Uint8Array) =>
  bytes.length > shownBytes
    ? `${hexOf(bytes.subarray(0, shownBytes))}… (${bytes.length} bytes)`
    : hexOf(bytes) || 'none';

function numberText(name: string, value: number | bigint): string {
  if (name === 'hwAddr') return formatMac(Number(value));
  if (name === 'bufferId' && value === noBuffer) return 'none';
  if (inPorts.has(name)) return formatPort(Number(value));
  return inHex.has(name) ? `0x${value.toString(16)}` : value.toString();
}

function valueText(name: string, value: unknown): string {
  // These names have these types in every message.
  if (name === 'match') return `{${formatMatch(value as Match)}}`;
  if (name === 'actions' && isListOfObjects(value)) return `{${formatActions(value as readonly Action[])}}`;
  if (name === 'instructions') return `{${formatInstructions(value as readonly Instruction[])}}`;
  if (value instanceof Uint8Array) return bytesText(value);
  if (Array.isArray(value)) return `[${value.map((entry) => valueText(name, entry)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${formatPlain(value)}}`;
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(name, value);
  return typeof value === 'string' && name !== 'type' && /[^\w.]|^$/.test(value)
    ? JSON.stringify(value)
    : String(value);
}

const isListOfObjects = (value: unknown) => Array.isArray(value) && value.every((entry) => typeof entry === 'object');

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The members of a value, each as `name=value`, without those named in `hidden`. */
export const formatPlain = (value: object, hidden: readonly string[] = []): string =>
  Object.entries(value)
    .filter(([name, member]) => member !== undefined && !hidden.includes(name))
    .map(([name, member]) => `${snakeCase(name)}=${valueText(name, member)}`)
    .join(' ');

const flowRemovedReasons = ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction'];

/** Why a packet came up or a flow went away, by name where the number has one. */
export const formatReason = (type: 'packet_in' | 'flow_removed', reason: number): string =>
  (type === 'packet_in' ? reasonNames : flowRemovedReasons)[reason] ?? reason.toString();
