// Our messages as foreign readers read them: whether each number that we wrote is among those that they say.
import { decode, encode, hexOf, type Message } from '../../src/ofp/index.js';
import type { Chance } from '../ofp/random/chance.js';
import { randomMessages } from '../ofp/random/messages.js';
import { knowledge, spellingsOf } from './knowledge.js';
import { leavesOf, numbersIn } from './meaning.js';
import type { FrameReader, Reading } from './readers.js';

/** One random message on its way. */
export interface Specimen {
  readonly kind: string;
  readonly message: Message;
  readonly frame: Uint8Array;
}

/** A message that a reader read otherwise than it was meant. */
export interface Difference {
  readonly kind: string;
  readonly reader: string;
  readonly why: string;
  readonly hex: string;
}

/** How it went with one kind and one reader. */
export interface Cell {
  compared: number;
  /** Messages that the reader was not asked about, by the reason. */
  readonly unread: Map<string, number>;
}

/** By kind, then by reader. */
export type Table = Map<string, Map<string, Cell>>;

/** `each` messages of every kind. The message is as it is on the wire, in canonical form. */
export function specimens(chance: Chance, each: number): Specimen[] {
  const found: Specimen[] = [];
  for (const [kind, make] of randomMessages)
    for (let i = 0; i < each; i++) {
      const frame = encode(make(chance), 1 + i);
      found.push({ kind, frame, message: decode(frame).message });
    }
  return found;
}

/** The row and column of a table, made where they are not there. */
export function cellOf(table: Table, kind: string, reader: string): Cell {
  const row = table.get(kind) ?? new Map<string, Cell>();
  table.set(kind, row);
  const cell = row.get(reader) ?? { compared: 0, unread: new Map<string, number>() };
  row.set(reader, cell);
  return cell;
}

function disagreement(reader: string, { kind, message }: Specimen, reading: Reading): string | undefined {
  if ('error' in reading) return `refused: ${reading.error}`;
  const said = numbersIn(reading.said);
  const unshown = knowledge[reader]?.unshown ?? [];
  const missing = leavesOf(message).find(
    (leaf) =>
      !spellingsOf(leaf).some((value) => said.has(value)) &&
      !unshown.some(
        ({ members, kinds, when }) =>
          members.test(leaf.name) && (kinds?.test(kind) ?? true) && (when?.(message) ?? true),
      ),
  );
  return (
    missing && `does not say ${missing.name}=0x${missing.value.toString(16)}: ${reading.said.replace(/\s+/g, ' ')}`
  );
}

const whyUnread = (reader: string, { kind, message }: Specimen) =>
  knowledge[reader]?.unread.find(({ kinds, when }) => kinds.test(kind) && (when?.(message) ?? true))?.because;

/** Has a reader read what it can, counts in the table, gives what it read otherwise than meant. */
export async function compareReader(
  reader: FrameReader,
  all: readonly Specimen[],
  table: Table,
): Promise<Difference[]> {
  const asked: Specimen[] = [];
  for (const specimen of all) {
    const because = whyUnread(reader.name, specimen);
    const { unread } = cellOf(table, specimen.kind, reader.name);
    if (because) unread.set(because, (unread.get(because) ?? 0) + 1);
    else asked.push(specimen);
  }
  const readings = await reader.read(asked.map(({ frame }) => frame));
  return asked.flatMap((specimen, i) => {
    cellOf(table, specimen.kind, reader.name).compared++;
    const why = disagreement(reader.name, specimen, readings[i] ?? { error: 'no answer' });
    return why ? [{ kind: specimen.kind, reader: reader.name, why, hex: hexOf(specimen.frame) }] : [];
  });
}
