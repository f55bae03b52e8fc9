// What an OFPT_ERROR says, in Open vSwitch's name and in a sentence.
import { errorTable, type ErrorRow } from './error-table.js';

/** An error's name and what it means. */
export interface ErrorDescription {
  readonly name: string;
  readonly sentence: string;
}

const keyOf = (type: number, code: number, experimenter = 0) => `${type}/${code}/${experimenter}`;
const rows: readonly ErrorRow[] = errorTable;
const byNumber: ReadonlyMap<string, ErrorRow> = new Map(rows.map((row) => [keyOf(row[0], row[1], row[4]), row]));
const byName: ReadonlyMap<string, ErrorRow> = new Map(rows.map((row) => [row[2], row]));

/** Names an error by the numbers of the message; one that is unknown is named by its numbers. */
export function describeError(type: number, code: number, experimenter?: number): ErrorDescription {
  const row = byNumber.get(keyOf(type, code, experimenter));
  if (row) return { name: row[2], sentence: row[3] };
  const whose = experimenter === undefined ? '' : ` of experimenter 0x${experimenter.toString(16)}`;
  return { name: `error type ${type} code ${code}${whose}`, sentence: 'The error is unknown.' };
}

/** The name of an error, e.g. OFPBAC_BAD_OUT_PORT. */
export const errorName = (type: number, code: number, experimenter?: number): string =>
  describeError(type, code, experimenter).name;

/** The numbers of an error, by its name; undefined for a name that is unknown. */
export function errorNumbers(
  name: string,
): { readonly errorType: number; readonly code: number; readonly experimenter?: number } | undefined {
  const row = byName.get(name);
  if (!row) return undefined;
  const [errorType, code, , , experimenter] = row;
  return experimenter === undefined ? { errorType, code } : { errorType, code, experimenter };
}
