// What Open vSwitch would refuse in a flow_mod.
import type { Instruction } from './action-types.js';
import { allTables } from './constants.js';
import type { FlowMod } from './messages.js';
import type { PacketFacts } from './packet-facts.js';
import { firstOf, refuse, type Refusal } from './refusal.js';
import { isNothing } from './set-field-rules.js';
import { checkActions, checkPlaces, fitsActions, fitsNested, type Walk } from './validate-actions.js';
import { refuseUnknownInstruction } from './validate-unknown.js';
import { checkCompany, checkInternal, checkMatch, sentMatch, type SentMatch } from './validate-match.js';

/** The last table: the switch's own. */
const internalTable = 254;
const allFlags = 0x1f;

function checkInstruction(instruction: Instruction): Refusal | undefined {
  switch (instruction.type) {
    case 'apply_actions':
      return checkActions(instruction.actions);
    case 'write_actions':
      return checkActions(instruction.actions) ?? checkPlaces(instruction.actions, 'set');
    case 'unknown':
      return refuseUnknownInstruction(instruction);
    default:
      return undefined;
  }
}

// A list of actions that do nothing is not sent, nor is an unknown instruction told from another.
const isSent = (instruction: Instruction) =>
  instruction.type !== 'unknown' && !('actions' in instruction && instruction.actions.every(isNothing));

function checkRepeats(instructions: readonly Instruction[]): Refusal | undefined {
  const seen = new Set<string>();
  return firstOf(instructions, (instruction) => {
    if (!isSent(instruction)) return undefined;
    if (seen.has(instruction.type)) return refuse('OFPBIC_DUP_INST', `${instruction.type} twice`);
    seen.add(instruction.type);
    return undefined;
  });
}

function checkGoto(next: number, table: number): Refusal | undefined {
  const isLater = next > table || table === allTables;
  return isLater && next <= internalTable
    ? undefined
    : refuse('OFPBIC_BAD_TABLE_ID', `goto_table:${next} from table ${table}`);
}

function fitsInstructions(
  instructions: readonly Instruction[],
  facts: PacketFacts,
  table: number,
): Refusal | undefined {
  const walk: Walk = { facts, inconsistent: undefined };
  const refusal = firstOf(instructions, (instruction) => {
    if (instruction.type === 'apply_actions') return fitsActions(instruction.actions, walk);
    if (instruction.type === 'write_actions') return fitsNested(instruction.actions, walk, true);
    if (instruction.type === 'meter' && instruction.meterId === 0) return refuse('OFPMMFC_INVALID_METER', 'meter 0');
    return instruction.type === 'goto_table' ? checkGoto(instruction.table, table) : undefined;
  });
  return refusal ?? walk.inconsistent;
}

const checkApplied = (instructions: readonly Instruction[]): Refusal | undefined =>
  firstOf(instructions, (instruction) => {
    if (instruction.type !== 'apply_actions') return undefined;
    const { actions } = instruction;
    const isBeside = actions.some(({ type }) => type === 'conjunction') && instructions.filter(isSent).length > 1;
    return (
      checkPlaces(actions, 'apply') ??
      (isBeside ? refuse('NXBAC_BAD_CONJUNCTION', 'conjunction beside other instructions') : undefined)
    );
  });

const isDeletion = ({ command }: FlowMod) => command === 'delete' || command === 'delete_strict';

function checkTable(flow: FlowMod): Refusal | undefined {
  return flow.table === allTables && !isDeletion(flow) ? refuse('OFPFMFC_BAD_TABLE_ID', 'every table') : undefined;
}

function checkFlags({ flags }: FlowMod): Refusal | undefined {
  return flags & ~allFlags ? refuse('OFPFMFC_BAD_FLAGS', `flags ${flags}`) : undefined;
}

function checkOwner(flow: FlowMod, match: SentMatch): Refusal | undefined {
  if (flow.table === internalTable) return refuse('OFPBRC_EPERM', `table ${internalTable} is the switch's own`);
  // Deleting flows that cannot be is nothing.
  return isDeletion(flow) ? undefined : checkInternal(match);
}

/** The first thing in a flow_mod that Open vSwitch would refuse; undefined if it would take it. */
export function validateFlowMod(flow: FlowMod): Refusal | undefined {
  const { instructions, table } = flow;
  const match = sentMatch(flow.match);
  return (
    checkMatch(match) ??
    checkTable(flow) ??
    checkCompany(match) ??
    checkRepeats(instructions) ??
    firstOf(instructions, checkInstruction) ??
    checkApplied(instructions) ??
    checkFlags(flow) ??
    fitsInstructions(instructions, match.facts, table) ??
    checkOwner(flow, match)
  );
}
