// Instructions as ovs-ofctl takes them: among the actions, in the order in which a switch carries them out.
import type { Instruction } from './action-types.js';
import { actionsOf, parseActions, plainContext } from './parse-actions.js';
import { SyntaxProblem } from './parse-error.js';
import type { ActionContext } from './parse-openflow10.js';
import { maskedOf, parseNumber, parseWide } from './parse-values.js';
import { wordsOf, type Word } from './text-words.js';

const allMetadata = 0xffff_ffff_ffff_ffffn;

function parseMetadata(text: string): Instruction {
  const [value, mask] = maskedOf(text);
  return {
    type: 'write_metadata',
    value: parseWide(value),
    mask: mask === undefined ? allMetadata : parseWide(mask),
  };
}

function instructionOf(word: Word, context: ActionContext): Instruction | undefined {
  switch (word.key) {
    case 'goto_table':
      return { type: 'goto_table', table: parseNumber(word.value, 8) };
    case 'write_metadata':
      return parseMetadata(word.value);
    case 'meter':
      return { type: 'meter', meterId: parseNumber(word.value) };
    case 'clear_actions':
      return { type: 'clear_actions' };
    case 'write_actions':
      return { type: 'write_actions', actions: parseActions(word.value, context) };
    default:
      return undefined;
  }
}

// The order of execution (OpenFlow 1.3.5, 5.9); what is no instruction is an action to apply.
const places: readonly string[] = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
];
const placeOf = ({ key }: Word) => (places.includes(key) ? places.indexOf(key) : places.indexOf('apply_actions'));

/** What follows `actions=` in a flow. Throws SyntaxProblem. */
export function parseInstructions(text: string, context: ActionContext = plainContext): Instruction[] {
  const words = wordsOf(text);
  const late = words.find((word, i) => words.slice(0, i).some((before) => placeOf(before) > placeOf(word)));
  if (late) throw new SyntaxProblem(late.text, `comes too late: the order is ${places.join(', ')}`);
  const [before, instructions, rest] = [[], [], []] as [Instruction[], Instruction[], Word[]];
  for (const word of words) {
    const instruction = instructionOf(word, context);
    if (!instruction) rest.push(word);
    else (instruction.type === 'meter' ? before : instructions).push(instruction);
  }
  const actions = actionsOf(rest, context);
  return [...before, ...(actions.length > 0 ? [{ type: 'apply_actions', actions } as const] : []), ...instructions];
}
