// Instructions on the wire (OpenFlow 1.3.5, 7.2.4), in the order in which Open vSwitch writes them.
import { readActions, writeActions } from './action-codec.js';
import type { Instruction } from './action-types.js';
import type { Reader } from './reader.js';
import { type Writer, written } from './writer.js';

const code = {
  goto_table: 1,
  write_metadata: 2,
  write_actions: 3,
  apply_actions: 4,
  clear_actions: 5,
  meter: 6,
} as const;
const order: Readonly<Record<Instruction['type'], number>> = {
  meter: 0,
  apply_actions: 1,
  clear_actions: 2,
  write_actions: 3,
  write_metadata: 4,
  goto_table: 5,
  unknown: 6,
};

const instructionHeaderSize = 4;
const emptyListSize = 8;

function writeWithActions(w: Writer, type: 'apply_actions' | 'write_actions', instruction: Instruction): void {
  if (!('actions' in instruction)) return;
  const start = w.size;
  writeHeader(w, type, 0);
  w.u32(0);
  writeActions(w, instruction.actions);
  // Open vSwitch keeps no empty list of actions.
  if (w.size === start + emptyListSize) w.reset(start);
  else w.patchSize(start);
}

function writeHeader(w: Writer, type: keyof typeof code, size: number): void {
  w.u16Pair(code[type], size);
}

function writeInstruction(w: Writer, instruction: Instruction): void {
  switch (instruction.type) {
    case 'apply_actions':
    case 'write_actions':
      writeWithActions(w, instruction.type, instruction);
      return;
    case 'goto_table':
      writeHeader(w, 'goto_table', 8);
      w.u8(instruction.table);
      w.zeros(3);
      return;
    case 'write_metadata':
      writeHeader(w, 'write_metadata', 24);
      w.zeros(4);
      w.u64(instruction.value);
      w.u64(instruction.mask);
      return;
    case 'clear_actions':
      writeHeader(w, 'clear_actions', 8);
      w.zeros(4);
      return;
    case 'meter':
      writeHeader(w, 'meter', 8);
      w.u32(instruction.meterId);
      return;
    case 'unknown':
      w.bytes(instruction.bytes);
  }
}

function isOrdered(instructions: readonly Instruction[]): boolean {
  let last = 0;
  for (const { type } of instructions) {
    const place = order[type];
    if (place < last) return false;
    last = place;
  }
  return true;
}

/** Writes a flow's instructions. */
export function writeInstructions(w: Writer, instructions: readonly Instruction[]): void {
  const ordered =
    instructions.length < 2 || isOrdered(instructions)
      ? instructions
      : [...instructions].sort((a, b) => order[a.type] - order[b.type]);
  for (const instruction of ordered) writeInstruction(w, instruction);
}

/** The bytes of a flow's instructions. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  return written((w) => {
    writeInstructions(w, instructions);
  });
}

function readKnown(r: Reader, type: number, size: number): Instruction | undefined {
  if (type === code.apply_actions || type === code.write_actions) {
    r.skip(4);
    return { type: type === code.apply_actions ? 'apply_actions' : 'write_actions', actions: readActions(r) };
  }
  if (type === code.goto_table && size === 8) return { type: 'goto_table', table: r.u8() };
  if (type === code.clear_actions && size === 8) return { type: 'clear_actions' };
  if (type === code.meter && size === 8) return { type: 'meter', meterId: r.u32() };
  if (type !== code.write_metadata || size !== 24) return undefined;
  r.skip(4);
  return { type: 'write_metadata', value: r.wide(), mask: r.wide() };
}

function readInstruction(r: Reader): Instruction {
  const size = r.peek16(2);
  if (size < 8 || size % 8 !== 0) throw r.error(`instruction length ${size}`);
  const body = r.sub(size, 'instruction');
  const type = body.u16();
  body.skip(instructionHeaderSize - 2);
  return readKnown(body, type, size) ?? { type: 'unknown', bytes: body.whole() };
}

/** Reads instructions until the reader is empty. */
export function readInstructions(r: Reader): Instruction[] {
  const instructions: Instruction[] = [];
  while (r.remaining > 0) instructions.push(readInstruction(r));
  return instructions;
}
