// Flows and groups as `ovs-ofctl add-flow` and `add-group` take them, and as dumps print them.
import { flowMod } from './actions.js';
import type { Bucket } from './action-types.js';
import { allTables, flowFlag, reservedGroup } from './constants.js';
import type { Match } from './match.js';
import type { FlowMod, FlowModCommand, GroupMod, GroupModCommand } from './messages.js';
import { parseActions } from './parse-actions.js';
import { SyntaxProblem } from './parse-error.js';
import { parseInstructions } from './parse-instructions.js';
import { matchOf } from './parse-match.js';
import type { ActionContext } from './parse-openflow10.js';
import { maskedOf, parseBig64, parseNumber, parsePort } from './parse-values.js';
import type { GroupType } from './resource-types.js';
import { optionsOf, wordsOf, type Word } from './text-words.js';

const flagWords: ReadonlyMap<string, number> = new Map([
  ['send_flow_rem', flowFlag.sendFlowRem],
  ['check_overlap', flowFlag.checkOverlap],
  ['reset_counts', flowFlag.resetCounts],
  ['no_packet_counts', flowFlag.noPktCounts],
  ['no_byte_counts', flowFlag.noBytCounts],
]);

// What dumps say beside the flow, and what OpenFlow 1.3 cannot carry.
const ignored = new Set(['duration', 'n_packets', 'n_bytes', 'idle_age', 'hard_age', 'importance']);
const commands: readonly FlowModCommand[] = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'];

type Settings = Partial<Omit<FlowMod, 'type' | 'match' | 'instructions'>>;

function cookieOf(text: string): Settings {
  const [value, mask] = maskedOf(text);
  return { cookie: parseBig64(value), ...(mask !== undefined && { cookieMask: parseBig64(mask) }) };
}

// What a word says beside the match; undefined for a word of the match.
function settingOf({ key, value }: Word, soFar: Settings): Settings | undefined {
  const flag = flagWords.get(key);
  if (flag !== undefined) return { flags: (soFar.flags ?? 0) | flag };
  if (ignored.has(key)) return {};
  switch (key) {
    case 'table':
      return { table: parseNumber(value, 8) };
    case 'priority':
      return { priority: parseNumber(value, 16) };
    case 'cookie':
      return cookieOf(value);
    case 'idle_timeout':
      return { idleTimeout: parseNumber(value, 16) };
    case 'hard_timeout':
      return { hardTimeout: parseNumber(value, 16) };
    case 'out_port':
      return { outPort: parsePort(value) };
    case 'out_group':
      return { outGroup: parseNumber(value) };
    default:
      return undefined;
  }
}

function splitActions(text: string): { criteria: string; actions: string | undefined } {
  const at = /(^|[\s,])actions?=/.exec(text);
  if (!at) return { criteria: text, actions: undefined };
  return { criteria: text.slice(0, at.index), actions: text.slice(at.index + at[0].length) };
}

function contextOf(match: Match): ActionContext {
  const vid = match.vlan_vid;
  const present = typeof vid === 'number' ? vid : (vid?.value ?? 0) & (vid?.mask ?? 0);
  const tci = match.vlan_tci;
  const tciPresent = typeof tci === 'number' ? tci : (tci?.value ?? 0) & (tci?.mask ?? 0);
  return { ethType: match.eth_type, ipProto: match.ip_proto, hasVlan: ((present | tciPresent) & 0x1000) !== 0 };
}

const defaultPriority = 0x8000;

/** A flow from its text; a command may stand first. Priority 0x8000 and, for add, table 0 unless it says otherwise. Throws SyntaxProblem. */
export function parseFlow(text: string): FlowMod {
  const [, named, rest = text] = /^\s*(\w+)\s+(.*)$/s.exec(text) ?? [];
  const command = commands.find((known) => known === named) ?? 'add';
  const { criteria, actions } = splitActions(command === named ? rest : text);
  let settings: Settings = {};
  const matchWords: Word[] = [];
  for (const word of wordsOf(criteria)) {
    const setting = settingOf(word, settings);
    if (setting) settings = { ...settings, ...setting };
    else matchWords.push(word);
  }
  const needsActions = command === 'add' || command.startsWith('modify');
  if (needsActions && actions === undefined) throw new SyntaxProblem(text, 'lacks actions=');
  if (command === 'add' && settings.cookieMask !== undefined)
    throw new SyntaxProblem(text, 'a flow to be added has a cookie without a mask');
  const match = matchOf(matchWords);
  const instructions = parseInstructions(actions ?? '', contextOf(match));
  const { table = allTables, ...others } = settings;
  // A flow is added to one table: the first, where none is named.
  const into = command === 'add' && table === allTables ? 0 : table;
  return flowMod({ table: into, priority: defaultPriority, ...others, command, match, instructions });
}

const groupTypes: ReadonlyMap<string, GroupType> = new Map([
  ['all', 'all'],
  ['select', 'select'],
  ['indirect', 'indirect'],
  ['ff', 'ff'],
  ['fast_failover', 'ff'],
]);
// The last three are of OpenFlow 1.5: over 1.3 they go the way that ovs-ofctl has them go.
const groupOptions = ['group_id', 'type', 'selection_method', 'selection_method_param', 'fields'];

const groupIdOf = (text: string) => (text === 'all' ? reservedGroup.all : parseNumber(text));

function bucketOf(text: string, type: GroupType): Bucket {
  let bucket: Omit<Bucket, 'actions'> = type === 'select' ? { weight: 1 } : {};
  const actionWords: string[] = [];
  const words = wordsOf(text.replace(/(^|[\s,])actions?=/, '$1'));
  if (words.length === 0) throw new SyntaxProblem(text, 'a bucket says what it does, be it drop');
  for (const word of words) {
    if (word.key === 'weight')
      bucket = parseNumber(word.value, 16) === 0 ? {} : { ...bucket, weight: parseNumber(word.value, 16) };
    else if (word.key === 'watch_port') bucket = { ...bucket, watchPort: parsePort(word.value) };
    else if (word.key === 'watch_group') bucket = { ...bucket, watchGroup: parseNumber(word.value) };
    else if (word.key !== 'bucket_id') actionWords.push(word.text);
  }
  return { ...bucket, actions: parseActions(actionWords.join(',')) };
}

const groupCommands: readonly GroupModCommand[] = ['add', 'modify', 'delete', 'add_or_modify'];

/** A group from its text; a command may stand first, else it is added. Throws SyntaxProblem. */
export function parseGroup(text: string): GroupMod {
  const [, named, rest = ''] = /^\s*(\w+)\s+(.*)$/s.exec(text) ?? [];
  const command = groupCommands.find((known) => known === named);
  const [head = '', ...buckets] = (command === undefined ? text : rest).split(/[\s,]*\bbucket=/);
  const options = optionsOf(head, ...groupOptions);
  const groupType = groupTypes.get(options.get('type') ?? (command === 'delete' ? 'all' : ''));
  const groupId = options.get('group_id');
  if (groupId === undefined) throw new SyntaxProblem(text, 'lacks group_id=');
  if (groupType === undefined) throw new SyntaxProblem(text, `type= is none of ${[...groupTypes.keys()].join(', ')}`);
  return {
    type: 'group_mod',
    command: command ?? 'add',
    groupType,
    groupId: groupIdOf(groupId),
    buckets: buckets.map((bucket) => bucketOf(bucket, groupType)),
  };
}
