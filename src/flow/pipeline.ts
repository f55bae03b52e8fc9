// How a pipeline is declared: tables, registers and priorities, each once and with a sentence. Mistakes throw when the module loads.
import type { Instruction, WritableField } from '../ofp/index.js';

/** One table of the pipeline. */
export interface TableDeclaration {
  readonly id: number;
  readonly does: string;
  /** Where a packet goes that no flow of the table matches. */
  readonly miss: 'drop' | number;
  /** The tables that its flows may send packets to, besides the miss. */
  readonly next: readonly number[];
}

/** One register: bits of a field that mean something from table to table. */
export interface RegisterDeclaration {
  readonly field: WritableField;
  readonly start: number;
  readonly bits: number;
  readonly means: string;
}

/** What a pipeline consists of. */
export interface PipelineDeclaration {
  readonly tables: Readonly<Record<string, TableDeclaration>>;
  readonly registers: Readonly<Record<string, RegisterDeclaration>>;
}

const lastTable = 253; // 254 is hidden from controllers, 255 means "all" (ovs-fields(7))

/** Checks a declaration and gives it back: duplicate or unknown tables, ways back, registers that overlap or do not fit. */
export function declarePipeline<const P extends PipelineDeclaration>(pipeline: P): P {
  const tables = Object.entries(pipeline.tables);
  const names = new Map<number, string>();
  for (const [name, { id }] of tables) {
    if (!Number.isInteger(id) || id < 0 || id > lastTable)
      throw new Error(`table ${name}: ${id} is not a table from 0 to ${lastTable}`);
    const other = names.get(id);
    if (other !== undefined) throw new Error(`tables ${other} and ${name} have the same number ${id}`);
    names.set(id, name);
  }
  for (const [name, table] of tables)
    for (const next of table.miss === 'drop' ? table.next : [table.miss, ...table.next]) {
      if (!names.has(next)) throw new Error(`table ${name} goes to table ${next}, which is not declared`);
      if (next <= table.id) throw new Error(`table ${name} (${table.id}) goes back to table ${next}`);
    }
  checkRegisters(Object.entries(pipeline.registers));
  return pipeline;
}

function checkRegisters(registers: readonly (readonly [string, RegisterDeclaration])[]): void {
  registers.forEach(([name, register], i) => {
    const width = register.field === 'metadata' ? 64 : 32;
    if (register.start < 0 || register.bits < 1 || register.start + register.bits > width)
      throw new Error(`register ${name} does not fit ${register.field}, which has ${width} bits`);
    for (const [otherName, other] of registers.slice(0, i))
      if (
        other.field === register.field &&
        register.start < other.start + other.bits &&
        other.start < register.start + register.bits
      )
        throw new Error(`registers ${otherName} and ${name} overlap in ${register.field}`);
  });
}

/** The tables that a flow sends packets to by resubmit or goto_table, wherever in its actions. */
export function targetsOf(instructions: readonly Instruction[]): number[] {
  return instructions.flatMap((instruction) => {
    if (instruction.type === 'goto_table') return [instruction.table];
    if (instruction.type !== 'apply_actions') return [];
    return instruction.actions.flatMap((action) =>
      action.type === 'resubmit' && action.table !== undefined ? [action.table] : [],
    );
  });
}
