// Our messages as foreign readers read them: whether each number that we wrote is among those that they say.
import { decode, encode, hexOf, type Message } from '../../src/ofp/index.js';
import type { Chance } from '../ofp/random/chance.js';
import { randomMessages } from '../ofp/random/messages.js';
import { knowledge, spellingsOf } from './knowledge.js';
import { leavesOf, numbersIn, numbersNamed } from './meaning.js';
import type { FrameReader, Reading } from './readers.js';

/** One random message on its way. */
export interface Specimen {
  readonly kind: string;
  /** As it was made. */
  readonly given: Message;
  /** As it is on the wire, in canonical form. */
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

// Matches and actions have a canonical form, which need not be the one that was given; what is false may be absent.
const formed: ReadonlySet<string> = new Set(['match', 'instructions', 'actions', 'buckets', 'monitors', 'message']);

function plainText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return hexOf(value);
  const members = Object.entries(value).filter(
    ([key, item]) => !formed.has(key) && item !== undefined && item !== false,
  );
  return members
    .map(([key, item]) => `${key}:${plainText(item)}`)
    .sort()
    .join();
}

/** Whether a message came back from its bytes as it was made. */
export const cameBack = ({ given, message }: Specimen): boolean => plainText(given) === plainText(message);

/** `each` messages of every kind. */
export function specimens(chance: Chance, each: number): Specimen[] {
  const found: Specimen[] = [];
  for (const [kind, make] of randomMessages)
    for (let i = 0; i < each; i++) {
      const given = make(chance);
      const frame = encode(given, 1 + i);
      found.push({ kind, given, frame, message: decode(frame).message });
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

// Names of lists, and one that is a field and an instruction.
const manyThings = /^(actions|instructions|maxGroups|metadata)$/;

// A reader that has a member of the same name must say the number there: two that changed places are found by it.
function underOtherName(message: Message, said: string): string | undefined {
  const leaf = leavesOf(message).find((leaf) => {
    const named = manyThings.test(leaf.name) ? undefined : numbersNamed(said, leaf.name);
    return named !== undefined && !spellingsOf(leaf).some((value) => named.has(value));
  });
  return leaf && `says something else than 0x${leaf.value.toString(16)} as ${leaf.name}`;
}

function disagreement(reader: string, { kind, message }: Specimen, reading: Reading): string | undefined {
  if ('error' in reading) return `refused: ${reading.error}`;
  const said = numbersIn(reading.said);
  const unshown = (knowledge[reader]?.unshown ?? []).filter(
    ({ kinds, when }) => (kinds?.test(kind) ?? true) && (when?.(message) ?? true),
  );
  const missing = leavesOf(message).find(
    (leaf) =>
      !spellingsOf(leaf).some((value) => said.has(value)) && !unshown.some(({ members }) => members.test(leaf.name)),
  );
  if (!missing) return underOtherName(message, reading.said);
  return `does not say ${missing.name}=0x${missing.value.toString(16)}: ${reading.said.replace(/\s+/g, ' ')}`;
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
