// Random flows and groups.
import {
  allTables,
  flowMod,
  type Action,
  type Bucket,
  type FlowMod,
  type GroupMod,
  type Instruction,
} from '../../../src/ofp/index.js';
import { randomAction, randomActions, type Setting } from './actions.js';
import type { Chance } from './chance.js';
import { randomMatch, randomSubject } from './match.js';

const commands = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'] as const;
const inActionSets: ReadonlySet<Action['type']> = new Set([
  'output',
  'group',
  'set_queue',
  'push_vlan',
  'pop_vlan',
  'push_mpls',
  'pop_mpls',
  'dec_nw_ttl',
  'dec_mpls_ttl',
  'set_nw_ttl',
  'set_mpls_ttl',
  'set_field',
  'reg_load',
  'reg_move',
]);

function randomInstructions(setting: Setting, table: number): Instruction[] {
  const { chance } = setting;
  const isWild = setting.wildness > 0 && chance.oneIn(setting.wildness);
  const set = () =>
    chance.some(1, 3, () => randomAction(setting)).filter(({ type }) => isWild || inActionSets.has(type));
  const apply = randomActions(setting, 4);
  const plain = (inSet: readonly Action[]): Instruction[] => [
    ...(chance.oneIn(16) ? [{ type: 'meter', meterId: isWild && chance.oneIn(2) ? 0 : 5 } as const] : []),
    ...(apply.length > 0 ? [{ type: 'apply_actions', actions: apply } as const] : []),
    ...(chance.oneIn(12) ? [{ type: 'clear_actions' } as const] : []),
    ...(inSet.length > 0 ? [{ type: 'write_actions', actions: inSet } as const] : []),
    ...(chance.oneIn(8)
      ? [{ type: 'write_metadata', value: Number(chance.bits(48)), mask: Number(chance.bits(48)) } as const]
      : []),
    ...(chance.oneIn(6)
      ? [
          {
            type: 'goto_table',
            table: isWild ? chance.below(256) : Math.min(253, table + 1 + chance.below(9)),
          } as const,
        ]
      : []),
  ];
  if (apply[0]?.type === 'conjunction' && !isWild) return [{ type: 'apply_actions', actions: apply }];
  const instructions = plain(chance.oneIn(5) ? set() : []);
  // Twice the same, now and then.
  return isWild && chance.oneIn(4) ? [...instructions, ...instructions.slice(0, 1)] : instructions;
}

/** A flow_mod; once in `wildness` something in it is any that fits the bytes (0: never). */
export function randomFlowMod(chance: Chance, wildness: number): FlowMod {
  const subject = randomSubject(chance);
  const setting: Setting = { chance, subject, wildness, depth: 2 };
  const isWild = wildness > 0 && chance.oneIn(wildness);
  const command = isWild ? chance.pick(commands) : 'add';
  const table = isWild ? chance.pick([0, 1, 253, 254, allTables]) : chance.below(250);
  return flowMod({
    command,
    table,
    priority: chance.below(65536),
    cookie: chance.bits(64),
    idleTimeout: chance.pick([0, 0, 0, 60]),
    hardTimeout: chance.pick([0, 0, 0, 600]),
    flags: isWild ? chance.below(64) : chance.pick([0, 0, 0, 1, 4, 8, 16]),
    ...(isWild && { cookieMask: chance.bits(64) }),
    match: randomMatch(chance, subject, wildness),
    instructions: randomInstructions(setting, table),
  });
}

const groupTypes = ['all', 'select', 'indirect', 'ff'] as const;

function randomBucket(setting: Setting, groupType: GroupMod['groupType'], isWild: boolean): Bucket {
  const { chance } = setting;
  return {
    ...((groupType === 'select' || isWild) && { weight: 1 + chance.below(1000) }),
    ...((groupType === 'ff' ? !isWild : isWild) && { watchPort: chance.pick([1, 2]) }),
    actions: chance.some(0, 3, () => randomAction(setting)),
  };
}

/** A group_mod. */
export function randomGroupMod(chance: Chance, wildness: number): GroupMod {
  const subject = { base: {}, rows: randomSubject(chance).rows };
  const setting: Setting = { chance, subject, wildness, depth: 2 };
  const isWild = wildness > 0 && chance.oneIn(wildness);
  const groupType = chance.pick(groupTypes);
  const command = isWild ? chance.pick(['add', 'modify', 'delete', 'add_or_modify'] as const) : 'add';
  const most = command === 'delete' && chance.oneIn(2) ? 0 : groupType === 'indirect' && !isWild ? 1 : 4;
  return {
    type: 'group_mod',
    command,
    groupType,
    groupId: isWild ? Number(chance.bits(32)) : 1 + chance.below(1000),
    buckets: chance.some(Math.min(1, most), most, () => randomBucket(setting, groupType, isWild)),
  };
}
