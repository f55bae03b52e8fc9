// Instructions as ovs-ofctl takes them: among the actions, in any order.
import type { Instruction } from './action-types.js';
import { actionsOf, parseActions, plainContext } from './parse-actions.js';
import type { ActionContext } from './parse-openflow10.js';
import { parseBig, parseNumber } from './parse-values.js';
import { wordsOf, type Word } from './text-words.js';

const allMetadata = 0xffff_ffff_ffff_ffffn;

function parseMetadata(text: string): Instruction {
  const [value = '', mask] = text.split('/');
  const plain = (wide: bigint) => (wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide);
  return {
    type: 'write_metadata',
    value: plain(parseBig(value)),
    mask: mask === undefined ? allMetadata : plain(parseBig(mask)),
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

/** What follows `actions=` in a flow. Throws SyntaxProblem. */
export function parseInstructions(text: string, context: ActionContext = plainContext): Instruction[] {
  const words = wordsOf(text);
  const rest: Word[] = [];
  const instructions: Instruction[] = [];
  for (const word of words) {
    const instruction = instructionOf(word, context);
    if (instruction) instructions.push(instruction);
    else rest.push(word);
  }
  const actions = actionsOf(rest, context);
  const place = instructions[0]?.type === 'meter' ? 1 : 0;
  if (actions.length > 0) instructions.splice(place, 0, { type: 'apply_actions', actions });
  return instructions;
}
