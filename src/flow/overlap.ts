// Which wanted flows overlap: equal priority, one table, and a packet that both match. Then the switch may use either.
import type { Match } from '../ofp/index.js';
import type { Flow } from './wanted.js';

/** Two flows that some packet matches both, though neither has the higher priority. */
export interface Overlap {
  readonly a: Flow;
  readonly b: Flow;
}

interface Bits {
  readonly value: bigint;
  readonly mask: bigint;
}

/** A flow with its match as bits, and the fields that it names. */
interface Row {
  readonly flow: Flow;
  readonly bits: ReadonlyMap<string, Bits>;
}

/** Every overlap in a set of flows. Conjunctive flows (all with one conjunction id) may overlap and are the caller's to leave out. */
export function overlaps(flows: readonly Flow[]): Overlap[] {
  const groups = new Map<string, Row[]>();
  for (const flow of flows) {
    append(groups, `${flow.table} ${flow.priority}`, { flow, bits: bitsOf(flow.match) });
  }
  return [...groups.values()].flatMap(overlapsOfShapes);
}

/** Flows of one shape (the same fields and masks) overlap only if they are equal; so shapes are compared, by what they share. */
function overlapsOfShapes(rows: readonly Row[]): Overlap[] {
  const shapes = new Map<string, Row[]>();
  for (const row of rows) {
    const shape = [...row.bits].map(([field, { mask }]) => `${field}/${mask}`).join();
    append(shapes, shape, row);
  }
  const all = [...shapes.values()];
  return all.flatMap((a, i) => [...duplicates(a), ...all.slice(i + 1).flatMap((b) => between(a, b))]);
}

function duplicates(rows: readonly Row[]): Overlap[] {
  const seen = new Map<string, Row>();
  return rows.flatMap((row) => {
    const key = [...row.bits.values()].map(({ value }) => value).join();
    const twin = seen.get(key);
    seen.set(key, row);
    return twin === undefined ? [] : [{ a: twin.flow, b: row.flow }];
  });
}

/** Overlaps between two shapes: rows that agree on the bits that both look at. */
function between(a: readonly Row[], b: readonly Row[]): Overlap[] {
  const [first, second] = [a[0], b[0]];
  if (first === undefined || second === undefined) return [];
  const shared = [...first.bits].flatMap(([field, { mask }]) => {
    const other = second.bits.get(field);
    return other === undefined || (mask & other.mask) === 0n ? [] : [{ field, mask: mask & other.mask }];
  });
  const keyOf = (row: Row) => shared.map(({ field, mask }) => (row.bits.get(field)?.value ?? 0n) & mask).join();
  const byKey = new Map<string, Row[]>();
  for (const row of a) append(byKey, keyOf(row), row);
  return b.flatMap((row) => (byKey.get(keyOf(row)) ?? []).map((other) => ({ a: other.flow, b: row.flow })));
}

function bitsOf(match: Match): Map<string, Bits> {
  const out = new Map<string, Bits>();
  for (const [field, held] of Object.entries<unknown>({ ...match }).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (isNumber(held)) out.set(field, { value: BigInt(held), mask: -1n });
    else if (isMasked(held)) out.set(field, { value: BigInt(held.value) & BigInt(held.mask), mask: BigInt(held.mask) });
  return out;
}

const isNumber = (held: unknown): held is number | bigint => typeof held === 'number' || typeof held === 'bigint';

const isMasked = (held: unknown): held is { value: number | bigint; mask: number | bigint } =>
  typeof held === 'object' &&
  held !== null &&
  'value' in held &&
  'mask' in held &&
  isNumber(held.value) &&
  isNumber(held.mask);

function append<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}
